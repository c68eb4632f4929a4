/* SPDX-License-Identifier: Apache-2.0
 * kind.h: what a kind of system of record implements.
 */
#ifndef SP_SOR_KIND_H
#define SP_SOR_KIND_H

#include "sor/sor.h"

struct sp_sor_kind {
    enum sp_status (*io_invoke)(struct sp_sor_connection *connection, const struct sp_sor_call *call,
                                struct sp_arena *arena, struct sp_sor_answer *ret_answer,
                                struct sp_error *err);
    void (*free)(struct sp_sor_connection *connection);
    void (*count)(const struct sp_sor_connection *connection, struct sp_sor_counts *ret_counts); /* or NULL */
};

/* The first member of every kind's own connection. */
struct sp_sor_connection {
    const struct sp_sor_kind *kind;
    struct sp_str reference;
};

/* A property of the service: of server.xml when it is set there, else of the archive. ptr NULL: none. */
struct sp_str sp_sor_property(const struct sp_sor_call *call, const char *name);

#endif
