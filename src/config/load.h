/* SPDX-License-Identifier: Apache-2.0
 * load.h: what the steps of sp_config_load share. For src/config only.
 *
 * sp_config_load runs: sp_load_files (files to occurrences, variables), sp_cfg_tree_merge, sp_load_bind
 * (nodes to structures by the table), sp_load_finish (what elements mean together).
 */
#ifndef SP_CONFIG_LOAD_H
#define SP_CONFIG_LOAD_H

#include "config/config.h"
#include "config/message.h"
#include "config/tree.h"
#include "crypto/password.h"

enum sp_load_on_error { SP_ON_ERROR_WARN, SP_ON_ERROR_FAIL, SP_ON_ERROR_IGNORE };

struct sp_load {
    const struct sp_config_options *options;
    const struct sp_config_files *files;
    struct sp_problems *problems;
    struct sp_config *config;
    struct sp_cfg_tree *tree; /* that of the config */
    struct sp_arena *arena;   /* that of the config */
    struct sp_password_keys keys;
    struct sp_str *allowed; /* what <sallyport allowInert> names */
    size_t allowed_count;
    enum sp_load_on_error on_error;
};

/* A place in messages; document NULL: none. */
struct sp_load_place {
    const struct sp_cfg_document *document;
    unsigned line, column;
};

/* A problem whose severity follows from the last letter of its id. */
void sp_load_problem(struct sp_load *load, const char *id, struct sp_load_place place, const char *fmt, ...)
    SP_PRINTF(4, 5);
/* The same, and onError of <config> decides whether it stops the server or is only told. */
void sp_load_fault(struct sp_load *load, const char *id, struct sp_load_place place, const char *fmt, ...)
    SP_PRINTF(4, 5);

static inline struct sp_load_place sp_load_at(const struct sp_cfg_node *node)
{
    return (struct sp_load_place){node->document, node->line, node->column};
}

static inline struct sp_load_place sp_load_at_value(const struct sp_cfg_value *value)
{
    return (struct sp_load_place){value->document, value->line, value->column};
}

/* SP_ENOMEM only; everything else is a problem. */
enum sp_status sp_load_files(struct sp_load *load) SP_MUST_CHECK;
enum sp_status sp_load_variables(struct sp_load *load) SP_MUST_CHECK;
enum sp_status sp_load_bind(struct sp_load *load) SP_MUST_CHECK;
enum sp_status sp_load_finish(struct sp_load *load) SP_MUST_CHECK;
/* Of sp_load_finish: zosconnect_zosConnectService and <service> to one item each (service.c). */
enum sp_status sp_load_services(struct sp_load *load) SP_MUST_CHECK;

/* Where the element stands whose structure begins at `memory`. */
struct sp_load_place sp_load_place_of(struct sp_load *load, const void *memory);
/* Whether somebody wrote the attribute, rather than the server itself. */
bool sp_load_is_written(struct sp_load *load, const void *memory, const char *attribute);
/* Whether <sallyport allowInert> names the element or, unless NULL, its attribute. */
bool sp_load_is_allowed(const struct sp_load *load, const char *element, const char *attribute);

/* Replace variables; a problem when that fails or a name is not defined. `scope` may be NULL. ptr NULL when
 * the value cannot be had. */
struct sp_str sp_load_resolve(struct sp_load *load, struct sp_str text, struct sp_load_place place,
                              const struct sp_variable_scope *scope);

/* source.c: read a file or the names of a directory, and note it among the sources. */
enum sp_status sp_load_read(struct sp_load *load, struct sp_str path, struct sp_buf *buf,
                            struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_load_list(struct sp_load *load, struct sp_str path, struct sp_buf *buf) SP_MUST_CHECK;
/* The same for files whose element has an updateTrigger of its own; a key store is only noted. */
enum sp_status sp_load_read_rules(struct sp_load *load, struct sp_str path, unsigned trigger,
                                  struct sp_buf *buf, struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_load_key_store(struct sp_load *load, struct sp_str path, unsigned trigger) SP_MUST_CHECK;

#endif
