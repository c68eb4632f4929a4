/* SPDX-License-Identifier: Apache-2.0
 * effective.h: what a configuration came to, for people and for comparisons.
 */
#ifndef SP_CONFIG_EFFECTIVE_H
#define SP_CONFIG_EFFECTIVE_H

#include "base/buf.h"
#include "config/config.h"

enum sp_effective_flag {
    SP_EFFECTIVE_ORIGINS = 1,  /* a comment before each element says where each value came from */
    SP_EFFECTIVE_DEFAULTS = 2, /* what nobody wrote, too, as far as this version acts on it */
};

/* The merged configuration as a server.xml: elements in the order of their first occurrences, variables
 * replaced, secrets as "*****". Origins are file and line, "built in", or "default". SP_ELIMIT when the
 * buffer is full. */
enum sp_status sp_config_effective(const struct sp_config *config, unsigned flags,
                                   struct sp_buf *buf) SP_MUST_CHECK;

/* What differs between two configurations. */
struct sp_config_changes {
    size_t added, removed, changed; /* elements */
    bool listeners; /* ports, TLS or connection options: the engine must open listeners and contexts anew */
    bool any;
};

/* Secrets count. For each element that differs one line, "changed httpEndpoint[x]", to `buf` (NULL: not
 * wanted). */
enum sp_status sp_config_compare(const struct sp_config *before, const struct sp_config *after,
                                 struct sp_config_changes *ret_changes, struct sp_buf *buf) SP_MUST_CHECK;

/* A number that is the same for configurations that say the same, secrets included, in all processes that
 * were forked from one that has read a configuration. 0 for one that was not read from files. */
uint64_t sp_config_fingerprint(const struct sp_config *config);

/* Whether a top-level element with an id is in both and says the same, secrets included. What it refers to by
 * an id is not looked at. */
bool sp_config_same_element(const struct sp_config *before, const struct sp_config *after, const char *name,
                            struct sp_str id);

#endif
