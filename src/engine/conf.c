/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/conf.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/hash.h"
#include "engine/ciphers.h"
#include "engine/message.h"
#include "engine/peer.h"
#include "io/port.h"

#define MS(us) (((us) + 999) / 1000)
#define SECONDS(us) (((us) + 999999) / 1000000)
/* How much longer than the longest call a worker that was told to quit may take. */
#define QUIT_EXTRA_US 5000000
#define KEEP_ALIVE_UNLIMITED 2000000000

struct writing {
    const struct sp_config *config;
    const struct sp_engine_conf_options *options;
    struct sp_problems *problems;
    struct sp_buf *buf;
    struct sp_error *err;
};

/* ---- words ---- */

/* A word in quotes. nginx undoes the escapes of its quoted strings; a variable ("$name") means nothing in the
 * directives this is used for. */
static enum sp_status put_quoted(struct writing *to, const char *what, struct sp_str value)
{
    if (value.len > SP_ENGINE_VALUE_MAX)
        return sp_error_set(to->err, SP_ELIMIT, SP_MSG_CONF_VALUE, "%s is longer than %d bytes", what,
                            SP_ENGINE_VALUE_MAX);
    sp_buf_append_byte(to->buf, '"');
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if (c < 0x20 || c == 0x7f)
            return sp_error_set(to->err, SP_EINVAL, SP_MSG_CONF_VALUE, "%s holds a control character", what);
        if (c == '"' || c == '\\')
            sp_buf_append_byte(to->buf, '\\');
        sp_buf_append_byte(to->buf, c);
    }
    sp_buf_append_byte(to->buf, '"');
    return SP_OK;
}

/* `directive "<dir>/<name>";` */
static enum sp_status put_path(struct writing *to, const char *directive, const char *dir, const char *name,
                               const char *more)
{
    char path[SP_ENGINE_VALUE_MAX + 256];
    int len = snprintf(path, sizeof path, "%s/%s", dir, name);
    if (len < 0 || (size_t)len >= sizeof path)
        return sp_error_set(to->err, SP_ELIMIT, SP_MSG_CONF_VALUE, "the path of %s is too long", name);
    sp_buf_printf(to->buf, "%s ", directive);
    enum sp_status status = put_quoted(to, directive, sp_str_from(path, (size_t)len));
    sp_buf_printf(to->buf, "%s;\n", more);
    return status;
}

/* ---- the parts outside of servers ---- */

/* nginx keeps the environment from its workers; Kerberos reads where it is configured from there. */
static void put_kerberos(struct writing *to)
{
    const struct sp_config *config = to->config;
    bool wanted = false;
    for (size_t i = 0; i < config->ldap_registry_count; i++)
        wanted |= sp_str_caseless_eq(config->ldap_registries[i].bind_mechanism, SP_STR("GSSAPI"));
    if (wanted)
        sp_buf_append_str(to->buf, SP_STR("env KRB5_CONFIG;\nenv KRB5CCNAME;\nenv KRB5_CLIENT_KTNAME;\n"));
}

static enum sp_status put_process(struct writing *to)
{
    const struct sp_engine_conf_options *options = to->options;
    sp_buf_printf(to->buf,
                  "# Made by 'sallyport server' from server.xml; changes here are lost.\nload_module ");
    enum sp_status status = put_quoted(to, "the path of the module", sp_str_of(options->module_path));
    sp_buf_printf(to->buf,
                  ";\ndaemon off;\nmaster_process on;\nworker_processes %u;\nworker_shutdown_timeout %" PRId64
                  "ms;\n",
                  options->workers, MS(to->config->manager.async_request_timeout_us + QUIT_EXTRA_US));
    put_kerberos(to);
    if (status == SP_OK && options->user) {
        sp_buf_printf(to->buf, "user ");
        status = put_quoted(to, "the user", sp_str_of(options->user));
        sp_buf_printf(to->buf, " ");
        if (status == SP_OK)
            status = put_quoted(to, "the group", sp_str_of(options->group));
        sp_buf_printf(to->buf, ";\n");
    }
    if (status == SP_OK)
        status = put_path(to, "pid", options->run_dir, "nginx.pid", "");
    if (status == SP_OK)
        status = put_path(to, "error_log", options->log_dir, "messages.log", " notice");
    if (options->log_to_stderr)
        sp_buf_printf(to->buf, "error_log stderr notice;\n");
    sp_buf_printf(to->buf, "events {\n    worker_connections %u;\n}\n", options->connections);
    return status;
}

static enum sp_status put_temporary(struct writing *to)
{
    static const char *const kinds[] = {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"};
    enum sp_status status = SP_OK;
    for (size_t i = 0; status == SP_OK && i < sizeof kinds / sizeof kinds[0]; i++) {
        char directive[40];
        snprintf(directive, sizeof directive, "%s_temp_path", kinds[i]);
        status = put_path(to, directive, to->options->run_dir, kinds[i], "");
    }
    return status;
}

static enum sp_status put_module(struct writing *to)
{
    char print[SP_ENGINE_PRINT_LEN + 1];
    enum sp_status status = sp_engine_conf_fingerprint(to->config, print, to->err);
    if (status != SP_OK)
        return status;
    sp_buf_printf(to->buf, "sallyport_server ");
    status = put_quoted(to, "the configuration directory", to->config->config_dir);
    sp_buf_printf(to->buf, " ");
    if (status == SP_OK)
        status = put_quoted(to, "the output directory", to->config->output_dir);
    sp_buf_printf(to->buf, " ");
    if (status == SP_OK)
        status = put_quoted(to, "the run directory", sp_str_of(to->options->run_dir));
    sp_buf_printf(to->buf, " %s", print);
    for (size_t i = 0; status == SP_OK && i < to->options->variable_count; i++) {
        char word[SP_ENGINE_VALUE_MAX + 2];
        const struct sp_cfg_property *variable = &to->options->variables[i];
        int len =
            snprintf(word, sizeof word, "%.*s=%.*s", SP_STR_ARG(variable->name), SP_STR_ARG(variable->value));
        sp_buf_printf(to->buf, " ");
        status = put_quoted(to, "a --name=value argument", sp_str_from(word, len > 0 ? (size_t)len : 0));
    }
    sp_buf_printf(to->buf, ";\n");
    return status;
}

/* What nginx answers itself reads like the gateway's own errors. The texts are constants: in `return` a
 * dollar sign would be a variable. */
static const struct {
    const char *from;
    unsigned status;
    const char *text;
} own_errors[] = {
    {"400", 400, "The request is not well-formed HTTP."},
    {"404", 404, "There is nothing at this address."},
    {"405", 405, "The method is not allowed."},
    {"413", 413, "The request body is larger than the server accepts."},
    {"414", 414, "The request target is longer than the server accepts."},
    {"429", 429, "This client has as many bytes of request bodies in work as it may have."},
    {"494", 431, "The request header has more or longer fields than the server accepts."},
    {"497", 400, "A plain HTTP request was sent to an HTTPS port."},
    {"500", 500, "The server met an internal error."},
    {"501", 501, "The server does not support this transfer coding."},
    {"503", 503, "The server is not ready."},
    {"505", 505, "The HTTP version is not supported."},
};
#define OWN_ERRORS (sizeof own_errors / sizeof own_errors[0])

/* Of TLS, to the gateway: it answers, and tells the audit. */
#define REFUSED "/.sallyport/refused"

static void put_own_errors(struct sp_buf *buf)
{
    sp_buf_printf(buf, "error_page 495 496 =400 " REFUSED ";\n");
    for (size_t i = 0; i < OWN_ERRORS; i++)
        sp_buf_printf(buf, "error_page %s =%u /.sallyport/%s;\n", own_errors[i].from, own_errors[i].status,
                      own_errors[i].from);
}

static void put_own_error_locations(struct sp_buf *buf)
{
    for (size_t i = 0; i < OWN_ERRORS; i++)
        sp_buf_printf(
            buf,
            "    location = /.sallyport/%s {\n        internal;\n        default_type application/json;\n"
            "        return %u '{\"errorMessage\":\"%s\"}';\n    }\n",
            own_errors[i].from, own_errors[i].status, own_errors[i].text);
}

/* ---- one endpoint ---- */

static enum sp_status bad_option(struct writing *to, const struct sp_cfg_http_options *options,
                                 const char *attribute, const char *rule)
{
    return sp_error_set(to->err, SP_EINVAL, SP_MSG_HTTP_OPTION, "httpOptions[%.*s]: %s %s",
                        SP_STR_ARG(options->id), attribute, rule);
}

static enum sp_status check_options(struct writing *to, const struct sp_cfg_http_options *options)
{
    /* nginx takes a time of 0 for "at once" here, and a size of 0 for "no limit". */
    if (options->read_timeout_us <= 0)
        return bad_option(to, options, "readTimeout", "must be longer than 0");
    if (options->write_timeout_us <= 0)
        return bad_option(to, options, "writeTimeout", "must be longer than 0");
    if (options->message_size_limit == 0)
        return bad_option(to, options, "MessageSizeLimit", "must be -1 or greater than 0");
    if (options->message_size_limit > SP_ENGINE_BODY_MAX)
        return bad_option(to, options, "MessageSizeLimit", "must be at most 1073741824 (1 GiB)");
    if (options->limit_field_size < 50 || options->limit_field_size > 1048576)
        return bad_option(to, options, "limitFieldSize", "must be between 50 and 1048576");
    return SP_OK;
}

static enum sp_status put_options(struct writing *to, const struct sp_cfg_http_options *options)
{
    enum sp_status status = check_options(to, options);
    if (status != SP_OK)
        return status;
    int64_t body = options->message_size_limit < 0 ? SP_ENGINE_BODY_DEFAULT : options->message_size_limit;
    int64_t requests =
        options->max_keep_alive_requests < 0 ? KEEP_ALIVE_UNLIMITED : options->max_keep_alive_requests;
    sp_buf_printf(to->buf, "    keepalive_timeout %" PRId64 "ms;\n    keepalive_requests %" PRId64 ";\n",
                  options->keep_alive_enabled ? MS(options->persist_timeout_us) : 0, requests);
    sp_buf_printf(to->buf,
                  "    client_header_timeout %" PRId64 "ms;\n    client_body_timeout %" PRId64
                  "ms;\n    sallyport_body_patience %" PRId64 "ms;\n    send_timeout %" PRId64 "ms;\n",
                  MS(options->read_timeout_us), MS(options->read_timeout_us), MS(options->read_timeout_us),
                  MS(options->write_timeout_us));
    /* A body that is taken whole is in memory whole: the buffer is as large as the limit. */
    sp_buf_printf(to->buf,
                  "    client_max_body_size %" PRId64 ";\n    client_body_buffer_size %" PRId64 ";\n", body,
                  body);
    /* A line of the header, with its name or method beside the value, must fit into one buffer. */
    sp_buf_printf(to->buf,
                  "    large_client_header_buffers 8 %" PRId64 ";\n    sallyport_max_headers %" PRId64
                  ";\n    sallyport_max_field %" PRId64 ";\n",
                  2 * options->limit_field_size + 1024, options->limit_num_headers,
                  options->limit_field_size);
    sp_buf_printf(to->buf, "    sallyport_server_header %s;\n    sallyport_client_bodies %" PRId64 ";\n",
                  options->remove_server_header ? "off" : "on", to->config->requests.client_bodies);
    return SP_OK;
}

static enum sp_status check_host(struct writing *to, const struct sp_cfg_http_endpoint *endpoint)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%";
    struct sp_str host = endpoint->host;
    for (size_t i = 0; i < host.len; i++)
        if (!host.ptr[i] || !strchr(allowed, host.ptr[i]))
            host.len = 0;
    if (host.len > 0 && host.len <= 255)
        return SP_OK;
    return sp_error_set(to->err, SP_EINVAL, SP_MSG_LISTENER,
                        "httpEndpoint[%.*s]: host \"%.*s\" is not a host name, an address or *",
                        SP_STR_ARG(endpoint->id), SP_STR_ARG(endpoint->host));
}

/* What the module takes from server.xml itself changes nginx.conf too, so that a change is noticed. */
static uint64_t digest_of(const struct sp_str *texts, size_t count)
{
    static const unsigned char key[16];
    uint64_t digest = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t of_one = texts[i].ptr ? sp_siphash(key, 2, 4, texts[i].ptr, texts[i].len) : 1;
        const uint64_t both[2] = {digest, of_one};
        digest = sp_siphash(key, 2, 4, both, sizeof both);
    }
    return digest;
}

static uint64_t digest_of_list(const struct sp_str_list *list)
{
    return digest_of(list->items, list->count) + list->count;
}

static enum sp_status put_peer(struct writing *to, const struct sp_cfg_http_endpoint *endpoint, size_t index)
{
    if (!sp_peer_is_wanted(to->config, (unsigned)index))
        return SP_OK;
    enum sp_status status = sp_peer_check(to->config, (unsigned)index, to->err);
    const struct sp_cfg_remote_ip *remote = endpoint->remote_ip;
    const struct sp_cfg_dispatcher *dispatcher = &to->config->dispatcher;
    for (size_t i = 0; i < dispatcher->sensitive_origins.count; i++)
        if (sp_str_is(dispatcher->sensitive_origins.items[i], "*"))
            sp_problem_add(
                to->problems, SP_PROBLEM_WARNING, SP_MSG_PEER_ALL, (struct sp_str){NULL, 0}, 0, 0,
                "httpEndpoint[%.*s]: with trustedSensitiveHeaderOrigin=\"*\" every caller may send any "
                "certificate of an authority you trust, without its key; name your proxies",
                SP_STR_ARG(endpoint->id));
    uint64_t digest = remote ? digest_of(&remote->proxies, 1) + remote->header : 0;
    digest ^= digest_of_list(&dispatcher->origins) ^ (digest_of_list(&dispatcher->sensitive_origins) << 1);
    sp_buf_printf(to->buf, "    sallyport_peer %zu %016" PRIx64 ";\n", index, digest);
    return status;
}

static enum sp_status put_listen(struct writing *to, const struct sp_cfg_http_endpoint *endpoint,
                                 int64_t port, const char *how)
{
    struct sp_buf *buf = to->buf;
    struct sp_str host = endpoint->host;
    if (sp_str_is(host, "*")) {
        sp_buf_printf(buf, "    listen *:%" PRId64 "%s;\n", port, how);
        if (to->options->ipv6)
            sp_buf_printf(buf, "    listen [::]:%" PRId64 "%s ipv6only=on;\n", port, how);
        return SP_OK;
    }
    enum sp_status status = check_host(to, endpoint);
    if (status != SP_OK)
        return status;
    /* nginx would fail on ::1, which "localhost" is too, where the machine has no IPv6. */
    if (sp_str_caseless_eq(host, SP_STR("localhost"))) {
        sp_buf_printf(buf, "    listen 127.0.0.1:%" PRId64 "%s;\n", port, how);
        if (to->options->ipv6)
            sp_buf_printf(buf, "    listen [::1]:%" PRId64 "%s;\n", port, how);
        return SP_OK;
    }
    bool is_ipv6 = sp_str_find(host, ':') < host.len;
    sp_buf_printf(buf, is_ipv6 ? "    listen [%.*s]:%" PRId64 "%s;\n" : "    listen %.*s:%" PRId64 "%s;\n",
                  SP_STR_ARG(host), port, how);
    return SP_OK;
}

static uint64_t digest_of_store(const struct sp_cfg_key_store *store)
{
    const struct sp_str texts[] = {store ? store->id : SP_STR(""), store ? store->location : SP_STR(""),
                                   store ? store->type : SP_STR("")};
    return digest_of(texts, 3);
}

static uint64_t digest_of_ssl(const struct sp_cfg_ssl *ssl)
{
    const struct sp_str texts[] = {ssl->id, ssl->crl, ssl->server_key_alias};
    uint64_t digest = digest_of(texts, 3);
    digest ^= digest_of_store(ssl->key_store) ^ (digest_of_store(ssl->trust_store) << 1);
    return digest + 2 * ssl->client_authentication + ssl->client_authentication_supported;
}

static enum sp_status put_tls(struct writing *to, const struct sp_cfg_http_endpoint *endpoint, size_t index)
{
    const struct sp_cfg_ssl *ssl = endpoint->ssl_options->ssl;
    struct sp_ciphers ciphers;
    enum sp_status status = sp_ciphers_choose(ssl, &ciphers, to->err);
    if (status != SP_OK)
        return status;
    /* The module puts certificate and key into the context and then allows handshakes. */
    sp_buf_printf(to->buf, "    ssl_reject_handshake on;\n    sallyport_tls %zu %016" PRIx64 ";\n", index,
                  digest_of_ssl(ssl));
    sp_buf_printf(to->buf, "    ssl_protocols%s%s;\n", ciphers.offers12 ? " TLSv1.2" : "",
                  ciphers.offers13 ? " TLSv1.3" : "");
    if (ciphers.tls12.len)
        sp_buf_printf(to->buf, "    ssl_ciphers %.*s;\n", SP_STR_ARG(sp_buf_str(&ciphers.tls12)));
    if (ciphers.tls13.len)
        sp_buf_printf(to->buf, "    ssl_conf_command Ciphersuites %.*s;\n",
                      SP_STR_ARG(sp_buf_str(&ciphers.tls13)));
    sp_buf_printf(to->buf, "    ssl_prefer_server_ciphers %s;\n    ssl_session_timeout %" PRId64 "s;\n",
                  ssl->enforce_cipher_order ? "on" : "off",
                  SECONDS(endpoint->ssl_options->ssl_session_timeout_us));
    /* Who is asked about a certificate depends on its issuer, which only a whole handshake shows. */
    if (ssl->ocsp != SP_CFG_OCSP_OFF)
        sp_buf_printf(to->buf, "    ssl_session_cache off;\n    ssl_session_tickets off;\n"
                               "    sallyport_client_issuer on;\n");
    else
        sp_buf_printf(to->buf, "    ssl_session_cache shared:sallyport_tls_%zu:1m;\n", index);
    if (ssl->ocsp_stapling)
        sp_buf_printf(to->buf, "    sallyport_stapling on;\n");
    sp_ciphers_finish(&ciphers);
    return SP_OK;
}

static enum sp_status put_server(struct writing *to, size_t index, bool tls)
{
    const struct sp_cfg_http_endpoint *endpoint = &to->config->endpoints[index];
    char how[32];
    snprintf(how, sizeof how, "%s%s", tls ? " ssl" : "", endpoint->proxy_protocol ? " proxy_protocol" : "");
    sp_buf_printf(to->buf, "server {\n");
    enum sp_status status = put_listen(to, endpoint, tls ? endpoint->https_port : endpoint->http_port, how);
    if (status == SP_OK)
        status = put_options(to, endpoint->http_options);
    if (status == SP_OK)
        status = put_peer(to, endpoint, index);
    if (status == SP_OK && tls)
        status = put_tls(to, endpoint, index);
    int64_t https_port = endpoint->https_port > 0 ? endpoint->https_port : 0;
    sp_buf_printf(to->buf, "    location / {\n        sallyport_endpoint %zu %" PRId64 ";\n    }\n", index,
                  https_port);
    if (tls)
        sp_buf_printf(to->buf,
                      "    location = " REFUSED " {\n        internal;\n        sallyport_refused on;\n"
                      "        sallyport_endpoint %zu %" PRId64 ";\n    }\n",
                      index, https_port);
    put_own_error_locations(to->buf);
    sp_buf_printf(to->buf, "}\n");
    return status;
}

/* Health and metrics; the gateway knows this endpoint by its number. */
static enum sp_status put_monitoring(struct writing *to)
{
    const struct sp_cfg_monitoring *monitoring = &to->config->monitoring;
    const struct sp_cfg_http_endpoint endpoint = {.id = SP_STR_INIT("sallyport_monitoring"),
                                                  .host = monitoring->host};
    sp_buf_printf(to->buf, "server {\n");
    enum sp_status status = put_listen(to, &endpoint, monitoring->port, "");
    sp_buf_printf(to->buf,
                  "    client_max_body_size 1k;\n    location / {\n        sallyport_endpoint %u 0;\n    }\n",
                  SP_ENDPOINT_MONITORING);
    put_own_error_locations(to->buf);
    sp_buf_printf(to->buf, "}\n");
    return status;
}

static enum sp_status put_servers(struct writing *to)
{
    enum sp_status status = SP_OK;
    for (size_t i = 0; status == SP_OK && i < to->config->endpoint_count; i++) {
        const struct sp_cfg_http_endpoint *endpoint = &to->config->endpoints[i];
        if (endpoint->enabled && endpoint->http_port > 0)
            status = put_server(to, i, false);
        if (status == SP_OK && endpoint->enabled && endpoint->https_port > 0)
            status = put_server(to, i, true);
    }
    if (status == SP_OK && to->config->monitoring.port > 0)
        status = put_monitoring(to);
    return status;
}

/* ---- the whole ---- */

static enum sp_status buffer_status(const struct sp_buf *buf, struct sp_error *err)
{
    return buf->failed ? sp_error_set(err, SP_ELIMIT, SP_MSG_CONF_VALUE, "nginx.conf would be too large")
                       : SP_OK;
}

enum sp_status sp_engine_conf_write(const struct sp_config *config,
                                    const struct sp_engine_conf_options *options,
                                    struct sp_problems *problems, struct sp_buf *buf, struct sp_error *err)
{
    struct writing to = {config, options, problems, buf, err};
    enum sp_status status = put_process(&to);
    if (status != SP_OK)
        return status;
    sp_buf_printf(buf, "http {\naccess_log off;\nserver_tokens off;\ndefault_type application/json;\n");
    status = put_temporary(&to);
    if (status != SP_OK)
        return status;
    /* The module refuses what nginx would drop in silence. */
    sp_buf_printf(buf,
                  "ignore_invalid_headers off;\nunderscores_in_headers on;\nmerge_slashes off;\n"
                  "client_body_in_single_buffer on;\nclient_header_buffer_size 4k;\nkeepalive_time 365d;\n"
                  "reset_timedout_connection on;\n");
    put_own_errors(buf);
    status = put_module(&to);
    if (status == SP_OK)
        status = put_servers(&to);
    sp_buf_printf(buf, "}\n");
    return status == SP_OK ? buffer_status(buf, err) : status;
}

enum sp_status sp_engine_conf_fingerprint(const struct sp_config *config,
                                          char ret_print[SP_ENGINE_PRINT_LEN + 1], struct sp_error *err)
{
    static const unsigned char key[16];
    static const struct sp_engine_conf_options none = {.ipv6 = true};
    struct sp_problems problems;
    struct sp_buf buf;
    sp_problems_init(&problems);
    sp_buf_init(&buf, SP_ENGINE_CONF_MAX);
    struct writing to = {config, &none, &problems, &buf, err};
    enum sp_status status = put_servers(&to);
    if (status == SP_OK)
        status = buffer_status(&buf, err);
    if (status == SP_OK)
        snprintf(ret_print, SP_ENGINE_PRINT_LEN + 1, "%016" PRIx64, sp_siphash(key, 1, 3, buf.ptr, buf.len));
    sp_buf_finish(&buf);
    sp_problems_finish(&problems);
    return status;
}
