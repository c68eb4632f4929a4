/* SPDX-License-Identifier: Apache-2.0
 * service_source.h: the properties file from which a service archive is built.
 *
 * UTF-8, one "key=value" a line, '#' before comments, '\' at the end of a line that goes on. docs/build.md
 * lists the keys.
 */
#ifndef SP_ARTIFACT_SERVICE_SOURCE_H
#define SP_ARTIFACT_SERVICE_SOURCE_H

#include "artifact/cobol.h"
#include "artifact/sar.h"

#define SP_SERVICE_CONTAINERS_MAX 16u
#define SP_SERVICE_LINES_MAX 5000u /* and as many rules */

enum sp_service_verb {
    SP_SERVICE_INCLUDE,
    SP_SERVICE_EXCLUDE,
    SP_SERVICE_RENAME,
    SP_SERVICE_DEFAULT,
    SP_SERVICE_DESCRIBE
};
enum sp_service_names { SP_NAMES_COBOL, SP_NAMES_CAMEL };

/* A change to a field; in the order of the file. */
struct sp_service_rule {
    enum sp_service_verb verb;
    bool request, response; /* where it applies */
    struct sp_str item;     /* COBOL name, "GROUP.ITEM" when it must be qualified */
    struct sp_str value;    /* new name, default (text, or bytes when is_hex), description */
    bool is_hex;
    unsigned line;
};

/* One side of a service: a COMMAREA or record, or the containers of a channel. */
struct sp_service_side {
    struct sp_str structures[SP_SERVICE_CONTAINERS_MAX]; /* file names of copybooks */
    struct sp_str records[SP_SERVICE_CONTAINERS_MAX];    /* level 01 in each; empty: the only one */
    struct sp_str containers[SP_SERVICE_CONTAINERS_MAX]; /* channel */
    unsigned count;
};

struct sp_service_source {
    const char *file; /* for errors */
    struct sp_str name, version, description;
    struct sp_str provider, factory; /* "CICS-1.0", "cics" */
    struct sp_str program;           /* may be empty for providers other than CICS */
    struct sp_str ccsid;             /* "IBM037" */
    bool is_cics, is_channel;
    struct sp_service_side request, response;
    enum sp_service_names names;
    struct sp_cobol_options cobol;
    const struct sp_property *properties; /* of the provider, conversion options first */
    size_t property_count;
    const struct sp_service_rule *rules;
    size_t rule_count;
};

/* Read into the arena; nothing is loaded. SP_EINVAL, SP_EEXISTS, SP_ELIMIT with file and line. */
enum sp_status sp_service_source_read(struct sp_str text, const char *file, struct sp_arena *arena,
                                      struct sp_service_source *ret_source,
                                      struct sp_error *err) SP_MUST_CHECK;

#endif
