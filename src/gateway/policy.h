/* SPDX-License-Identifier: Apache-2.0
 * policy.h: the rules of a zosconnect_policy, compiled, and what they say of one request.
 *
 * Every rule whose conditions hold is applied. Where two of them set one property, the rule with more
 * conditions wins, then the one that comes first: by order of the rule sets, then in the file.
 */
#ifndef SP_GATEWAY_POLICY_H
#define SP_GATEWAY_POLICY_H

#include "io/port.h"
#include "sor/sor.h"

#define SP_POLICY_HEADERS_MAX 64u /* that the rules of one policy look at */
#define SP_POLICY_RULES_MAX 1024u /* of one policy */

/* What rules set here. */
enum sp_policy_property {
    SP_POLICY_CONNECTION,  /* cicsConnectionRef */
    SP_POLICY_TRANSACTION, /* cicsTransId */
    SP_POLICY_CCSID,       /* cicsCcsid */
    SP_POLICY_PROGRAM,     /* cicsProgram; this product's own */
    SP_POLICY_PROPERTY_COUNT,
    SP_POLICY_OF_OTHERS = SP_POLICY_PROPERTY_COUNT, /* of IMS or Db2 */
};

struct sp_policy_rules;

/* What the rules chose for one request. */
struct sp_policy_choice {
    struct sp_sor_connection *connection; /* NULL: that of the service */
    size_t page; /* 1 + index of the code page in those of the policy; 0: that of the service */
    struct sp_property overrides[SP_POLICY_PROPERTY_COUNT]; /* as a service's properties are named */
    size_t override_count;
};

/* Compile and check the rule sets of a policy, which the configuration has read. Everything lives in the
 * arena; `config` and the connections must outlive it. Things to know are problems; what makes the policy
 * unusable is a problem too, and SP_EINVAL. */
enum sp_status sp_policy_rules_new(const struct sp_cfg_policy *config,
                                   struct sp_sor_connection *const *connections, size_t connection_count,
                                   struct sp_arena *arena, struct sp_problems *problems,
                                   const struct sp_policy_rules **ret_rules,
                                   struct sp_error *err) SP_MUST_CHECK;
/* The code pages that rules can choose, each once. */
const struct sp_codepage *const *sp_policy_rules_pages(const struct sp_policy_rules *rules,
                                                       size_t *ret_count);
/* Texts of the choice live in the arena or as long as the rules. SP_EINVAL with a text for the client: a
 * header that rules look at came twice, or its value does not give what the rule sets. SP_ENOMEM. */
enum sp_status sp_policy_rules_apply(const struct sp_policy_rules *rules,
                                     const struct sp_http_header *headers, size_t header_count,
                                     struct sp_arena *arena, struct sp_policy_choice *ret_choice,
                                     struct sp_error *err) SP_MUST_CHECK;

#endif
