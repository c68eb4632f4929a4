/* SPDX-License-Identifier: Apache-2.0
 * authz.h: what a principal may do: the role, and the four levels of authority.
 *
 * What a request asks is compiled from the configuration once: struct sp_authz_role for the role,
 * struct sp_authz_access for each object. A decision takes one look-up for each group of the principal.
 */
#ifndef SP_AUTHZ_AUTHZ_H
#define SP_AUTHZ_AUTHZ_H

#include "authn/authn.h"

/* ---------------------------------------------------------------- what a target demands */

/* What something is done with. SP_OBJECT_SERVER: the server itself, or nothing that is known. */
enum sp_authz_object { SP_OBJECT_SERVER, SP_OBJECT_API, SP_OBJECT_SERVICE, SP_OBJECT_REQUESTER, SP_OBJECTS };

struct sp_authz_demands {
    bool auth;   /* requireAuth: a caller must be authenticated and hold the role */
    bool secure; /* requireSecure: over TLS */
    /* The element that says so, for people: "zosConnectAPI", "zosconnect_zosConnectManager", ... */
    const char *auth_from, *secure_from;
};

/* The most specific element that says something wins: the item's own, for API requesters then
 * zosconnect_apiRequesters, then the manager's. `item` NULL: there is none. */
void sp_authz_demands(const struct sp_config *config, enum sp_authz_object kind,
                      const struct sp_cfg_item *item, struct sp_authz_demands *ret_demands);

/* "server", "API", "service", "API requester". */
const char *sp_authz_object_name(enum sp_authz_object kind);

/* ---------------------------------------------------------------- the role */

/* The role every user of a protected item needs. */
#define SP_AUTHZ_ROLE "zosConnectAccess"

struct sp_authz_role; /* who holds it, by authorization-roles; immutable */

/* In the arena, which must outlive it, as must the configuration. SP_ENOMEM. */
enum sp_status sp_authz_role_new(const struct sp_config *config, struct sp_arena *arena,
                                 const struct sp_authz_role **ret_role, struct sp_error *err) SP_MUST_CHECK;

/* Whether the principal holds the role: by name or access id ("user:<realm>/<unique id>"), by a group
 * ("group:<realm>/<group>"), or by a special subject. An access id stands instead of the name beside it.
 * Names and groups that an issuer claims where there is a registry count by their access ids only, unless
 * sallyport_claimedNames says otherwise. Who is mapped has his user id for a name. Nobody holds the role when
 * the configuration does not bind it. Names are compared exactly. SP_OK or SP_EDENIED with the reason, for
 * the log. */
enum sp_status sp_authz_role(const struct sp_authz_role *role, const struct sp_principal *principal,
                             struct sp_error *err) SP_MUST_CHECK;
/* By what the principal holds it, for people: "user Fred", "group CLAIMS", "EVERYONE"; ptr NULL when he does
 * not. In the arena. */
struct sp_str sp_authz_role_by(const struct sp_authz_role *role, const struct sp_principal *principal,
                               struct sp_arena *arena);

/* The same by the security database (safAuthorization): READ to profile
 * <profilePrefix>.zos.connect.access.roles.zosConnectAccess in class EJBROLE. A resource that no profile
 * covers is refused; so is who is not authenticated, whatever his user id may do. `*ret_message`, in the
 * arena: the ICH408I for the log where racRouteLog asks for it, otherwise empty. SP_OK, SP_EDENIED,
 * SP_EUNAVAIL. */
enum sp_status sp_authz_role_by_saf(const struct sp_config *config, struct sp_saf_link *saf,
                                    const struct sp_principal *principal, struct sp_arena *arena,
                                    struct sp_str *ret_message, struct sp_error *err) SP_MUST_CHECK;

/* ---------------------------------------------------------------- the levels */

enum sp_authority {
    SP_AUTHORITY_ADMIN,
    SP_AUTHORITY_OPERATIONS,
    SP_AUTHORITY_INVOKE,
    SP_AUTHORITY_READER,
    SP_AUTHORITIES
};

/* Functions that need authority; docs/authorization.md has the table of levels that grant them. */
enum sp_authz_action {
    SP_ACT_INVOKE,
    SP_ACT_LIST,     /* the APIs, the services, the API requesters: GET of a collection */
    SP_ACT_DETAILS,  /* of one, its state among them */
    SP_ACT_DOCUMENT, /* OpenAPI document of an API or of the administration interface, schemas of a service */
    SP_ACT_DEPLOY,   /* POST of an archive to a collection */
    SP_ACT_UPDATE,   /* PUT of another archive */
    SP_ACT_START,
    SP_ACT_STOP,
    SP_ACT_DELETE,
    SP_ACT_STATISTICS, /* of one service; with the server's access, of all */
    SP_ACTIONS
};

/* Where IBM's documents leave the rule open; attributes of zosconnect_zosConnectManager. */
struct sp_authz_rules {
    bool admin_invokes;    /* level admin grants invoke too (sallyport_adminInvokes) */
    bool per_level;        /* an item overrides level by level, rather than the whole function
                              (sallyport_groupOverride) */
    bool filter_all_lists; /* lists of APIs and API requesters leave out what is not the caller's, as that of
                              services does (sallyport_filterLists) */
    bool claimed_names;    /* groups that an issuer claims count though there is a registry
                              (sallyport_claimedNames) */
};

/* All false. */
extern const struct sp_authz_rules sp_authz_default_rules;
/* Those that the configuration chooses. */
struct sp_authz_rules sp_authz_rules_of(const struct sp_config *config);

/* "admin", "operations", "invoke", "reader". */
const char *sp_authority_name(enum sp_authority level);
/* "invoke", "list", ... */
const char *sp_authz_action_name(enum sp_authz_action action);
/* The action of that name; false when there is none. */
bool sp_authz_action_named(struct sp_str name, enum sp_authz_action *ret_action);
/* The decision table: whether the level grants the action. */
bool sp_authz_grants(const struct sp_authz_rules *rules, enum sp_authority level,
                     enum sp_authz_action action);
/* Whether the groups of an item count for the action (otherwise only the global ones do). */
bool sp_authz_is_of_item(enum sp_authz_action action);
/* Whether such an object has the action: only services have statistics of their own, for example. The server
 * has those that are of no item. */
bool sp_authz_has_action(enum sp_authz_object kind, enum sp_authz_action action);

/* Who may do what with one object, or with the server: the groups, compiled. Immutable. */
struct sp_authz_access;

struct sp_authz_access_options {
    const struct sp_authz_rules *rules; /* NULL: the default; copied */
    enum sp_authz_object kind;
    const struct sp_cfg_groups *global; /* of the manager */
    const struct sp_cfg_groups *item;   /* of the item; NULL: none, or the server */
    bool own_check;                     /* the item's own interceptorsRef has an authorization interceptor */
};

/* In the arena, which must outlive it, as must the groups. SP_ENOMEM. */
enum sp_status sp_authz_access_new(const struct sp_authz_access_options *options, struct sp_arena *arena,
                                   const struct sp_authz_access **ret_access,
                                   struct sp_error *err) SP_MUST_CHECK;

/* Whether the principal's groups permit the action. Per function: when the item names groups at any level
 * that grants the action, only those count; otherwise the global ones. Per level: for each level that grants
 * the action, the item's groups when it names some, otherwise the global ones. SP_ACT_LIST and SP_ACT_DEPLOY
 * have no item and look at the global ones only, as everything does with the server's access. A level without
 * groups is held by nobody. Who is not authenticated has the groups of his user id, when there is one
 * (safCredentials unauthenticatedUser), and no others. SP_OK or SP_EDENIED with the reason (BAQR0409W). */
enum sp_status sp_authz_level(const struct sp_authz_access *access, enum sp_authz_action action,
                              const struct sp_principal *principal, struct sp_error *err) SP_MUST_CHECK;

/* The groups of a principal who is a user of the security database may have been remembered since he was
 * authenticated. When they are older than `max_age_us` (negative: any age will do), `*principal` is replaced
 * by a copy in the arena with those of now. `saf` may be NULL. SP_EUNAVAIL when they cannot be read,
 * SP_ENOMEM. */
enum sp_status sp_authz_refresh(struct sp_saf_link *saf, int64_t max_age_us, struct sp_arena *arena,
                                const struct sp_principal **principal, struct sp_error *err) SP_MUST_CHECK;

/* Whether a list shows the object to a caller who may have the list (SP_ACT_LIST). A service with groups of
 * its own at level admin, operations or reader, and with an authorization interceptor in its own list, is
 * shown only to their members; the same holds for its part of the statistics of all. With `filter_all_lists`
 * APIs and API requesters are treated alike. Everything else is shown. */
bool sp_authz_is_listed(const struct sp_authz_access *access, const struct sp_principal *principal);

/* One way to be permitted something. */
struct sp_authz_grant {
    enum sp_authority level;
    bool of_item; /* the group is the item's, otherwise a global one */
    struct sp_str group;
};

/* All ways to be permitted the action, in the arena; item before global, levels in their order. SP_ENOMEM. */
enum sp_status sp_authz_ways(const struct sp_authz_access *access, enum sp_authz_action action,
                             struct sp_arena *arena, const struct sp_authz_grant **ret_grants,
                             size_t *ret_count) SP_MUST_CHECK;
/* The groups of a principal: none of one who is nobody. */
const struct sp_str_list *sp_authz_groups_of(const struct sp_principal *principal);
/* Those that count for the levels: none that an issuer claims, where the rules have it so. */
const struct sp_str_list *sp_authz_counted(const struct sp_authz_access *access,
                                           const struct sp_principal *principal);

#endif
