/* SPDX-License-Identifier: Apache-2.0
 * A plug-in that writes down what is called, and does what its properties say. The one property "do" is
 * "<method>:<deed>[:<number>]"; method "*" is every one.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "recorder.h"
#include "sallyport/interceptor.h"

struct recorder {
    const struct sallyport_host *host;
    struct sallyport_instance *instance;
    char id[32], deed[64];
};

struct recorder_trace recorder_trace;

static void note(const struct recorder *self, const char *method)
{
    size_t len = strlen(recorder_trace.text);
    snprintf(recorder_trace.text + len, sizeof recorder_trace.text - len, "%s:%s ", method, self->id);
}

static void *complete_later(void *arg)
{
    struct recorder_job *job = arg;
    usleep((useconds_t)job->ms * 1000);
    job->complete(job->completion, 42);
    free(job);
    return NULL;
}

static struct sallyport_completion *hand_out(const struct recorder *self, struct sallyport_call *call, int ms)
{
    pthread_t thread;
    struct sallyport_completion *completion = self->host->new_completion(call);
    struct recorder_job *job = completion ? malloc(sizeof *job) : NULL;
    if (!job)
        return NULL;
    *job = (struct recorder_job){completion, self->host->complete, ms};
    if (pthread_create(&thread, NULL, complete_later, job) != 0)
        abort();
    pthread_detach(thread);
    return completion;
}

static void spin(int ms)
{
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < ms);
}

static int fetch(const struct recorder *self, struct sallyport_call *call, int port)
{
    char url[64];
    struct sallyport_http_response response;
    snprintf(url, sizeof url, "http://127.0.0.1:%d/x", port);
    const struct sallyport_http_request request = {.url = url, .timeout_ms = 2000};
    return self->host->http_fetch(call, &request, &response);
}

/* SALLYPORT_STOP or SALLYPORT_CONTINUE. */
static int act(const struct recorder *self, struct sallyport_call *call, const char *method)
{
    int number = 0;
    char wanted[32] = "", deed[32] = "";
    int64_t value = 0;
    note(self, method);
    if (sscanf(self->deed, "%31[^:]:%31[^:]:%d", wanted, deed, &number) < 2 ||
        (strcmp(wanted, method) != 0 && strcmp(wanted, "*") != 0))
        return SALLYPORT_CONTINUE;
    recorder_trace.result = -1;
    if (strcmp(deed, "stop") == 0)
        return self->host->stop(call, number, "the recorder says no");
    if (strcmp(deed, "refuse") == 0)
        return number;
    if (strcmp(deed, "sleep") == 0)
        recorder_trace.result = self->host->sleep(call, number);
    if (strcmp(deed, "spin") == 0)
        spin(number);
    if (strcmp(deed, "fetch") == 0)
        recorder_trace.result = fetch(self, call, number);
    if (strcmp(deed, "orphan") == 0)
        recorder_trace.result = hand_out(self, call, number) ? 0 : -1;
    if (strcmp(deed, "wait") == 0)
        recorder_trace.result = self->host->wait(call, hand_out(self, call, number), 0, &value);
    if (strcmp(deed, "short") == 0)
        recorder_trace.result = self->host->wait(call, hand_out(self, call, number), 10, &value);
    recorder_trace.value = value;
    if (strcmp(deed, "crash") == 0)
        *(volatile int *)(size_t)(number + 8) = 1;
    if (recorder_trace.hook)
        recorder_trace.hook(self->host, call);
    return SALLYPORT_CONTINUE;
}

static int create(const struct sallyport_setup *setup, void **ret_self, char *message, size_t message_size)
{
    struct recorder *self = calloc(1, sizeof *self);
    self->host = setup->host;
    self->instance = setup->instance;
    snprintf(self->id, sizeof self->id, "%s", setup->id);
    for (size_t i = 0; i < setup->property_count; i++) {
        if (strcmp(setup->properties[i].name, "do") == 0)
            snprintf(self->deed, sizeof self->deed, "%s", setup->properties[i].value);
        if (strcmp(setup->properties[i].name, "refuse") == 0) {
            snprintf(message, message_size, "%s", setup->properties[i].value);
            free(self);
            return SALLYPORT_EINVAL;
        }
    }
    if (strcmp(self->deed, "create:crash") == 0)
        abort();
    recorder_trace.instances++;
    *ret_self = self;
    return SALLYPORT_OK;
}

static void destroy(void *self)
{
    recorder_trace.instances--;
    free(self);
}

static int pre_invoke(void *self, struct sallyport_call *call)
{
    const struct recorder *recorder = self;
    *recorder->host->state(call) = self;
    return act(recorder, call, "pre");
}

static void post_invoke(void *self, struct sallyport_call *call)
{
    const struct recorder *recorder = self;
    recorder_trace.state_kept = *recorder->host->state(call) == self;
    act(recorder, call, "post");
}

static void pre_sor(void *self, struct sallyport_call *call)
{
    act(self, call, "presor");
}

static void post_sor(void *self, struct sallyport_call *call)
{
    act(self, call, "postsor");
}

static void pre_endpoint(void *self, struct sallyport_call *call)
{
    act(self, call, "preend");
}

static void post_endpoint(void *self, struct sallyport_call *call)
{
    act(self, call, "postend");
}

static void early_failure(void *self, struct sallyport_call *call)
{
    act(self, call, "early");
}

#ifndef RECORDER_ABI
#define RECORDER_ABI SALLYPORT_INTERCEPTOR_ABI
#endif
#ifndef RECORDER_MORE /* bytes that a later interface has behind the table */
#define RECORDER_MORE 0
#endif

static const struct sallyport_interceptor recorder = {
    .abi = RECORDER_ABI,
    .size = sizeof recorder + RECORDER_MORE,
    .name = "recorder",
    .version = "1",
    .create = create,
    .destroy = destroy,
    .pre_invoke = pre_invoke,
    .post_invoke = post_invoke,
    .pre_sor = pre_sor,
    .post_sor = post_sor,
    .pre_endpoint = pre_endpoint,
    .post_endpoint = post_endpoint,
    .early_failure = early_failure,
};

const struct sallyport_interceptor *sallyport_interceptor_entry(uint32_t host_abi)
{
    recorder_trace.host_abi = host_abi;
    return &recorder;
}
