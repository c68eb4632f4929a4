/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/access_deployed.h"

#include <stdlib.h>

#include "gateway/snapshot.h"
#include "io/loop.h"

/* What the snapshot is made of, for as long as it is looked at. */
struct reading {
    const struct sp_config *config;
    struct sp_loop *loop;
    struct sp_sor_connection **connections;
    size_t connection_count;
    struct sp_library *library;
    struct sp_snapshot *snapshot;
    struct sp_problems problems;
};

static enum sp_status make_connections(struct reading *reading, struct sp_error *err)
{
    const struct sp_config *config = reading->config;
    reading->connections = calloc(config->cics_connection_count + 1, sizeof *reading->connections);
    if (!reading->connections)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory");
    enum sp_status status = SP_OK;
    for (size_t i = 0; status == SP_OK && i < config->cics_connection_count; i++) {
        status =
            sp_sor_cics_new(&config->cics_connections[i], reading->loop, 1, &reading->connections[i], err);
        reading->connection_count += status == SP_OK;
    }
    return status;
}

static enum sp_status make_snapshot(struct reading *reading, struct sp_error *err)
{
    const struct sp_snapshot_sources sources = {
        .config = reading->config,
        .library = reading->library,
        .rehearsal = true,
        .connections = reading->connections,
        .connection_count = reading->connection_count,
    };
    return sp_snapshot_new(&sources, &reading->problems, &reading->snapshot, err);
}

static void finish(struct reading *reading)
{
    sp_snapshot_free(reading->snapshot);
    sp_library_release(reading->library);
    for (size_t i = 0; i < reading->connection_count; i++)
        sp_sor_free(reading->connections[i]);
    free(reading->connections);
    sp_loop_free(reading->loop);
    sp_problems_finish(&reading->problems);
}

static void tell(const struct reading *reading, struct sp_problems *problems)
{
    for (const struct sp_problem *each = reading->problems.first; each; each = each->next)
        if (each->severity == SP_PROBLEM_ERROR)
            sp_problem_add(problems, each->severity, each->id, each->file, each->line, each->column, "%.*s",
                           SP_STR_ARG(each->text));
}

static bool take(struct sp_arena *arena, struct sp_str name, struct sp_str_list *list)
{
    struct sp_str copy = sp_arena_str(arena, name);
    if (copy.ptr)
        ((struct sp_str *)list->items)[list->count++] = copy;
    return copy.ptr;
}

static bool make_list(struct sp_arena *arena, size_t most, struct sp_str_list *list)
{
    *list = (struct sp_str_list){sp_arena_calloc(arena, most + 1, sizeof *list->items), 0};
    return list->items;
}

static enum sp_status take_names(const struct sp_snapshot *from, struct sp_arena *arena,
                                 struct sp_access_names *ret_names, struct sp_error *err)
{
    struct sp_access_names names;
    bool ok = make_list(arena, from->api_names.count, &names.apis) &&
              make_list(arena, from->services.count, &names.services) &&
              make_list(arena, from->requesters.count, &names.requesters);
    for (size_t i = 0; ok && i < from->api_names.count; i++)
        ok = take(arena, from->api_list[i]->name, &names.apis);
    for (size_t i = 0; ok && i < from->services.count; i++)
        ok = take(arena, from->service_list[i]->sar->name, &names.services);
    for (size_t i = 0; ok && i < from->requesters.count; i++)
        ok = take(arena, from->requester_list[i]->ara->name, &names.requesters);
    if (!ok)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory");
    *ret_names = names;
    return SP_OK;
}

enum sp_status sp_access_deployed_read(const struct sp_config *config, struct sp_arena *arena,
                                       struct sp_problems *problems, struct sp_access_names *ret_names,
                                       struct sp_error *err)
{
    struct reading reading = {.config = config};
    sp_problems_init(&reading.problems);
    enum sp_status status = sp_loop_new(NULL, &reading.loop, err);
    if (status == SP_OK)
        status = make_connections(&reading, err);
    if (status == SP_OK)
        status = sp_library_new(SP_LIBRARY_BYTES_MAX, &reading.library, err);
    if (status == SP_OK)
        status = make_snapshot(&reading, err);
    if (status == SP_OK)
        status = take_names(reading.snapshot, arena, ret_names, err);
    tell(&reading, problems);
    finish(&reading);
    return status;
}
