/* SPDX-License-Identifier: Apache-2.0
 * Archives in the library: read, checked as far as one archive can be, and kept without what reading needed.
 */
#include "artifact/copy.h"
#include "base/buf.h"
#include "gateway/library_internal.h"

#define MAPS_BYTES_MAX (16u * 1024u * 1024u)

struct making {
    enum sp_store_kind kind;
    const char *checksum, *file;
    struct sp_str bytes;
    struct sp_arena scratch; /* what was read first */
    bool was_read;
    struct sp_sar *sar;
    struct sp_aar *aar;
    struct sp_library_operation *operations;
    const struct sp_routes *routes;
};

static enum sp_status no_memory(struct sp_error *err)
{
    return sp_error_set(err, SP_ENOMEM, NULL, "no memory for an archive");
}

/* ---------------------------------------------------------------- what is wrong with an API by itself */

static bool may_be_set(struct sp_str header)
{
    static const char *const of_the_engine[] = {
        "Content-Length", "Transfer-Encoding", "Connection", "Content-Type",
        "Upgrade",        "Trailer",           "Keep-Alive", "TE"};
    for (size_t i = 0; i < sizeof of_the_engine / sizeof of_the_engine[0]; i++)
        if (sp_str_caseless_eq(header, sp_str_of(of_the_engine[i])))
            return false;
    for (size_t i = 0; i < header.len; i++) {
        unsigned char c = (unsigned char)header.ptr[i];
        if (c <= 0x20 || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
            return false;
    }
    return header.len > 0;
}

static enum sp_status check_response_headers(const struct sp_aar_operation *aar, struct sp_error *err)
{
    for (size_t r = 0; r < aar->response_count; r++)
        for (size_t i = 0; i < aar->responses[r].map->step_count; i++) {
            const struct sp_map_step *step = &aar->responses[r].map->steps[i];
            if (step->verb != SP_MAP_REMOVE && step->to_place == SP_MAP_HEADER && !may_be_set(step->to))
                return sp_error_set(err, SP_EINVAL, NULL, "a response map may not set header \"%.*s\"",
                                    SP_STR_ARG(step->to));
        }
    return SP_OK;
}

/* ---------------------------------------------------------------- operations */

static void put_text(struct sp_buf *buf, struct sp_str text)
{
    sp_buf_append_u64(buf, text.len);
    sp_buf_append_str(buf, text);
}

static void put_map(struct sp_buf *buf, const struct sp_map *map)
{
    put_text(buf, map->root);
    sp_buf_append_u64(buf, map->step_count);
    for (size_t i = 0; i < map->step_count; i++) {
        const struct sp_map_step *step = &map->steps[i];
        sp_buf_append_byte(buf, (unsigned char)step->verb);
        sp_buf_append_byte(buf, (unsigned char)step->from_place);
        sp_buf_append_byte(buf, (unsigned char)step->to_place);
        sp_buf_append_byte(buf, (unsigned char)(step->required | step->omit << 1));
        put_text(buf, step->from);
        put_text(buf, step->to);
        put_text(buf, step->value);
        put_text(buf, step->xsd_type);
    }
}

/* Everything that a mapping is compiled from, besides the service. */
static enum sp_status sum_maps(const struct sp_aar_operation *aar, char ret_sum[SP_STORE_CHECKSUM_BYTES],
                               struct sp_error *err)
{
    char sum[SP_STORE_CHECKSUM_BYTES + 1];
    struct sp_buf buf;
    sp_buf_init(&buf, MAPS_BYTES_MAX);
    put_map(&buf, aar->request);
    for (size_t i = 0; i < aar->response_count; i++) {
        sp_buf_append_u32(&buf, aar->responses[i].code);
        sp_buf_append_byte(&buf, aar->responses[i].is_default);
        put_map(&buf, aar->responses[i].map);
    }
    bool failed = buf.failed;
    sp_store_checksum(sp_buf_str(&buf), sum);
    memcpy(ret_sum, sum, SP_STORE_CHECKSUM_BYTES);
    sp_buf_finish(&buf);
    return failed ? sp_error_set(err, SP_ELIMIT, NULL, "the maps of an operation are too large") : SP_OK;
}

static enum sp_status names_read(const struct sp_map *map, enum sp_map_place place, struct sp_arena *arena,
                                 const struct sp_str **ret_names, uint32_t *ret_count, struct sp_error *err)
{
    uint32_t count = 0;
    for (size_t i = 0; i < map->step_count; i++)
        count += map->steps[i].verb == SP_MAP_MOVE && map->steps[i].from_place == place;
    struct sp_str *names = count ? sp_arena_calloc(arena, count, sizeof *names) : NULL;
    *ret_names = names;
    *ret_count = count;
    if (count && !names)
        return no_memory(err);
    for (size_t i = 0; i < map->step_count; i++)
        if (map->steps[i].verb == SP_MAP_MOVE && map->steps[i].from_place == place)
            *names++ = map->steps[i].from;
    return SP_OK;
}

static enum sp_status plan_operation(struct making *making, size_t index, struct sp_router *router,
                                     struct sp_error *err)
{
    const struct sp_aar_operation *aar = &making->aar->operations[index];
    enum sp_status status = check_response_headers(aar, err);
    if (status == SP_OK)
        status = sum_maps(aar, making->operations[index].maps, err);
    if (status == SP_OK)
        status = sp_router_add(router, aar->method, aar->template, (uint32_t)index, err);
    if (status != SP_OK)
        sp_error_prefix(err, "operation %.*s %.*s", SP_STR_ARG(aar->method), SP_STR_ARG(aar->template));
    return status;
}

/* Once for an archive, in the scratch arena. */
static enum sp_status plan_api(struct making *making, struct sp_error *err)
{
    struct sp_arena *scratch = &making->scratch;
    struct sp_router router;
    size_t count = making->aar->operation_count;
    making->operations = sp_arena_calloc(scratch, count + 1, sizeof *making->operations);
    enum sp_status status = making->operations ? sp_router_init(&router, scratch) : SP_ENOMEM;
    if (status != SP_OK)
        return no_memory(err);
    for (size_t i = 0; i < count && status == SP_OK; i++)
        status = plan_operation(making, i, &router, err);
    if (status != SP_OK)
        return status;
    status = sp_router_add(&router, SP_STR("GET"), SP_STR("/api-docs"), SP_ROUTE_DOCUMENT, err);
    if (status == SP_EEXISTS)
        sp_error_clear(err);
    else if (status != SP_OK)
        return status;
    return sp_routes_new(&router, scratch, &making->routes, err);
}

/* ---------------------------------------------------------------- the copies that stay */

static enum sp_status keep_api(struct making *making, struct sp_arena *arena,
                               struct sp_library_archive *archive, struct sp_error *err)
{
    if (sp_aar_copy(making->aar, arena, &archive->aar) != SP_OK)
        return no_memory(err);
    size_t count = archive->aar->operation_count;
    struct sp_library_operation *operations = sp_arena_calloc(arena, count + 1, sizeof *operations);
    struct sp_routes *routes = sp_arena_alloc(arena, making->routes->bytes);
    if (!operations || !routes)
        return no_memory(err);
    memcpy(routes, making->routes, making->routes->bytes);
    archive->operations = operations;
    archive->routes = routes;
    enum sp_status status = SP_OK;
    for (size_t i = 0; i < count && status == SP_OK; i++) {
        const struct sp_map *map = archive->aar->operations[i].request;
        struct sp_library_operation *operation = &operations[i];
        memcpy(operation->maps, making->operations[i].maps, sizeof operation->maps);
        status =
            names_read(map, SP_MAP_QUERY, arena, &operation->query_names, &operation->query_name_count, err);
        if (status == SP_OK)
            status = names_read(map, SP_MAP_HEADER, arena, &operation->header_names,
                                &operation->header_name_count, err);
    }
    return status;
}

static enum sp_status read_first(struct making *making, struct sp_error *err)
{
    making->was_read = true;
    sp_arena_init(&making->scratch, SP_LIBRARY_ITEM_MAX);
    if (making->kind == SP_STORE_SERVICE)
        return sp_sar_read(making->bytes, making->file, &making->scratch, &making->sar, err);
    if (making->kind != SP_STORE_API)
        return SP_OK;
    enum sp_status status = sp_aar_read(making->bytes, making->file, &making->scratch, &making->aar, err);
    return status == SP_OK ? plan_api(making, err) : status;
}

static enum sp_status make(void *arg, struct sp_arena *arena, const void **ret_content, struct sp_error *err)
{
    struct making *making = arg;
    enum sp_status status = making->was_read ? SP_OK : read_first(making, err);
    if (status != SP_OK)
        return status;
    struct sp_library_archive *archive = sp_arena_calloc(arena, 1, sizeof *archive);
    if (!archive)
        return no_memory(err);
    archive->kind = making->kind;
    memcpy(archive->checksum, making->checksum, SP_STORE_CHECKSUM_BYTES);
    struct sp_ara *ara;
    if (making->kind == SP_STORE_API) {
        status = keep_api(making, arena, archive, err);
    } else if (making->kind == SP_STORE_SERVICE) {
        status = sp_sar_copy(making->sar, arena, &archive->sar);
        if (status != SP_OK)
            no_memory(err);
    } else {
        status = sp_ara_read(making->bytes, making->file, arena, &ara, err);
        archive->ara = status == SP_OK ? ara : NULL;
    }
    *ret_content = archive;
    return status;
}

/* What a failed reader took is given back. */
static enum sp_status borrow(struct sp_library_loan *loan, struct making *making, struct sp_str key,
                             struct sp_library_item **ret_item, struct sp_error *err)
{
    const struct sp_library_wanted wanted = {.key = key, .make = make, .arg = making};
    enum sp_status status = sp_library_borrow(loan, &wanted, ret_item, err);
    sp_arena_finish(&making->scratch);
    return status;
}

static void write_key(enum sp_store_kind kind, const char *checksum,
                      char ret_key[SP_STORE_CHECKSUM_BYTES + 1])
{
    ret_key[0] = "sar"[kind];
    memcpy(ret_key + 1, checksum, SP_STORE_CHECKSUM_BYTES);
}

enum sp_status sp_library_find_archive(struct sp_library_loan *loan, enum sp_store_kind kind,
                                       const char *checksum, const struct sp_library_archive **ret_archive,
                                       struct sp_error *err)
{
    char key[SP_STORE_CHECKSUM_BYTES + 1];
    enum sp_status status;
    write_key(kind, checksum, key);
    struct sp_library_item *item = sp_library_find(loan, sp_str_from(key, sizeof key), &status);
    if (item)
        *ret_archive = item->content;
    return item ? SP_OK : status == SP_OK ? SP_ENOTFOUND : no_memory(err);
}

enum sp_status sp_library_archive(struct sp_library_loan *loan, enum sp_store_kind kind, struct sp_str bytes,
                                  const char *checksum, const char *file,
                                  const struct sp_library_archive **ret_archive, struct sp_error *err)
{
    char key[SP_STORE_CHECKSUM_BYTES + 1];
    struct sp_library_item *item = NULL;
    struct making making = {.kind = kind, .checksum = checksum, .file = file, .bytes = bytes};
    write_key(kind, checksum, key);
    enum sp_status status = borrow(loan, &making, sp_str_from(key, sizeof key), &item, err);
    if (status != SP_OK)
        return status;
    struct sp_library_archive *archive = (struct sp_library_archive *)item->content;
    if (!archive->item)
        archive->item = item;
    *ret_archive = archive;
    return SP_OK;
}

/* ---------------------------------------------------------------- mappings */

struct mapping_key {
    char service[SP_STORE_CHECKSUM_BYTES];
    char maps[SP_STORE_CHECKSUM_BYTES]; /* zeros for direct invocation */
    char overrides[SP_STORE_CHECKSUM_BYTES];
    uint32_t ccsid;
    unsigned char little_endian, ieee, zeros[2];
};

static void sum_overrides(const struct sp_property *overrides, size_t count,
                          char ret_sum[SP_STORE_CHECKSUM_BYTES])
{
    char sum[SP_STORE_CHECKSUM_BYTES + 1];
    struct sp_buf buf;
    memset(ret_sum, 0, SP_STORE_CHECKSUM_BYTES);
    if (!count)
        return;
    sp_buf_init(&buf, MAPS_BYTES_MAX);
    for (size_t i = 0; i < count; i++) {
        put_text(&buf, overrides[i].name);
        put_text(&buf, overrides[i].value);
    }
    sp_store_checksum(sp_buf_str(&buf), sum);
    memcpy(ret_sum, sum, SP_STORE_CHECKSUM_BYTES);
    sp_buf_finish(&buf);
}

static struct sp_str arena_text(struct sp_arena *arena, struct sp_str text)
{
    return text.ptr ? sp_arena_str(arena, text) : text;
}

static enum sp_status make_mapping(void *arg, struct sp_arena *arena, const void **ret_content,
                                   struct sp_error *err)
{
    const struct sp_library_mapping_options *wanted = arg;
    struct sp_property *overrides = sp_arena_calloc(arena, wanted->override_count + 1, sizeof *overrides);
    const struct sp_aar_operation *operation = NULL;
    const struct sp_mapping *mapping;
    if (!overrides)
        return no_memory(err);
    for (size_t i = 0; i < wanted->override_count; i++)
        overrides[i] = (struct sp_property){arena_text(arena, wanted->overrides[i].name),
                                            arena_text(arena, wanted->overrides[i].value)};
    if (wanted->api &&
        sp_aar_operation_copy(&wanted->api->aar->operations[wanted->operation], arena, &operation) != SP_OK)
        return no_memory(err);
    const struct sp_mapping_options options = {.overrides = overrides,
                                               .override_count = wanted->override_count};
    enum sp_status status =
        sp_mapping_compile(wanted->service->sar, operation, &wanted->profile, &options, arena, &mapping, err);
    *ret_content = status == SP_OK ? mapping : NULL;
    return status;
}

enum sp_status sp_library_mapping(struct sp_library_loan *loan,
                                  const struct sp_library_mapping_options *options,
                                  const struct sp_mapping **ret_mapping, struct sp_error *err)
{
    struct mapping_key key;
    memset(&key, 0, sizeof key);
    memcpy(key.service, options->service->checksum, sizeof key.service);
    if (options->api)
        memcpy(key.maps, options->api->operations[options->operation].maps, sizeof key.maps);
    sum_overrides(options->overrides, options->override_count, key.overrides);
    key.ccsid = options->profile.codepage ? sp_codepage_ccsid(options->profile.codepage) : 0;
    key.little_endian = options->profile.little_endian_native;
    key.ieee = options->profile.ieee_float;
    struct sp_library_item *item = NULL;
    const struct sp_library_wanted wanted = {.key = sp_str_from(&key, sizeof key),
                                             .is_mapping = true,
                                             .needs = options->service->item,
                                             .make = make_mapping,
                                             .arg = (void *)options};
    enum sp_status status = sp_library_borrow(loan, &wanted, &item, err);
    if (status == SP_OK)
        *ret_mapping = item->content;
    return status;
}
