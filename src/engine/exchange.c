/* SPDX-License-Identifier: Apache-2.0
 * exchange.c: the life of one request between nginx and the handler.
 *
 * reading the body -> with the handler -> replied -> finished; or canceled from any of them. Where the body
 * has not come with the header: with the handler -> reading, when it asks -> with the handler.
 */
#include "engine/module.h"

#include "base/log.h"

static struct engine_exchange *exchange_of(struct sp_exchange *port)
{
    return (struct engine_exchange *)((char *)port - offsetof(struct engine_exchange, port));
}

/* Take every hook of ours out of nginx. Afterwards the request knows nothing of the exchange. */
static void detach(struct engine_exchange *exchange)
{
    if (exchange->cleanup)
        exchange->cleanup->handler = NULL;
    exchange->cleanup = NULL;
    if (exchange->body_timer.timer_set)
        ngx_del_timer(&exchange->body_timer);
    engine_unwatch_framing(exchange);
    if (exchange->finish.posted) { /* nginx's macros are several statements */
        ngx_delete_posted_event(&exchange->finish);
    }
    if (exchange->body_count.posted) {
        ngx_delete_posted_event(&exchange->body_count);
    }
    if (exchange->read_body.posted) {
        ngx_delete_posted_event(&exchange->read_body);
    }
    engine_worker.awaited -= exchange->awaits;
    exchange->awaits = 0;
    if (exchange->with_handler) {
        exchange->with_handler = 0;
        ngx_queue_remove(&exchange->link);
    }
    sp_bodies_give(&engine_worker.bodies, exchange->account, exchange->taken);
    exchange->taken = 0;
}

/* Rule 5: nginx runs this when the request ends in any other way than exchange_finish. */
static void cancel(void *data)
{
    struct engine_exchange *exchange = data;
    unsigned with_handler = exchange->with_handler;
    exchange->cleanup = NULL;
    detach(exchange);
    if (with_handler)
        engine_worker.handler.cancel(engine_worker.handler.handler, &exchange->port);
}

/* Rule 3: the only place that finalises a request which has an exchange. The connection is kept aside, for
 * the request may be gone afterwards. */
static void finalise(ngx_http_request_t *r, ngx_int_t rc)
{
    ngx_connection_t *c = r->connection;
    ngx_http_finalize_request(r, rc);
    ngx_http_run_posted_requests(c);
}

/* The same, for a request that we end. */
static void abandon(struct engine_exchange *exchange)
{
    ngx_http_cleanup_t *cleanup = exchange->cleanup;
    cancel(exchange);
    cleanup->handler = NULL;
}

void engine_cancel_all(void)
{
    while (!ngx_queue_empty(&engine_worker.in_flight)) {
        ngx_queue_t *first = ngx_queue_head(&engine_worker.in_flight);
        struct engine_exchange *exchange = ngx_queue_data(first, struct engine_exchange, link);
        abandon(exchange);
        finalise(exchange->r, NGX_HTTP_CLOSE);
    }
}

/* Rule 8: the reply comes before the body. The rest of a chunked one is not skipped, for nginx reads its
 * frame less strictly than framing.c; nor one that the client may not send at all. */
static void leave_body(struct engine_exchange *exchange)
{
    ngx_http_request_t *r = exchange->r;
    off_t come = r->header_in->last - r->header_in->pos;
    r->expect_tested = 1; /* otherwise nginx would ask for it */
    if (exchange->reading) {
        r->read_event_handler = ngx_http_block_reading;
        r->keepalive = 0;
        r->lingering_close = 1;
        return;
    }
    if (r->headers_in.chunked || r->headers_in.expect ||
        r->headers_in.content_length_n - come > ENGINE_SKIP_MAX)
        r->keepalive = 0;
    if (ngx_http_discard_request_body(r) != NGX_OK)
        r->keepalive = 0;
}

/* From nginx's queue of posted events, after the handler's reply. */
static void exchange_finish(ngx_event_t *event)
{
    struct engine_exchange *exchange = event->data;
    ngx_http_request_t *r = exchange->r;
    detach(exchange);
    if (exchange->unread)
        leave_body(exchange);
    if (exchange->status == 0) {
        finalise(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }
    ngx_int_t rc = ngx_http_send_header(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        finalise(r, rc);
        return;
    }
    ngx_chain_t out = {.buf = exchange->body, .next = NULL};
    finalise(r, ngx_http_output_filter(r, &out));
}

/* Rule 4: called by the handler, as a rule on the stack of a fiber that still holds connections and memory.
 * So this only copies; nginx gets the request back when the fiber has unwound. */
static void take_reply(struct sp_exchange *port, const struct sp_http_reply *reply)
{
    struct engine_exchange *exchange = exchange_of(port);
    if (!exchange->with_handler) {
        sp_log(SP_LOG_ERROR, NULL, "defect: a second reply to one request was dropped");
        return;
    }
    exchange->with_handler = 0;
    ngx_queue_remove(&exchange->link);
    bool wrong = exchange->request.refusal && reply->status < 400;
    if (wrong)
        sp_log(SP_LOG_ERROR, NULL,
               "the handler answered a client that is refused as if it were not; the answer was not sent");
    exchange->status =
        !wrong && engine_take_reply(exchange->r, reply, &exchange->body) == NGX_OK ? reply->status : 0;
    ngx_post_event(&exchange->finish, &ngx_posted_events);
}

static const struct engine_location_conf *conf_of(ngx_http_request_t *r)
{
    return ngx_http_get_module_loc_conf(r, ngx_http_sallyport_module);
}

/* What has come of the body is the client's; false: it has too much. */
static bool take_bytes(struct engine_exchange *exchange, uint64_t come)
{
    uint64_t more = come > exchange->taken ? come - exchange->taken : 0;
    if (!sp_bodies_take(&engine_worker.bodies, exchange->account, more,
                        conf_of(exchange->r)->client_bodies)) {
        ngx_log_error(NGX_LOG_INFO, exchange->r->connection->log, 0,
                      "client has too many bytes of request bodies in work");
        exchange->r->keepalive = 0;
        return false;
    }
    exchange->taken += more;
    return true;
}

/* Instead of nginx's own handler, which does the work: more of the body is there. */
static void read_more(ngx_http_request_t *r)
{
    struct engine_exchange *exchange = ngx_http_get_module_ctx(r, ngx_http_sallyport_module);
    if (!exchange) { /* nginx answers with its page of an error */
        r->read_event_handler = ngx_http_block_reading;
        return;
    }
    ngx_post_event(&exchange->body_count, &ngx_posted_events);
    exchange->body_reader(r);
}

/* From nginx's queue of posted events: it has read what had come, and the body has not ended. */
static void count_body(ngx_event_t *event)
{
    struct engine_exchange *exchange = event->data;
    ngx_http_request_t *r = exchange->r;
    if (r->read_event_handler != read_more ||
        take_bytes(exchange, (uint64_t)(r->request_length - exchange->header_bytes)))
        return;
    abandon(exchange);
    r->read_event_handler = ngx_http_block_reading;
    finalise(r, NGX_HTTP_TOO_MANY_REQUESTS);
}

static void watch_client(ngx_http_request_t *r)
{
    ngx_event_t *read = r->connection->read;
    r->read_event_handler = ngx_http_test_reading;
    /* The edge that told of the client's end may lie behind us. */
    if (read->pending_eof) {
        ngx_post_event(read, &ngx_posted_events);
    }
}

static void hand_over(struct engine_exchange *exchange)
{
    ngx_http_request_t *r = exchange->r;
    /* A write event would otherwise run the phases once more, and with them the content handler. */
    r->write_event_handler = ngx_http_request_empty_handler;
    exchange->with_handler = 1;
    ngx_queue_insert_tail(&engine_worker.in_flight, &exchange->link);
    engine_worker_busy();
    watch_client(r);
    engine_worker.handler.start(engine_worker.handler.handler, &exchange->port);
}

/* nginx calls this when the whole body is here, perhaps before engine_content_handler or begin_reading
 * returns.
 */
static void body_is_read(ngx_http_request_t *r)
{
    struct engine_exchange *exchange = ngx_http_get_module_ctx(r, ngx_http_sallyport_module);
    if (exchange->body_timer.timer_set)
        ngx_del_timer(&exchange->body_timer);
    engine_unwatch_framing(exchange);
    ngx_int_t rc = engine_fill_body(r, &exchange->request.body);
    if (rc != NGX_OK || !take_bytes(exchange, exchange->request.body.len)) {
        abandon(exchange);
        ngx_http_finalize_request(r,
                                  rc != NGX_OK ? NGX_HTTP_INTERNAL_SERVER_ERROR : NGX_HTTP_TOO_MANY_REQUESTS);
        return;
    }
    if (!exchange->unread) {
        hand_over(exchange);
        return;
    }
    exchange->unread = exchange->reading = 0;
    engine_worker.awaited -= exchange->awaits;
    exchange->awaits = 0;
    watch_client(r);
    engine_worker.handler.body(engine_worker.handler.handler, &exchange->port);
}

/* nginx's client_body_timeout is between two reads, so a body could come one byte a minute. Ours: the body
 * may take `body_patience`, and longer only as far as bytes came at `body_rate`. */
static void body_is_late(ngx_event_t *event)
{
    struct engine_exchange *exchange = event->data;
    ngx_http_request_t *r = exchange->r;
    const struct engine_location_conf *conf = conf_of(r);
    if (r->read_event_handler != read_more)
        return; /* nginx has ended the reading with an error and is answering */
    off_t received = r->request_length - exchange->header_bytes;
    ngx_msec_t allowed = conf->body_patience + (ngx_msec_t)(received * 1000 / (off_t)conf->body_rate);
    ngx_msec_t taken = ngx_current_msec - exchange->body_begun;
    if (taken < allowed) {
        ngx_add_timer(event, allowed - taken);
        return;
    }
    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0, "client sends its body too slowly: %O bytes in %M ms",
                  received, taken);
    r->connection->timedout = 1;
    abandon(exchange);
    r->read_event_handler = ngx_http_block_reading;
    finalise(r, NGX_HTTP_REQUEST_TIME_OUT);
}

static void watch_body(struct engine_exchange *exchange)
{
    ngx_http_request_t *r = exchange->r;
    exchange->body_reader = r->read_event_handler;
    r->read_event_handler = read_more;
    exchange->body_begun = ngx_current_msec;
    ngx_post_event(&exchange->body_count, &ngx_posted_events);
    ngx_add_timer(&exchange->body_timer, conf_of(r)->body_patience);
}

/* From nginx's queue of posted events, after the handler has asked. */
static void begin_reading(ngx_event_t *event)
{
    struct engine_exchange *exchange = event->data;
    ngx_http_request_t *r = exchange->r;
    exchange->reading = 1;
    exchange->header_bytes = r->request_length;
    ngx_int_t rc = ngx_http_read_client_request_body(r, body_is_read);
    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        abandon(exchange);
        finalise(r, rc);
        return;
    }
    if (rc == NGX_AGAIN)
        watch_body(exchange);
    finalise(r, NGX_DONE); /* reading has taken hold of the request once more */
}

/* On the stack of the handler's fiber, like take_reply. */
static void ask_body(struct sp_exchange *port)
{
    struct engine_exchange *exchange = exchange_of(port);
    port->ask_body = NULL;
    exchange->awaits = 1;
    engine_worker.awaited++;
    ngx_post_event(&exchange->read_body, &ngx_posted_events);
}

static struct engine_exchange *exchange_new(ngx_http_request_t *r)
{
    struct engine_exchange *exchange = ngx_pcalloc(r->pool, sizeof *exchange);
    if (!exchange)
        return NULL;
    exchange->cleanup = ngx_http_cleanup_add(r, 0);
    if (!exchange->cleanup)
        return NULL;
    exchange->cleanup->handler = cancel;
    exchange->cleanup->data = exchange;
    exchange->r = r;
    exchange->port.request = &exchange->request;
    exchange->port.reply = take_reply;
    exchange->finish.handler = exchange_finish;
    exchange->finish.data = exchange;
    exchange->finish.log = r->connection->log;
    exchange->read_body.handler = begin_reading;
    exchange->read_body.data = exchange;
    exchange->read_body.log = r->connection->log;
    exchange->body_timer.handler = body_is_late;
    exchange->body_timer.data = exchange;
    exchange->body_timer.log = r->connection->log;
    exchange->body_count.handler = count_body;
    exchange->body_count.data = exchange;
    exchange->body_count.log = r->connection->log;
    ngx_http_set_ctx(r, exchange, ngx_http_sallyport_module);
    return exchange;
}

/* What nginx or facts.c refuses; the handler says so. */
static ngx_int_t start_refused(struct engine_exchange *exchange)
{
    ngx_http_request_t *r = exchange->r;
    ngx_int_t rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK)
        return rc;
    r->keepalive = 0;
    r->err_status = 0; /* the status is the handler's */
    r->main->count++;  /* as nginx does when it begins to read a body */
    hand_over(exchange);
    return NGX_DONE;
}

/* Whether the body is still to come, and the handler wants to be asked before. */
static bool is_to_come(ngx_http_request_t *r, const struct engine_exchange *exchange)
{
    if (!engine_worker.handler.body || engine_worker.awaited >= ENGINE_AWAITED_MAX)
        return false;
    bool expects = r->headers_in.expect && r->http_version > NGX_HTTP_VERSION_10;
    if (r->headers_in.chunked)
        return expects || exchange->chunks.state != SP_CHUNK_LAST;
    off_t length = r->headers_in.content_length_n;
    return length > 0 && (expects || length > r->header_in->last - r->header_in->pos);
}

static ngx_int_t start_before_body(struct engine_exchange *exchange)
{
    exchange->unread = 1;
    exchange->port.ask_body = ask_body;
    exchange->r->main->count++; /* as nginx does when it begins to read a body */
    hand_over(exchange);
    return NGX_DONE;
}

ngx_int_t engine_content_handler(ngx_http_request_t *r)
{
    const struct engine_location_conf *conf = conf_of(r);
    if (!engine_worker.handler.start)
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    ngx_int_t rc = engine_check_request(r, conf);
    if (rc != NGX_OK)
        return rc;
    struct engine_exchange *exchange = exchange_new(r);
    if (!exchange)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    rc = engine_fill_request(r, conf, &exchange->request);
    if (rc != NGX_OK)
        return rc;
    if (exchange->request.refusal)
        return start_refused(exchange);
    exchange->account = sp_bodies_account(&engine_worker.bodies, exchange->request.peer_address);
    uint64_t said = r->headers_in.content_length_n > 0 ? (uint64_t)r->headers_in.content_length_n : 0;
    if (!sp_bodies_fit(&engine_worker.bodies, exchange->account, said, conf->client_bodies)) {
        r->keepalive = 0;
        return NGX_HTTP_TOO_MANY_REQUESTS;
    }
    rc = engine_watch_framing(r, exchange);
    if (rc != NGX_OK)
        return rc;
    if (is_to_come(r, exchange))
        return start_before_body(exchange);
    exchange->header_bytes = r->request_length;
    rc = ngx_http_read_client_request_body(r, body_is_read);
    if (rc >= NGX_HTTP_SPECIAL_RESPONSE)
        return rc;
    if (rc == NGX_AGAIN)
        watch_body(exchange);
    return NGX_DONE;
}
