/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/ldap_connection.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openldap.h>
#include <openssl/ssl.h>

#include "base/clock.h"
#include "registry/ldap_gssapi.h"
#include "registry/ldap_tls.h"

#define VALUES_MAX 20000
#define RANGES_MAX 64u /* of one attribute */
#define DIAGNOSTIC_MAX 160u
#define GSSAPI_MEMORY_MAX (1u << 20)

struct sp_ldap_connection {
    LDAP *handle;
    int fd; /* of the handle */
    const struct sp_ldap_settings *settings;
    char where[300]; /* "host:port", for messages */
};

static int64_t earlier(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

/* ---------------------------------------------------------------- TCP */

static int connect_address(const struct addrinfo *address, int64_t deadline_us, const bool *stopping)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    int one = 1, failure = 0;
    socklen_t size = sizeof failure;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
        return fd;
    if (errno == EINPROGRESS) {
        enum sp_status status = sp_ldap_wait(fd, true, deadline_us, stopping);
        failure = status == SP_ETIMEDOUT ? ETIMEDOUT : EIO;
        if (status == SP_OK)
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size);
        if (failure == 0)
            return fd;
        errno = failure;
    }
    failure = errno;
    close(fd);
    errno = failure;
    return -1;
}

static enum sp_status connect_tcp(const struct sp_ldap_server *server, int64_t deadline_us,
                                  const bool *stopping, int *ret_fd, struct sp_error *err)
{
    char port[12];
    snprintf(port, sizeof port, "%u", server->port);
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *addresses = NULL;
    int failed = getaddrinfo(server->host, port, &wanted, &addresses);
    if (failed)
        return sp_error_set(err, SP_EUNAVAIL, NULL, "its name cannot be resolved: %s", gai_strerror(failed));
    int fd = -1;
    for (const struct addrinfo *each = addresses; each && fd < 0; each = each->ai_next) {
        /* An address that drops what it is sent must not use up the time of the next one. */
        int64_t now_us = sp_clock_monotonic_us();
        int64_t share_us = each->ai_next ? (deadline_us - now_us) / 2 : deadline_us - now_us;
        fd = connect_address(each, now_us + share_us, stopping);
    }
    int failure = errno;
    freeaddrinfo(addresses);
    if (fd < 0)
        return sp_error_errno(err, SP_EUNAVAIL, failure, "it cannot be reached");
    *ret_fd = fd;
    return SP_OK;
}

/* ---------------------------------------------------------------- libldap */

/* What a server adds to a result; printable, short. */
static void diagnostic_text(LDAP *handle, char ret_text[DIAGNOSTIC_MAX])
{
    char *message = NULL;
    size_t len = 0;
    ldap_get_option(handle, LDAP_OPT_DIAGNOSTIC_MESSAGE, &message);
    for (const char *at = message ? message : ""; *at && len + 4 < DIAGNOSTIC_MAX; at++) {
        if (len == 0) {
            ret_text[len++] = ':';
            ret_text[len++] = ' ';
        }
        ret_text[len++] = (char)((unsigned char)*at < 0x20 || *at == 0x7f ? ' ' : *at);
    }
    ret_text[len] = '\0';
    ldap_memfree(message);
}

static enum sp_status status_of(int code)
{
    switch (code) {
    case LDAP_SUCCESS:
        return SP_OK;
    case LDAP_NO_SUCH_OBJECT:
        return SP_ENOTFOUND;
    case LDAP_SERVER_DOWN:
    case LDAP_CONNECT_ERROR:
    case LDAP_DECODING_ERROR:
        return SP_ECLOSED;
    case LDAP_TIMEOUT:
        return SP_ETIMEDOUT;
    case LDAP_NO_MEMORY:
        return SP_ENOMEM;
    default:
        return SP_EUNAVAIL;
    }
}

static enum sp_status explain(struct sp_ldap_connection *c, int code, const char *what, struct sp_error *err)
{
    char diagnostic[DIAGNOSTIC_MAX];
    diagnostic_text(c->handle, diagnostic);
    return sp_error_set(err, status_of(code), NULL, "directory %s: %s: %s (%d)%s", c->where, what,
                        ldap_err2string(code), code, diagnostic);
}

static int last_error(struct sp_ldap_connection *c)
{
    int code = LDAP_OTHER;
    ldap_get_option(c->handle, LDAP_OPT_RESULT_CODE, &code);
    return code == LDAP_SUCCESS ? LDAP_SERVER_DOWN : code;
}

/* The next message of a request. */
static enum sp_status next_message(struct sp_ldap_connection *c, int id, int64_t deadline_us,
                                   const char *what, LDAPMessage **ret_message, struct sp_error *err)
{
    const int64_t begun_us = sp_clock_monotonic_us();
    const int64_t until_us = earlier(deadline_us, begun_us + c->settings->read_timeout_us);
    LDAPMessage *message = NULL;
    for (int64_t now_us = begun_us; !message; now_us = sp_clock_monotonic_us()) {
        if (now_us >= until_us || __atomic_load_n(&c->settings->stopping, __ATOMIC_RELAXED))
            return sp_error_set(err, SP_ETIMEDOUT, NULL, "directory %s: %s: no answer within %lld ms",
                                c->where, what, (long long)((now_us - begun_us) / 1000));
        struct timeval slice = {.tv_usec = earlier(until_us - now_us, SP_LDAP_LOOK_US)};
        int kind = ldap_result(c->handle, id, LDAP_MSG_ONE, &slice, &message);
        if (kind < 0)
            return explain(c, last_error(c), what, err);
    }
    *ret_message = message;
    return SP_OK;
}

/* The result in a message, which is freed. */
static int take_result(struct sp_ldap_connection *c, LDAPMessage *message, char ***ret_referrals)
{
    int code = LDAP_OTHER;
    if (ldap_parse_result(c->handle, message, &code, NULL, NULL, ret_referrals, NULL, 1) != LDAP_SUCCESS)
        return LDAP_DECODING_ERROR;
    return code;
}

static bool set_options(struct sp_ldap_connection *c)
{
    const int version = LDAP_VERSION3;
    const int dereference = c->settings->dereference ? LDAP_DEREF_ALWAYS : LDAP_DEREF_NEVER;
    Sockbuf *socket = NULL;
    ber_len_t most = SP_LDAP_ANSWER_BYTES_MAX;
    return ldap_set_option(c->handle, LDAP_OPT_PROTOCOL_VERSION, &version) == LDAP_OPT_SUCCESS &&
           ldap_set_option(c->handle, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) == LDAP_OPT_SUCCESS &&
           ldap_set_option(c->handle, LDAP_OPT_RESTART, LDAP_OPT_OFF) == LDAP_OPT_SUCCESS &&
           ldap_set_option(c->handle, LDAP_OPT_DEREF, &dereference) == LDAP_OPT_SUCCESS &&
           ldap_get_option(c->handle, LDAP_OPT_SOCKBUF, &socket) == LDAP_OPT_SUCCESS &&
           ber_sockbuf_ctrl(socket, LBER_SB_OPT_SET_MAX_INCOMING, &most) == 1 &&
           ber_sockbuf_ctrl(socket, LBER_SB_OPT_SET_NONBLOCK, (void *)1) >= 0;
}

static enum sp_status protect(struct sp_ldap_connection *c, const char *host, int64_t deadline_us,
                              struct sp_error *err)
{
    SSL *tls = NULL;
    enum sp_status status =
        sp_ldap_tls_connect(c->settings->tls, c->fd, host, deadline_us, &c->settings->stopping, &tls, err);
    if (status != SP_OK)
        return status;
    status = sp_ldap_tls_install(c->handle, tls);
    if (status != SP_OK) {
        SSL_free(tls);
        return sp_error_set(err, status, NULL, "no memory for TLS");
    }
    return SP_OK;
}

static enum sp_status start_tls(struct sp_ldap_connection *c, const char *host, int64_t deadline_us,
                                struct sp_error *err)
{
    int id = 0;
    LDAPMessage *message = NULL;
    int code = ldap_extended_operation(c->handle, LDAP_EXOP_START_TLS, NULL, NULL, NULL, &id);
    if (code != LDAP_SUCCESS)
        return explain(c, code, "StartTLS", err);
    enum sp_status status = next_message(c, id, deadline_us, "StartTLS", &message, err);
    if (status != SP_OK)
        return status;
    code = take_result(c, message, NULL);
    if (code != LDAP_SUCCESS)
        return explain(c, code, "it does not begin TLS", err);
    return protect(c, host, deadline_us, err);
}

static enum sp_status open_handle(struct sp_ldap_connection *c, const struct sp_ldap_server *server,
                                  int64_t deadline_us, struct sp_error *err)
{
    int fd = -1;
    enum sp_status status = connect_tcp(server, deadline_us, &c->settings->stopping, &fd, err);
    if (status != SP_OK)
        return status;
    if (ldap_init_fd(fd, LDAP_PROTO_TCP, NULL, &c->handle) != LDAP_SUCCESS) {
        close(fd);
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a connection");
    }
    c->fd = fd;
    if (!set_options(c))
        return sp_error_set(err, SP_EINTERNAL, NULL, "libldap refuses an option");
    if (c->settings->protection == SP_LDAP_LDAPS)
        return protect(c, server->host, deadline_us, err);
    if (c->settings->protection == SP_LDAP_START_TLS)
        return start_tls(c, server->host, deadline_us, err);
    return SP_OK;
}

enum sp_status sp_ldap_connect(const struct sp_ldap_settings *settings, const struct sp_ldap_server *server,
                               int64_t deadline_us, struct sp_ldap_connection **ret_connection,
                               struct sp_error *err)
{
    struct sp_ldap_connection *c = calloc(1, sizeof *c);
    if (!c)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a connection to a directory");
    c->settings = settings;
    snprintf(c->where, sizeof c->where, "%s:%u", server->host, server->port);
    int64_t until_us = earlier(deadline_us, sp_clock_monotonic_us() + settings->connect_timeout_us);
    struct sp_error cause = SP_ERROR_INIT;
    enum sp_status status = open_handle(c, server, until_us, &cause);
    if (status != SP_OK) {
        if (strncmp(cause.text, "directory ", 10) != 0)
            sp_error_prefix(&cause, "directory %s", c->where);
        sp_error_set(err, SP_EUNAVAIL, NULL, "%s", cause.text);
        sp_ldap_close(c);
        return SP_EUNAVAIL;
    }
    *ret_connection = c;
    return SP_OK;
}

void sp_ldap_close(struct sp_ldap_connection *connection)
{
    if (!connection)
        return;
    if (connection->handle)
        ldap_unbind_ext(connection->handle, NULL, NULL);
    free(connection);
}

/* ---------------------------------------------------------------- bind */

/* Results by which a server says that it is not this name with this password. */
static bool is_refusal(int code)
{
    switch (code) {
    case LDAP_INVALID_CREDENTIALS:
    case LDAP_INAPPROPRIATE_AUTH:
    case LDAP_INVALID_DN_SYNTAX:
    case LDAP_NO_SUCH_OBJECT:
    case LDAP_CONSTRAINT_VIOLATION:
    case LDAP_INSUFFICIENT_ACCESS:
    case LDAP_UNWILLING_TO_PERFORM:
        return true;
    default:
        return false;
    }
}

enum sp_status sp_ldap_bind(struct sp_ldap_connection *connection, struct sp_str dn, struct sp_str password,
                            int64_t deadline_us, struct sp_error *err)
{
    if (dn.len && !password.len)
        return sp_error_set(err, SP_EDENIED, NULL, "an empty password is never accepted");
    char name[SP_LDAP_DN_MAX + 1];
    if (dn.len > SP_LDAP_DN_MAX || (dn.len && memchr(dn.ptr, '\0', dn.len)))
        return sp_error_set(err, SP_EDENIED, NULL, "the distinguished name cannot be bound as");
    if (dn.len)
        memcpy(name, dn.ptr, dn.len);
    name[dn.len] = '\0';
    struct berval secret = {.bv_len = password.len, .bv_val = (char *)(password.len ? password.ptr : "")};
    int id = 0;
    LDAPMessage *message = NULL;
    int code = ldap_sasl_bind(connection->handle, name, LDAP_SASL_SIMPLE, &secret, NULL, NULL, &id);
    if (code != LDAP_SUCCESS)
        return explain(connection, code, "bind", err);
    enum sp_status status = next_message(connection, id, deadline_us, "bind", &message, err);
    if (status != SP_OK)
        return status;
    code = take_result(connection, message, NULL);
    if (code == LDAP_SUCCESS)
        return SP_OK;
    explain(connection, code, "bind", err);
    if (err)
        err->status = is_refusal(code) ? SP_EDENIED : err->status;
    return is_refusal(code) ? SP_EDENIED : status_of(code);
}

/* One message of the exchange to the server, and what it answers; the code of its result. */
static enum sp_status exchange(struct sp_ldap_connection *c, struct sp_str message, int64_t deadline_us,
                               struct sp_arena *arena, struct sp_str *ret_answer, int *ret_code,
                               struct sp_error *err)
{
    struct berval out = {.bv_len = message.len, .bv_val = (char *)(message.len ? message.ptr : "")};
    struct berval *in = NULL;
    LDAPMessage *result = NULL;
    int id = 0;
    int code = ldap_sasl_bind(c->handle, "", "GSSAPI", &out, NULL, NULL, &id);
    if (code != LDAP_SUCCESS)
        return explain(c, code, "bind", err);
    enum sp_status status = next_message(c, id, deadline_us, "bind", &result, err);
    if (status != SP_OK)
        return status;
    code = ldap_parse_sasl_bind_result(c->handle, result, &in, 0);
    *ret_answer = in ? sp_arena_str(arena, sp_str_from(in->bv_val, in->bv_len)) : SP_STR("");
    ber_bvfree(in);
    if (code == LDAP_SUCCESS || code == LDAP_SASL_BIND_IN_PROGRESS)
        code = take_result(c, result, NULL);
    else
        ldap_msgfree(result);
    *ret_code = code;
    return ret_answer->ptr ? SP_OK : sp_error_set(err, SP_ENOMEM, NULL, "no memory to log in by Kerberos");
}

static enum sp_status talk(struct sp_ldap_connection *c, struct sp_gssapi *gssapi, int64_t deadline_us,
                           struct sp_arena *arena, struct sp_error *err)
{
    struct sp_str message = SP_STR("");
    struct sp_buf answer;
    int code = LDAP_SASL_BIND_IN_PROGRESS;
    enum sp_status status = SP_OK;
    sp_buf_init(&answer, SP_GSSAPI_MESSAGE_MAX);
    while (status == SP_OK && code == LDAP_SASL_BIND_IN_PROGRESS) {
        sp_buf_reset(&answer);
        status = sp_gssapi_step(gssapi, message, &answer, err);
        if (status == SP_OK)
            status = exchange(c, sp_buf_str(&answer), deadline_us, arena, &message, &code, err);
    }
    sp_buf_finish(&answer);
    if (status == SP_OK && code != LDAP_SUCCESS) {
        explain(c, code, "bind by Kerberos", err);
        return status_of(code);
    }
    if (status == SP_OK && !sp_gssapi_is_done(gssapi))
        return sp_error_set(err, SP_EUNAVAIL, NULL,
                            "directory %s: bind by Kerberos: it does not prove who it is", c->where);
    return status;
}

static enum sp_status bind_gssapi(struct sp_ldap_connection *c, const struct sp_ldap_server *server,
                                  int64_t deadline_us, struct sp_error *err)
{
    const struct sp_ldap_settings *settings = c->settings;
    struct sp_gssapi *gssapi = NULL;
    struct sp_arena arena;
    enum sp_status status =
        sp_gssapi_new(settings->krb5_principal, settings->krb5_ticket_cache, server->host, &gssapi, err);
    if (status != SP_OK)
        return status;
    sp_arena_init(&arena, GSSAPI_MEMORY_MAX);
    status = talk(c, gssapi, deadline_us, &arena, err);
    sp_arena_wipe(&arena);
    sp_gssapi_free(gssapi);
    return status;
}

enum sp_status sp_ldap_bind_own(struct sp_ldap_connection *connection, const struct sp_ldap_server *server,
                                int64_t deadline_us, struct sp_error *err)
{
    const struct sp_ldap_settings *settings = connection->settings;
    enum sp_status status = SP_OK;
    if (settings->gssapi)
        status = bind_gssapi(connection, server, deadline_us, err);
    else if (settings->bind_dn.len)
        status = sp_ldap_bind(connection, settings->bind_dn, settings->bind_password, deadline_us, err);
    if (status != SP_OK)
        sp_error_prefix(err, settings->gssapi ? "the registry cannot log in by its Kerberos ticket"
                                              : "the registry cannot log in as its bindDN");
    return status;
}

/* ---------------------------------------------------------------- search */

struct asking {
    struct sp_ldap_connection *c;
    const struct sp_ldap_search *search;
    struct sp_arena *arena;
    struct sp_ldap_answer answer;
    size_t referral_room;
    struct sp_str *referrals;
    struct sp_error *err;
};

static enum sp_status no_memory(struct asking *a)
{
    return sp_error_set(a->err, SP_ELIMIT, NULL, "directory %s: the answer to a search is too long",
                        a->c->where);
}

static enum sp_status take_values(struct asking *a, struct berval **values, struct sp_str_list *ret_values)
{
    int count = ldap_count_values_len(values);
    if (count > VALUES_MAX)
        return no_memory(a);
    struct sp_str *items = sp_arena_calloc(a->arena, (size_t)count, sizeof *items);
    for (int i = 0; items && i < count; i++) {
        items[i] = sp_arena_str(a->arena, sp_str_from(values[i]->bv_val, values[i]->bv_len));
        if (!items[i].ptr)
            items = NULL;
    }
    if (!items)
        return no_memory(a);
    *ret_values = (struct sp_str_list){items, (size_t)count};
    return SP_OK;
}

/* "name;range=0-1499" or "name;range=1500-*", as Active Directory answers when there are more values than it
 * gives at once. The first value that is not here; 0: none. */
static bool is_range_of(struct sp_str description, struct sp_str name, size_t *ret_rest_from)
{
    const struct sp_str option = SP_STR(";range=");
    struct sp_str low, high = sp_str_slice(description, name.len + option.len, description.len);
    uint64_t last = 0;
    if (description.len < name.len + option.len ||
        !sp_str_caseless_eq(sp_str_slice(description, 0, name.len), name) ||
        !sp_str_caseless_eq(sp_str_slice(description, name.len, name.len + option.len), option) ||
        !sp_str_split(&high, '-', &low))
        return false;
    *ret_rest_from = 0;
    if (sp_str_is(high, "*"))
        return true;
    for (size_t i = 0; i < high.len; i++) {
        if (high.ptr[i] < '0' || high.ptr[i] > '9' || last > VALUES_MAX)
            return false;
        last = 10 * last + (uint64_t)(high.ptr[i] - '0');
    }
    *ret_rest_from = (size_t)last + 1;
    return high.len > 0;
}

/* The values of an attribute, or of a range of it; NULL: the entry has none, or they cannot be read. */
static struct berval **values_of(struct asking *a, LDAPMessage *message, const char *name,
                                 size_t *ret_rest_from)
{
    LDAP *handle = a->c->handle;
    struct berval **values = ldap_get_values_len(handle, message, name);
    BerElement *cursor = NULL;
    *ret_rest_from = 0;
    if (values)
        return values;
    for (char *each = ldap_first_attribute(handle, message, &cursor); each;
         each = ldap_next_attribute(handle, message, cursor)) {
        if (!values && is_range_of(sp_str_of(each), sp_str_of(name), ret_rest_from))
            values = ldap_get_values_len(handle, message, each);
        ldap_memfree(each);
    }
    ber_free(cursor, 0);
    return values;
}

/* The calls above do not tell an attribute that is not there from one that cannot be read; this does. It
 * spoils the message for them, so it comes last. */
static enum sp_status check_whole(struct asking *a, LDAPMessage *message)
{
    BerElement *cursor = NULL;
    struct berval dn, name;
    BerVarray values = NULL;
    int code = ldap_get_dn_ber(a->c->handle, message, &cursor, &dn);
    name.bv_val = dn.bv_val;
    while (code == LDAP_SUCCESS && name.bv_val) {
        code = ldap_get_attribute_ber(a->c->handle, message, cursor, &name, &values);
        ber_memfree(values);
        values = NULL;
    }
    ber_free(cursor, 0);
    if (code == LDAP_SUCCESS)
        return SP_OK;
    return sp_error_set(a->err, SP_ECLOSED, NULL, "directory %s: an entry cannot be read", a->c->where);
}

static enum sp_status take_attributes(struct asking *a, LDAPMessage *message, struct sp_ldap_entry *entry)
{
    const char *const *wanted = a->c->settings->attributes;
    struct sp_ldap_attribute *attributes =
        sp_arena_calloc(a->arena, SP_LDAP_ATTRIBUTES_MAX, sizeof *attributes);
    if (!attributes)
        return no_memory(a);
    enum sp_status status = SP_OK;
    for (size_t i = 0; status == SP_OK && wanted[i]; i++) {
        size_t rest_from;
        struct berval **values = values_of(a, message, wanted[i], &rest_from);
        if (!values)
            continue;
        struct sp_ldap_attribute *attribute = &attributes[entry->attribute_count++];
        attribute->name = sp_str_of(wanted[i]);
        attribute->rest_from = rest_from;
        status = take_values(a, values, &attribute->values);
        ldap_value_free_len(values);
    }
    entry->attributes = attributes;
    return status;
}

static enum sp_status take_entry(struct asking *a, LDAPMessage *message)
{
    if (a->answer.count == a->search->limit) {
        a->answer.more = true;
        return SP_OK;
    }
    char *dn = ldap_get_dn(a->c->handle, message);
    if (!dn)
        return sp_error_set(a->err, SP_EUNAVAIL, NULL, "directory %s: an entry without a name", a->c->where);
    struct sp_ldap_entry entry = {.dn = sp_arena_str(a->arena, sp_str_of(dn))};
    ldap_memfree(dn);
    enum sp_status status = entry.dn.ptr ? take_attributes(a, message, &entry) : no_memory(a);
    if (status == SP_OK)
        status = check_whole(a, message);
    if (status == SP_OK)
        a->answer.entries[a->answer.count++] = entry;
    return status;
}

static enum sp_status take_referrals(struct asking *a, char **urls)
{
    for (size_t i = 0; urls && urls[i]; i++) {
        if (a->answer.referrals.count == a->referral_room)
            return SP_OK; /* more than anybody follows */
        struct sp_str url = sp_arena_str(a->arena, sp_str_of(urls[i]));
        if (!url.ptr)
            return no_memory(a);
        a->referrals[a->answer.referrals.count++] = url;
    }
    return SP_OK;
}

static enum sp_status take_reference(struct asking *a, LDAPMessage *message)
{
    char **urls = NULL;
    if (ldap_parse_reference(a->c->handle, message, &urls, NULL, 0) != LDAP_SUCCESS)
        return SP_OK;
    /* The URLs of one reference name the same entries: the first will do. */
    if (urls && urls[0] && urls[1]) {
        for (size_t i = 1; urls[i]; i++)
            ldap_memfree(urls[i]);
        urls[1] = NULL;
    }
    enum sp_status status = take_referrals(a, urls);
    ber_memvfree((void **)urls);
    return status;
}

static enum sp_status take_end(struct asking *a, LDAPMessage *message)
{
    char **urls = NULL;
    int code = take_result(a->c, message, &urls);
    enum sp_status status = SP_OK;
    a->answer.elsewhere = code == LDAP_REFERRAL;
    if (code == LDAP_REFERRAL)
        status = take_referrals(a, urls);
    else if (code == LDAP_SIZELIMIT_EXCEEDED)
        a->answer.more = true;
    else if (code != LDAP_SUCCESS)
        status = explain(a->c, code, "search", a->err);
    ber_memvfree((void **)urls);
    return status;
}

static enum sp_status collect(struct asking *a, int id, int64_t deadline_us)
{
    for (;;) {
        LDAPMessage *message = NULL;
        enum sp_status status = next_message(a->c, id, deadline_us, "search", &message, a->err);
        if (status != SP_OK)
            return status;
        int kind = ldap_msgtype(message);
        if (kind == LDAP_RES_SEARCH_RESULT)
            return take_end(a, message);
        if (kind == LDAP_RES_SEARCH_ENTRY)
            status = take_entry(a, message);
        else if (kind == LDAP_RES_SEARCH_REFERENCE)
            status = take_reference(a, message);
        ldap_msgfree(message);
        if (status != SP_OK || a->answer.more) {
            ldap_abandon_ext(a->c->handle, id, NULL, NULL);
            return status;
        }
    }
}

/* The next range of an attribute behind what is known of it. */
static enum sp_status take_range(struct asking *a, LDAPMessage *message, struct sp_ldap_attribute *attribute)
{
    struct sp_str_list more = {NULL, 0};
    size_t count = attribute->values.count, rest_from = 0;
    struct berval **values = values_of(a, message, attribute->name.ptr, &rest_from);
    if (!values || !values[0])
        return sp_error_set(a->err, SP_EUNAVAIL, NULL, "directory %s: it does not give all values of %.*s",
                            a->c->where, SP_STR_ARG(attribute->name));
    enum sp_status status = take_values(a, values, &more);
    ldap_value_free_len(values);
    struct sp_str *all = status == SP_OK && count + more.count <= VALUES_MAX
                             ? sp_arena_calloc(a->arena, count + more.count, sizeof *all)
                             : NULL;
    if (!all)
        return status == SP_OK ? no_memory(a) : status;
    memcpy(all, attribute->values.items, count * sizeof *all);
    memcpy(all + count, more.items, more.count * sizeof *all);
    attribute->values = (struct sp_str_list){all, count + more.count};
    attribute->rest_from = rest_from;
    return SP_OK;
}

static enum sp_status ask_range(struct asking *a, const char *dn, int64_t deadline_us,
                                struct sp_ldap_attribute *attribute)
{
    struct sp_ldap_connection *c = a->c;
    struct sp_str name =
        sp_arena_printf(a->arena, "%.*s;range=%zu-*", SP_STR_ARG(attribute->name), attribute->rest_from);
    const char *const names[] = {name.ptr, NULL};
    LDAPMessage *message = NULL;
    int id = 0;
    bool found = false;
    if (!name.ptr)
        return no_memory(a);
    int code = ldap_search_ext(c->handle, dn, LDAP_SCOPE_BASE, "(objectClass=*)", (char **)names, 0, NULL,
                               NULL, NULL, 1, &id);
    if (code != LDAP_SUCCESS)
        return explain(c, code, "search", a->err);
    for (;;) {
        enum sp_status status = next_message(c, id, deadline_us, "search", &message, a->err);
        if (status != SP_OK)
            return status;
        int kind = ldap_msgtype(message);
        if (kind == LDAP_RES_SEARCH_RESULT)
            break;
        if (kind == LDAP_RES_SEARCH_ENTRY && !found)
            status = take_range(a, message, attribute);
        found = found || kind == LDAP_RES_SEARCH_ENTRY;
        ldap_msgfree(message);
        if (status != SP_OK) {
            ldap_abandon_ext(c->handle, id, NULL, NULL);
            return status;
        }
    }
    code = take_result(c, message, NULL);
    if (code != LDAP_SUCCESS)
        return explain(c, code, "search", a->err);
    return found ? SP_OK
                 : sp_error_set(a->err, SP_EUNAVAIL, NULL, "directory %s: an entry is gone", c->where);
}

/* Whoever is in more groups than the server tells at once is in all of them. */
static enum sp_status complete(struct asking *a, int64_t deadline_us)
{
    enum sp_status status = SP_OK;
    for (size_t i = 0; status == SP_OK && i < a->answer.count; i++) {
        struct sp_ldap_entry *entry = &a->answer.entries[i];
        for (size_t k = 0; status == SP_OK && k < entry->attribute_count; k++) {
            struct sp_ldap_attribute attribute = entry->attributes[k];
            const char *dn = attribute.rest_from ? sp_arena_cstr(a->arena, entry->dn) : "";
            unsigned rounds = 0;
            if (!attribute.rest_from)
                continue;
            while (status == SP_OK && dn && attribute.rest_from && rounds++ < RANGES_MAX)
                status = ask_range(a, dn, deadline_us, &attribute);
            if (status == SP_OK && (!dn || attribute.rest_from))
                status = no_memory(a);
            memcpy((void *)(uintptr_t)&entry->attributes[k], &attribute, sizeof attribute);
        }
    }
    return status;
}

enum sp_status sp_ldap_ask(struct sp_ldap_connection *connection, const struct sp_ldap_search *search,
                           int64_t deadline_us, struct sp_arena *arena, struct sp_ldap_answer *ret_answer,
                           struct sp_error *err)
{
    struct asking a = {.c = connection, .search = search, .arena = arena, .referral_room = 8, .err = err};
    a.answer.entries = sp_arena_calloc(arena, search->limit, sizeof *a.answer.entries);
    a.referrals = sp_arena_calloc(arena, a.referral_room, sizeof *a.referrals);
    a.answer.referrals.items = a.referrals;
    const char *base = sp_arena_cstr(arena, search->base), *filter = sp_arena_cstr(arena, search->filter);
    if (!a.answer.entries || !a.referrals || !base || !filter)
        return no_memory(&a);
    int64_t until_us =
        earlier(deadline_us, sp_clock_monotonic_us() + connection->settings->search_timeout_us);
    struct timeval limit = {.tv_sec = connection->settings->search_timeout_us / 1000000 + 1};
    int id = 0;
    int code = ldap_search_ext(
        connection->handle, base, search->base_only ? LDAP_SCOPE_BASE : LDAP_SCOPE_SUBTREE, filter,
        (char **)connection->settings->attributes, 0, NULL, NULL, &limit, (int)search->limit + 1, &id);
    if (code != LDAP_SUCCESS)
        return explain(connection, code, "search", err);
    enum sp_status status = collect(&a, id, until_us);
    if (status == SP_OK)
        status = complete(&a, until_us);
    if (status == SP_OK)
        *ret_answer = a.answer;
    return status;
}

/* ---------------------------------------------------------------- referrals */

enum sp_status sp_ldap_referral_read(const struct sp_ldap_settings *settings, struct sp_str url,
                                     struct sp_arena *arena, struct sp_ldap_server *ret_server,
                                     struct sp_str *ret_base, struct sp_error *err)
{
    char *text = sp_arena_cstr(arena, url);
    LDAPURLDesc *parts = NULL;
    if (!text || ldap_url_parse(text, &parts) != LDAP_URL_SUCCESS)
        return sp_error_set(err, SP_ESYNTAX, NULL, "the referral \"%.*s\" is no LDAP URL", SP_STR_ARG(url));
    bool is_ldaps = sp_str_caseless_eq(sp_str_of(parts->lud_scheme), SP_STR("ldaps"));
    bool is_ldap = sp_str_caseless_eq(sp_str_of(parts->lud_scheme), SP_STR("ldap"));
    bool fits = settings->protection == SP_LDAP_LDAPS ? is_ldaps : is_ldap;
    enum sp_status status = SP_OK;
    if (!fits || !parts->lud_host || !*parts->lud_host) {
        status = sp_error_set(err, SP_EDENIED, NULL,
                              "the referral \"%.*s\" is not followed: it has not the protection of the "
                              "registry's own connection, or no host",
                              SP_STR_ARG(url));
    } else {
        ret_server->host = sp_arena_cstr(arena, sp_str_of(parts->lud_host));
        ret_server->port = (unsigned)(parts->lud_port ? parts->lud_port : is_ldaps ? 636 : 389);
        *ret_base = sp_arena_str(arena, sp_str_of(parts->lud_dn ? parts->lud_dn : ""));
        if (!ret_server->host || !ret_base->ptr)
            status = sp_error_set(err, SP_ENOMEM, NULL, "no memory for a referral");
    }
    ldap_free_urldesc(parts);
    return status;
}
