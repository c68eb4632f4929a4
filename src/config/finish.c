/* SPDX-License-Identifier: Apache-2.0
 * What elements mean together: defaults that are other elements, ports, key files.
 */
#include <sys/stat.h>
#include <errno.h>
#include <unistd.h>

#include "config/cipher.h"
#include "config/feature.h"
#include "config/load.h"
#include "config/value.h"
#include "text/ip_range.h"

#define TRUST_CEILING \
    ((size_t)4 << 20) /* metadata of an identity provider, a certificate, a list of revoked ones */
#define RULE_SET_CEILING ((size_t)4 << 20)

/* The configuration is built here and constant for everybody else. */
#define MUTABLE(type, pointer) ((type *)(uintptr_t)(pointer))

struct sp_load_place sp_load_place_of(struct sp_load *load, const void *memory)
{
    const struct sp_cfg_node *node = sp_cfg_tree_node_of(load->tree, memory);
    return node ? sp_load_at(node) : (struct sp_load_place){0};
}

bool sp_load_is_written(struct sp_load *load, const void *memory, const char *attribute)
{
    const struct sp_cfg_node *node = sp_cfg_tree_node_of(load->tree, memory);
    const struct sp_cfg_field *field = node ? sp_cfg_node_field(node, sp_str_of(attribute)) : NULL;
    return field && field->first && !field->first->document->built_in;
}

static bool exists(struct sp_load *load, struct sp_str path)
{
    /* Only the real file system is asked; what a test gives is taken as it is. */
    return !load->files->on_disk || access(path.ptr, F_OK) == 0;
}

/* Relative to the output directory's resources/security, else the configuration's. */
static struct sp_str key_file_path(struct sp_load *load, struct sp_str location)
{
    struct sp_str path = {NULL, 0};
    if (sp_str_starts(location, SP_STR("file:")))
        location = sp_str_slice(location, strlen("file:"), location.len);
    if (sp_value_is_uri(location) || (location.len && location.ptr[0] == '/'))
        return sp_value_path(location, load->arena);
    const struct sp_str bases[] = {load->config->output_dir, load->config->config_dir};
    for (size_t i = 0; i < 2; i++) {
        path = sp_arena_printf(load->arena, "%.*sresources/security/%.*s", SP_STR_ARG(bases[i]),
                               SP_STR_ARG(location));
        path = path.ptr ? sp_value_path(path, load->arena) : path;
        if (!path.ptr || exists(load, path))
            return path;
    }
    return path;
}

bool sp_config_key_store_to_make(const struct sp_cfg_key_store *store)
{
    return sp_str_is(store->id, "defaultKeyStore") && store->file_based && store->password.len > 0 &&
           sp_str_is(store->type, "PKCS12") && store->location.len > 0 && store->location.ptr[0] == '/' &&
           access(store->location.ptr, F_OK) != 0 && errno == ENOENT;
}

static enum sp_status finish_key_stores(struct sp_load *load)
{
    struct sp_cfg_saf_database *rings = MUTABLE(struct sp_cfg_saf_database, &load->config->saf_database);
    rings->server_name = load->config->server_name;
    for (size_t i = 0; i < load->config->key_store_count; i++) {
        struct sp_cfg_key_store *store = MUTABLE(struct sp_cfg_key_store, &load->config->key_stores[i]);
        store->location = key_file_path(load, store->location);
        struct sp_str type = sp_arena_str(load->arena, store->type);
        if (!store->location.ptr || !type.ptr)
            return SP_ENOMEM;
        for (size_t c = 0; c < type.len; c++)
            MUTABLE(char, type.ptr)[c] = sp_upper(type.ptr[c]);
        store->type = type;
        if (sp_str_caseless_eq(sp_str_slice(store->location, 0, 10), SP_STR("safkeyring")))
            store->rings = rings;
        if (!store->file_based || sp_value_is_uri(store->location) || sp_str_is(store->type, "PKCS11") ||
            !load->files->on_disk)
            continue;
        if (sp_load_key_store(load, store->location, store->update_trigger) != SP_OK)
            return SP_ENOMEM;
        /* Workers that read a change cannot always read what the master process has read. */
        if (load->files == &sp_config_file_system && sp_config_key_store_to_make(store))
            sp_load_problem(load, SP_MSG_KEY_TO_MAKE, sp_load_place_of(load, store),
                            "keyStore[%.*s]: there is no file %.*s; a server that starts makes one, with a "
                            "certificate that signed itself",
                            SP_STR_ARG(store->id), SP_STR_ARG(store->location));
        else if (load->files == &sp_config_file_system && access(store->location.ptr, R_OK) != 0)
            sp_load_problem(load, SP_MSG_KEY_FILE, sp_load_place_of(load, store),
                            "keyStore[%.*s]: the file %.*s cannot be read", SP_STR_ARG(store->id),
                            SP_STR_ARG(store->location));
    }
    return SP_OK;
}

/* TLS, SSL, SSL_TLS and SSL_TLSv2 ask for every protocol there is. */
static void finish_protocols(struct sp_load *load, struct sp_cfg_ssl *ssl)
{
    size_t kept = 0;
    struct sp_str *items = MUTABLE(struct sp_str, ssl->protocols.items);
    for (size_t i = 0; i < ssl->protocols.count; i++) {
        if (sp_str_is(items[i], "TLSv1.2") || sp_str_is(items[i], "TLSv1.3")) {
            items[kept++] = items[i];
        } else if (!sp_cfg_named_in("TLS SSL SSL_TLS SSL_TLSv2", items[i])) {
            sp_load_problem(
                load, SP_MSG_PROTOCOL, sp_load_place_of(load, ssl),
                "ssl[%.*s]: sslProtocol %.*s is not TLSv1.2 or TLSv1.3; older ones are not offered",
                SP_STR_ARG(ssl->id), SP_STR_ARG(items[i]));
        }
    }
    ssl->protocols.count = kept;
}

/* IBM's names are translated; what OpenSSL does not have is told. */
static void check_ciphers(struct sp_load *load, const struct sp_cfg_ssl *ssl)
{
    for (size_t i = 0; i < ssl->enabled_ciphers.count; i++) {
        struct sp_str written = ssl->enabled_ciphers.items[i];
        const char *name = sp_cipher_openssl_name(written);
        if (!name || !sp_cipher_is_provided(name))
            sp_load_fault(load, SP_MSG_CIPHER_UNKNOWN, sp_load_place_of(load, ssl),
                          "ssl[%.*s]: enabledCiphers names %.*s, which %s", SP_STR_ARG(ssl->id),
                          SP_STR_ARG(written), name ? "this OpenSSL does not provide" : "is no known cipher");
    }
}

/* outboundSSLRef on <ssl>, where it does not belong, is taken as if it stood on <sslDefault>. */
static void find_misplaced_outbound(struct sp_load *load)
{
    for (struct sp_cfg_node *node = load->tree->nodes; node && !load->config->ssl_default.outbound;
         node = node->next) {
        const struct sp_cfg_field *field = node->row && strcmp(node->row->name, "ssl") == 0 && !node->invalid
                                               ? sp_cfg_node_field(node, SP_STR("outboundSSLRef"))
                                               : NULL;
        struct sp_str id =
            field && !field->first->node
                ? sp_load_resolve(load, field->first->text, sp_load_at_value(field->first), NULL)
                : (struct sp_str){NULL, 0};
        const struct sp_cfg_node *target = id.ptr ? sp_cfg_tree_find(load->tree, "ssl", id) : NULL;
        if (target && !target->invalid)
            load->config->ssl_default.outbound = target->memory;
    }
}

static void finish_ssl(struct sp_load *load)
{
    struct sp_config *config = load->config;
    for (size_t i = 0; i < config->ssl_count; i++) {
        struct sp_cfg_ssl *ssl = MUTABLE(struct sp_cfg_ssl, &config->ssl[i]);
        if (!ssl->trust_store)
            ssl->trust_store = ssl->key_store;
        finish_protocols(load, ssl);
        check_ciphers(load, ssl);
    }
    config->default_ssl = config->ssl_default.ssl;
    find_misplaced_outbound(load);
    if (!config->ssl_default.outbound)
        config->ssl_default.outbound = config->default_ssl;
    for (size_t i = 0; i < config->ssl_options_count; i++) {
        struct sp_cfg_ssl_options *options = MUTABLE(struct sp_cfg_ssl_options, &config->ssl_options[i]);
        if (!options->ssl)
            options->ssl = config->default_ssl;
    }
}

static void check_port(struct sp_load *load, size_t index, const char *which, int64_t port)
{
    const struct sp_cfg_http_endpoint *all = load->config->endpoints, *one = &all[index];
    for (size_t i = 0; i <= index && port > 0; i++) {
        const struct sp_cfg_http_endpoint *other = &all[i];
        bool same_host = sp_str_caseless_eq(other->host, one->host) || sp_str_is(other->host, "*") ||
                         sp_str_is(one->host, "*");
        bool same_port = other != one ? other->http_port == port || other->https_port == port
                                      : which[4] == 's' && one->http_port == port;
        if (other->enabled && same_host && same_port)
            sp_load_problem(load, SP_MSG_PORT_TWICE, sp_load_place_of(load, one),
                            "httpEndpoint[%.*s]: %s %lld is taken by httpEndpoint[%.*s] already",
                            SP_STR_ARG(one->id), which, (long long)port, SP_STR_ARG(other->id));
    }
}

static void finish_endpoint(struct sp_load *load, size_t index)
{
    struct sp_cfg_http_endpoint *endpoint =
        MUTABLE(struct sp_cfg_http_endpoint, &load->config->endpoints[index]);
    endpoint->http_port = endpoint->http_port == 0 ? -1 : endpoint->http_port;
    endpoint->https_port = endpoint->https_port == 0 ? -1 : endpoint->https_port;
    if (!endpoint->enabled)
        return;
    if (endpoint->https_port > 0 && (!endpoint->ssl_options || !endpoint->ssl_options->ssl)) {
        if (sp_load_is_written(load, endpoint, "httpsPort"))
            sp_load_problem(
                load, SP_MSG_NO_KEY_STORE, sp_load_place_of(load, endpoint),
                "httpEndpoint[%.*s]: httpsPort %lld is not opened, because there is no key store; add "
                "<keyStore id=\"defaultKeyStore\" .../>",
                SP_STR_ARG(endpoint->id), (long long)endpoint->https_port);
        endpoint->https_port = -1;
    }
    check_port(load, index, "httpPort", endpoint->http_port);
    check_port(load, index, "httpsPort", endpoint->https_port);
}

static void finish_endpoints(struct sp_load *load)
{
    struct sp_config *config = load->config;
    bool listens = false;
    for (size_t i = 0; i < config->endpoint_count; i++) {
        finish_endpoint(load, i);
        listens |= config->endpoints[i].enabled &&
                   (config->endpoints[i].http_port > 0 || config->endpoints[i].https_port > 0);
    }
    if (!listens)
        sp_load_problem(load, SP_MSG_NO_LISTENER, (struct sp_load_place){0},
                        "no httpEndpoint has an open port");
}

static void finish_roles(struct sp_load *load)
{
    struct sp_config *config = load->config;
    for (size_t i = 0; i < config->authorization_roles_count; i++) {
        const struct sp_cfg_authorization_roles *roles = &config->authorization_roles[i];
        if (sp_str_is(roles->id, "zos.connect.access.roles"))
            config->roles = roles;
        for (size_t r = 0; r < roles->role_count; r++) {
            struct sp_cfg_security_role *role = MUTABLE(struct sp_cfg_security_role, &roles->roles[r]);
            for (size_t s = 0; s < role->special_subjects.count; s++) {
                role->everyone |= sp_str_is(role->special_subjects.items[s], "EVERYONE");
                role->all_authenticated |=
                    sp_str_is(role->special_subjects.items[s], "ALL_AUTHENTICATED_USERS");
            }
        }
    }
}

static void check_features(struct sp_load *load)
{
    struct sp_load_place place = {0};
    for (const struct sp_cfg_node *node = load->tree->nodes; node; node = node->next) {
        if (node->row && strcmp(node->row->name, "featureManager") == 0)
            place = sp_load_at(node);
    }
    for (size_t i = 0; i < load->config->features.count; i++) {
        struct sp_str name = load->config->features.items[i];
        const char *nearest = NULL;
        enum sp_feature known = sp_feature_find(name, &nearest);
        if (known == SP_FEATURE_UNKNOWN)
            sp_load_fault(load, SP_MSG_FEATURE_UNKNOWN, place, "the feature %.*s is not known%s%s%s",
                          SP_STR_ARG(name), nearest ? "; did you mean " : "", nearest ? nearest : "",
                          nearest ? "?" : "");
        else if (known == SP_FEATURE_ABSENT)
            sp_load_problem(load, SP_MSG_FEATURE_ABSENT, place,
                            "what the feature %.*s promises is not provided", SP_STR_ARG(name));
    }
}

static void check_users(struct sp_load *load, const struct sp_cfg_basic_registry *registry)
{
    const struct sp_cfg_node *node = sp_cfg_tree_node_of(load->tree, registry);
    const struct sp_cfg_field *users = node ? sp_cfg_node_field(node, SP_STR("user")) : NULL;
    for (const struct sp_cfg_value *value = users ? users->first : NULL; value; value = value->next)
        if (value->node && value->node->repeated_line)
            sp_load_problem(load, SP_MSG_USER_TWICE, sp_load_at(value->node),
                            "basicRegistry[%.*s]: user %.*s is written again in line %u; keep one",
                            SP_STR_ARG(registry->id), SP_STR_ARG(value->node->key),
                            value->node->repeated_line);
}

static void finish_registries(struct sp_load *load)
{
    struct sp_config *config = load->config;
    for (size_t i = 0; i < config->basic_registry_count; i++)
        check_users(load, &config->basic_registries[i]);
    if (config->basic_registry_count)
        config->basic_registry = &config->basic_registries[0];
    if (config->basic_registry_count > 1)
        sp_load_problem(load, SP_MSG_REGISTRIES, sp_load_place_of(load, &config->basic_registries[1]),
                        "there are %zu basicRegistry elements; give them one id, or keep one",
                        config->basic_registry_count);
}

static enum sp_status read_rule_set(struct sp_load *load, const struct sp_cfg_policy *policy,
                                    struct sp_str name, struct sp_rule_set *ret_set)
{
    struct sp_str path =
        sp_arena_printf(load->arena, "%.*s/%.*s", SP_STR_ARG(policy->location), SP_STR_ARG(name));
    path = path.ptr ? sp_value_path(path, load->arena) : path;
    if (!path.ptr)
        return SP_ENOMEM;
    struct sp_buf contents;
    struct sp_error err = SP_ERROR_INIT;
    sp_buf_init(&contents, RULE_SET_CEILING);
    enum sp_status status = sp_load_read_rules(load, path, policy->update_trigger, &contents, &err);
    if (status == SP_OK)
        status = sp_rule_set_parse(sp_buf_str(&contents), path, load->arena, load->problems, ret_set);
    else if (status != SP_ENOMEM)
        sp_load_problem(load, SP_MSG_RULE_FILE, sp_load_place_of(load, policy), "zosconnect_policy[%.*s]: %s",
                        SP_STR_ARG(policy->id), err.text);
    sp_buf_finish(&contents);
    return status;
}

static enum sp_status finish_policies(struct sp_load *load)
{
    for (size_t i = 0; i < load->config->policy_count; i++) {
        struct sp_cfg_policy *policy = MUTABLE(struct sp_cfg_policy, &load->config->policies[i]);
        struct sp_rule_set *sets = sp_arena_calloc(load->arena, policy->rule_sets.count + 1, sizeof *sets);
        policy->sets = sets;
        for (size_t f = 0; f < policy->rule_sets.count; f++) {
            enum sp_status status =
                sets ? read_rule_set(load, policy, policy->rule_sets.items[f], &sets[policy->set_count])
                     : SP_ENOMEM;
            if (status == SP_ENOMEM)
                return status;
            policy->set_count += status == SP_OK;
        }
    }
    return SP_OK;
}

/* Read by authn/, which also says what is wrong with it; here it is known as a part of the configuration, so
 * that a change of it is one. */
static enum sp_status look_at(struct sp_load *load, struct sp_str path)
{
    struct sp_buf contents;
    struct sp_error ignored = SP_ERROR_INIT;
    if (!path.len)
        return SP_OK;
    sp_buf_init(&contents, TRUST_CEILING);
    enum sp_status status = sp_load_read(load, path, &contents, &ignored);
    sp_buf_finish(&contents);
    return status == SP_ENOMEM ? status : SP_OK;
}

static enum sp_status finish_saml(struct sp_load *load)
{
    enum sp_status status = SP_OK;
    for (size_t i = 0; i < load->config->saml_count && load->files->on_disk; i++) {
        const struct sp_cfg_saml *saml = &load->config->saml[i];
        if (!saml->enabled)
            continue;
        status = look_at(load, saml->login.idp_metadata);
        for (size_t c = 0; status == SP_OK && c < saml->pkix.certificates.count; c++)
            status = look_at(load, saml->pkix.certificates.items[c]);
        for (size_t c = 0; status == SP_OK && c < saml->pkix.crls.count; c++)
            status = look_at(load, saml->pkix.crls.items[c]);
        if (status != SP_OK)
            return status;
    }
    return status;
}

static void finish_cics(struct sp_load *load)
{
    for (size_t i = 0; i < load->config->cics_connection_count; i++) {
        struct sp_cfg_cics_connection *cics =
            MUTABLE(struct sp_cfg_cics_connection, &load->config->cics_connections[i]);
        if (!cics->auth_data)
            continue;
        cics->user = cics->auth_data->user;
        cics->password = cics->auth_data->password;
    }
}

/* ---------------------------------------------------------------- filters */

/* Pieces between | where that means "or". */
static void check_addresses(struct sp_load *load, const struct sp_cfg_auth_filter *filter,
                            const struct sp_cfg_condition *condition)
{
    bool alternatives = condition->match == SP_CFG_CONTAINS || condition->match == SP_CFG_NOT_CONTAIN;
    struct sp_str rest = condition->what, piece;
    while (sp_str_split(&rest, alternatives ? '|' : '\0', &piece)) {
        struct sp_ip_range range;
        struct sp_error err = SP_ERROR_INIT;
        piece = sp_str_trim(piece);
        if (piece.len && sp_ip_range_read(piece, &range, &err) != SP_OK)
            sp_load_problem(load, SP_MSG_FILTER_CONDITION, sp_load_place_of(load, filter),
                            "authFilter[%.*s]: remoteAddress: %s", SP_STR_ARG(filter->id), err.text);
    }
}

static void check_texts(struct sp_load *load, const struct sp_cfg_auth_filter *filter,
                        const struct sp_cfg_conditions *conditions, size_t *count)
{
    *count += conditions->count;
    for (size_t i = 0; i < conditions->count; i++) {
        const struct sp_cfg_condition *condition = &conditions->items[i];
        bool alternatives = condition->match == SP_CFG_CONTAINS || condition->match == SP_CFG_NOT_CONTAIN;
        struct sp_str text = condition->value.len ? condition->value : condition->what;
        size_t bars = 0;
        for (size_t c = 0; c < text.len; c++)
            bars += text.ptr[c] == '|';
        if (text.len && bars == text.len && alternatives)
            sp_load_problem(load, SP_MSG_FILTER_CONDITION, sp_load_place_of(load, filter),
                            "authFilter[%.*s]: \"%.*s\" holds nothing to compare with",
                            SP_STR_ARG(filter->id), SP_STR_ARG(text));
    }
}

static void check_filters(struct sp_load *load)
{
    for (size_t i = 0; i < load->config->auth_filter_count; i++) {
        const struct sp_cfg_auth_filter *filter = &load->config->auth_filters[i];
        const struct sp_cfg_conditions *const all[] = {
            &filter->web_app,    &filter->request_url, &filter->remote_address, &filter->host,
            &filter->user_agent, &filter->cookie,      &filter->request_header,
        };
        size_t count = 0;
        for (size_t c = 0; c < sizeof all / sizeof all[0]; c++)
            check_texts(load, filter, all[c], &count);
        for (size_t c = 0; c < filter->remote_address.count; c++)
            check_addresses(load, filter, &filter->remote_address.items[c]);
        if (count == 0)
            sp_load_problem(load, SP_MSG_FILTER_EMPTY, sp_load_place_of(load, filter),
                            "authFilter[%.*s] has no condition, so it accepts no request",
                            SP_STR_ARG(filter->id));
    }
}

enum sp_status sp_load_finish(struct sp_load *load)
{
    enum sp_status status = finish_key_stores(load);
    if (status != SP_OK)
        return status;
    finish_ssl(load);
    finish_endpoints(load);
    finish_roles(load);
    finish_registries(load);
    finish_cics(load);
    status = finish_saml(load);
    if (status != SP_OK)
        return status;
    check_filters(load);
    check_features(load);
    status = sp_load_services(load);
    return status == SP_OK ? finish_policies(load) : status;
}
