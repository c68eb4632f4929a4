/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/admin_call.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/fiber.h"
#include "io/http_client.h"
#include "io/loop.h"

#define MEMORY_MAX (256u * 1024u * 1024u)
#define RESPONSE_MAX (64u * 1024u * 1024u)
#define PATIENCE_US 120000000
#define STACK_BYTES (512u * 1024u)

struct sp_admin_client {
    const struct sp_admin_place *place;
    struct sp_loop *loop;
    struct sp_http_client *http;
    SSL_CTX *tls;
    struct sp_arena arena;
    /* The call that runs: */
    const struct sp_admin_call *call;
    struct sp_fetch_response response;
    enum sp_status status;
    struct sp_error *err;
};

/* ---------------------------------------------------------------- TLS */

static enum sp_status tls_error(struct sp_error *err, const char *what, const char *file)
{
    char text[256];
    ERR_error_string_n(ERR_peek_last_error(), text, sizeof text);
    ERR_clear_error();
    return sp_error_set(err, SP_EINVAL, NULL, "%s %s cannot be used: %s", what, file, text);
}

static enum sp_status set_up_tls(struct sp_admin_client *client, struct sp_error *err)
{
    const struct sp_admin_place *place = client->place;
    SSL_CTX *tls = client->tls = SSL_CTX_new(TLS_client_method());
    if (!tls || SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) != 1)
        return sp_error_set(err, SP_ENOMEM, NULL, "TLS cannot be set up");
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    if (place->ca && SSL_CTX_load_verify_locations(tls, place->ca, NULL) != 1)
        return tls_error(err, "the authorities in", place->ca);
    if (!place->ca && SSL_CTX_set_default_verify_paths(tls) != 1)
        return sp_error_set(err, SP_EIO, NULL, "the system's authorities cannot be read; use --ca");
    if (!place->certificate)
        return SP_OK;
    const char *key = place->key ? place->key : place->certificate;
    if (SSL_CTX_use_certificate_chain_file(tls, place->certificate) != 1)
        return tls_error(err, "the certificate in", place->certificate);
    if (SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(tls) != 1)
        return tls_error(err, "the key in", key);
    return SP_OK;
}

/* ---------------------------------------------------------------- life */

enum sp_status sp_admin_client_new(const struct sp_admin_place *place, struct sp_admin_client **ret_client,
                                   struct sp_error *err)
{
    const struct sp_loop_options loop = {.stack_bytes = STACK_BYTES};
    struct sp_admin_client *client = calloc(1, sizeof *client);
    if (!client)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a connection");
    client->place = place;
    sp_arena_init(&client->arena, MEMORY_MAX);
    enum sp_status status = set_up_tls(client, err);
    if (status == SP_OK)
        status = sp_loop_new(&loop, &client->loop, err);
    const struct sp_http_client_options options = {.ssl_ctx = client->tls};
    if (status == SP_OK)
        status = sp_http_client_new(client->loop, &options, &client->http, err);
    if (status == SP_OK)
        *ret_client = client;
    else
        sp_admin_client_free(client);
    return status;
}

void sp_admin_client_free(struct sp_admin_client *client)
{
    if (!client)
        return;
    sp_http_client_free(client->http);
    sp_loop_free(client->loop);
    SSL_CTX_free(client->tls);
    sp_arena_wipe(&client->arena);
    free(client);
}

/* ---------------------------------------------------------------- calling */

static void show_progress(void *arg, size_t sent, size_t total)
{
    const struct sp_admin_call *call = arg;
    fprintf(stderr, "\r%s: %zu of %zu KiB (%zu %%)%s", call->file, (sent + 1023) / 1024,
            (total + 1023) / 1024, sent * 100 / total, sent == total ? "\n" : "");
}

static size_t write_headers(struct sp_admin_client *client, struct sp_http_header headers[2])
{
    size_t count = 0;
    if (client->call->archive.ptr)
        headers[count++] = (struct sp_http_header){SP_STR("Content-Type"), SP_STR("application/zip")};
    struct sp_str token = client->place->token;
    struct sp_str value =
        token.ptr ? sp_arena_printf(&client->arena, "Bearer %.*s", SP_STR_ARG(token)) : token;
    if (value.ptr)
        headers[count++] = (struct sp_http_header){SP_STR("Authorization"), value};
    return count;
}

static void run(void *arg)
{
    struct sp_admin_client *client = arg;
    const struct sp_admin_call *call = client->call;
    struct sp_http_header headers[2];
    bool progress = call->file && isatty(STDERR_FILENO);
    const struct sp_fetch_request request = {
        .method = sp_str_of(call->method),
        .url = sp_arena_printf(&client->arena, "%s%.*s", client->place->url, SP_STR_ARG(call->path)),
        .headers = headers,
        .header_count = write_headers(client, headers),
        .body = call->archive,
        .user = client->place->token.ptr ? (struct sp_str){NULL, 0} : sp_str_of(client->place->user),
        .password = client->place->password,
        .max_response_bytes = RESPONSE_MAX,
        .progress = progress ? show_progress : NULL,
        .progress_arg = (void *)call,
    };
    client->status = io_http_fetch(client->http, &request, sp_clock_monotonic_us() + PATIENCE_US,
                                   &client->arena, &client->response, client->err);
}

enum sp_status sp_admin_client_call(struct sp_admin_client *client, const struct sp_admin_call *call,
                                    struct sp_admin_reply *ret_reply, struct sp_error *err)
{
    client->call = call;
    client->err = err;
    enum sp_status status = sp_fiber_start(client->loop, run, client, NULL);
    if (status != SP_OK)
        return sp_error_set(err, status, NULL, "the request cannot be begun");
    sp_loop_run_all(client->loop);
    if (client->status == SP_OK)
        *ret_reply = (struct sp_admin_reply){client->response.status, client->response.body};
    return client->status;
}
