/* SPDX-License-Identifier: Apache-2.0 */
#include "store/change.h"

#include "text/json.h"
#include "text/json_write.h"

static const struct {
    const char *word, *done;
} acts[] = {
    [SP_STORE_DEPLOY] = {"deploy", "deployed"}, [SP_STORE_UPDATE] = {"update", "updated"},
    [SP_STORE_START] = {"start", "started"},    [SP_STORE_STOP] = {"stop", "stopped"},
    [SP_STORE_DELETE] = {"delete", "deleted"},
};
#define ACTS (sizeof acts / sizeof acts[0])

const char *sp_store_act_done(enum sp_store_act act)
{
    return acts[act].done;
}

enum sp_status sp_store_change_write(const struct sp_store_change *change, struct sp_buf *buf)
{
    struct sp_json_writer writer;
    size_t before = buf->len;
    sp_json_writer_init(&writer, buf, 0);
    sp_json_object_begin(&writer);
    sp_json_put_text(&writer, "act", acts[change->act].word);
    sp_json_put_text(&writer, "kind", sp_store_kind_suffix(change->kind));
    sp_json_put_string(&writer, "name", change->name);
    sp_json_put_bool(&writer, "stopped", change->stopped);
    sp_json_put_string(&writer, "staged", change->staged);
    sp_json_put_string(&writer, "by", change->by);
    sp_json_object_end(&writer);
    sp_buf_append_byte(buf, '\n');
    return buf->failed || buf->len - before > SP_STORE_CHANGE_BYTES_MAX ? SP_ELIMIT : SP_OK;
}

enum sp_status sp_store_change_read(struct sp_str line, struct sp_arena *arena,
                                    struct sp_store_change *ret_change, struct sp_error *err)
{
    struct sp_json_value *root = NULL;
    enum sp_status status = sp_json_parse(line, arena, NULL, &root, err);
    if (status != SP_OK)
        return status;
    struct sp_str act = sp_json_member_text(root, SP_STR("act"));
    struct sp_str kind = sp_json_member_text(root, SP_STR("kind"));
    const struct sp_json_value *stopped = sp_json_member(root, SP_STR("stopped"));
    unsigned a = 0, k = 0;
    while (a < ACTS && !sp_str_is(act, acts[a].word))
        a++;
    while (k < SP_STORE_KINDS && !sp_str_is(kind, sp_store_kind_suffix((enum sp_store_kind)k)))
        k++;
    struct sp_store_change change = {
        .act = (enum sp_store_act)a,
        .kind = (enum sp_store_kind)k,
        .name = sp_json_member_text(root, SP_STR("name")),
        .stopped = stopped && stopped->kind == SP_JSON_IS_TRUE,
        .staged = sp_json_member_text(root, SP_STR("staged")),
        .by = sp_json_member_text(root, SP_STR("by")),
    };
    bool with_archive = a == SP_STORE_DEPLOY || a == SP_STORE_UPDATE;
    if (a == ACTS || k == SP_STORE_KINDS || !change.name.len || (with_archive && !change.staged.len))
        return sp_error_set(err, SP_EINVAL, NULL, "the change is not whole");
    *ret_change = change;
    return SP_OK;
}
