/* SPDX-License-Identifier: Apache-2.0 */
#include "io/resolve.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/clock.h"
#include "io/fiber.h"
#include "io/loop_internal.h"
#include "io/offload.h"

#define NAME_MAX_BYTES 253
#define NAMES_MAX 64u
#define KEEP_US 30000000
#define KEEP_REFUSAL_US 1000000

struct waiter {
    struct sp_fiber *fiber;
    struct waiter *next;
};

struct name {
    struct name *next; /* most recently used first */
    char text[NAME_MAX_BYTES + 1];
    struct sp_addresses addresses; /* last known; port 0 */
    enum sp_status status;         /* of the last question */
    int failure;                   /* EAI_ number of the last question */
    int64_t fresh_until_us;
    bool asking;
    struct waiter *waiters;
};

struct sp_resolver {
    struct sp_loop *loop;
    struct name *names;
    unsigned count;
};

/* Asking, in a thread */

struct question {
    char text[NAME_MAX_BYTES + 1];
    struct sp_addresses addresses;
    int failure;
};

static int look_up(const char *host, int flags, struct sp_addresses *ret_addresses)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags};
    struct addrinfo *found = NULL;
    int failure = getaddrinfo(host, NULL, &hints, &found);
    if (failure)
        return failure;
    struct sp_addresses out = {0};
    for (struct addrinfo *a = found; a && out.count < SP_ADDRESSES_MAX; a = a->ai_next)
        if (a->ai_addrlen <= sizeof(out.list[0].addr)) {
            memcpy(&out.list[out.count].addr, a->ai_addr, a->ai_addrlen);
            out.list[out.count++].len = a->ai_addrlen;
        }
    freeaddrinfo(found);
    if (!out.count)
        return EAI_NODATA;
    *ret_addresses = out;
    return 0;
}

static enum sp_status ask(void *arg)
{
    struct question *question = arg;
    question->failure = look_up(question->text, 0, &question->addresses);
    return SP_OK;
}

static void answered(struct name *name, enum sp_status status, const struct question *question)
{
    int64_t now = sp_clock_monotonic_us();
    name->status = status;
    name->failure = 0;
    name->fresh_until_us = now + KEEP_REFUSAL_US;
    if (status == SP_OK && question->failure) {
        name->status = question->failure == EAI_MEMORY ? SP_ENOMEM : SP_EUNAVAIL;
        name->failure = question->failure;
    } else if (status == SP_OK) {
        name->addresses = question->addresses;
        name->fresh_until_us = now + KEEP_US;
    }
    name->asking = false;
    for (struct waiter *w = name->waiters; w; w = w->next)
        sp_fiber_wake(w->fiber);
}

/* A fiber of its own, so that the end of the request that asked first does not spoil it for the others. */
static void asking_fiber(void *arg)
{
    struct name *name = arg;
    struct question *question = calloc(1, sizeof(*question));
    enum sp_status status = SP_ENOMEM;
    if (question) {
        memcpy(question->text, name->text, sizeof question->text);
        status = io_offload(ask, question, free, 0);
        if (status == SP_ECANCELED || status == SP_ETIMEDOUT)
            question = NULL;
    }
    answered(name, status, question);
    free(question);
}

/* The names that are kept */

static void name_unlink(struct sp_resolver *resolver, struct name *name)
{
    for (struct name **at = &resolver->names; *at; at = &(*at)->next)
        if (*at == name) {
            *at = name->next;
            resolver->count--;
            return;
        }
}

static void name_link(struct sp_resolver *resolver, struct name *name)
{
    name->next = resolver->names;
    resolver->names = name;
    resolver->count++;
}

static bool evict_one(struct sp_resolver *resolver)
{
    struct name *oldest = NULL;
    for (struct name *name = resolver->names; name; name = name->next)
        if (!name->asking && !name->waiters)
            oldest = name;
    if (!oldest)
        return false;
    name_unlink(resolver, oldest);
    free(oldest);
    return true;
}

static enum sp_status name_find(struct sp_loop *loop, const char *host, struct name **ret_name)
{
    struct sp_resolver *resolver = loop->resolver;
    if (!resolver) {
        resolver = calloc(1, sizeof(*resolver));
        if (!resolver)
            return SP_ENOMEM;
        resolver->loop = loop;
        loop->resolver = resolver;
    }
    struct name *name = resolver->names;
    while (name && strcmp(name->text, host) != 0)
        name = name->next;
    if (name) {
        name_unlink(resolver, name);
    } else {
        if (resolver->count >= NAMES_MAX && !evict_one(resolver))
            return SP_ELIMIT;
        name = calloc(1, sizeof(*name));
        if (!name)
            return SP_ENOMEM;
        snprintf(name->text, sizeof name->text, "%s", host);
    }
    name_link(resolver, name);
    *ret_name = name;
    return SP_OK;
}

void sp_resolver_free(struct sp_resolver *resolver)
{
    if (!resolver)
        return;
    while (resolver->names) {
        struct name *name = resolver->names;
        resolver->names = name->next;
        free(name);
    }
    free(resolver);
}

static enum sp_status wait_for_answer(struct name *name, int64_t deadline_us)
{
    struct waiter self = {.fiber = sp_fiber_self(), .next = name->waiters};
    name->waiters = &self;
    enum sp_status status = SP_OK;
    while (name->asking && status == SP_OK)
        status = sp_fiber_wait(deadline_us);
    for (struct waiter **at = &name->waiters; *at; at = &(*at)->next)
        if (*at == &self) {
            *at = self.next;
            break;
        }
    return status;
}

static enum sp_status explain(struct sp_error *err, const char *host, enum sp_status status, int failure)
{
    switch (status) {
    case SP_ETIMEDOUT:
        return sp_error_set(err, status, NULL, "host name %s: the resolver did not answer in time", host);
    case SP_ECANCELED:
        return sp_error_set(err, status, NULL, "host name %s: the request that needs it is gone", host);
    default:
        return sp_error_set(err, status, NULL, "host name %s cannot be resolved: %s", host,
                            failure ? gai_strerror(failure) : sp_status_name(status));
    }
}

static void put_port(struct sp_addresses *addresses, unsigned port)
{
    for (unsigned i = 0; i < addresses->count; i++) {
        struct sockaddr_storage *addr = &addresses->list[i].addr;
        if (addr->ss_family == AF_INET)
            ((struct sockaddr_in *)addr)->sin_port = htons((uint16_t)port);
        else if (addr->ss_family == AF_INET6)
            ((struct sockaddr_in6 *)addr)->sin6_port = htons((uint16_t)port);
    }
}

bool sp_address_is_number(const char *host)
{
    struct sp_addresses ignored;
    return look_up(host, AI_NUMERICHOST, &ignored) == 0;
}

enum sp_status io_resolve(struct sp_loop *loop, const char *host, unsigned port, int64_t deadline_us,
                          struct sp_addresses *ret_addresses, struct sp_error *err)
{
    size_t len = strlen(host);
    if (len == 0 || len > NAME_MAX_BYTES)
        return sp_error_set(err, SP_EINVAL, NULL, "a host name of %zu bytes is not within 1 and %d", len,
                            NAME_MAX_BYTES);
    if (look_up(host, AI_NUMERICHOST, ret_addresses) == 0) {
        put_port(ret_addresses, port);
        return SP_OK;
    }
    struct name *name;
    enum sp_status status = name_find(loop, host, &name);
    if (status != SP_OK)
        return explain(err, host, status, 0);
    if (!name->asking && name->fresh_until_us <= sp_clock_monotonic_us()) {
        name->asking = true;
        status = sp_fiber_start(loop, asking_fiber, name, NULL);
        if (status != SP_OK) {
            name->asking = false;
            return explain(err, host, status, 0);
        }
    }
    status = wait_for_answer(name, deadline_us);
    if (status != SP_OK)
        return explain(err, host, status, 0);
    if (!name->addresses.count)
        return explain(err, host, name->status, name->failure);
    *ret_addresses = name->addresses;
    put_port(ret_addresses, port);
    return SP_OK;
}

void sp_address_text(const struct sp_address *address, char ret_text[SP_ADDRESS_TEXT_MAX])
{
    char host[INET6_ADDRSTRLEN] = "?";
    const struct sockaddr_storage *addr = &address->addr;
    if (addr->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)addr;
        inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
        snprintf(ret_text, SP_ADDRESS_TEXT_MAX, "%s:%u", host, ntohs(in->sin_port));
    } else if (addr->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;
        inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof host);
        snprintf(ret_text, SP_ADDRESS_TEXT_MAX, "[%s]:%u", host, ntohs(in6->sin6_port));
    } else if (addr->ss_family == AF_UNIX && address->len > offsetof(struct sockaddr_un, sun_path)) {
        snprintf(ret_text, SP_ADDRESS_TEXT_MAX, "%.107s", ((const struct sockaddr_un *)addr)->sun_path);
    } else {
        snprintf(ret_text, SP_ADDRESS_TEXT_MAX, "local socket");
    }
}
