/* SPDX-License-Identifier: Apache-2.0 */
#include "io/http_client.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/secret.h"
#include "io/fiber.h"
#include "io/http_socket.h"
#include "io/resolve.h"
#include "text/base64.h"

#define IDLE_TRANSFERS 32u
#define DEFAULT_RESPONSE_BYTES ((size_t)1 << 20)
#define CREDENTIAL_BYTES_MAX 4096u

/* One fetch; kept for the next one with its curl handle and its buffers. */
struct transfer {
    struct sp_http_client *client;
    CURL *easy;
    struct sp_fiber *fiber;
    bool done, too_large;
    CURLcode result;
    struct sp_buf head, body; /* header lines as received, of the latest response; its body */
    unsigned header_count;
    struct transfer *next, *prev;
    char problem[CURL_ERROR_SIZE];
};

struct sp_http_client {
    struct sp_loop *loop;
    CURLM *multi;
    struct sp_http_sockets sockets;
    SSL_CTX *ssl_ctx;
    char *proxy_host; /* NULL: no proxy */
    unsigned proxy_port;
    char *proxy_url, *proxy_user, *proxy_password, *no_proxy;
    struct sp_http_client_options options;
    struct transfer *running, *idle;
    unsigned idle_count;
    bool closed;
    struct sp_http_client_counts counts;
};

/* ---- transfers ---- */

static void transfer_free(struct transfer *transfer)
{
    if (!transfer)
        return;
    curl_easy_cleanup(transfer->easy);
    sp_buf_wipe(&transfer->head);
    sp_buf_wipe(&transfer->body);
    free(transfer);
}

static struct transfer *transfer_take(struct sp_http_client *client)
{
    struct transfer *transfer = client->idle;
    if (transfer) {
        client->idle = transfer->next;
        client->idle_count--;
    } else {
        transfer = calloc(1, sizeof *transfer);
        if (!transfer)
            return NULL;
        transfer->client = client;
        transfer->easy = curl_easy_init();
        if (!transfer->easy) {
            free(transfer);
            return NULL;
        }
    }
    transfer->next = client->running;
    transfer->prev = NULL;
    if (client->running)
        client->running->prev = transfer;
    client->running = transfer;
    client->counts.running++;
    return transfer;
}

/* What a response held may be a secret, such as a token. */
static void forget(struct transfer *transfer)
{
    sp_secret_wipe(transfer->head.ptr, transfer->head.len);
    sp_secret_wipe(transfer->body.ptr, transfer->body.len);
    sp_buf_reset(&transfer->head);
    sp_buf_reset(&transfer->body);
    if (transfer->body.cap > DEFAULT_RESPONSE_BYTES)
        sp_buf_finish(&transfer->body);
    transfer->done = transfer->too_large = false;
    transfer->header_count = 0;
    transfer->problem[0] = '\0';
    curl_easy_reset(transfer->easy);
}

static void client_finish(struct sp_http_client *client);

static void transfer_give_back(struct transfer *transfer)
{
    struct sp_http_client *client = transfer->client;
    if (transfer->prev)
        transfer->prev->next = transfer->next;
    else
        client->running = transfer->next;
    if (transfer->next)
        transfer->next->prev = transfer->prev;
    client->counts.running--;
    if (client->idle_count < IDLE_TRANSFERS && !client->closed) {
        forget(transfer);
        transfer->next = client->idle;
        client->idle = transfer;
        client->idle_count++;
    } else {
        transfer_free(transfer);
    }
    if (client->closed && !client->running)
        client_finish(client);
}

/* ---- what curl calls ---- */

static size_t on_header(char *bytes, size_t size, size_t count, void *arg)
{
    struct transfer *transfer = arg;
    struct sp_str line = sp_str_from(bytes, size * count);
    /* A final response may come after informational ones; trailers come after the body. */
    if (sp_str_starts(line, SP_STR("HTTP/"))) {
        sp_buf_reset(&transfer->head);
        transfer->header_count = 0;
        return line.len;
    }
    if (transfer->body.len || !sp_str_trim(line).len)
        return line.len;
    transfer->too_large =
        ++transfer->header_count > SP_FETCH_HEADERS_MAX || sp_buf_append_str(&transfer->head, line) != SP_OK;
    return transfer->too_large ? 0 : line.len;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct transfer *transfer = arg;
    transfer->too_large = sp_buf_append(&transfer->body, bytes, size * count) != SP_OK;
    return transfer->too_large ? 0 : size * count;
}

/* The names of one version's ciphers, by colons. */
static bool cipher_names(SSL_CTX *from, bool tls13, struct sp_buf *names)
{
    STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(from);
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, i);
        if ((strcmp(SSL_CIPHER_get_version(cipher), "TLSv1.3") == 0) == tls13)
            sp_buf_printf(names, "%s%s", names->len ? ":" : "", SSL_CIPHER_get_name(cipher));
    }
    return !names->failed && sp_buf_append_byte(names, 0) == SP_OK;
}

static bool copy_ciphers(SSL_CTX *from, SSL_CTX *to)
{
    bool copied = true;
    for (int tls13 = 0; tls13 < 2 && copied; tls13++) {
        struct sp_buf names;
        sp_buf_init(&names, 16384);
        copied = cipher_names(from, tls13, &names) &&
                 (names.len == 1 || (tls13 ? SSL_CTX_set_ciphersuites(to, (const char *)names.ptr)
                                           : SSL_CTX_set_cipher_list(to, (const char *)names.ptr)) == 1);
        sp_buf_finish(&names);
    }
    return copied;
}

/* curl makes a context for each connection; it gets all that the client's has. */
static CURLcode on_ssl_ctx(CURL *easy, void *context, void *arg)
{
    const struct sp_http_client *client = arg;
    SSL_CTX *from = client->ssl_ctx, *to = context;
    STACK_OF(X509) *chain = NULL;
    X509 *certificate = SSL_CTX_get0_certificate(from);
    EVP_PKEY *key = SSL_CTX_get0_privatekey(from);
    SSL_CTX_set1_cert_store(to, SSL_CTX_get_cert_store(from));
    bool copied = SSL_CTX_set_min_proto_version(to, (int)SSL_CTX_get_min_proto_version(from)) == 1 &&
                  SSL_CTX_set_max_proto_version(to, (int)SSL_CTX_get_max_proto_version(from)) == 1 &&
                  copy_ciphers(from, to);
    if (copied && certificate && key)
        copied = SSL_CTX_use_certificate(to, certificate) == 1 && SSL_CTX_use_PrivateKey(to, key) == 1 &&
                 SSL_CTX_get0_chain_certs(from, &chain) == 1 && SSL_CTX_set1_chain(to, chain) == 1;
    return copied ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

/* Something may have ended: tell the fibers. */
static void on_progress(void *arg)
{
    struct sp_http_client *client = arg;
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(client->multi, &left))) {
        struct transfer *transfer = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        transfer->result = message->data.result;
        transfer->done = true;
        sp_fiber_wake(transfer->fiber);
    }
}

/* ---- the client ---- */

static void client_finish(struct sp_http_client *client)
{
    while (client->idle) {
        struct transfer *transfer = client->idle;
        client->idle = transfer->next;
        transfer_free(transfer);
    }
    if (client->multi)
        curl_multi_cleanup(client->multi);
    ERR_clear_error();
    sp_http_sockets_finish(&client->sockets);
    SSL_CTX_free(client->ssl_ctx);
    if (client->proxy_password)
        sp_secret_wipe(client->proxy_password, strlen(client->proxy_password));
    free(client->proxy_password);
    free(client->proxy_user);
    free(client->proxy_url);
    free(client->no_proxy);
    curl_free(client->proxy_host);
    free(client);
}

static char *copied(struct sp_str text)
{
    return strndup(text.ptr ? text.ptr : "", text.len);
}

/* Host and port of a URL; only http and https, and nobody's name in it. */
static enum sp_status read_url(const char *url, bool *ret_https, char **ret_host, unsigned *ret_port,
                               struct sp_error *err)
{
    char *scheme = NULL, *host = NULL, *port = NULL, *user = NULL;
    CURLU *parts = curl_url();
    if (!parts)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to read a URL");
    CURLUcode wrong = curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
    if (!wrong)
        wrong = curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0);
    if (!wrong)
        wrong = curl_url_get(parts, CURLUPART_HOST, &host, 0);
    if (!wrong)
        wrong = curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
    bool named = !wrong && curl_url_get(parts, CURLUPART_USER, &user, 0) != CURLUE_NO_USER;
    enum sp_status status = SP_OK;
    if (wrong)
        status = sp_error_set(err, SP_EINVAL, NULL, "the URL cannot be used: %s", curl_url_strerror(wrong));
    else if (named)
        status = sp_error_set(err, SP_EINVAL, NULL, "the URL has a user in it: give user and password apart");
    else if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
        status =
            sp_error_set(err, SP_EINVAL, NULL, "the URL is of scheme '%.20s', not http or https", scheme);
    if (status == SP_OK) {
        *ret_https = strcmp(scheme, "https") == 0;
        *ret_port = (unsigned)strtoul(port, NULL, 10);
        *ret_host = host;
        host = NULL;
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_free(user);
    curl_url_cleanup(parts);
    return status;
}

static enum sp_status take_proxy(struct sp_http_client *client, const struct sp_http_client_options *options,
                                 struct sp_error *err)
{
    bool https;
    client->no_proxy = copied(options->no_proxy);
    client->proxy_url = copied(options->proxy_url);
    if (options->proxy_user.ptr) {
        client->proxy_user = copied(options->proxy_user);
        client->proxy_password = copied(options->proxy_password);
    }
    if (!client->no_proxy || !client->proxy_url ||
        (options->proxy_user.ptr && (!client->proxy_user || !client->proxy_password)))
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for an HTTP client");
    if (!options->proxy_url.len)
        return SP_OK;
    enum sp_status status =
        read_url(client->proxy_url, &https, &client->proxy_host, &client->proxy_port, err);
    if (status == SP_OK && https)
        status = sp_error_set(err, SP_EUNSUPPORTED, NULL, "a proxy is spoken to over http, not https");
    if (status != SP_OK)
        sp_error_prefix(err, "proxy");
    return status;
}

static enum sp_status start_curl(struct sp_http_client *client, struct sp_error *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(client->multi = curl_multi_init()))
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for an HTTP client");
    const struct sp_http_client_options *options = &client->options;
    CURLM *multi = client->multi;
    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)options->max_connections);
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)options->max_connections_per_host);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)options->max_connections);
    sp_http_sockets_init(&client->sockets, client->loop, multi, on_progress, client);
    return SP_OK;
}

static void fill_defaults(struct sp_http_client_options *options)
{
    if (!options->max_connections)
        options->max_connections = 100;
    if (!options->max_connections_per_host)
        options->max_connections_per_host = 20;
    if (!options->max_fetches)
        options->max_fetches = 1000;
    if (!options->connect_timeout_us)
        options->connect_timeout_us = 30000000;
    if (!options->idle_timeout_us)
        options->idle_timeout_us = 60000000;
}

enum sp_status sp_http_client_new(struct sp_loop *loop, const struct sp_http_client_options *options,
                                  struct sp_http_client **ret_client, struct sp_error *err)
{
    struct sp_http_client *client = calloc(1, sizeof *client);
    if (!client)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for an HTTP client");
    client->loop = loop;
    client->options = *options;
    fill_defaults(&client->options);
    if (options->ssl_ctx) {
        client->ssl_ctx = options->ssl_ctx;
        SSL_CTX_up_ref(client->ssl_ctx);
    }
    enum sp_status status = start_curl(client, err);
    if (status == SP_OK)
        status = take_proxy(client, options, err);
    if (status != SP_OK) {
        client_finish(client);
        return status;
    }
    *ret_client = client;
    return SP_OK;
}

void sp_http_client_free(struct sp_http_client *client)
{
    if (!client)
        return;
    client->closed = true;
    for (struct transfer *transfer = client->running; transfer; transfer = transfer->next)
        sp_fiber_wake(transfer->fiber);
    if (!client->running)
        client_finish(client);
}

void sp_http_client_counts(const struct sp_http_client *client, struct sp_http_client_counts *ret_counts)
{
    *ret_counts = client->counts;
}

/* ---- the request ---- */

struct fetch {
    struct sp_http_client *client;
    const struct sp_fetch_request *request;
    struct sp_arena *arena;
    struct transfer *transfer;
    struct curl_slist *lines, *addresses;
    struct sp_str credentials; /* a secret */
    const char *url;
    struct sp_str shown_url; /* without query */
    struct sp_error *err;
};

static struct sp_str shown_method(const struct sp_fetch_request *request)
{
    return request->method.len ? request->method : SP_STR("GET");
}

static enum sp_status no_memory(struct fetch *fetch)
{
    return sp_error_set(fetch->err, SP_ENOMEM, NULL, "no memory for the request");
}

/* curl reads such a list and does not keep it: its memory may be the arena's. */
static bool list_add(struct fetch *fetch, struct curl_slist **list, struct sp_str line)
{
    struct curl_slist *node = sp_arena_calloc(fetch->arena, 1, sizeof *node);
    if (!node || !line.ptr)
        return false;
    node->data = (char *)(uintptr_t)line.ptr;
    while (*list)
        list = &(*list)->next;
    *list = node;
    return true;
}

static bool is_token(struct sp_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = sp_lower(text.ptr[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c))))
            return false;
    }
    return text.len > 0;
}

static bool is_field_value(struct sp_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (((unsigned char)text.ptr[i] < 0x20 && text.ptr[i] != '\t') || text.ptr[i] == 0x7f)
            return false;
    return true;
}

static enum sp_status add_credentials(struct fetch *fetch)
{
    const struct sp_fetch_request *request = fetch->request;
    struct sp_buf text;
    if (!request->user.ptr)
        return SP_OK;
    if (sp_str_find(request->user, ':') < request->user.len)
        return sp_error_set(fetch->err, SP_EINVAL, NULL, "a user name with a colon cannot be sent by Basic");
    if (request->user.len + request->password.len > CREDENTIAL_BYTES_MAX)
        return sp_error_set(fetch->err, SP_ELIMIT, NULL, "user and password have more than %u bytes",
                            CREDENTIAL_BYTES_MAX);
    unsigned char pair[CREDENTIAL_BYTES_MAX + 1];
    memcpy(pair, request->user.ptr, request->user.len);
    pair[request->user.len] = ':';
    if (request->password.len)
        memcpy(pair + request->user.len + 1, request->password.ptr, request->password.len);
    sp_buf_init(&text, 2 * CREDENTIAL_BYTES_MAX);
    sp_buf_append_str(&text, SP_STR("Authorization: Basic "));
    enum sp_status status =
        sp_base64_encode(SP_BASE64, sp_str_from(pair, request->user.len + 1 + request->password.len), &text);
    if (status == SP_OK)
        fetch->credentials = sp_arena_str(fetch->arena, sp_buf_str(&text));
    sp_secret_wipe(pair, sizeof pair);
    sp_buf_wipe(&text);
    return list_add(fetch, &fetch->lines, fetch->credentials) ? SP_OK : no_memory(fetch);
}

static enum sp_status add_headers(struct fetch *fetch)
{
    const struct sp_fetch_request *request = fetch->request;
    bool has_type = false;
    for (size_t i = 0; i < request->header_count; i++) {
        struct sp_http_header header = request->headers[i];
        if (!is_token(header.name) || !is_field_value(header.value))
            return sp_error_set(fetch->err, SP_EINVAL, NULL, "header %zu has a character that cannot be sent",
                                i + 1);
        /* With a semicolon curl sends a header without a value, with a colon it would leave it out. */
        const char *format = header.value.len ? "%.*s: %.*s" : "%.*s;%.*s";
        if (!list_add(
                fetch, &fetch->lines,
                sp_arena_printf(fetch->arena, format, SP_STR_ARG(header.name), SP_STR_ARG(header.value))))
            return no_memory(fetch);
        has_type = has_type || sp_str_caseless_eq(header.name, SP_STR("Content-Type"));
    }
    if (!list_add(fetch, &fetch->lines, SP_STR("Expect:")) ||
        (!has_type && !list_add(fetch, &fetch->lines, SP_STR("Content-Type:"))))
        return no_memory(fetch);
    return add_credentials(fetch);
}

/* The addresses are found by the loop's resolver: curl would wait for a slow one even after a cancel. */
static enum sp_status find_addresses(struct fetch *fetch, const char *url_host, unsigned port,
                                     int64_t deadline_us)
{
    const struct sp_http_client *client = fetch->client;
    const char *host = client->proxy_host ? client->proxy_host : url_host;
    struct sp_addresses addresses;
    if (client->proxy_host)
        port = client->proxy_port;
    if (host[0] == '[' || sp_address_is_number(host))
        return SP_OK;
    enum sp_status status = io_resolve(client->loop, host, port, deadline_us, &addresses, fetch->err);
    if (status != SP_OK)
        return status;
    char text[SP_ADDRESSES_MAX * SP_ADDRESS_TEXT_MAX];
    struct sp_buf line = sp_buf_over(text, sizeof text);
    for (unsigned i = 0; i < addresses.count; i++) {
        char address[SP_ADDRESS_TEXT_MAX];
        sp_address_text(&addresses.list[i], address);
        *strrchr(address, ':') = '\0'; /* the port */
        sp_buf_printf(&line, "%s%s", i ? "," : "", address);
    }
    if (line.failed)
        return sp_error_set(fetch->err, SP_ELIMIT, NULL, "the addresses of %s do not fit", host);
    struct sp_str entry = sp_arena_printf(fetch->arena, "+%s:%u:%.*s", host, port, (int)line.len, text);
    return list_add(fetch, &fetch->addresses, entry) ? SP_OK : no_memory(fetch);
}

static void set_method(const struct fetch *fetch)
{
    const struct sp_fetch_request *request = fetch->request;
    CURL *easy = fetch->transfer->easy;
    struct sp_str method = shown_method(request);
    if (request->body.ptr || sp_str_is(method, "POST")) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body.ptr ? request->body.ptr : "");
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
    }
    if (sp_str_is(method, "HEAD"))
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else if (!sp_str_is(method, request->body.ptr ? "POST" : "GET"))
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, sp_arena_cstr(fetch->arena, method));
}

static void set_connection(const struct fetch *fetch)
{
    const struct sp_http_client *client = fetch->client;
    CURL *easy = fetch->transfer->easy;
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(client->options.connect_timeout_us / 1000));
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)((client->options.idle_timeout_us + 999999) / 1000000));
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, fetch->request->fresh_connection ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                     client->options.http1_only ? (long)CURL_HTTP_VERSION_1_1 : (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_RESOLVE, fetch->addresses);
    curl_easy_setopt(easy, CURLOPT_PROXY, client->proxy_url);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, client->no_proxy);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (client->proxy_user) {
        curl_easy_setopt(easy, CURLOPT_PROXYAUTH, CURLAUTH_BASIC);
        curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, client->proxy_user);
        curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD, client->proxy_password);
    }
    curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, fetch->request->any_host_name ? 0L : 2L);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, client);
}

static int on_upload(void *arg, curl_off_t to_receive, curl_off_t received, curl_off_t to_send,
                     curl_off_t sent)
{
    const struct sp_fetch_request *request = arg;
    if (to_send > 0)
        request->progress(request->progress_arg, (size_t)sent, (size_t)to_send);
    return 0;
}

static void set_up(const struct fetch *fetch)
{
    struct transfer *transfer = fetch->transfer;
    CURL *easy = transfer->easy;
    size_t ceiling = fetch->request->max_response_bytes;
    transfer->head.ceiling = SP_FETCH_HEAD_BYTES_MAX;
    transfer->body.ceiling = ceiling ? ceiling : DEFAULT_RESPONSE_BYTES;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->problem);
    curl_easy_setopt(easy, CURLOPT_URL, fetch->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "sallyport");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fetch->lines);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, fetch->request->progress ? 0L : 1L);
    if (fetch->request->progress) {
        curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_upload);
        curl_easy_setopt(easy, CURLOPT_XFERINFODATA, fetch->request);
    }
    set_method(fetch);
    set_connection(fetch);
}

/* ---- the response ---- */

static enum sp_status status_of(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
        return SP_EUNAVAIL;
    case CURLE_OPERATION_TIMEDOUT:
        return SP_ETIMEDOUT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
        return SP_EDENIED;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return SP_ECLOSED;
    case CURLE_WRITE_ERROR:
        return SP_ELIMIT;
    case CURLE_OUT_OF_MEMORY:
        return SP_ENOMEM;
    case CURLE_URL_MALFORMAT:
        return SP_EINVAL;
    default:
        return SP_EPROTO;
    }
}

static enum sp_status failed(const struct fetch *fetch)
{
    const struct transfer *transfer = fetch->transfer;
    if (transfer->too_large && transfer->header_count > SP_FETCH_HEADERS_MAX)
        return sp_error_set(fetch->err, SP_ELIMIT, NULL, "the response has more than %u headers",
                            SP_FETCH_HEADERS_MAX);
    if (transfer->too_large)
        return sp_error_set(fetch->err, SP_ELIMIT, NULL, "the response's %s is longer than %zu bytes",
                            transfer->head.failed ? "header" : "body",
                            transfer->head.failed ? transfer->head.ceiling : transfer->body.ceiling);
    return sp_error_set(fetch->err, status_of(transfer->result), NULL, "%s",
                        transfer->problem[0] ? transfer->problem : curl_easy_strerror(transfer->result));
}

static enum sp_status take_headers(const struct fetch *fetch, struct sp_fetch_response *response)
{
    const struct transfer *transfer = fetch->transfer;
    struct sp_http_header *headers =
        sp_arena_calloc(fetch->arena, transfer->header_count + 1, sizeof *headers);
    struct sp_str rest = sp_arena_str(fetch->arena, sp_buf_str(&transfer->head)), line;
    if (!headers || (transfer->head.len && !rest.ptr))
        return SP_ENOMEM;
    response->headers = headers;
    while (rest.len && sp_str_split(&rest, '\n', &line)) {
        size_t colon = sp_str_find(line, ':');
        /* A line that continues another one has no name; such values are obsolete. */
        if (colon == line.len || !is_token(sp_str_slice(line, 0, colon)) ||
            response->header_count == transfer->header_count)
            continue;
        headers[response->header_count++] =
            (struct sp_http_header){.name = sp_str_slice(line, 0, colon),
                                    .value = sp_str_trim(sp_str_slice(line, colon + 1, line.len))};
    }
    return SP_OK;
}

static enum sp_status take_response(struct fetch *fetch, struct sp_fetch_response *ret_response)
{
    struct transfer *transfer = fetch->transfer;
    struct sp_fetch_response response = {0};
    long code = 0;
    if (transfer->result != CURLE_OK)
        return failed(fetch);
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &code);
    if (code < 200 || code > 599)
        return sp_error_set(fetch->err, SP_EPROTO, NULL, "the response has the status %ld", code);
    response.status = (unsigned)code;
    response.body = sp_arena_str(fetch->arena, sp_buf_str(&transfer->body));
    if (!response.body.ptr || take_headers(fetch, &response) != SP_OK)
        return sp_error_set(fetch->err, SP_ENOMEM, NULL, "no memory for the response");
    *ret_response = response;
    return SP_OK;
}

/* ---- a fetch ---- */

static enum sp_status io_perform(struct fetch *fetch, int64_t deadline_us,
                                 struct sp_fetch_response *ret_response)
{
    struct sp_http_client *client = fetch->client;
    struct transfer *transfer = fetch->transfer;
    if (curl_multi_add_handle(client->multi, transfer->easy) != CURLM_OK)
        return no_memory(fetch);
    enum sp_status status = SP_OK;
    while (status == SP_OK && !transfer->done && !client->closed)
        status = sp_fiber_wait(deadline_us);
    long connects = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connects);
    client->counts.connects += (uint64_t)connects;
    curl_multi_remove_handle(client->multi, transfer->easy);
    ERR_clear_error();
    if (transfer->done)
        return take_response(fetch, ret_response);
    if (status == SP_ETIMEDOUT)
        return sp_error_set(fetch->err, status, NULL, "there was no whole response in time");
    return sp_error_set(fetch->err, SP_ECANCELED, NULL, "the request was given up");
}

static enum sp_status io_prepare(struct fetch *fetch, int64_t deadline_us)
{
    char *host = NULL;
    unsigned port;
    bool https;
    if (!is_token(shown_method(fetch->request)))
        return sp_error_set(fetch->err, SP_EINVAL, NULL, "the method cannot be sent");
    enum sp_status status = read_url(fetch->url, &https, &host, &port, fetch->err);
    if (status == SP_OK && https && !fetch->client->ssl_ctx)
        status =
            sp_error_set(fetch->err, SP_EINVAL, NULL, "https needs an ssl element that says whom to trust");
    if (status == SP_OK)
        status = find_addresses(fetch, host, port, deadline_us);
    curl_free(host);
    return status == SP_OK ? add_headers(fetch) : status;
}

static enum sp_status io_run(struct fetch *fetch, int64_t deadline_us, struct sp_fetch_response *ret_response)
{
    fetch->transfer = transfer_take(fetch->client);
    if (!fetch->transfer)
        return no_memory(fetch);
    fetch->transfer->fiber = sp_fiber_self();
    enum sp_status status = io_prepare(fetch, deadline_us);
    if (status == SP_OK && fetch->client->closed)
        status = sp_error_set(fetch->err, SP_ECANCELED, NULL, "the request was given up");
    if (status == SP_OK) {
        set_up(fetch);
        status = io_perform(fetch, deadline_us, ret_response);
    }
    if (status == SP_OK)
        fetch->client->counts.fetches++;
    else
        fetch->client->counts.failures++;
    transfer_give_back(fetch->transfer);
    return status;
}

enum sp_status io_http_fetch(struct sp_http_client *client, const struct sp_fetch_request *request,
                             int64_t deadline_us, struct sp_arena *arena,
                             struct sp_fetch_response *ret_response, struct sp_error *err)
{
    struct fetch fetch = {.client = client, .request = request, .arena = arena, .err = err};
    if (!sp_fiber_self())
        return sp_error_set(err, SP_EINTERNAL, NULL, "HTTP is fetched outside of a fiber");
    if (request->url.len > SP_FETCH_URL_MAX ||
        memchr(request->url.ptr ? request->url.ptr : "", 0, request->url.len))
        return sp_error_set(err, SP_EINVAL, NULL, "the URL is longer than %u bytes or has a NUL in it",
                            SP_FETCH_URL_MAX);
    if (client->counts.running >= client->options.max_fetches)
        return sp_error_set(err, SP_ELIMIT, NULL, "%u HTTP requests are under way", client->counts.running);
    fetch.url = sp_arena_cstr(arena, request->url);
    if (!fetch.url)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a request");
    fetch.shown_url = sp_str_slice(request->url, 0, sp_str_find(request->url, '?'));
    enum sp_status status = io_run(&fetch, deadline_us, ret_response);
    if (fetch.credentials.ptr)
        sp_secret_wipe((void *)(uintptr_t)fetch.credentials.ptr, fetch.credentials.len);
    /* A URL that could not be read may have a password in it. */
    if (status != SP_OK && status != SP_EINVAL)
        sp_error_prefix(err, "%.*s %.*s", SP_STR_ARG(shown_method(request)), SP_STR_ARG(fetch.shown_url));
    return status;
}

struct sp_str sp_fetch_header(const struct sp_fetch_response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++)
        if (sp_str_caseless_eq(response->headers[i].name, sp_str_of(name)))
            return response->headers[i].value;
    return (struct sp_str){0};
}
