/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/file_logger.h"
#include "intercept/kind.h"
#include "intercept/plugin.h"

#define REFUSED_WITHOUT_STATUS 500u

struct sp_intercept_chain {
    size_t count;
    bool keeps_states;
    bool sees_body;
    bool wanted[SP_POINTS];        /* somebody wants to hear of it */
    struct sp_interceptor items[]; /* in the order of pre */
};

/* ---------------------------------------------------------------- compiling */

static bool comes_before(const struct sp_cfg_interceptor *a, const struct sp_cfg_interceptor *b)
{
    if (a->has_sequence != b->has_sequence)
        return a->has_sequence;
    return a->has_sequence && a->sequence < b->sequence;
}

/* Behind all that do not come after it, so that equals stay in the order written. */
static void insert(struct sp_intercept_chain *chain, const struct sp_interceptor *interceptor)
{
    size_t at = chain->count++;
    while (at > 0 && comes_before(interceptor->config, chain->items[at - 1].config)) {
        chain->items[at] = chain->items[at - 1];
        at--;
    }
    chain->items[at] = *interceptor;
}

static enum sp_status equip(const struct sp_cfg_interceptor *config, const struct sp_intercept_means *means,
                            struct sp_interceptor *ret_interceptor, struct sp_error *err)
{
    struct sp_interceptor made = {.config = config};
    bool equipped = true;
    switch (config->kind) {
    case SP_CFG_AUTHORIZATION:
        made.kind = &sp_interceptor_authorization;
        made.saf = means->saf;
        break;
    case SP_CFG_AUDIT:
        made.kind = &sp_interceptor_audit;
        made.audit = means->audit;
        equipped = made.audit;
        break;
    case SP_CFG_FILE_LOGGER:
        made.kind = &sp_interceptor_file_logger;
        made.logger = sp_file_loggers_find(means->loggers, config->id);
        equipped = made.logger;
        break;
    case SP_CFG_PLUGIN:
        made.kind = &sp_interceptor_plugin;
        made.plugin = sp_plugins_find(means->plugins, config->id);
        equipped = made.plugin;
        break;
    default:
        equipped = false;
    }
    if (!equipped)
        return sp_error_set(err, SP_EINVAL, NULL, "interceptor %.*s has not been given what it works with",
                            SP_STR_ARG(config->id));
    *ret_interceptor = made;
    return SP_OK;
}

static enum sp_status insert_list(struct sp_intercept_chain *chain,
                                  const struct sp_cfg_interceptor_list *list,
                                  const struct sp_intercept_means *means, struct sp_error *err)
{
    for (size_t i = 0; list && i < list->count; i++) {
        struct sp_interceptor interceptor;
        enum sp_status status = equip(list->items[i], means, &interceptor, err);
        if (status != SP_OK)
            return status;
        insert(chain, &interceptor);
    }
    return SP_OK;
}

static bool wants(const struct sp_interceptor *interceptor, enum sp_intercept_point point)
{
    const struct sp_interceptor_kind *kind = interceptor->kind;
    return kind->at && (!kind->wants || kind->wants(interceptor, point));
}

enum sp_status sp_intercept_compile(const struct sp_cfg_interceptor_list *global,
                                    const struct sp_cfg_item *item, const struct sp_intercept_means *means,
                                    struct sp_arena *arena, const struct sp_intercept_chain **ret_chain,
                                    struct sp_error *err)
{
    const struct sp_cfg_interceptor_list *common = item && !item->run_global_interceptors ? NULL : global;
    const struct sp_cfg_interceptor_list *own = item ? item->interceptors : NULL;
    size_t most = (common ? common->count : 0) + (own ? own->count : 0);
    struct sp_intercept_chain *chain =
        sp_arena_calloc(arena, 1, sizeof *chain + most * sizeof(struct sp_interceptor));
    if (!chain)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a list of interceptors");
    enum sp_status status = insert_list(chain, common, means, err);
    if (status == SP_OK)
        status = insert_list(chain, own, means, err);
    for (size_t i = 0; i < chain->count; i++) {
        chain->keeps_states |= chain->items[i].kind->keeps_state;
        chain->sees_body |= chain->items[i].kind->sees_body;
        for (enum sp_intercept_point point = 0; point < SP_POINTS; point++)
            chain->wanted[point] |= wants(&chain->items[i], point);
    }
    if (status == SP_OK)
        *ret_chain = chain;
    return status;
}

bool sp_intercept_sees_body(const struct sp_intercept_chain *chain)
{
    return chain->sees_body;
}

size_t sp_intercept_count(const struct sp_intercept_chain *chain)
{
    return chain->count;
}

struct sp_str sp_intercept_id(const struct sp_intercept_chain *chain, size_t at)
{
    return chain->items[at].config->id;
}

/* ---------------------------------------------------------------- running */

static const struct sp_interceptor *turn_of(const struct sp_intercept_chain *chain, size_t at,
                                            struct sp_intercept_data *data,
                                            const struct sp_intercept_progress *progress)
{
    data->state = progress->states ? &progress->states[at] : NULL;
    return &chain->items[at];
}

enum sp_status io_intercept_pre(const struct sp_intercept_chain *chain, struct sp_intercept_data *data,
                                struct sp_intercept_progress *progress, unsigned *ret_status,
                                struct sp_error *err)
{
    *progress = (struct sp_intercept_progress){0};
    if (chain->keeps_states) {
        progress->states = sp_arena_calloc(data->arena, chain->count, sizeof *progress->states);
        *ret_status = 500;
        if (!progress->states)
            return sp_error_set(err, SP_ENOMEM, NULL, "no memory for interceptors");
    }
    while (progress->called < chain->count) {
        const struct sp_interceptor *interceptor = turn_of(chain, progress->called++, data, progress);
        unsigned http_status = 0;
        enum sp_status status = interceptor->kind->pre(interceptor, data, &http_status, err);
        if (status != SP_OK) {
            *ret_status = http_status ? http_status : REFUSED_WITHOUT_STATUS;
            return status;
        }
    }
    return SP_OK;
}

const char *sp_intercept_last(const struct sp_intercept_chain *chain,
                              const struct sp_intercept_progress *progress)
{
    if (!progress->called)
        return "";
    const struct sp_interceptor *last = &chain->items[progress->called - 1];
    return last->kind->display_name ? last->kind->display_name : last->config->id.ptr;
}

void io_intercept_post(const struct sp_intercept_chain *chain, struct sp_intercept_data *data,
                       const struct sp_intercept_progress *progress)
{
    for (size_t i = progress->called; i-- > 0;) {
        const struct sp_interceptor *interceptor = turn_of(chain, i, data, progress);
        interceptor->kind->post(interceptor, data);
    }
}

void io_intercept_early(const struct sp_intercept_chain *chain, const struct sp_intercept_data *data)
{
    for (size_t i = 0; i < chain->count; i++)
        if (chain->items[i].kind->early)
            chain->items[i].kind->early(&chain->items[i], data);
}

void io_intercept_at(const struct sp_intercept_chain *chain, enum sp_intercept_point point,
                     struct sp_intercept_data *data, const struct sp_intercept_progress *progress)
{
    bool descending = point == SP_AFTER_SOR || point == SP_AFTER_ENDPOINT;
    for (size_t n = 0; chain->wanted[point] && n < progress->called; n++) {
        const struct sp_interceptor *interceptor =
            turn_of(chain, descending ? progress->called - 1 - n : n, data, progress);
        if (wants(interceptor, point))
            interceptor->kind->at(interceptor, point, data);
    }
}

/* ---------------------------------------------------------------- headers */

static bool is_replaced(const struct sp_header_edit *edit, struct sp_str name)
{
    for (; edit; edit = edit->next)
        if (edit->replace && sp_str_caseless_eq(edit->header.name, name))
            return true;
    return false;
}

const struct sp_http_header *sp_header_edits_apply(const struct sp_header_edit *edits,
                                                   const struct sp_http_header *headers, size_t count,
                                                   struct sp_arena *arena, size_t *ret_count)
{
    size_t most = count, kept = 0;
    *ret_count = count;
    if (!edits)
        return headers;
    for (const struct sp_header_edit *edit = edits; edit; edit = edit->next)
        most++;
    struct sp_http_header *edited = sp_arena_calloc(arena, most, sizeof *edited);
    *ret_count = 0;
    if (!edited)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (!is_replaced(edits, headers[i].name))
            edited[kept++] = headers[i];
    /* Of several that replace, the last one stays, with what was added behind it. */
    for (const struct sp_header_edit *edit = edits; edit; edit = edit->next)
        if (!is_replaced(edit->next, edit->header.name) && edit->header.value.ptr)
            edited[kept++] = edit->header;
    *ret_count = kept;
    return edited;
}
