/* SPDX-License-Identifier: Apache-2.0
 * ruleset.h: files of policy rules (IBM topic "Format of a rule set").
 *
 * A rule has conditions on headers of the request, all of which must hold, and actions that set properties of
 * the call. A file is checked whole: names that are not of the format, parts that are missing and lists
 * without an item are errors, because a rule that silently never matches sends requests to the wrong place.
 */
#ifndef SP_ARTIFACT_RULESET_H
#define SP_ARTIFACT_RULESET_H

#include "base/arena.h"

#define SP_RULE_SET_BYTES_MAX (1024u * 1024u)
#define SP_RULES_MAX 256u            /* of one file */
#define SP_RULE_CONDITIONS_MAX 16u   /* of one rule */
#define SP_RULE_VALUES_MAX 128u      /* of one condition */
#define SP_RULE_ACTIONS_MAX 32u      /* of one rule */
#define SP_RULE_PARTS_MAX 16u        /* of one value that is set */
#define SP_RULE_VALUE_BYTES_MAX 256u /* of one value that is set */
#define SP_RULE_HEADER_BYTES_MAX 128u

enum sp_rule_property {
    SP_RULE_CONNECTION,  /* cicsConnectionRef */
    SP_RULE_TRANSACTION, /* cicsTransId */
    SP_RULE_CCSID,       /* cicsCcsid */
    SP_RULE_PROGRAM,     /* cicsProgram; this product's own */
    SP_RULE_PROPERTY_COUNT,
    SP_RULE_OF_OTHERS = SP_RULE_PROPERTY_COUNT, /* of IMS, Db2 or MQ */
};

struct sp_rule_condition {
    struct sp_str header;        /* a token; compared without case */
    const struct sp_str *values; /* one of them, exactly */
    size_t value_count;          /* 0: any value */
};

/* Of a value that is set: text, or what the header of a condition says. */
struct sp_rule_part {
    struct sp_str text;
    const struct sp_rule_condition *condition; /* of the same rule; NULL: text */
};

struct sp_rule_action {
    enum sp_rule_property property;
    struct sp_str name, value; /* as written */
    const struct sp_rule_part *parts;
    size_t part_count; /* at least 1 */
    unsigned line;
};

struct sp_rule {
    struct sp_str name;
    const struct sp_rule_condition *conditions;
    size_t condition_count; /* at least 1 */
    const struct sp_rule_action *actions;
    size_t action_count; /* at least 1; each property once */
    unsigned line;
};

struct sp_rule_set {
    struct sp_str name; /* empty when it has none */
    const struct sp_rule *rules;
    size_t rule_count; /* at least 1 */
};

/* Everything lives in the arena. `file` names the file in errors, which have its line. SP_EINVAL, SP_EEXISTS,
 * SP_ELIMIT, SP_ENOMEM and those of text/xml.h. */
enum sp_status sp_rule_set_read(struct sp_str bytes, const char *file, struct sp_arena *arena,
                                struct sp_rule_set **ret_set, struct sp_error *err) SP_MUST_CHECK;
/* "cicsTransId" of SP_RULE_TRANSACTION; not for SP_RULE_OF_OTHERS. */
const char *sp_rule_property_name(enum sp_rule_property property);

#endif
