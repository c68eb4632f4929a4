/* SPDX-License-Identifier: Apache-2.0 */
#include "region/security.h"

static struct sp_identity_decision refuse(const char *reason)
{
    return (struct sp_identity_decision){.outcome = SP_REGION_SECURITY, .reason = reason};
}

static struct sp_identity_decision accept(struct sp_str user)
{
    return (struct sp_identity_decision){.outcome = SP_REGION_NORMAL, .user = user};
}

/* The user was authenticated by the gateway; that is worth something only when the gateway is who it says. */
static struct sp_identity_decision identify(const struct sp_definition *definition,
                                            const struct sp_ipconn *ipconn, bool peer_is_local,
                                            const struct sp_region_link *link)
{
    if (!peer_is_local && !definition->tls_client_trust.len && !ipconn->trust_network)
        return refuse(
            "USERAUTH(IDENTIFY) wants the gateway on this machine, tlsClientTrust, or trustNetwork");
    if (link->password.len)
        return refuse("USERAUTH(IDENTIFY) takes no password");
    if (!link->user.len && link->dist_name.len)
        return refuse("the distributed identity is mapped to no user id");
    if (!link->user.len)
        return refuse("USERAUTH(IDENTIFY) wants a user id");
    return accept(link->user);
}

/* Whom the gateway's user vouches for himself: nothing but his password, or a PassTicket, counts. */
static struct sp_identity_decision verify(const struct sp_region_link *link)
{
    if (!link->user.len)
        return refuse("USERAUTH(VERIFY) wants a user id");
    if (!link->password.len)
        return refuse("USERAUTH(VERIFY) wants a password, phrase or PassTicket with the user id");
    struct sp_identity_decision decision = accept(link->user);
    decision.to_verify = true;
    return decision;
}

static struct sp_identity_decision choose(const struct sp_definition *definition,
                                          const struct sp_ipconn *ipconn, bool peer_is_local,
                                          const struct sp_region_link *link)
{
    switch (ipconn->user_auth) {
    case SP_USERAUTH_IDENTIFY:
        return identify(definition, ipconn, peer_is_local, link);
    case SP_USERAUTH_VERIFY:
        return verify(link);
    case SP_USERAUTH_LOCAL:
        return accept(ipconn->security_name.len && !sp_str_eq(ipconn->security_name, definition->region_user)
                          ? ipconn->security_name
                          : definition->default_user);
    case SP_USERAUTH_DEFAULTUSER:
        break;
    }
    return accept(definition->default_user);
}

/* A link user that is not specified is the default user; the region's own user is nobody's limit. */
static struct sp_str link_user_of(const struct sp_definition *definition, const struct sp_ipconn *ipconn,
                                  struct sp_str task_user)
{
    struct sp_str user = ipconn->security_name.len ? ipconn->security_name : definition->default_user;
    if (sp_str_eq(user, task_user) ||
        (definition->region_user.len && sp_str_eq(user, definition->region_user)))
        return SP_STR("");
    return user;
}

struct sp_identity_decision sp_region_identify(const struct sp_definition *definition,
                                               const struct sp_ipconn *ipconn, bool peer_is_local,
                                               const struct sp_region_link *link)
{
    struct sp_identity_decision decision = choose(definition, ipconn, peer_is_local, link);
    if (decision.outcome == SP_REGION_NORMAL)
        decision.link_user = link_user_of(definition, ipconn, decision.user);
    return decision;
}
