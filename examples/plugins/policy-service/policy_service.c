/* SPDX-License-Identifier: Apache-2.0
 * An interceptor that asks an HTTP policy service whether a request may go on.
 *
 *     <sallyport_pluginInterceptor id="policy" library="policy_service.so" timeout="2s">
 *         <property name="url" value="http://127.0.0.1:8181/decide"/>
 *     </sallyport_pluginInterceptor>
 *
 * The service is sent a POST of {"user":"...","method":"...","uri":"...","api":"...","correlator":"..."}. With
 * 200 the request goes on; with 403 it is refused, with the service's body as the reason. Everything else, no
 * answer among it, refuses the request too: 503.
 */
#include <sallyport/interceptor.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUESTION_BYTES 8192
#define REASON_BYTES 200

struct policy {
    const struct sallyport_host *host;
    struct sallyport_instance *instance;
    char *url;
};

/* ---------------------------------------------------------------- the question, as JSON */

struct writer {
    char *text;
    size_t length, size;
};

static void put(struct writer *writer, const char *bytes, size_t length)
{
    if (writer->length + length < writer->size)
        memcpy(writer->text + writer->length, bytes, length);
    writer->length += length;
}

static void put_string(struct writer *writer, struct sallyport_text text)
{
    put(writer, "\"", 1);
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.bytes[i];
        char escaped[8];
        if (c == '"' || c == '\\' || c < 0x20 || c == 0x7f)
            put(writer, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", c));
        else
            put(writer, &text.bytes[i], 1);
    }
    put(writer, "\"", 1);
}

/* Its length; more than there is room for when it did not fit. */
static size_t write_question(const struct policy *policy, struct sallyport_call *call, char *text, size_t size)
{
    static const struct {
        const char *name;
        int id;
    } members[] = {{"\"user\":", SALLYPORT_USER_NAME},
                   {",\"method\":", SALLYPORT_METHOD},
                   {",\"uri\":", SALLYPORT_URI},
                   {",\"api\":", SALLYPORT_API_NAME},
                   {",\"correlator\":", SALLYPORT_CORRELATOR}};
    struct writer writer = {text, 0, size};
    put(&writer, "{", 1);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        put(&writer, members[i].name, strlen(members[i].name));
        put_string(&writer, policy->host->text(call, members[i].id));
    }
    put(&writer, "}", 1);
    return writer.length;
}

/* ---------------------------------------------------------------- methods */

static int pre_invoke(void *self, struct sallyport_call *call)
{
    static const struct sallyport_http_header headers[] = {{"Content-Type", "application/json"}};
    const struct policy *policy = self;
    char *question = policy->host->allocate(call, QUESTION_BYTES);
    size_t length = question ? write_question(policy, call, question, QUESTION_BYTES) : QUESTION_BYTES;
    if (length >= QUESTION_BYTES)
        return policy->host->stop(call, 500, "The policy service cannot be asked about this request.");
    const struct sallyport_http_request request = {.method = "POST",
                                                   .url = policy->url,
                                                   .headers = headers,
                                                   .header_count = 1,
                                                   .body = question,
                                                   .body_length = length,
                                                   .timeout_ms = 1000};
    struct sallyport_http_response response;
    /* The worker serves other requests until the answer is here. */
    int result = policy->host->http_fetch(call, &request, &response);
    if (result == SALLYPORT_OK && response.status == 200)
        return SALLYPORT_CONTINUE;
    if (result == SALLYPORT_OK && response.status == 403) {
        char reason[REASON_BYTES];
        snprintf(reason, sizeof reason, "The policy service refuses the request: %.*s",
                 (int)(response.body.length < 100 ? response.body.length : 100),
                 response.body.bytes ? response.body.bytes : "");
        return policy->host->stop(call, 403, reason);
    }
    policy->host->log(policy->instance, SALLYPORT_LOG_ERROR, "the policy service gave no decision");
    return policy->host->stop(call, 503, "The policy service gave no decision.");
}

static int create(const struct sallyport_setup *setup, void **ret_self, char *message, size_t message_size)
{
    struct policy *policy = calloc(1, sizeof *policy);
    if (!policy)
        return SALLYPORT_ENOMEM;
    policy->host = setup->host;
    policy->instance = setup->instance;
    for (size_t i = 0; i < setup->property_count; i++)
        if (strcmp(setup->properties[i].name, "url") == 0)
            policy->url = strdup(setup->properties[i].value);
    if (!policy->url) {
        snprintf(message, message_size, "property \"url\" is needed");
        free(policy);
        return SALLYPORT_EINVAL;
    }
    *ret_self = policy;
    return SALLYPORT_OK;
}

static void destroy(void *self)
{
    struct policy *policy = self;
    free(policy->url);
    free(policy);
}

static const struct sallyport_interceptor plugin = {
    .abi = SALLYPORT_INTERCEPTOR_ABI,
    .size = sizeof plugin,
    .name = "policy-service",
    .version = "1.0",
    .create = create,
    .destroy = destroy,
    .pre_invoke = pre_invoke,
};

const struct sallyport_interceptor *sallyport_interceptor_entry(uint32_t host_abi)
{
    return host_abi == SALLYPORT_INTERCEPTOR_ABI ? &plugin : NULL;
}
