/* SPDX-License-Identifier: Apache-2.0
 * rule_set.h: the rules of a policy, by which header fields of a request choose connection and transaction.
 *
 *   <ruleset name=".."><rule name=".."><conditions><header name="H" value="a, b"/>...</conditions>
 *     <actions><set property="P" value="V"/>...</actions></rule>...</ruleset>
 *
 * All conditions of a rule must hold; a value list holds when the field has one of its values (exact case,
 * blanks around them do not count); match="ANY_VALUE" when the field is there. V may hold ${name}: the value
 * of that header field. Here they are read and checked; gateway/policy.h applies them. Source: IBM's topics
 * on rule-set files and policy properties.
 */
#ifndef SP_CONFIG_RULE_SET_H
#define SP_CONFIG_RULE_SET_H

#include "base/arena.h"
#include "config/config_base.h"
#include "config/problem.h"

struct sp_rule_condition {
    struct sp_str header;
    struct sp_str_list values; /* count 0: any value */
};

struct sp_rule {
    struct sp_str name;
    const struct sp_rule_condition *conditions;
    size_t condition_count;
    const struct sp_cfg_property *actions; /* property and value, which may hold ${header} */
    size_t action_count;
    unsigned line;
};

struct sp_rule_set {
    struct sp_str name, file;
    const struct sp_rule *rules;
    size_t rule_count;
};

/* Read a rule set; everything lives in the arena. What is wrong goes to `problems` (SALC0090..0092) with its
 * place: the product does not apply a rule set that has errors. SP_EINVAL then, SP_ENOMEM. Limits: 1000
 * rules, 32 conditions or actions of a rule, 256 values of a list. */
enum sp_status sp_rule_set_parse(struct sp_str xml, struct sp_str file, struct sp_arena *arena,
                                 struct sp_problems *problems, struct sp_rule_set *ret_set) SP_MUST_CHECK;

#endif
