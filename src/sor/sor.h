/* SPDX-License-Identifier: Apache-2.0
 * sor.h: calling a system of record.
 *
 * One file per kind behind this interface. A connection is made per worker from its element in server.xml; a
 * call is made in a fiber and carries the identity that the flow established.
 *
 * A call is made at most once: it is repeated on another connection only when it is known that the system of
 * record has not taken it. When a connection is lost after the request was sent, the error says that nobody
 * knows whether the program ran.
 */
#ifndef SP_SOR_SOR_H
#define SP_SOR_SOR_H

#include "config/config.h"
#include "mapping/mapping.h"

struct sp_loop;
struct sp_sor_connection;

/* A system of record is told to give up this much before the deadline of the call, so that its answer says
 * why; its SP_ETIMEDOUT may come that early. Microseconds. */
#define SP_SOR_MARGIN_US 50000

/* Who the call is for, as it flows to the system of record. */
struct sp_sor_identity {
    struct sp_str user; /* SAF user id, empty when there is none */
    struct sp_str
        dist_name; /* distributed identity: name, and realm it is known in; empty when there is none */
    struct sp_str dist_realm;
};

struct sp_sor_call {
    const struct sp_sar *sar;            /* properties: program, transid, ... */
    const struct sp_property *overrides; /* of server.xml: win over the archive's */
    size_t override_count;
    const struct sp_record_set *records;
    uint32_t answer_bytes;
    struct sp_sor_identity identity;
    struct sp_str correlator;
    int64_t deadline_us; /* monotonic */
};

struct sp_sor_answer {
    struct sp_record_set records;
    int64_t sent_us, received_us; /* realtime; 0 when it did not come so far */
    struct sp_str identifier;     /* instance: applid or host:port; lives as long as the connection */
    struct sp_str resource;       /* "CSMI,INQACC" */
};

/* `ret_connection` is to be freed; the configuration must outlive it. No connection is opened yet. `workers`
 * share its sendSessions. Errors of its key stores. */
enum sp_status sp_sor_cics_new(const struct sp_cfg_cics_connection *config, struct sp_loop *loop,
                               unsigned workers, struct sp_sor_connection **ret_connection,
                               struct sp_error *err) SP_MUST_CHECK;
void sp_sor_free(struct sp_sor_connection *connection);
/* The id of its element in server.xml. */
struct sp_str sp_sor_reference(const struct sp_sor_connection *connection);

struct sp_sor_counts {
    unsigned open, idle, waiting; /* connections, those that nobody uses, requests that wait for one */
};
/* Of this worker. False for a kind that has no pool. */
bool sp_sor_count(const struct sp_sor_connection *connection, struct sp_sor_counts *ret_counts);

/* Run the call; in a fiber. `ret_answer` times, identifier and resource are filled as far as the call came,
 * also on failure. SP_EUNAVAIL: cannot be reached or busy (503); SP_ETIMEDOUT (503); SP_EDENIED: it refused
 * the identity (403); SP_EPROTO: abend or broken answer (500); SP_ENOTFOUND: no such program (500);
 * SP_ECANCELED. Texts name the connection, program and abend code. */
enum sp_status io_sor_invoke(struct sp_sor_connection *connection, const struct sp_sor_call *call,
                             struct sp_arena *arena, struct sp_sor_answer *ret_answer,
                             struct sp_error *err) SP_MUST_CHECK;

#endif
