/* SPDX-License-Identifier: Apache-2.0
 * policy_rules.h: compiled rules; between the files of policy only.
 */
#ifndef SP_GATEWAY_POLICY_RULES_H
#define SP_GATEWAY_POLICY_RULES_H

#include "gateway/policy.h"

#define SP_POLICY_CONDITIONS_MAX 32u   /* of one rule, as the configuration reads them */
#define SP_POLICY_PARTS_MAX 16u        /* of one value that is set */
#define SP_POLICY_VALUE_BYTES_MAX 256u /* of one value that is set */

/* Of a value that is set: text, or what the header of a condition says. */
struct sp_policy_part {
    struct sp_str text;
    const struct sp_rule_condition *condition; /* of the same rule; NULL: text */
};

struct sp_policy_action {
    enum sp_policy_property property;
    struct sp_str name, value; /* as written */
    const struct sp_policy_part *parts;
    size_t part_count;
};

struct sp_policy_rule {
    const struct sp_rule *source;
    struct sp_str file;
    const struct sp_policy_action *actions; /* as many as the source has */
    const size_t *headers;                  /* index of each condition's header among those of the policy */
    size_t order;                           /* by rule sets and place in the file */
};

struct sp_policy_rules {
    struct sp_policy_rule *rules; /* those that win come first */
    size_t rule_count;
    struct sp_str headers[SP_POLICY_HEADERS_MAX];
    size_t header_count;
    const struct sp_codepage **pages;
    size_t page_count;
    struct sp_sor_connection *const *connections;
    size_t connection_count;
};

/* SP_EINVAL for a value that is not made as it should be, SP_ENOMEM. */
enum sp_status sp_policy_action_read(const struct sp_rule *rule, const struct sp_cfg_property *source,
                                     struct sp_arena *arena, struct sp_policy_action *ret_action,
                                     struct sp_error *err) SP_MUST_CHECK;
/* "cicsTransId" of SP_POLICY_TRANSACTION; not for SP_POLICY_OF_OTHERS. */
const char *sp_policy_property_name(enum sp_policy_property property);
/* What a value comes to when the header of condition i is values[i]; in `room`. ptr NULL: it is too long. */
struct sp_str sp_policy_expand(const struct sp_rule *rule, const struct sp_policy_action *action,
                               const struct sp_str *values, char room[SP_POLICY_VALUE_BYTES_MAX]);
/* NULL when the property can have the value, otherwise what it must be: "must be ...". */
const char *sp_policy_value_fault(const struct sp_policy_rules *rules, enum sp_policy_property property,
                                  struct sp_str value);
/* The connection of that id, or NULL. */
struct sp_sor_connection *sp_policy_connection(const struct sp_policy_rules *rules, struct sp_str id);
/* Index of the header, or header_count. */
size_t sp_policy_header_index(const struct sp_policy_rules *rules, struct sp_str name);

#endif
