/* SPDX-License-Identifier: Apache-2.0
 * An interceptor for the system tests: it logs each of its methods with what it was told, and does what the
 * request's header X-Do asks of it, "<id>:<method>:<deed>[:<number>]" with ';' between several.
 *
 * Deeds: "stop" with a status; "return" a number; "fetch" the property "url"; "sleep" milliseconds; "mute",
 * wait for what nobody completes; "spin" for good; "crash"; "header", set X-Probe of the reply; "facts", log
 * more. As the property "create": "refuse", "crash", or "log".
 */
#include <sallyport/interceptor.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 900

struct probe {
    const struct sallyport_host *host;
    struct sallyport_instance *instance;
    char id[64], url[256], made[64];
};

struct deed {
    char name[16];
    int number;
};

static void say(const struct probe *probe, const char *line)
{
    probe->host->log(probe->instance, SALLYPORT_LOG_INFO, line);
}

/* What the header asks of this instance in this method. */
static struct deed deed_of(const struct probe *probe, struct sallyport_call *call, const char *method)
{
    struct deed deed = {"", 0};
    char text[512], id[64], where[32], *rest = text;
    struct sallyport_text header = probe->host->header(call, SALLYPORT_REQUEST, "X-Do");
    snprintf(text, sizeof text, "%.*s", (int)header.length, header.bytes ? header.bytes : "");
    for (char *each = strtok_r(text, ";", &rest); each; each = strtok_r(NULL, ";", &rest)) {
        struct deed found = {"", 0};
        if (sscanf(each, "%63[^:]:%31[^:]:%15[^:]:%d", id, where, found.name, &found.number) >= 3 &&
            strcmp(id, probe->id) == 0 && strcmp(where, method) == 0)
            deed = found;
    }
    return deed;
}

static const char *told(const struct probe *probe, struct sallyport_call *call, int id, char *text,
                        size_t size)
{
    struct sallyport_text found = probe->host->text(call, id);
    snprintf(text, size, "%.*s", (int)found.length, found.bytes ? found.bytes : "");
    return text;
}

static void say_facts(const struct probe *probe, struct sallyport_call *call, const char *method)
{
    char line[LINE_BYTES], name[64], version[64], description[128], input[200], output[200], resource[64];
    struct sallyport_text mapped_name = {NULL, 0}, mapped_value = {NULL, 0};
    probe->host->header_at(call, SALLYPORT_MAPPED_RESPONSE, 0, &mapped_name, &mapped_value);
    snprintf(line, sizeof line, "%s facts requester=%s/%s/%s sor=%s in=%s out=%s mapped=%zu,%.*s=%.*s",
             method, told(probe, call, SALLYPORT_API_REQUESTER_NAME, name, sizeof name),
             told(probe, call, SALLYPORT_API_REQUESTER_VERSION, version, sizeof version),
             told(probe, call, SALLYPORT_API_REQUESTER_DESCRIPTION, description, sizeof description),
             told(probe, call, SALLYPORT_SOR_RESOURCE, resource, sizeof resource),
             told(probe, call, SALLYPORT_INPUT_PAYLOAD, input, sizeof input),
             told(probe, call, SALLYPORT_OUTPUT_PAYLOAD, output, sizeof output),
             probe->host->header_count(call, SALLYPORT_MAPPED_RESPONSE), (int)mapped_name.length,
             mapped_name.bytes ? mapped_name.bytes : "", (int)mapped_value.length,
             mapped_value.bytes ? mapped_value.bytes : "");
    say(probe, line);
}

static int do_deed(const struct probe *probe, struct sallyport_call *call, const char *method)
{
    char line[LINE_BYTES];
    const struct sallyport_host *host = probe->host;
    struct deed deed = deed_of(probe, call, method);
    int result = SALLYPORT_CONTINUE;
    if (strcmp(deed.name, "stop") == 0)
        return host->stop(call, deed.number, "the probe says no");
    if (strcmp(deed.name, "return") == 0)
        return deed.number;
    if (strcmp(deed.name, "sleep") == 0)
        result = host->sleep(call, deed.number);
    if (strcmp(deed.name, "mute") == 0)
        result = host->wait(call, host->new_completion(call), deed.number, NULL);
    if (strcmp(deed.name, "header") == 0)
        result = host->add_header(call, SALLYPORT_RESPONSE, "X-Probe", probe->id);
    if (strcmp(deed.name, "facts") == 0)
        say_facts(probe, call, method);
    while (strcmp(deed.name, "spin") == 0)
        __asm__ volatile("");
    if (strcmp(deed.name, "crash") == 0)
        abort();
    if (strcmp(deed.name, "fetch") == 0) {
        struct sallyport_http_response response = {0, {NULL, 0}, {NULL, 0}};
        struct sallyport_http_request request = {NULL, probe->url, NULL, 0, NULL, 0, deed.number, 0};
        result = host->http_fetch(call, &request, &response);
        snprintf(line, sizeof line, "%s fetched result=%d status=%d body=%.*s", method, result,
                 response.status, (int)response.body.length, response.body.bytes ? response.body.bytes : "");
        say(probe, line);
    } else if (deed.name[0] && strcmp(deed.name, "facts") != 0) {
        snprintf(line, sizeof line, "%s did %s result=%d", method, deed.name, result);
        say(probe, line);
    }
    return SALLYPORT_CONTINUE;
}

static int act(const struct probe *probe, struct sallyport_call *call, const char *name)
{
    char line[LINE_BYTES], method[16], uri[128], user[64];
    void **state = probe->host->state(call);
    snprintf(line, sizeof line, "%s %s %s type=%d status=%d user=%s state=%s", name,
             told(probe, call, SALLYPORT_METHOD, method, sizeof method),
             told(probe, call, SALLYPORT_URI, uri, sizeof uri),
             (int)probe->host->number(call, SALLYPORT_REQUEST_TYPE),
             (int)probe->host->number(call, SALLYPORT_RESPONSE_STATUS),
             told(probe, call, SALLYPORT_USER_NAME, user, sizeof user),
             !state   ? "none"
             : *state ? (const char *)*state
                      : "new");
    say(probe, line);
    return do_deed(probe, call, name);
}

/* Each pre_invoke of an instance keeps a state of its own: "1", "2", ... */
static int pre_invoke(void *self, struct sallyport_call *call)
{
    static unsigned count;
    const struct probe *probe = self;
    int result = act(probe, call, "pre_invoke");
    char *state = probe->host->allocate(call, 16);
    if (state)
        snprintf(state, 16, "%u", ++count);
    *probe->host->state(call) = state;
    return result;
}

static void post_invoke(void *self, struct sallyport_call *call)
{
    act(self, call, "post_invoke");
}

static void pre_sor(void *self, struct sallyport_call *call)
{
    act(self, call, "pre_sor");
}

static void post_sor(void *self, struct sallyport_call *call)
{
    act(self, call, "post_sor");
}

static void early_failure(void *self, struct sallyport_call *call)
{
    act(self, call, "early_failure");
}

static int create(const struct sallyport_setup *setup, void **ret_self, char *message, size_t message_size)
{
    struct probe *probe = calloc(1, sizeof *probe);
    if (!probe)
        return SALLYPORT_ENOMEM;
    probe->host = setup->host;
    probe->instance = setup->instance;
    snprintf(probe->id, sizeof probe->id, "%s", setup->id);
    for (size_t i = 0; i < setup->property_count; i++) {
        const struct sallyport_property *property = &setup->properties[i];
        if (strcmp(property->name, "url") == 0)
            snprintf(probe->url, sizeof probe->url, "%s", property->value);
        if (strcmp(property->name, "create") == 0)
            snprintf(probe->made, sizeof probe->made, "%s", property->value);
    }
    if (strcmp(probe->made, "crash") == 0)
        abort();
    if (strcmp(probe->made, "refuse") == 0) {
        snprintf(message, message_size, "the probe does not want to be made");
        free(probe);
        return SALLYPORT_EINVAL;
    }
    if (probe->made[0])
        say(probe, "created");
    *ret_self = probe;
    return SALLYPORT_OK;
}

static void destroy(void *self)
{
    struct probe *probe = self;
    if (probe->made[0])
        say(probe, "destroyed");
    free(probe);
}

static const struct sallyport_interceptor plugin = {
    .abi = SALLYPORT_INTERCEPTOR_ABI,
    .size = sizeof plugin,
    .name = "probe",
    .version = "1",
    .create = create,
    .destroy = destroy,
    .pre_invoke = pre_invoke,
    .post_invoke = post_invoke,
    .pre_sor = pre_sor,
    .post_sor = post_sor,
    .early_failure = early_failure,
};

const struct sallyport_interceptor *sallyport_interceptor_entry(uint32_t host_abi)
{
    return host_abi == SALLYPORT_INTERCEPTOR_ABI ? &plugin : NULL;
}
