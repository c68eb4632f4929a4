/* SPDX-License-Identifier: Apache-2.0 */
#include "store/state.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "text/json.h"
#include "text/json_write.h"

#define FORMAT "1"
#define KEY_MAX 1024u

/* ---------------------------------------------------------------- kinds */

static const struct {
    const char *name, *suffix, *word;
} kinds[SP_STORE_KINDS] = {
    [SP_STORE_SERVICE] = {"service", ".sar", "service"},
    [SP_STORE_API] = {"API", ".aar", "api"},
    [SP_STORE_REQUESTER] = {"API requester", ".ara", "apiRequester"},
};

const char *sp_store_kind_name(enum sp_store_kind kind)
{
    return kinds[kind].name;
}

const char *sp_store_kind_suffix(enum sp_store_kind kind)
{
    return kinds[kind].suffix;
}

/* ---------------------------------------------------------------- records */

void sp_store_checksum(struct sp_str bytes, char ret_text[SP_STORE_CHECKSUM_BYTES + 1])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE] = {0};
    EVP_Digest(bytes.ptr ? bytes.ptr : "", bytes.len, digest, NULL, EVP_sha256(), NULL);
    for (size_t i = 0; i < SP_STORE_CHECKSUM_BYTES / 2; i++) {
        ret_text[2 * i] = digits[digest[i] >> 4];
        ret_text[2 * i + 1] = digits[digest[i] & 15];
    }
    ret_text[SP_STORE_CHECKSUM_BYTES] = '\0';
}

/* What the table leads to; it stays when its last record goes. */
struct named {
    struct sp_str key;
    struct sp_store_record *latest;
};

void sp_store_state_init(struct sp_store_state *state, struct sp_arena *arena)
{
    *state = (struct sp_store_state){.arena = arena};
    sp_hash_init(&state->names, SP_STORE_RECORDS_MAX);
}

void sp_store_state_finish(struct sp_store_state *state)
{
    sp_hash_finish(&state->names);
}

static struct sp_str key_over(char room[KEY_MAX], enum sp_store_kind kind, struct sp_str name)
{
    size_t len = name.len < KEY_MAX - 1 ? name.len : KEY_MAX - 1;
    room[0] = (char)('0' + kind);
    if (len)
        memcpy(room + 1, name.ptr, len);
    return sp_str_from(room, len + 1);
}

static struct named *find_named(const struct sp_store_state *state, enum sp_store_kind kind,
                                struct sp_str name)
{
    char room[KEY_MAX];
    return sp_hash_get(&state->names, key_over(room, kind, name));
}

static struct named *add_named(struct sp_store_state *state, enum sp_store_kind kind, struct sp_str name)
{
    char room[KEY_MAX];
    struct named *named = sp_arena_calloc(state->arena, 1, sizeof *named);
    if (!named)
        return NULL;
    named->key = sp_arena_str(state->arena, key_over(room, kind, name));
    return named->key.ptr && sp_hash_add(&state->names, named->key, named) == SP_OK ? named : NULL;
}

const struct sp_store_record *sp_store_state_find(const struct sp_store_state *state, enum sp_store_kind kind,
                                                  struct sp_str name)
{
    const struct named *named = find_named(state, kind, name);
    return named ? named->latest : NULL;
}

bool sp_store_state_is_stopped(const struct sp_store_state *state, enum sp_store_kind kind,
                               struct sp_str name, const char *checksum)
{
    const struct sp_store_record *latest = sp_store_state_find(state, kind, name);
    if (!latest || !latest->next)
        return latest && latest->stopped;
    for (const struct sp_store_record *record = latest; record; record = record->next)
        if (sp_str_is(record->checksum, checksum))
            return record->stopped;
    return latest->stopped;
}

static void remove_record(struct named *named, struct sp_str checksum)
{
    struct sp_store_record **at = &named->latest;
    while (*at && !sp_str_eq((*at)->checksum, checksum))
        at = &(*at)->next;
    if (*at)
        *at = (*at)->next;
}

void sp_store_state_keep(struct sp_store_state *state, enum sp_store_kind kind, struct sp_str name,
                         const char *checksum)
{
    struct named *named = find_named(state, kind, name);
    if (!named || !named->latest)
        return;
    struct sp_store_record **at = &named->latest;
    while (*at)
        if (sp_str_is((*at)->checksum, checksum))
            at = &(*at)->next;
        else
            *at = (*at)->next;
}

enum sp_status sp_store_state_put(struct sp_store_state *state, const struct sp_store_record *record,
                                  struct sp_error *err)
{
    struct sp_store_record *mine = sp_arena_calloc(state->arena, 1, sizeof *mine);
    if (!mine)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the state of archives");
    *mine = (struct sp_store_record){
        .kind = record->kind,
        .name = sp_arena_str(state->arena, record->name),
        .checksum = sp_arena_str(state->arena, record->checksum),
        .stopped = record->stopped,
        .by = sp_arena_str(state->arena, record->by),
        .at = sp_arena_str(state->arena, record->at),
    };
    if (!mine->name.ptr || !mine->checksum.ptr || !mine->by.ptr || !mine->at.ptr)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the state of archives");
    struct named *named = find_named(state, mine->kind, mine->name);
    if (!named)
        named = add_named(state, mine->kind, mine->name);
    if (!named)
        return sp_error_set(err, SP_ELIMIT, NULL, "no room for the state of more than %u archives",
                            SP_STORE_RECORDS_MAX);
    remove_record(named, mine->checksum);
    mine->next = named->latest;
    named->latest = mine;
    return SP_OK;
}

/* ---------------------------------------------------------------- reading */

static bool is_checksum(struct sp_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!((text.ptr[i] >= '0' && text.ptr[i] <= '9') || (text.ptr[i] >= 'a' && text.ptr[i] <= 'f')))
            return false;
    return text.len == SP_STORE_CHECKSUM_BYTES;
}

static enum sp_status take_record(struct sp_store_state *state, const struct sp_json_value *value, size_t n,
                                  struct sp_error *err)
{
    struct sp_str kind = sp_json_member_text(value, SP_STR("kind"));
    struct sp_str status = sp_json_member_text(value, SP_STR("status"));
    struct sp_store_record record = {
        .name = sp_json_member_text(value, SP_STR("name")),
        .checksum = sp_json_member_text(value, SP_STR("sha256")),
        .stopped = sp_str_is(status, "stopped"),
        .by = sp_json_member_text(value, SP_STR("by")),
        .at = sp_json_member_text(value, SP_STR("at")),
    };
    unsigned k = 0;
    while (k < SP_STORE_KINDS && !sp_str_is(kind, kinds[k].word))
        k++;
    record.kind = (enum sp_store_kind)k;
    if (k == SP_STORE_KINDS || !record.name.len || record.name.len >= KEY_MAX - 1 ||
        !is_checksum(record.checksum) || (!record.stopped && !sp_str_is(status, "started")))
        return sp_error_set(err, SP_EINVAL, NULL, "item %zu of the state of archives is not whole", n);
    return sp_store_state_put(state, &record, err);
}

enum sp_status sp_store_state_read(struct sp_store_state *state, struct sp_str text, struct sp_error *err)
{
    struct sp_json_limits limits = sp_json_default_limits;
    struct sp_json_value *root = NULL;
    size_t n = 0;
    if (!sp_str_trim(text).len)
        return SP_OK;
    limits.depth = 4;
    enum sp_status status = sp_json_parse(text, state->arena, &limits, &root, err);
    if (status != SP_OK)
        return status;
    const struct sp_json_value *format = sp_json_member(root, SP_STR("format"));
    const struct sp_json_value *items = sp_json_member(root, SP_STR("items"));
    if (!format || !sp_str_is(format->text, FORMAT) || !items || items->kind != SP_JSON_IS_ARRAY)
        return sp_error_set(err, SP_EINVAL, NULL,
                            "this is no state of archives in a form that this version knows");
    if (items->count > SP_STORE_RECORDS_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "the state has more than %u items", SP_STORE_RECORDS_MAX);
    for (const struct sp_json_value *item = items->first; item && status == SP_OK; item = item->next)
        status = take_record(state, item, ++n, err);
    return status;
}

/* ---------------------------------------------------------------- writing */

static int by_key(const void *a, const void *b)
{
    return sp_str_cmp((*(const struct sp_hash_slot *const *)a)->key,
                      (*(const struct sp_hash_slot *const *)b)->key);
}

/* Oldest first, so that reading finds the latest last. */
static void write_records(struct sp_json_writer *writer, const struct sp_store_record *record)
{
    if (!record)
        return;
    write_records(writer, record->next);
    sp_json_object_begin(writer);
    sp_json_put_text(writer, "kind", kinds[record->kind].word);
    sp_json_put_string(writer, "name", record->name);
    sp_json_put_string(writer, "sha256", record->checksum);
    sp_json_put_text(writer, "status", record->stopped ? "stopped" : "started");
    sp_json_put_string(writer, "by", record->by);
    sp_json_put_string(writer, "at", record->at);
    sp_json_object_end(writer);
}

enum sp_status sp_store_state_write(const struct sp_store_state *state, struct sp_buf *buf,
                                    struct sp_error *err)
{
    struct sp_json_writer writer;
    size_t cursor = 0, count = 0;
    const struct sp_hash_slot *slot,
        **slots = sp_arena_calloc(state->arena, state->names.count + 1, sizeof *slots);
    if (!slots)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the state of archives");
    while ((slot = sp_hash_next(&state->names, &cursor)))
        slots[count++] = slot;
    qsort(slots, count, sizeof *slots, by_key);
    sp_json_writer_init(&writer, buf, 1);
    sp_json_object_begin(&writer);
    sp_json_name(&writer, SP_STR("format"));
    sp_json_number(&writer, SP_STR(FORMAT));
    sp_json_name(&writer, SP_STR("items"));
    sp_json_array_begin(&writer);
    for (size_t i = 0; i < count; i++)
        write_records(&writer, ((const struct named *)slots[i]->value)->latest);
    sp_json_array_end(&writer);
    sp_json_object_end(&writer);
    sp_buf_append_byte(buf, '\n');
    return buf->failed ? sp_error_set(err, SP_ELIMIT, NULL, "the state of archives is too long") : SP_OK;
}
