/* SPDX-License-Identifier: Apache-2.0 */
#include "sor/cics.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/ssl.h>

#include "base/clock.h"
#include "base/secret.h"
#include "io/stream.h"
#include "registry/client_tls.h"
#include "sor/kind.h"
#include "text/codepage.h"

#define CHANNEL_NAME "ZOSCONNECT"
#define DEFAULT_MIRROR "CSMI"
/* Of a frame that are not data: header, field headers, identity, names. */
#define FRAME_OVERHEAD 2048u
#define CONTAINER_OVERHEAD 80u

struct cics {
    struct sp_sor_connection base;
    const struct sp_cfg_cics_connection *config;
    struct sp_stream_pool *pool;
    SSL_CTX *tls;
    char *address;  /* host:port */
    char applid[9]; /* of the region, from its HELLO */
};

/* One call on its way. */
struct exchange {
    struct cics *cics;
    const struct sp_sor_call *call;
    struct sp_arena *arena;
    struct sp_sor_answer *answer;
    struct sp_error *err;
    struct sp_region_link link;
    bool taken; /* the region may have begun to work on it */
};

/* --- connections ------------------------------------------------------------------------------------- */

static enum sp_status fault(const struct cics *cics, enum sp_status status, struct sp_error *err,
                            const char *what)
{
    return sp_error_set(err, status, NULL, "connection %.*s to %s: %s", SP_STR_ARG(cics->base.reference),
                        cics->address, what);
}

static enum sp_status io_read(struct cics *cics, struct sp_stream *stream, int64_t deadline_us,
                              struct sp_str *ret_frame, struct sp_error *err)
{
    enum sp_status status = io_stream_read_frame(stream, sp_region_frame_length, NULL, SP_REGION_FRAME_MAX,
                                                 deadline_us, ret_frame);
    if (status == SP_EPROTO || status == SP_ELIMIT)
        return fault(cics, SP_EPROTO, err, "what answers there is not a region");
    if (status == SP_ETIMEDOUT)
        return fault(cics, status, err, "no answer before the time-out");
    if (status != SP_OK && status != SP_ECANCELED)
        return fault(cics, SP_EUNAVAIL, err, "the region closed the connection");
    return status;
}

static enum sp_status io_write(struct cics *cics, struct sp_stream *stream, struct sp_str bytes,
                               int64_t deadline_us, struct sp_error *err)
{
    enum sp_status status = io_stream_write(stream, bytes, deadline_us);
    if (status == SP_OK || status == SP_ECANCELED)
        return status;
    if (status == SP_ETIMEDOUT)
        return fault(cics, status, err, "the region does not take the request");
    return fault(cics, SP_EUNAVAIL, err, "the region closed the connection");
}

static enum sp_status refused(const struct cics *cics, struct sp_str frame, struct sp_error *err)
{
    struct sp_str reason;
    enum sp_status status = sp_region_refuse_read(frame, &reason, err);
    if (status != SP_OK)
        return status;
    return sp_error_set(err, SP_EUNAVAIL, NULL, "connection %.*s to %s: the region refuses: %.*s",
                        SP_STR_ARG(cics->base.reference), cics->address, SP_STR_ARG(reason));
}

static enum sp_status check_name(const struct cics *cics, const char *what, struct sp_str wanted,
                                 struct sp_str have, struct sp_error *err)
{
    if (!wanted.len || sp_str_eq(wanted, have))
        return SP_OK;
    return sp_error_set(err, SP_EUNAVAIL, NULL, "connection %.*s to %s: its %s is \"%.*s\", not \"%.*s\"",
                        SP_STR_ARG(cics->base.reference), cics->address, what, SP_STR_ARG(have),
                        SP_STR_ARG(wanted));
}

static enum sp_status take_hello(struct cics *cics, struct sp_str frame, struct sp_error *err)
{
    struct sp_region_header header;
    struct sp_region_hello hello;
    enum sp_status status = sp_region_header_read(frame, &header, err);
    if (status == SP_OK && header.kind == SP_REGION_REFUSE)
        return refused(cics, frame, err);
    if (status == SP_OK)
        status = sp_region_hello_read(frame, &hello, err);
    if (status == SP_OK)
        status = check_name(cics, "applid", cics->config->cics_applid, hello.applid, err);
    if (status == SP_OK)
        status = check_name(cics, "networkid", cics->config->cics_networkid, hello.networkid, err);
    if (status == SP_OK)
        snprintf(cics->applid, sizeof cics->applid, "%.*s", SP_STR_ARG(hello.applid));
    return status;
}

/* The first exchange on a new connection. */
static enum sp_status io_greet(struct cics *cics, struct sp_stream *stream, int64_t deadline_us,
                               struct sp_error *err)
{
    unsigned char room[256];
    struct sp_buf buf = {.ptr = room, .cap = sizeof room, .ceiling = sizeof room};
    struct sp_region_hello hello = {.applid = cics->config->zos_connect_applid,
                                    .networkid = cics->config->zos_connect_networkid};
    struct sp_str frame;
    if (sp_region_hello_write(&buf, &hello) != SP_OK)
        return fault(cics, SP_EUNAVAIL, err, "zosConnectApplid or zosConnectNetworkid is no name of up to 8");
    enum sp_status status = io_write(cics, stream, sp_buf_str(&buf), deadline_us, err);
    if (status == SP_OK)
        status = io_read(cics, stream, deadline_us, &frame, err);
    return status == SP_OK ? take_hello(cics, frame, err) : status;
}

/* --- what is asked ----------------------------------------------------------------------------------- */

static enum sp_status bad_property(const struct exchange *x, const char *name, const char *what)
{
    return sp_error_set(x->err, SP_EINVAL, NULL, "service %.*s: property %s %s",
                        SP_STR_ARG(x->call->sar->name), name, what);
}

static enum sp_status set_transaction(struct exchange *x)
{
    struct sp_str transid = sp_sor_property(x->call, "transid");
    struct sp_str usage = sp_sor_property(x->call, "transidUsage");
    x->link.transaction = transid.len ? transid : x->cics->config->transid;
    x->link.transaction_is_mirror = x->cics->config->transid_is_mirror;
    if (sp_str_is(usage, "EIB_AND_MIRROR"))
        x->link.transaction_is_mirror = true;
    else if (sp_str_is(usage, "EIB_ONLY"))
        x->link.transaction_is_mirror = false;
    else if (usage.len)
        return bad_property(x, "transidUsage", "must be EIB_ONLY or EIB_AND_MIRROR");
    return x->link.transaction.len <= 4 ? SP_OK : bad_property(x, "transid", "must have up to 4 characters");
}

static enum sp_status set_ccsid(struct exchange *x)
{
    struct sp_str name = sp_sor_property(x->call, "ccsid");
    const struct sp_codepage *page = sp_codepage_named(name.len ? name : x->call->sar->ccsid, SP_NEWLINE_15);
    if (!page)
        return bad_property(x, "ccsid", "is no code page that is known");
    x->link.ccsid = sp_codepage_ccsid(page);
    return SP_OK;
}

/* The caller's identity; without one the connection's own, of authDataRef. */
static void set_identity(struct exchange *x)
{
    const struct sp_sor_identity *identity = &x->call->identity;
    x->link.user = identity->user;
    x->link.dist_name = identity->dist_name;
    x->link.dist_realm = identity->dist_realm;
    if (!identity->user.len && !identity->dist_name.len) {
        x->link.user = x->cics->config->user;
        x->link.password = x->cics->config->password;
    }
}

static enum sp_status set_data(struct exchange *x)
{
    const struct sp_record_set *records = x->call->records;
    x->link.answer_bytes = x->call->answer_bytes;
    if (!x->call->sar->request->is_channel) {
        if (records->count)
            x->link.commarea = records->records[0].bytes;
        return SP_OK;
    }
    struct sp_region_container *containers =
        sp_arena_calloc(x->arena, records->count + 1, sizeof *containers);
    if (!containers)
        return sp_error_set(x->err, SP_ENOMEM, NULL, "no memory for the containers");
    for (size_t i = 0; i < records->count; i++)
        containers[i] = (struct sp_region_container){records->records[i].container,
                                                     records->records[i].is_char, records->records[i].bytes};
    struct sp_str channel = sp_sor_property(x->call, "channelName");
    x->link.has_channel = true;
    x->link.channel = channel.len ? channel : SP_STR(CHANNEL_NAME);
    x->link.containers = containers;
    x->link.container_count = records->count;
    return SP_OK;
}

static struct sp_str instance_of(const struct cics *cics)
{
    return sp_str_of(cics->applid[0] ? cics->applid : cics->address);
}

static enum sp_status prepare(struct exchange *x)
{
    x->link.request_id = 1;
    x->link.program = sp_sor_property(x->call, "program");
    x->link.correlator = sp_str_slice(x->call->correlator, 0, 64);
    if (!x->link.program.len || x->link.program.len > 8)
        return bad_property(x, "program", "must have 1 to 8 characters");
    enum sp_status status = set_transaction(x);
    if (status == SP_OK)
        status = set_ccsid(x);
    if (status == SP_OK)
        status = set_data(x);
    set_identity(x);
    struct sp_str attached = x->link.transaction_is_mirror && x->link.transaction.len
                                 ? x->link.transaction
                                 : SP_STR(DEFAULT_MIRROR);
    x->answer->identifier = instance_of(x->cics);
    x->answer->resource =
        sp_arena_printf(x->arena, "%.*s,%.*s", SP_STR_ARG(attached), SP_STR_ARG(x->link.program));
    return status;
}

/* The frame, in memory of the request: nothing is taken from the heap. */
static enum sp_status write_link(struct exchange *x, struct sp_buf *ret_buf)
{
    size_t size = FRAME_OVERHEAD + x->link.commarea.len + x->link.channel.len;
    int64_t left_us =
        x->call->deadline_us ? x->call->deadline_us - sp_clock_monotonic_us() - SP_SOR_MARGIN_US : 0;
    for (size_t i = 0; i < x->link.container_count; i++)
        size += CONTAINER_OVERHEAD + x->link.containers[i].data.len;
    struct sp_buf buf = {.ptr = sp_arena_alloc(x->arena, size), .cap = size, .ceiling = size};
    if (!buf.ptr)
        return sp_error_set(x->err, SP_ENOMEM, NULL, "no memory for the request");
    x->link.deadline_ms = left_us > 1000 ? (uint32_t)(left_us / 1000) : x->call->deadline_us ? 1 : 0;
    enum sp_status status = sp_region_link_write(&buf, &x->link);
    if (status != SP_OK)
        return sp_error_set(
            x->err, SP_EINVAL, NULL,
            "service %.*s: its program, transaction, channel, user or data cannot be sent: a name "
            "has a character or length that CICS does not allow, or the data are too long",
            SP_STR_ARG(x->call->sar->name));
    *ret_buf = buf;
    return SP_OK;
}

/* --- what comes back --------------------------------------------------------------------------------- */

enum sp_status sp_sor_cics_outcome(const struct sp_region_answer *answer, struct sp_str program,
                                   struct sp_str connection, struct sp_error *err)
{
    static const struct {
        enum sp_status status;
        const char *text;
    } outcomes[] = {
        [SP_REGION_NORMAL] = {SP_OK, ""},
        [SP_REGION_ABEND] = {SP_EPROTO, "ended abnormally with code"},
        [SP_REGION_NOT_FOUND] = {SP_ENOTFOUND, "or its transaction is not defined"},
        [SP_REGION_NOT_AUTHORIZED] = {SP_EDENIED, "may not be used by the user id"},
        [SP_REGION_SECURITY] = {SP_EDENIED, "was not run: the identity was not accepted"},
        [SP_REGION_TIMED_OUT] = {SP_ETIMEDOUT, "did not end in time"},
        [SP_REGION_BUSY] = {SP_EUNAVAIL, "was not run: the region is busy"},
        [SP_REGION_LENGTH] = {SP_EPROTO, "has a COMMAREA or container that is too long"},
    };
    enum sp_status status = outcomes[answer->outcome].status;
    if (status == SP_OK)
        return SP_OK;
    return sp_error_set(err, status, NULL, "program %.*s of connection %.*s %s%s%.*s", SP_STR_ARG(program),
                        SP_STR_ARG(connection), outcomes[answer->outcome].text,
                        answer->outcome == SP_REGION_ABEND ? " " : "",
                        answer->outcome == SP_REGION_ABEND ? (int)answer->abend.len : 0,
                        answer->abend.ptr ? answer->abend.ptr : "");
}

static enum sp_status take_records(struct exchange *x, const struct sp_region_answer *answer)
{
    size_t count = answer->has_channel ? answer->container_count : 1;
    if (answer->has_channel != x->call->sar->response->is_channel)
        return sp_error_set(x->err, SP_EPROTO, NULL,
                            "program %.*s answered with a %s where service %.*s wants a %s",
                            SP_STR_ARG(x->link.program), answer->has_channel ? "channel" : "COMMAREA",
                            SP_STR_ARG(x->call->sar->name), answer->has_channel ? "COMMAREA" : "channel");
    struct sp_record *records = sp_arena_calloc(x->arena, count + 1, sizeof *records);
    if (!records)
        return sp_error_set(x->err, SP_ENOMEM, NULL, "no memory for the answer");
    if (!answer->has_channel)
        records[0].bytes = answer->commarea;
    for (size_t i = 0; answer->has_channel && i < count; i++)
        records[i] = (struct sp_record){answer->containers[i].name, answer->containers[i].is_char,
                                        answer->containers[i].data};
    x->answer->records = (struct sp_record_set){records, count};
    return SP_OK;
}

static enum sp_status take_answer(struct exchange *x, struct sp_str frame)
{
    struct sp_region_answer answer;
    enum sp_status status = sp_region_answer_read(frame, x->arena, &answer, x->err);
    if (status == SP_OK && answer.request_id != x->link.request_id)
        status = sp_error_set(x->err, SP_EPROTO, NULL, "an answer to request %u instead of %u",
                              answer.request_id, x->link.request_id);
    if (status != SP_OK) {
        sp_error_prefix(x->err, "connection %.*s to %s", SP_STR_ARG(x->cics->base.reference),
                        x->cics->address);
        return status;
    }
    status = sp_sor_cics_outcome(&answer, x->link.program, x->cics->base.reference, x->err);
    return status == SP_OK ? take_records(x, &answer) : status;
}

/* --- the exchange ------------------------------------------------------------------------------------ */

/* A PING may come between. A REFUSE for no request in particular says that the region ends and has read no
 * request behind it. */
static enum sp_status io_receive(struct exchange *x, struct sp_stream *stream, struct sp_str *ret_frame)
{
    struct sp_region_header header;
    for (;;) {
        enum sp_status status = io_read(x->cics, stream, x->call->deadline_us, ret_frame, x->err);
        if (status == SP_OK)
            status = sp_region_header_read(*ret_frame, &header, x->err);
        if (status != SP_OK)
            return status;
        if (header.kind == SP_REGION_PING || header.kind == SP_REGION_PONG)
            continue;
        if (header.kind != SP_REGION_REFUSE)
            return SP_OK;
        status = refused(x->cics, *ret_frame, x->err);
        if (header.request_id == 0)
            x->taken = false;
        else if (status == SP_EUNAVAIL)
            status = x->err->status = SP_EPROTO; /* it is this request that the region cannot read */
        return status;
    }
}

static enum sp_status io_exchange(struct exchange *x, struct sp_stream *stream, bool *ret_healthy)
{
    struct sp_buf buf = {.ptr = NULL};
    struct sp_str frame;
    enum sp_status status = write_link(x, &buf);
    if (status != SP_OK) {
        *ret_healthy = true;
        return status;
    }
    x->answer->sent_us = sp_clock_realtime_us();
    status = io_write(x->cics, stream, sp_buf_str(&buf), x->call->deadline_us, x->err);
    sp_secret_wipe(buf.ptr, x->link.password.len ? buf.len : 0);
    if (status != SP_OK)
        return status;
    x->taken = true;
    status = io_receive(x, stream, &frame);
    if (status != SP_OK)
        return status;
    x->answer->received_us = sp_clock_realtime_us();
    /* The stream's memory is somebody else's once it is given back. */
    frame = sp_arena_str(x->arena, frame);
    *ret_healthy = true;
    return frame.ptr ? take_answer(x, frame)
                     : sp_error_set(x->err, SP_ENOMEM, NULL, "no memory for the answer");
}

static enum sp_status io_try(struct exchange *x, bool *ret_reused)
{
    struct sp_stream *stream;
    bool healthy = false;
    x->taken = false;
    enum sp_status status =
        io_stream_borrow(x->cics->pool, x->call->deadline_us, &stream, ret_reused, x->err);
    if (status != SP_OK) {
        sp_error_prefix(x->err, "connection %.*s", SP_STR_ARG(x->cics->base.reference));
        return status;
    }
    if (!*ret_reused)
        status = io_greet(x->cics, stream, x->call->deadline_us, x->err);
    x->answer->identifier = instance_of(x->cics);
    if (status == SP_OK)
        status = io_exchange(x, stream, &healthy);
    sp_stream_give_back(stream, healthy);
    return status;
}

static enum sp_status io_invoke(struct sp_sor_connection *connection, const struct sp_sor_call *call,
                                struct sp_arena *arena, struct sp_sor_answer *ret_answer,
                                struct sp_error *err)
{
    struct sp_error ignored;
    struct exchange x = {.cics = (struct cics *)connection,
                         .call = call,
                         .arena = arena,
                         .answer = ret_answer,
                         .err = err ? err : &ignored};
    bool reused = false;
    enum sp_status status = prepare(&x);
    if (status != SP_OK)
        return status;
    status = io_try(&x, &reused);
    /* A connection that had been idle may be stale; what the region has not taken may be asked again. */
    if (status == SP_EUNAVAIL && reused && !x.taken)
        status = io_try(&x, &reused);
    if (status == SP_EUNAVAIL && x.taken && !ret_answer->received_us)
        sp_error_set(
            x.err, status, NULL,
            "connection %.*s to %s was lost after the request was sent; whether program %.*s ran is not "
            "known",
            SP_STR_ARG(connection->reference), x.cics->address, SP_STR_ARG(x.link.program));
    return status;
}

/* --- life -------------------------------------------------------------------------------------------- */

static void cics_free(struct sp_sor_connection *connection)
{
    struct cics *cics = (struct cics *)connection;
    sp_stream_pool_free(cics->pool);
    SSL_CTX_free(cics->tls);
    free(cics->address);
    free(cics);
}

static void cics_count(const struct sp_sor_connection *connection, struct sp_sor_counts *ret_counts)
{
    struct sp_stream_pool_counts counts;
    sp_stream_pool_counts(((const struct cics *)connection)->pool, &counts);
    *ret_counts = (struct sp_sor_counts){counts.open, counts.idle, counts.waiting};
}

static const struct sp_sor_kind cics_kind = {io_invoke, cics_free, cics_count};

static enum sp_status open_pool(struct cics *cics, struct sp_loop *loop, unsigned workers,
                                struct sp_error *err)
{
    const struct sp_cfg_cics_connection *config = cics->config;
    unsigned sessions = config->send_sessions ? config->send_sessions : 1;
    unsigned share = workers ? sessions / workers : sessions;
    struct sp_stream_pool_options options = {
        .address = {.host = config->host.ptr, .port = config->port},
        .max_streams = share ? share : 1,
        .connect_timeout_us = config->connection_timeout_us,
        .ssl_ctx = cics->tls,
    };
    return sp_stream_pool_new(loop, &options, &cics->pool, err);
}

enum sp_status sp_sor_cics_new(const struct sp_cfg_cics_connection *config, struct sp_loop *loop,
                               unsigned workers, struct sp_sor_connection **ret_connection,
                               struct sp_error *err)
{
    struct cics *cics = calloc(1, sizeof *cics);
    int len = snprintf(NULL, 0, "%.*s:%u", SP_STR_ARG(config->host), config->port);
    if (!cics || !(cics->address = malloc((size_t)len + 1))) {
        free(cics);
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a connection");
    }
    snprintf(cics->address, (size_t)len + 1, "%.*s:%u", SP_STR_ARG(config->host), config->port);
    cics->base = (struct sp_sor_connection){&cics_kind, config->id};
    cics->config = config;
    enum sp_status status = config->ssl ? sp_client_tls_new(config->ssl, &cics->tls, err) : SP_OK;
    if (status == SP_OK)
        status = open_pool(cics, loop, workers, err);
    if (status != SP_OK) {
        sp_error_prefix(err, "zosconnect_cicsIpicConnection[%.*s]", SP_STR_ARG(config->id));
        cics_free(&cics->base);
        return status;
    }
    *ret_connection = &cics->base;
    return SP_OK;
}
