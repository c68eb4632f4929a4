/* SPDX-License-Identifier: Apache-2.0
 * Who exists, who may, and how a request is authenticated.
 */
#include "config/table_area.h"
#include "config/table_rows.h"

static const struct sp_cfg_attribute user_attributes[] = {
    {"name", SP_CFG_STRING, FLAGS(ACTED | SECURITY | REQUIRED), INTO(struct sp_cfg_user, name),
     .meaning = "The user's name."},
    {"password", SP_CFG_PASSWORD_HASH, FLAGS(ACTED | SECURITY), INTO(struct sp_cfg_user, password),
     .meaning = "The user's password; {hash} is the safe form."},
};

static const struct sp_cfg_element user_element = {"user",
                                                   SP_CFG_NESTED,
                                                   FLAGS(ACTED | SECURITY),
                                                   .key = "name",
                                                   ROWS(user_attributes),
                                                   STRUCT(struct sp_cfg_user),
                                                   ARRAY(struct sp_cfg_basic_registry, users, user_count),
                                                   .meaning = "A user of the registry."};

static const struct sp_cfg_attribute member_attributes[] = {
    {"name", SP_CFG_STRING, FLAGS(ACTED | SECURITY | REQUIRED), .meaning = "Name of a user."},
};

static const struct sp_cfg_element member_element = {"member",
                                                     SP_CFG_NESTED,
                                                     FLAGS(ACTED | SECURITY),
                                                     .key = "name",
                                                     ROWS(member_attributes),
                                                     FLATTENED(struct sp_cfg_group, members),
                                                     .meaning = "A member of the group."};

static const struct sp_cfg_attribute group_attributes[] = {
    {"name", SP_CFG_STRING, FLAGS(ACTED | SECURITY | REQUIRED), INTO(struct sp_cfg_group, name),
     .meaning = "The group's name."},
};

static const struct sp_cfg_element group_element = {"group",
                                                    SP_CFG_NESTED,
                                                    FLAGS(ACTED | SECURITY),
                                                    .key = "name",
                                                    ROWS(group_attributes),
                                                    CHILDREN(&member_element),
                                                    STRUCT(struct sp_cfg_group),
                                                    ARRAY(struct sp_cfg_basic_registry, groups, group_count),
                                                    .meaning = "A group of the registry."};

static const struct sp_cfg_attribute basic_registry_attributes[] = {
    ID_INTO(struct sp_cfg_basic_registry),
    {"realm", SP_CFG_STRING, FLAGS(ACTED | SECURITY), INTO(struct sp_cfg_basic_registry, realm),
     .fallback = "BasicRegistry", .meaning = "Name of the registry's realm."},
    {"ignoreCaseForAuthentication", SP_CFG_BOOLEAN, FLAGS(ACTED | SECURITY),
     INTO(struct sp_cfg_basic_registry, ignore_case), .fallback = "false",
     .meaning = "Whether user names are compared without regard to case."},
};

const struct sp_cfg_element sp_cfg_basic_registry_element = {
    "basicRegistry",
    SP_CFG_FACTORY,
    FLAGS(ACTED | SECURITY),
    ROWS(basic_registry_attributes),
    CHILDREN(&user_element, &group_element),
    STRUCT(struct sp_cfg_basic_registry),
    ARRAY(struct sp_config, basic_registries, basic_registry_count),
    .meaning = "Users and groups that stand in server.xml."};

static const struct sp_cfg_attribute role_name_attributes[] = {
    {"name", SP_CFG_STRING, FLAGS(ACTED | SECURITY | REQUIRED), .meaning = "Name in the registry."},
};

static const struct sp_cfg_element role_user_element = {"user",
                                                        SP_CFG_NESTED,
                                                        FLAGS(ACTED | SECURITY),
                                                        .key = "name",
                                                        ROWS(role_name_attributes),
                                                        FLATTENED(struct sp_cfg_security_role, users),
                                                        .meaning = "A user who holds the role."};

static const struct sp_cfg_element role_group_element = {"group",
                                                         SP_CFG_NESTED,
                                                         FLAGS(ACTED | SECURITY),
                                                         .key = "name",
                                                         ROWS(role_name_attributes),
                                                         FLATTENED(struct sp_cfg_security_role, groups),
                                                         .meaning = "A group whose members hold the role."};

static const struct sp_cfg_attribute special_subject_attributes[] = {
    {"type", SP_CFG_ENUM, FLAGS(ACTED | SECURITY | REQUIRED), ONE_OF("EVERYONE", "ALL_AUTHENTICATED_USERS"),
     .meaning = "Everybody, or everybody who is authenticated."},
};

static const struct sp_cfg_element special_subject_element = {
    "special-subject",
    SP_CFG_NESTED,
    FLAGS(ACTED | SECURITY),
    .key = "type",
    ROWS(special_subject_attributes),
    FLATTENED(struct sp_cfg_security_role, special_subjects),
    .meaning = "A set of callers that needs no names."};

static const struct sp_cfg_attribute security_role_attributes[] = {
    {"name", SP_CFG_STRING, FLAGS(ACTED | SECURITY | REQUIRED), INTO(struct sp_cfg_security_role, name),
     .meaning = "The role, zosConnectAccess."},
};

static const struct sp_cfg_element security_role_element = {
    "security-role",
    SP_CFG_NESTED,
    FLAGS(ACTED | SECURITY),
    .key = "name",
    ROWS(security_role_attributes),
    CHILDREN(&role_user_element, &role_group_element, &special_subject_element),
    STRUCT(struct sp_cfg_security_role),
    ARRAY(struct sp_cfg_authorization_roles, roles, role_count),
    .meaning = "Who holds a role."};

static const struct sp_cfg_attribute authorization_roles_attributes[] = {
    {"id", SP_CFG_STRING, FLAGS(ACTED | SECURITY | SP_CFG_LITERAL),
     INTO(struct sp_cfg_authorization_roles, id), .meaning = "The resource: zos.connect.access.roles."},
};

const struct sp_cfg_element sp_cfg_authorization_roles_element = {
    "authorization-roles",
    SP_CFG_FACTORY,
    FLAGS(ACTED | SECURITY),
    ROWS(authorization_roles_attributes),
    CHILDREN(&security_role_element),
    STRUCT(struct sp_cfg_authorization_roles),
    ARRAY(struct sp_config, authorization_roles, authorization_roles_count),
    .meaning = "Who holds the roles of a resource."};

#define O struct sp_cfg_web_app_security

static const struct sp_cfg_attribute web_app_security_attributes[] = {
    {"allowFailOverToBasicAuth", SP_CFG_BOOLEAN, FLAGS(ACTED | SECURITY),
     INTO(O, allow_fail_over_to_basic_auth), .fallback = "false",
     .meaning = "Whether user name and password are accepted when no client certificate authenticated."},
    {"displayAuthenticationRealm", SP_CFG_BOOLEAN, FLAGS(ACTED), INTO(O, display_authentication_realm),
     .fallback = "false", .meaning = "Whether a challenge names the registry's realm."},
    {"basicAuthenticationMechanismRealmName", SP_CFG_STRING, FLAGS(ACTED),
     INTO(O, basic_authentication_realm),
     .meaning = "Realm that a challenge names, defaultRealm when it is not set."},
};

const struct sp_cfg_element sp_cfg_web_app_security_element = {"webAppSecurity",
                                                               SP_CFG_SINGLETON,
                                                               FLAGS(ACTED | SECURITY),
                                                               ROWS(web_app_security_attributes),
                                                               STRUCT(O),
                                                               PLACE(struct sp_config, web_app_security),
                                                               .meaning = "How requests are authenticated."};

#undef O
