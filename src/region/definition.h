/* SPDX-License-Identifier: Apache-2.0
 * definition.h: what the administrator says of a region, its programs, transactions and connections.
 *
 * One YAML file, described in docs/region.md. Names of attributes are those of CICS where CICS has them.
 * Immutable; it lives in the arena given, and workers read the same bytes as their supervisor.
 */
#ifndef SP_REGION_DEFINITION_H
#define SP_REGION_DEFINITION_H

#include "base/arena.h"

/* Whose identity a task runs under (IPCONN USERAUTH). VERIFY needs the security database. */
enum sp_user_auth { SP_USERAUTH_LOCAL, SP_USERAUTH_IDENTIFY, SP_USERAUTH_VERIFY, SP_USERAUTH_DEFAULTUSER };

struct sp_ipconn {
    struct sp_str name;
    struct sp_str applid, networkid; /* of the gateway; empty: any */
    enum sp_user_auth user_auth;
    struct sp_str security_name; /* link user; empty: not specified */
    bool trust_network;          /* IDENTIFY from other machines too, without TLS */
};

struct sp_transaction {
    struct sp_str name;
    struct sp_str program; /* DFHMIRS: a mirror */
};

struct sp_container_layout {
    struct sp_str container;
    struct sp_str record; /* level 01 of the program */
};

struct sp_program {
    struct sp_str name;
    struct sp_str module;   /* file name without .so */
    struct sp_str source;   /* path; empty: it is not built here */
    struct sp_str commarea; /* level 01; empty: as compile.h chooses */
    const struct sp_container_layout *containers;
    size_t container_count;
    const struct sp_str *redefines;
    size_t redefine_count;
    bool stop_run_returns; /* STOP RUN is a return to the caller, not an abend */
    bool checks;           /* compiled with -debug */
};

struct sp_definition {
    struct sp_str applid, networkid;
    unsigned ccsid;
    bool is_native;                         /* data arrive as the programs have them: nothing is translated */
    struct sp_str host;                     /* ptr NULL: no TCP */
    unsigned port;                          /* 0: any free one */
    struct sp_str unix_path;                /* empty: none */
    struct sp_str tls_certificate, tls_key; /* PEM files; empty: no TLS */
    struct sp_str tls_client_trust; /* PEM file of who issues gateways' certificates; empty: none is wanted */
    unsigned workers;
    unsigned max_tasks;       /* at once, waiting ones among them (MXT) */
    unsigned max_connections; /* of gateways */
    uint32_t time_limit_ms;   /* elapsed, of a task */
    uint32_t runaway_ms;      /* of CPU, of a task (ICVR) */
    struct sp_str modules;    /* directory */
    struct sp_str data;       /* directory in which programs run */
    struct sp_str mirror;     /* default mirror transaction */
    struct sp_str default_user;
    struct sp_str region_user;  /* as whom the region itself runs; a link user of that name is not asked */
    struct sp_str saf, saf_key; /* database and its key file; empty: no security database, the usual key */
    struct sp_str audit_socket; /* where decisions of the database are brought; empty: only to the log */
    bool resource_security;     /* programs are checked too (RESSEC) */
    const struct sp_str *copybooks; /* directories */
    size_t copybook_count;
    const struct sp_ipconn *ipconns;
    size_t ipconn_count;
    const struct sp_transaction *transactions;
    size_t transaction_count;
    const struct sp_program *programs;
    size_t program_count;
};

#define SP_DEFINITION_BYTES_MAX (4u * 1024u * 1024u)

/* `directory`: paths in the file are relative to it. SP_ESYNTAX, SP_EINVAL naming the attribute and what it
 * may be, SP_EEXISTS, SP_ELIMIT. */
enum sp_status sp_definition_read(struct sp_str text, const char *file, struct sp_str directory,
                                  struct sp_arena *arena, const struct sp_definition **ret_definition,
                                  struct sp_error *err) SP_MUST_CHECK;

const struct sp_program *sp_definition_program(const struct sp_definition *definition, struct sp_str name);
const struct sp_transaction *sp_definition_transaction(const struct sp_definition *definition,
                                                       struct sp_str name);
/* The connection that a gateway's HELLO fits: one that names both of its ids before one that leaves an id
 * open; NULL: none. */
const struct sp_ipconn *sp_definition_ipconn(const struct sp_definition *definition, struct sp_str applid,
                                             struct sp_str networkid);

#endif
