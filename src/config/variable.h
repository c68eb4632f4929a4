/* SPDX-License-Identifier: Apache-2.0
 * variable.h: ${name} in values, and where the names come from.
 */
#ifndef SP_CONFIG_VARIABLE_H
#define SP_CONFIG_VARIABLE_H

#include "base/arena.h"
#include "base/hash.h"

/* Where a definition was made; the first that defines a name wins, and SP_VAR_DEFAULT is asked last. */
enum sp_variable_source {
    SP_VAR_COMMAND_LINE,
    SP_VAR_SERVER_XML, /* <variable value> */
    SP_VAR_BOOTSTRAP,  /* bootstrap.properties, and what the server itself defines */
    SP_VAR_BINDING,    /* files below SERVICE_BINDING_ROOT */
    SP_VAR_ENVIRONMENT,
    SP_VAR_SERVER_ENV, /* server.env */
    SP_VAR_DEFAULT,    /* <variable defaultValue> */
    SP_VAR_SOURCES
};

struct sp_variables {
    struct sp_arena *arena; /* keeps names and values; they may be secrets */
    struct sp_hash by_source[SP_VAR_SOURCES];
};

void sp_variables_init(struct sp_variables *variables, struct sp_arena *arena);
void sp_variables_finish(struct sp_variables *variables);

/* Define a name; a later definition from the same source replaces the earlier one. Name and value are copied.
 * SP_ENOMEM, SP_ELIMIT (100000 names of one source). */
enum sp_status sp_variables_set(struct sp_variables *variables, enum sp_variable_source source,
                                struct sp_str name, struct sp_str value) SP_MUST_CHECK;
/* Whether this source defines the name. */
bool sp_variables_has(const struct sp_variables *variables, enum sp_variable_source source,
                      struct sp_str name);
/* From "NAME=value" texts, ending with NULL. */
enum sp_status sp_variables_set_environment(struct sp_variables *variables,
                                            const char *const *environment) SP_MUST_CHECK;
/* The lines of server.env: NAME=value, '#' comments, quotes around values taken off. */
enum sp_status sp_variables_set_env_file(struct sp_variables *variables, struct sp_str text) SP_MUST_CHECK;
/* The lines of a Java properties file: '=', ':' or blank between, escapes, continued lines. */
enum sp_status sp_variables_set_properties(struct sp_variables *variables, struct sp_str text) SP_MUST_CHECK;

/* What a reference inside an element may see besides: another attribute of the element. */
struct sp_variable_scope {
    /* Raw text or default of the attribute; ptr NULL when it has neither. */
    struct sp_str (*attribute)(void *arg, struct sp_str name);
    void *arg;
};

/* The value of one name without resolving what is in it; ptr NULL when it is not defined. `scope` may be
 * NULL. Environment: the exact name, then with every character outside [A-Za-z0-9_] as '_', then that in
 * upper case; "env.NAME" asks the environment only. */
struct sp_str sp_variables_get(const struct sp_variables *variables, struct sp_str name,
                               const struct sp_variable_scope *scope);

/* Which source the value of a name comes from; SP_VAR_SOURCES when nobody defines it. */
enum sp_variable_source sp_variables_source(const struct sp_variables *variables, struct sp_str name);

struct sp_variable_result {
    struct sp_str text;      /* in the arena */
    struct sp_str undefined; /* the first name that nobody defines, ptr NULL: none; it stays as it was */
    bool replaced;           /* at least one name was */
};

/* Replace every ${name}; what comes in is resolved again. Names that are not defined are tried as an
 * expression of two whole numbers or names and one of + - * /, then stay as they are. SP_EINVAL with a text
 * for a name that leads back to itself, SP_ELIMIT for more than 1 MiB or 20000 replacements, SP_ENOMEM. */
enum sp_status sp_variables_resolve(const struct sp_variables *variables, struct sp_str text,
                                    const struct sp_variable_scope *scope,
                                    struct sp_variable_result *ret_result,
                                    struct sp_error *err) SP_MUST_CHECK;

#endif
