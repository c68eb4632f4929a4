/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/kind.h"

#define REFUSED_WITHOUT_STATUS 403u

struct sp_intercept_chain {
    size_t count;
    struct sp_interceptor items[]; /* in the order of pre */
};

static bool comes_before(const struct sp_cfg_interceptor *a, const struct sp_cfg_interceptor *b)
{
    if (a->has_sequence != b->has_sequence)
        return a->has_sequence;
    return a->has_sequence && a->sequence < b->sequence;
}

/* Behind all that do not come after it, so that equals stay in the order written. */
static void insert(struct sp_intercept_chain *chain, struct sp_interceptor interceptor)
{
    size_t at = chain->count++;
    while (at > 0 && comes_before(interceptor.config, chain->items[at - 1].config)) {
        chain->items[at] = chain->items[at - 1];
        at--;
    }
    chain->items[at] = interceptor;
}

/* What runs for an element; NULL for one this version does not act on (the configuration has said so). */
static const struct sp_interceptor_kind *kind_of(const struct sp_cfg_interceptor *config)
{
    switch (config->kind) {
    case SP_CFG_AUTHORIZATION:
        return &sp_interceptor_authorization;
    case SP_CFG_AUDIT:
        return &sp_interceptor_audit;
    default:
        return NULL;
    }
}

static enum sp_status insert_list(struct sp_intercept_chain *chain,
                                  const struct sp_cfg_interceptor_list *list, struct sp_audit *audit,
                                  struct sp_error *err)
{
    for (size_t i = 0; list && i < list->count; i++) {
        const struct sp_cfg_interceptor *config = list->items[i];
        const struct sp_interceptor_kind *kind = kind_of(config);
        if (!kind)
            continue;
        if (kind == &sp_interceptor_audit && !audit)
            return sp_error_set(err, SP_EINVAL, NULL, "audit interceptor %.*s has nowhere to write",
                                SP_STR_ARG(config->id));
        insert(chain, (struct sp_interceptor){.kind = kind, .config = config, .audit = audit});
    }
    return SP_OK;
}

enum sp_status sp_intercept_compile(const struct sp_cfg_interceptor_list *global,
                                    const struct sp_cfg_item *item, struct sp_audit *audit,
                                    struct sp_arena *arena, const struct sp_intercept_chain **ret_chain,
                                    struct sp_error *err)
{
    const struct sp_cfg_interceptor_list *common = item && !item->run_global_interceptors ? NULL : global;
    const struct sp_cfg_interceptor_list *own = item ? item->interceptors : NULL;
    size_t most = (common ? common->count : 0) + (own ? own->count : 0);
    struct sp_intercept_chain *chain =
        sp_arena_alloc(arena, sizeof *chain + most * sizeof(struct sp_interceptor));
    if (!chain)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a list of interceptors");
    chain->count = 0;
    enum sp_status status = insert_list(chain, common, audit, err);
    if (status == SP_OK)
        status = insert_list(chain, own, audit, err);
    if (status == SP_OK)
        *ret_chain = chain;
    return status;
}

enum sp_status io_intercept_pre(const struct sp_intercept_chain *chain, struct sp_intercept_data *data,
                                struct sp_intercept_progress *progress, unsigned *ret_status,
                                struct sp_error *err)
{
    progress->called = 0;
    while (progress->called < chain->count) {
        const struct sp_interceptor *interceptor = &chain->items[progress->called++];
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
    return progress->called ? chain->items[progress->called - 1].kind->display_name : "";
}

void io_intercept_post(const struct sp_intercept_chain *chain, struct sp_intercept_data *data,
                       const struct sp_intercept_progress *progress)
{
    for (size_t i = progress->called; i-- > 0;)
        chain->items[i].kind->post(&chain->items[i], data);
}

void sp_intercept_early(const struct sp_intercept_chain *chain, const struct sp_intercept_data *data)
{
    for (size_t i = 0; i < chain->count; i++)
        if (chain->items[i].kind->early)
            chain->items[i].kind->early(&chain->items[i], data);
}
