/* SPDX-License-Identifier: Apache-2.0
 * A plug-in as it was compiled with version 1.2 of the interface: its tables are written down here as they
 * were, and the header, which has grown, is not included. It stops each request with what it knows of it.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct call;
struct text {
    const char *bytes;
    size_t length;
};
typedef void function(void); /* that this plug-in does not call */

struct host {
    uint32_t abi, size;
    struct text (*text)(struct call *call, int id);
    int64_t (*number)(struct call *call, int id);
    function *header_count, *header_at, *header, *set_header, *add_header, *allocate, *state;
    int (*stop)(struct call *call, int status, const char *message);
    function *add_stakeholder, *log, *time_left, *sleep, *http_fetch, *new_completion, *wait, *complete;
    struct text (*claim)(struct call *call, const char *name);
};

struct setup {
    uint32_t size;
    const struct host *host;
    void *instance;
    const char *id;
    const void *properties;
    size_t property_count;
    unsigned worker, workers;
};

struct interceptor {
    uint32_t abi, size;
    const char *name, *version;
    int (*create)(const struct setup *setup, void **ret_self, char *message, size_t message_size);
    void (*destroy)(void *self);
    int (*pre_invoke)(void *self, struct call *call);
    void (*methods[6])(void *self, struct call *call);
};

enum { METHOD = 1, USER_NAME = 20, USER_STRENGTH = 30, REMOTE_PORT = 5 };

static int create(const struct setup *setup, void **ret_self, char *message, size_t message_size)
{
    (void)message, (void)message_size;
    if (setup->size < sizeof *setup || setup->host->size < sizeof *setup->host)
        return 1;
    *ret_self = (void *)setup->host;
    return 0;
}

static int pre_invoke(void *self, struct call *call)
{
    const struct host *host = self;
    char message[200];
    struct text method = host->text(call, METHOD), user = host->text(call, USER_NAME);
    struct text strength = host->text(call, USER_STRENGTH), claim = host->claim(call, "sub");
    snprintf(message, sizeof message, "%.*s %.*s %.*s %lld %d", (int)method.length, method.bytes,
             (int)user.length, user.bytes, (int)strength.length, strength.bytes,
             (long long)host->number(call, REMOTE_PORT), claim.bytes != NULL);
    return host->stop(call, 418, message);
}

static const struct interceptor plugin = {
    .abi = 1,
    .size = sizeof plugin,
    .name = "minor-2",
    .version = "1",
    .create = create,
    .pre_invoke = pre_invoke,
};

__attribute__((visibility("default"))) const struct interceptor *
sallyport_interceptor_entry(uint32_t host_abi);

const struct interceptor *sallyport_interceptor_entry(uint32_t host_abi)
{
    return host_abi == 1 ? &plugin : NULL;
}
