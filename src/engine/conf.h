/* SPDX-License-Identifier: Apache-2.0
 * conf.h: nginx.conf, made from a configuration.
 *
 * The text depends on nothing but its arguments. Every word that comes from server.xml is quoted, so that no
 * value can add a directive. Keys and certificates are not in it: the module takes them from the key stores
 * (engine/tls.h).
 */
#ifndef SP_ENGINE_CONF_H
#define SP_ENGINE_CONF_H

#include "base/buf.h"
#include "config/config.h"

/* A request's body is at most this long when MessageSizeLimit is -1; and MessageSizeLimit at most the
 * other. */
#define SP_ENGINE_BODY_DEFAULT (16 << 20)
#define SP_ENGINE_BODY_MAX (1 << 30)
/* Longest value that is written. */
#define SP_ENGINE_VALUE_MAX 2048
#define SP_ENGINE_CONF_MAX (1u << 20)

struct sp_engine_conf_options {
    const char *module_path;
    const char *run_dir; /* private to the server: process id, temporary files */
    const char *log_dir; /* messages.log */
    unsigned workers;
    unsigned connections; /* of a worker */
    bool log_to_stderr;   /* and to messages.log */
    bool ipv6;            /* the machine has it */
    const char *user;     /* of the workers; NULL: that of the master */
    const char *group;
    const struct sp_cfg_property *variables; /* --name=value, for the module's own reading of server.xml */
    size_t variable_count;
};

/* Append the text. SP_EINVAL and SP_ELIMIT name the element and attribute; what is only doubtful goes to
 * `problems`. */
enum sp_status sp_engine_conf_write(const struct sp_config *config,
                                    const struct sp_engine_conf_options *options,
                                    struct sp_problems *problems, struct sp_buf *buf,
                                    struct sp_error *err) SP_MUST_CHECK;

#define SP_ENGINE_PRINT_LEN 16
/* A fingerprint of what nginx.conf says of listeners, their options and TLS: hexadecimal digits and a NUL.
 * The module compares it with that of the server.xml it reads, which may have changed since. */
enum sp_status sp_engine_conf_fingerprint(const struct sp_config *config,
                                          char ret_print[SP_ENGINE_PRINT_LEN + 1],
                                          struct sp_error *err) SP_MUST_CHECK;

#endif
