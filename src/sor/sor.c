/* SPDX-License-Identifier: Apache-2.0 */
#include "sor/sor.h"

#include "sor/kind.h"

void sp_sor_free(struct sp_sor_connection *connection)
{
    if (connection)
        connection->kind->free(connection);
}

bool sp_sor_count(const struct sp_sor_connection *connection, struct sp_sor_counts *ret_counts)
{
    if (!connection->kind->count)
        return false;
    connection->kind->count(connection, ret_counts);
    return true;
}

struct sp_str sp_sor_reference(const struct sp_sor_connection *connection)
{
    return connection->reference;
}

enum sp_status io_sor_invoke(struct sp_sor_connection *connection, const struct sp_sor_call *call,
                             struct sp_arena *arena, struct sp_sor_answer *ret_answer, struct sp_error *err)
{
    *ret_answer = (struct sp_sor_answer){.sent_us = 0};
    return connection->kind->io_invoke(connection, call, arena, ret_answer, err);
}

struct sp_str sp_sor_property(const struct sp_sor_call *call, const char *name)
{
    for (size_t i = 0; i < call->override_count; i++)
        if (sp_str_is(call->overrides[i].name, name))
            return call->overrides[i].value;
    return sp_sar_property(call->sar, name);
}
