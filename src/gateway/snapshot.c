/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/snapshot.h"

#include <stdlib.h>

#include "config/place.h"
#include "gateway/archive_files.h"
#include "gateway/message.h"

#define MEMORY_MAX ((size_t)1 << 30)
#define SCRATCH_MAX (SP_ARCHIVE_BYTES_MAX + 1024u * 1024u)
#define CICS_PROVIDER "CICS-1.0"
#define RESERVED_SEGMENT "zosConnect" /* of the administration interface and direct service calls */

/* One snapshot in the making. */
struct load {
    const struct sp_snapshot_sources *sources;
    struct sp_problems *problems;
    struct sp_snapshot *snapshot;
    struct sp_arena *arena;                            /* the snapshot's */
    struct policy_state *policies;                     /* as those of the configuration */
    const struct sp_admission *admissions[SP_OBJECTS]; /* of items that server.xml says nothing of */
    struct sp_arena drafts;                            /* APIs, before all are there */
    struct sp_hash base_paths, api_names;              /* key, name -> struct sp_api */
    bool state_unknown;                                /* nothing is started */
};

/* A policy is read when the first API needs it. */
struct policy_state {
    const struct sp_policy_rules *rules;
    bool refused;
};

/* A file with its contents. */
struct archive {
    struct sp_str path; /* lives as long as the snapshot */
    const struct sp_file *file;
    struct sp_arena *scratch; /* for its contents */
};

static enum sp_status no_memory(struct sp_error *err)
{
    return sp_error_set(err, SP_ENOMEM, NULL, "no memory for what is deployed");
}

/* ---------------------------------------------------------------- what an item's element says */

static bool has_authorization(const struct sp_cfg_interceptor_list *list)
{
    for (size_t i = 0; list && i < list->count; i++)
        if (list->items[i]->kind == SP_CFG_AUTHORIZATION)
            return true;
    return false;
}

static enum sp_status compile_admission(const struct load *load, enum sp_authz_object kind,
                                        const struct sp_cfg_item *item, struct sp_admission *ret_admission,
                                        struct sp_error *err)
{
    const struct sp_config *config = load->sources->config;
    struct sp_authz_demands demands;
    *ret_admission = (struct sp_admission){.require_auth = true};
    if (load->sources->rehearsal)
        return SP_OK;
    const struct sp_authz_rules rules = sp_authz_rules_of(config);
    const struct sp_authz_access_options options = {
        .rules = &rules,
        .kind = kind,
        .global = &config->manager.groups,
        .item = item ? &item->groups : NULL,
        .own_check = item && has_authorization(item->interceptors),
    };
    sp_authz_demands(config, kind, item, &demands);
    *ret_admission = (struct sp_admission){
        .require_auth = demands.auth, .require_secure = demands.secure, .groups = options.item};
    if (item)
        ret_admission->scopes = item->required_scopes;
    ret_admission->require_auth |= ret_admission->scopes.count > 0; /* who nobody knows has none */
    enum sp_status status = sp_authz_access_new(&options, load->arena, &ret_admission->access, err);
    return status == SP_OK
               ? sp_intercept_compile(config->manager.global_interceptors, item, &load->sources->means,
                                      load->arena, &ret_admission->chain, err)
               : status;
}

/* Whatever server.xml says nothing of is treated alike. */
static enum sp_status make_admission(struct load *load, enum sp_authz_object kind,
                                     const struct sp_cfg_item *item,
                                     const struct sp_admission **ret_admission, struct sp_error *err)
{
    const struct sp_admission *there = item ? NULL : load->admissions[kind];
    if (there) {
        *ret_admission = there;
        return SP_OK;
    }
    struct sp_admission *admission = sp_arena_calloc(load->arena, 1, sizeof *admission);
    if (!admission)
        return no_memory(err);
    enum sp_status status = compile_admission(load, kind, item, admission, err);
    if (status == SP_OK && !item)
        load->admissions[kind] = admission;
    if (status == SP_OK)
        *ret_admission = admission;
    return status;
}

static bool is_stopped(const struct load *load, enum sp_store_kind kind, struct sp_str name,
                       const struct archive *archive)
{
    return load->state_unknown ||
           sp_store_state_is_stopped(&load->snapshot->state, kind, name, archive->file->checksum);
}

/* ---------------------------------------------------------------- services */

struct sp_str sp_service_property(const struct sp_service *service, const char *name)
{
    for (size_t i = 0; i < service->override_count; i++)
        if (sp_str_is(service->overrides[i].name, name))
            return service->overrides[i].value;
    return sp_sar_property(service->sar, name);
}

static enum sp_status take_overrides(const struct load *load, const struct sp_cfg_item *item,
                                     struct sp_service *service, struct sp_error *err)
{
    size_t count = item ? item->property_count : 0;
    struct sp_property *overrides = sp_arena_calloc(load->arena, count, sizeof *overrides);
    if (!overrides)
        return no_memory(err);
    for (size_t i = 0; i < count; i++)
        overrides[i] = (struct sp_property){item->properties[i].name, item->properties[i].value};
    service->overrides = overrides;
    service->override_count = count;
    return SP_OK;
}

static enum sp_status connect_service(const struct load *load, struct sp_service *service,
                                      struct sp_error *err)
{
    if (!sp_str_caseless_eq(service->sar->provider, SP_STR(CICS_PROVIDER)))
        return sp_error_set(err, SP_EUNSUPPORTED, NULL,
                            "services of provider \"%.*s\" are not supported by this version",
                            SP_STR_ARG(service->sar->provider));
    if (load->sources->rehearsal && !load->sources->connections)
        return SP_OK;
    struct sp_str reference = sp_service_property(service, "connectionRef");
    for (size_t i = 0; i < load->sources->connection_count; i++)
        if (sp_str_eq(sp_sor_reference(load->sources->connections[i]), reference)) {
            service->connection = load->sources->connections[i];
            return SP_OK;
        }
    return sp_error_set(err, SP_ENOTFOUND, NULL,
                        "server.xml has no zosconnect_cicsIpicConnection with id=\"%.*s\", which the service "
                        "names as its connectionRef",
                        SP_STR_ARG(reference));
}

static enum sp_status choose_code_page(struct sp_service *service, struct sp_error *err)
{
    struct sp_str ccsid = sp_service_property(service, "ccsid");
    if (!ccsid.len)
        ccsid = service->sar->ccsid;
    service->profile.codepage = sp_codepage_named(ccsid, SP_NEWLINE_15);
    if (service->profile.codepage)
        return SP_OK;
    return sp_error_set(err, SP_EUNSUPPORTED, NULL, "there is no code page \"%.*s\"", SP_STR_ARG(ccsid));
}

/* For direct calls. */
static enum sp_status map_service(const struct load *load, struct sp_service *service, struct sp_error *err)
{
    const struct sp_library_mapping_options options = {.service = service->archive,
                                                       .profile = service->profile,
                                                       .overrides = service->overrides,
                                                       .override_count = service->override_count};
    return sp_library_mapping(&load->snapshot->loan, &options, &service->mapping, err);
}

static enum sp_status make_service(struct load *load, const struct sp_library_archive *from,
                                   const struct archive *archive, struct sp_error *err)
{
    const struct sp_sar *sar = from->sar;
    struct sp_service *service = sp_arena_calloc(load->arena, 1, sizeof *service);
    if (!service)
        return no_memory(err);
    service->archive = from;
    service->sar = sar;
    service->path = archive->path;
    service->stopped = is_stopped(load, SP_STORE_SERVICE, sar->name, archive);
    service->counter = sp_store_counter_of(load->sources->counters, load->sources->counters_bytes, sar->name);
    const struct sp_cfg_item *item = sp_config_item(&load->sources->config->services, sar->name);
    service->description = item && item->description.len ? item->description : sar->description;
    service->timeout_us = item ? item->async_request_timeout_us : 0;
    enum sp_status status = take_overrides(load, item, service, err);
    if (status == SP_OK)
        status = make_admission(load, SP_OBJECT_SERVICE, item, &service->admission, err);
    if (status == SP_OK)
        status = connect_service(load, service, err);
    if (status == SP_OK)
        status = choose_code_page(service, err);
    if (status == SP_OK)
        status = map_service(load, service, err);
    if (status == SP_OK)
        status = sp_hash_add(&load->snapshot->services, sar->name, service);
    if (status == SP_EEXISTS)
        return sp_error_set(err, status, SP_MSG_NAME_TAKEN, "service %.*s is deployed from another archive",
                            SP_STR_ARG(sar->name));
    return status;
}

/* Most archives are known: then nobody looks at their contents. */
static enum sp_status borrow(struct load *load, enum sp_store_kind kind, const struct archive *archive,
                             const struct sp_library_archive **ret_archive, struct sp_error *err)
{
    const struct sp_file *file = archive->file;
    struct sp_library_loan *loan = &load->snapshot->loan;
    struct sp_str bytes = {NULL, 0};
    enum sp_status status = sp_library_find_archive(loan, kind, file->checksum, ret_archive, err);
    if (status != SP_ENOTFOUND)
        return status;
    status = sp_file_set_content(load->sources->files, file, archive->scratch, &bytes, err);
    return status == SP_OK
               ? sp_library_archive(loan, kind, bytes, file->checksum, archive->path.ptr, ret_archive, err)
               : status;
}

static enum sp_status load_service(struct load *load, const struct archive *archive, struct sp_error *err)
{
    const struct sp_library_archive *from;
    enum sp_status status = borrow(load, SP_STORE_SERVICE, archive, &from, err);
    return status == SP_OK ? make_service(load, from, archive, err) : status;
}

/* ---------------------------------------------------------------- APIs */

/* An operation in the making. */
struct draft {
    struct sp_api *api;
    struct sp_operation *operation;
    struct sp_library_mapping_options mapping;
};

/* With each code page that a rule may choose instead of the service's. */
static enum sp_status map_pages(const struct load *load, const struct draft *draft, struct sp_error *err)
{
    size_t count = 0;
    const struct sp_codepage *const *pages =
        draft->api->rules ? sp_policy_rules_pages(draft->api->rules, &count) : NULL;
    const struct sp_mapping **mappings = count ? sp_arena_calloc(load->arena, count, sizeof *mappings) : NULL;
    enum sp_status status = mappings || !count ? SP_OK : no_memory(err);
    for (size_t i = 0; i < count && status == SP_OK; i++) {
        struct sp_library_mapping_options options = draft->mapping;
        options.profile.codepage = pages[i];
        status = sp_library_mapping(&load->snapshot->loan, &options, &mappings[i], err);
        if (status != SP_OK)
            sp_error_prefix(err, "with code page %u, which a policy chooses", sp_codepage_ccsid(pages[i]));
    }
    draft->operation->page_mappings = mappings;
    return status;
}

static enum sp_status make_operation(const struct load *load, struct sp_api *api,
                                     const struct sp_library_archive *from, size_t index,
                                     struct sp_operation *operation, struct sp_error *err)
{
    const struct sp_aar_operation *aar = &from->aar->operations[index];
    const struct sp_library_operation *known = &from->operations[index];
    const struct sp_service *service = sp_snapshot_find_service(load->snapshot, aar->service);
    if (!service)
        return sp_error_set(err, SP_ENOTFOUND, SP_MSG_SERVICE_MISSING,
                            "service %.*s, which it calls, is not deployed", SP_STR_ARG(aar->service));
    *operation = (struct sp_operation){.service = service,
                                       .id = aar->operation_id,
                                       .query_names = known->query_names,
                                       .header_names = known->header_names,
                                       .query_name_count = known->query_name_count,
                                       .header_name_count = known->header_name_count};
    const struct draft draft = {api,
                                operation,
                                {.service = service->archive,
                                 .api = from,
                                 .operation = index,
                                 .profile = service->profile,
                                 .overrides = service->overrides,
                                 .override_count = service->override_count}};
    enum sp_status status =
        sp_library_mapping(&load->snapshot->loan, &draft.mapping, &operation->mapping, err);
    return status == SP_OK ? map_pages(load, &draft, err) : status;
}

static enum sp_status make_operations(struct load *load, struct sp_api *api,
                                      const struct sp_library_archive *from, struct sp_error *err)
{
    size_t count = from->aar->operation_count;
    struct sp_operation *operations = sp_arena_calloc(&load->drafts, count + 1, sizeof *operations);
    enum sp_status status = operations ? SP_OK : no_memory(err);
    api->operations = operations;
    for (size_t i = 0; status == SP_OK && i < count; i++) {
        const struct sp_aar_operation *aar = &from->aar->operations[i];
        status = make_operation(load, api, from, i, &operations[i], err);
        if (status != SP_OK)
            sp_error_prefix(err, "operation %.*s %.*s", SP_STR_ARG(aar->method), SP_STR_ARG(aar->template));
    }
    return status;
}

static enum sp_status read_base_path(struct load *load, struct sp_str text, struct sp_path *ret_base,
                                     struct sp_error *err)
{
    enum sp_status status = sp_path_read(text, &load->drafts, ret_base, err);
    if (status != SP_OK) {
        sp_error_prefix(err, "base path \"%.*s\"", SP_STR_ARG(text));
        return status;
    }
    /* "/a/" is "/a", and "/" has no segment. */
    if (ret_base->segments[ret_base->count - 1].len == 0)
        ret_base->count--;
    if (ret_base->count && sp_str_is(ret_base->segments[0], RESERVED_SEGMENT))
        return sp_error_set(err, SP_EINVAL, NULL, "base path \"%.*s\" is the product's own",
                            SP_STR_ARG(text));
    return SP_OK;
}

static enum sp_status register_api(struct load *load, struct sp_api *api, const struct sp_path *base,
                                   struct sp_error *err)
{
    struct sp_str key = sp_path_key(base, base->count);
    api->head.base = key.ptr;
    api->head.base_bytes = (uint32_t)key.len;
    api->head.base_segments = (uint32_t)base->count;
    enum sp_status status = sp_hash_add(&load->api_names, api->aar->name, api);
    if (status == SP_EEXISTS)
        return sp_error_set(err, status, SP_MSG_NAME_TAKEN, "API %.*s is deployed from another archive",
                            SP_STR_ARG(api->aar->name));
    if (status != SP_OK)
        return sp_error_set(err, status, NULL, "too many APIs");
    status = sp_hash_add(&load->base_paths, key, api);
    if (status == SP_OK)
        return SP_OK;
    sp_hash_remove(&load->api_names, api->aar->name);
    const struct sp_api *other = sp_hash_get(&load->base_paths, key);
    return sp_error_set(err, status, SP_MSG_BASE_PATH_TAKEN, "base path %.*s belongs to API %.*s",
                        SP_STR_ARG(api->aar->base_path), SP_STR_ARG(other ? other->aar->name : SP_STR("?")));
}

/* The rules of the API's own policy, otherwise those of all. Without rules that it should have an API could
 * reach the wrong system: it is not deployed. */
static enum sp_status take_rules(const struct load *load, const struct sp_cfg_item *item, struct sp_api *api,
                                 struct sp_error *err)
{
    const struct sp_snapshot_sources *sources = load->sources;
    const struct sp_cfg_policy *policy = item && item->policy ? item->policy : sources->config->apis.policy;
    if (!policy || (sources->rehearsal && !sources->connections))
        return SP_OK;
    struct policy_state *state = &load->policies[policy - sources->config->policies];
    enum sp_status status = SP_OK;
    if (state->refused)
        return sp_error_set(err, SP_EINVAL, NULL, "policy %.*s cannot be used", SP_STR_ARG(policy->id));
    if (!state->rules)
        status = sp_policy_rules_new(policy, sources->connections, sources->connection_count, load->arena,
                                     load->problems, &state->rules, err);
    state->refused = status != SP_OK;
    api->rules = state->rules;
    return status;
}

static bool has_invoke_groups(const struct sp_admission *admission)
{
    return admission->groups && admission->groups->invoke.count > 0;
}

static bool is_first_call(const struct sp_aar *aar, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (sp_str_eq(aar->operations[i].service, aar->operations[index].service))
            return false;
    return true;
}

/* Services can be called directly, too: what guards the API does not guard them. */
static void report_open_services(const struct load *load, const struct sp_api *api, struct sp_str file)
{
    for (size_t i = 0; i < api->aar->operation_count; i++) {
        struct sp_str name = api->aar->operations[i].service;
        const struct sp_service *service = sp_snapshot_find_service(load->snapshot, name);
        bool open = has_invoke_groups(api->admission) && !has_invoke_groups(service->admission);
        bool unknown = api->admission->require_auth && !service->admission->require_auth;
        if ((open || unknown) && is_first_call(api->aar, i))
            sp_problem_add(load->problems, SP_PROBLEM_WARNING, SP_MSG_SERVICE_OPEN, file, 0, 0,
                           "API %.*s has %s, but service %.*s, which it invokes, has not, and can be called "
                           "directly; give <service name=\"%.*s\"> the same",
                           SP_STR_ARG(api->aar->name), open ? "an invokeGroup of its own" : "requireAuth",
                           SP_STR_ARG(name), SP_STR_ARG(name));
    }
}

static enum sp_status load_api(struct load *load, const struct archive *archive, struct sp_error *err)
{
    const struct sp_library_archive *from;
    struct sp_path base;
    enum sp_status status = borrow(load, SP_STORE_API, archive, &from, err);
    if (status == SP_OK)
        status = read_base_path(load, from->aar->base_path, &base, err);
    struct sp_api *api = status == SP_OK ? sp_arena_calloc(&load->drafts, 1, sizeof *api) : NULL;
    if (!api)
        return status == SP_OK ? no_memory(err) : status;
    const struct sp_aar *aar = from->aar;
    api->aar = aar;
    api->head.routes = from->routes;
    api->name = aar->name;
    api->version = aar->version;
    api->description = aar->description;
    api->path = archive->path;
    api->stopped = is_stopped(load, SP_STORE_API, aar->name, archive);
    const struct sp_cfg_item *item = sp_config_item(&load->sources->config->apis, aar->name);
    status = make_admission(load, SP_OBJECT_API, item, &api->admission, err);
    if (status == SP_OK)
        status = take_rules(load, item, api, err);
    if (status == SP_OK)
        status = make_operations(load, api, from, err);
    if (status == SP_OK)
        status = register_api(load, api, &base, err);
    if (status == SP_OK)
        report_open_services(load, api, archive->path);
    return status;
}

/* ---------------------------------------------------------------- API requesters */

static enum sp_status check_endpoint(const struct load *load, struct sp_str reference, struct sp_error *err)
{
    const struct sp_config *config = load->sources->config;
    for (size_t i = 0; i < config->endpoint_connection_count; i++)
        if (sp_str_eq(config->endpoint_connections[i].id, reference))
            return SP_OK;
    return sp_error_set(err, SP_ENOTFOUND, NULL,
                        "server.xml has no zosconnect_endpointConnection with id=\"%.*s\", which the API "
                        "requester names as its connectionRef",
                        SP_STR_ARG(reference));
}

static enum sp_status load_requester(struct load *load, const struct archive *archive, struct sp_error *err)
{
    const struct sp_library_archive *from;
    enum sp_status status = borrow(load, SP_STORE_REQUESTER, archive, &from, err);
    const struct sp_ara *ara = status == SP_OK ? from->ara : NULL;
    if (status == SP_OK)
        status = check_endpoint(load, ara->connection, err);
    if (status != SP_OK)
        return status;
    struct sp_requester *requester = sp_arena_calloc(load->arena, 1, sizeof *requester);
    if (!requester)
        return no_memory(err);
    requester->ara = ara;
    requester->path = archive->path;
    requester->stopped = is_stopped(load, SP_STORE_REQUESTER, ara->name, archive);
    status = make_admission(load, SP_OBJECT_REQUESTER,
                            sp_config_item(&load->sources->config->api_requesters, ara->name),
                            &requester->admission, err);
    if (status == SP_OK)
        status = sp_hash_add(&load->snapshot->requesters, ara->name, requester);
    if (status == SP_EEXISTS)
        return sp_error_set(err, status, SP_MSG_NAME_TAKEN,
                            "API requester %.*s is deployed from another archive", SP_STR_ARG(ara->name));
    return status;
}

/* ---------------------------------------------------------------- directories */

typedef enum sp_status load_fn(struct load *load, const struct archive *archive, struct sp_error *err);

static void report(const struct load *load, const char *id, const struct sp_error *err, struct sp_str file)
{
    sp_problem_add(load->problems, SP_PROBLEM_ERROR, err->id[0] ? err->id : id, file, err->line, err->column,
                   "the archive is not deployed: %s%s%s", err->file, err->file[0] ? ": " : "", err->text);
}

/* One kind of archives. */
struct kind {
    struct sp_str directory;
    const char *suffix;
    enum sp_file_kind list, file;
    load_fn *fn;
};

static void load_archive(struct load *load, struct sp_str path, const struct kind *kind)
{
    struct sp_arena scratch;
    struct sp_error err = SP_ERROR_INIT;
    struct archive archive = {.path = sp_arena_str(load->arena, path), .scratch = &scratch};
    sp_arena_init(&scratch, SCRATCH_MAX);
    if (!archive.path.ptr)
        no_memory(&err);
    else if (sp_file_set_open_archive(load->sources->files, kind->file, path, &scratch, &archive.file,
                                      &err) != SP_OK)
        report(load, SP_MSG_ARCHIVE_UNREADABLE, &err, path);
    else if (kind->fn(load, &archive, &err) != SP_OK)
        report(load, SP_MSG_ARCHIVE_REFUSED, &err, path);
    sp_arena_finish(&scratch);
}

static void load_directory(struct load *load, const struct kind *kind)
{
    struct sp_error err = SP_ERROR_INIT;
    const struct sp_str *paths;
    size_t count = 0;
    enum sp_status status = sp_file_set_list_archives(load->sources->files, kind->list, kind->directory,
                                                      kind->suffix, load->arena, &paths, &count, &err);
    if (status == SP_ENOTFOUND)
        sp_problem_add(load->problems, SP_PROBLEM_INFO, SP_MSG_DIRECTORY_MISSING, kind->directory, 0, 0,
                       "there is no such directory, so no %s files are deployed from it", kind->suffix);
    else if (status != SP_OK)
        sp_problem_add(load->problems, SP_PROBLEM_ERROR, SP_MSG_ARCHIVE_UNREADABLE, kind->directory, 0, 0,
                       "%s", err.text);
    for (size_t i = 0; i < count; i++)
        load_archive(load, paths[i], kind);
}

/* An element whose name is misspelt protects nothing. */
static void report_idle_items(const struct load *load, const struct sp_cfg_directory *directory,
                              const struct sp_hash *deployed, const char *element)
{
    for (size_t i = 0; i < directory->item_count; i++)
        if (!sp_hash_get(deployed, directory->items[i].name)) {
            const struct sp_config_place at = sp_config_place_of(load->sources->config, &directory->items[i]);
            sp_problem_add(load->problems, SP_PROBLEM_WARNING, SP_MSG_ITEM_WITHOUT_ARCHIVE, at.file, at.line,
                           at.column, "%s name=\"%.*s\" has no effect: nothing of that name is deployed",
                           element, SP_STR_ARG(directory->items[i].name));
        }
}

/* ---------------------------------------------------------------- state */

/* Nobody knows what was stopped, and for a reason: nothing is started. */
static void load_state(struct load *load)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_str text = SP_STR("");
    enum sp_status status =
        sp_file_set_read_state(load->sources->files, load->sources->config, load->arena, &text, &err);
    if (status == SP_OK)
        status = sp_store_state_read(&load->snapshot->state, text, &err);
    load->state_unknown = status != SP_OK;
    if (status != SP_OK)
        sp_problem_add(load->problems, SP_PROBLEM_ERROR, SP_MSG_STATE_UNKNOWN,
                       sp_file_set_state_path(load->sources->config, load->arena), err.line, err.column,
                       "it is not known which archives are stopped, so all are: %s", err.text);
}

/* ---------------------------------------------------------------- invokeURI */

static void take_invoke_uri(const struct load *load, struct sp_str uri, const struct sp_service *service)
{
    struct sp_invoke_uris *uris = &load->snapshot->invoke_uris;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_path path;
    enum sp_status status = sp_path_read(uri, load->arena, &path, &err);
    if (status == SP_OK && sp_str_is(path.segments[0], RESERVED_SEGMENT))
        status =
            sp_error_set(&err, SP_EINVAL, NULL, "invokeURI \"%.*s\" is the product's own", SP_STR_ARG(uri));
    if (status == SP_OK)
        status = sp_invoke_uris_add(uris, uri, service, load->arena, &err);
    if (status != SP_OK)
        sp_problem_add(load->problems, SP_PROBLEM_ERROR, SP_MSG_INVOKE_URI_REFUSED, SP_STR("server.xml"), 0,
                       0, "service %.*s is not called by one of its paths: %s",
                       SP_STR_ARG(service->sar->name), err.text);
}

static void take_invoke_uris(const struct load *load)
{
    const struct sp_cfg_directory *services = &load->sources->config->services;
    for (size_t i = 0; i < services->item_count; i++) {
        const struct sp_cfg_item *item = &services->items[i];
        const struct sp_service *service = sp_snapshot_find_service(load->snapshot, item->name);
        for (size_t n = 0; service && n < item->invoke_uris.count; n++)
            take_invoke_uri(load, item->invoke_uris.items[n], service);
    }
    const struct sp_invoke_uris *uris = &load->snapshot->invoke_uris;
    for (size_t i = 0; i < uris->count; i++) {
        const struct sp_api *api = sp_hash_get(&load->base_paths, uris->items[i].key);
        const struct sp_service *service = uris->items[i].target;
        if (api)
            sp_problem_add(
                load->problems, SP_PROBLEM_WARNING, SP_MSG_INVOKE_URI_HIDDEN, SP_STR("server.xml"), 0, 0,
                "an invokeURI of service %.*s has no effect: its path is the base path of API %.*s",
                SP_STR_ARG(service->sar->name), SP_STR_ARG(api->aar->name));
    }
}

/* ---------------------------------------------------------------- lists */

static int services_by_name(const void *a, const void *b)
{
    return sp_str_cmp((*(const struct sp_service *const *)a)->sar->name,
                      (*(const struct sp_service *const *)b)->sar->name);
}

static int apis_by_name(const void *a, const void *b)
{
    return sp_str_cmp((*(const struct sp_api *const *)a)->aar->name,
                      (*(const struct sp_api *const *)b)->aar->name);
}

static int requesters_by_name(const void *a, const void *b)
{
    return sp_str_cmp((*(const struct sp_requester *const *)a)->ara->name,
                      (*(const struct sp_requester *const *)b)->ara->name);
}

static const void *list(const struct load *load, const struct sp_hash *from,
                        int (*by_name)(const void *, const void *))
{
    const void **items = sp_arena_calloc(load->arena, from->count + 1, sizeof *items);
    size_t cursor = 0, count = 0;
    for (const struct sp_hash_slot *slot; items && (slot = sp_hash_next(from, &cursor));)
        items[count++] = slot->value;
    if (items)
        qsort(items, count, sizeof *items, by_name);
    return items;
}

/* All are there: put them where requests find them. */
static enum sp_status place_apis(struct load *load, struct sp_error *err)
{
    struct sp_snapshot *snapshot = load->snapshot;
    size_t count = load->api_names.count;
    struct sp_api **apis = (struct sp_api **)list(load, &load->api_names, apis_by_name);
    snapshot->api_list = (const struct sp_api **)apis;
    if (!apis || sp_api_index_init(&snapshot->apis, apis, count) != SP_OK)
        return no_memory(err);
    for (size_t i = 0; i < count; i++)
        if (sp_hash_add(&snapshot->api_names, apis[i]->name, apis[i]) != SP_OK)
            return no_memory(err);
    return SP_OK;
}

static enum sp_status make_lists(struct load *load, struct sp_error *err)
{
    struct sp_snapshot *snapshot = load->snapshot;
    snapshot->service_list = (const struct sp_service **)list(load, &snapshot->services, services_by_name);
    snapshot->requester_list =
        (const struct sp_requester **)list(load, &snapshot->requesters, requesters_by_name);
    return snapshot->service_list && snapshot->requester_list ? place_apis(load, err) : no_memory(err);
}

/* ---------------------------------------------------------------- the snapshot */

static void load_all(struct load *load)
{
    const struct sp_config *config = load->sources->config;
    load_state(load);
    load_directory(load, &(struct kind){config->services.location, ".sar", SP_FILE_SERVICE_LIST,
                                        SP_FILE_SERVICE, load_service});
    load_directory(load,
                   &(struct kind){config->apis.location, ".aar", SP_FILE_API_LIST, SP_FILE_API, load_api});
    load_directory(load, &(struct kind){config->api_requesters.location, ".ara", SP_FILE_REQUESTER_LIST,
                                        SP_FILE_REQUESTER, load_requester});
    take_invoke_uris(load);
    report_idle_items(load, &config->services, &load->snapshot->services, "service");
    report_idle_items(load, &config->apis, &load->api_names, "zosConnectAPI");
    report_idle_items(load, &config->api_requesters, &load->snapshot->requesters, "apiRequester");
}

static enum sp_status load_server(struct load *load, struct sp_error *err)
{
    struct sp_snapshot *snapshot = load->snapshot;
    const struct sp_config *config = load->sources->config;
    load->policies = sp_arena_calloc(load->arena, config->policy_count, sizeof *load->policies);
    enum sp_status status = load->policies ? SP_OK : no_memory(err);
    if (status == SP_OK)
        status = sp_authz_role_new(config, load->arena, &snapshot->role, err);
    if (status == SP_OK)
        status = make_admission(load, SP_OBJECT_SERVER, NULL, &snapshot->fallback, err);
    if (status == SP_OK &&
        sp_invoke_uris_init(&snapshot->invoke_uris, SP_CFG_INVOKE_URIS_MAX, load->arena) != SP_OK)
        status = no_memory(err);
    if (status == SP_OK)
        status = sp_cors_new(config, &snapshot->arena, &snapshot->cors, err);
    return status;
}

static struct sp_snapshot *new_snapshot(struct sp_library *library)
{
    struct sp_snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (!snapshot)
        return NULL;
    sp_library_loan_init(&snapshot->loan, library);
    sp_arena_init(&snapshot->arena, MEMORY_MAX);
    sp_hash_init(&snapshot->api_names, SP_ARCHIVES_MAX);
    sp_hash_init(&snapshot->services, SP_ARCHIVES_MAX);
    sp_hash_init(&snapshot->requesters, SP_ARCHIVES_MAX);
    sp_store_state_init(&snapshot->state, &snapshot->arena);
    return snapshot;
}

enum sp_status sp_snapshot_new(const struct sp_snapshot_sources *sources, struct sp_problems *problems,
                               struct sp_snapshot **ret_snapshot, struct sp_error *err)
{
    struct sp_snapshot *snapshot = new_snapshot(sources->library);
    if (!snapshot)
        return no_memory(err);
    struct load load = {
        .sources = sources, .problems = problems, .snapshot = snapshot, .arena = &snapshot->arena};
    sp_arena_init(&load.drafts, MEMORY_MAX);
    sp_hash_init(&load.base_paths, SP_ARCHIVES_MAX);
    sp_hash_init(&load.api_names, SP_ARCHIVES_MAX);
    enum sp_status status = load_server(&load, err);
    if (status == SP_OK) {
        load_all(&load);
        status = sources->files && sources->files->broken
                     ? sp_error_set(err, SP_EPROTO, NULL, "the archives of this generation are gone")
                     : make_lists(&load, err);
    }
    sp_hash_finish(&load.base_paths);
    sp_hash_finish(&load.api_names);
    sp_arena_finish(&load.drafts);
    if (status == SP_OK)
        *ret_snapshot = snapshot;
    else
        sp_snapshot_free(snapshot);
    return status;
}

void sp_snapshot_free(struct sp_snapshot *snapshot)
{
    if (!snapshot)
        return;
    sp_api_index_finish(&snapshot->apis);
    sp_hash_finish(&snapshot->api_names);
    sp_hash_finish(&snapshot->services);
    sp_hash_finish(&snapshot->requesters);
    sp_store_state_finish(&snapshot->state);
    sp_arena_finish(&snapshot->arena);
    sp_library_loan_finish(&snapshot->loan);
    free(snapshot);
}

const struct sp_api *sp_snapshot_find_api(const struct sp_snapshot *snapshot, const struct sp_path *path)
{
    return sp_api_index_find(&snapshot->apis, path);
}

const struct sp_service *sp_snapshot_find_invoke_uri(const struct sp_snapshot *snapshot,
                                                     const struct sp_path *path, const struct sp_api *api)
{
    const struct sp_invoke_uri *uri = sp_invoke_uris_find(&snapshot->invoke_uris, path);
    if (!uri || (api && uri->key.len <= api->head.base_bytes))
        return NULL;
    return uri->target;
}

const struct sp_service *sp_snapshot_find_service(const struct sp_snapshot *snapshot, struct sp_str name)
{
    return sp_hash_get(&snapshot->services, name);
}
