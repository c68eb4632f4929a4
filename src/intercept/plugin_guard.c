/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/plugin_guard.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "intercept/message.h"

#define ID_BYTES 48u
#define PLUGINS_MAX 256u /* ids, since the server started */
#define NAMING_TURNS 1000
#define BANNED_AFTER 3u
#define WINDOW_US 60000000
#define WATCH_US 50000
#define STACK_BYTES ((size_t)65536)

struct mark {
    _Atomic int32_t pid; /* of the worker that is inside; 0: none */
    _Atomic int32_t method;
    _Atomic int64_t since_us; /* monotonic */
    _Atomic int64_t hang_us;
    _Atomic bool hung; /* it was ended because of that */
    char id[ID_BYTES];
};

struct sp_plugin_crashes {
    _Atomic uint32_t count;
    _Atomic int64_t first_us; /* realtime */
    _Atomic int32_t taken;
    char id[ID_BYTES];
};

/* In shared memory: the table, then a mark for each worker. */
struct shared {
    struct sp_plugin_crashes table[PLUGINS_MAX];
    struct mark marks[];
};

static struct guard {
    struct shared *shared;
    struct mark *mine;
    unsigned users;
    bool looked; /* at what the worker before left */
    pthread_t thread;
    bool watching;
    _Atomic bool stopping;
    stack_t stack;
} guard;

const char *sp_plugin_method_name(enum sp_plugin_method method)
{
    static const char *const names[SP_PLUGIN_METHODS] = {"create",       "destroy",       "pre_invoke",
                                                         "post_invoke",  "pre_sor",       "post_sor",
                                                         "pre_endpoint", "post_endpoint", "early_failure"};
    return (unsigned)method < SP_PLUGIN_METHODS ? names[method] : "?";
}

size_t sp_plugin_guard_bytes(unsigned workers)
{
    return sizeof(struct shared) + workers * sizeof(struct mark);
}

/* ---------------------------------------------------------------- inside */

void sp_plugin_guard_enter(const char *id, enum sp_plugin_method method, int64_t hang_us)
{
    struct mark *mark = guard.mine;
    if (!mark)
        return;
    size_t len = strnlen(id, ID_BYTES - 1);
    memcpy(mark->id, id, len);
    mark->id[len] = 0;
    atomic_store_explicit(&mark->method, (int32_t)method, memory_order_relaxed);
    atomic_store_explicit(&mark->hang_us, hang_us, memory_order_relaxed);
    atomic_store_explicit(&mark->since_us, sp_clock_monotonic_us(), memory_order_relaxed);
    atomic_store_explicit(&mark->pid, (int32_t)getpid(), memory_order_release);
}

void sp_plugin_guard_leave(void)
{
    if (guard.mine)
        atomic_store_explicit(&guard.mine->pid, 0, memory_order_release);
}

/* ---------------------------------------------------------------- crashes */

/* Only what may be called in a handler of signals. */
static void say(const char *const *parts, size_t count)
{
    char line[256];
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        for (const char *at = parts[i]; *at && len < sizeof line - 1; at++)
            line[len++] = *at;
    line[len++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, len);
    (void)written;
}

static void on_crash(int signal_number)
{
    int saved = errno;
    const struct mark *mark = guard.mine;
    if (mark && atomic_load(&mark->pid) == (int32_t)getpid() && !atomic_load(&mark->hung)) {
        const char *const parts[] = {SP_MSG_PLUGIN_CRASHED ": this worker dies inside method ",
                                     sp_plugin_method_name((enum sp_plugin_method)atomic_load(&mark->method)),
                                     " of interceptor plug-in ", mark->id};
        say(parts, sizeof parts / sizeof parts[0]);
    }
    errno = saved;
    raise(signal_number); /* its own action is in force again: the worker dies of it */
}

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

static void install_handlers(void)
{
    guard.stack = (stack_t){.ss_sp = malloc(STACK_BYTES), .ss_size = STACK_BYTES};
    /* A fiber's stack may be what overflowed. */
    bool apart = guard.stack.ss_sp && sigaltstack(&guard.stack, NULL) == 0;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction action = {.sa_handler = on_crash,
                                   .sa_flags = (int)(SA_RESETHAND | SA_NODEFER | (apart ? SA_ONSTACK : 0))};
        sigaction(signals[i], &action, NULL);
    }
}

static void remove_handlers(void)
{
    const stack_t none = {.ss_flags = SS_DISABLE};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        signal(signals[i], SIG_DFL);
    sigaltstack(&none, NULL);
    free(guard.stack.ss_sp);
    guard.stack.ss_sp = NULL;
}

/* Another worker that starts at the same moment writes its id just now, which may be this one. One that died
 * meanwhile is not waited for. */
static bool is_named(struct sp_plugin_crashes *entry, const char *id)
{
    for (int turn = 0; turn < NAMING_TURNS && atomic_load(&entry->taken) == 1; turn++)
        sched_yield();
    return atomic_load(&entry->taken) == 2 && strncmp(entry->id, id, ID_BYTES - 1) == 0;
}

struct sp_plugin_crashes *sp_plugin_crashes_of(const char *id)
{
    for (size_t i = 0; guard.shared && i < PLUGINS_MAX; i++) {
        struct sp_plugin_crashes *entry = &guard.shared->table[i];
        int32_t nobody = 0;
        if (is_named(entry, id))
            return entry;
        if (!atomic_compare_exchange_strong(&entry->taken, &nobody, 1)) {
            if (is_named(entry, id)) /* it was free a moment ago */
                return entry;
            continue;
        }
        snprintf(entry->id, sizeof entry->id, "%s", id);
        atomic_store(&entry->taken, 2);
        return entry;
    }
    return NULL;
}

static void count_crash(struct sp_plugin_crashes *crashes)
{
    int64_t now = sp_clock_realtime_us();
    if (!crashes)
        return;
    if (now - atomic_load(&crashes->first_us) > WINDOW_US && atomic_load(&crashes->count) < BANNED_AFTER) {
        atomic_store(&crashes->first_us, now);
        atomic_store(&crashes->count, 0);
    }
    uint32_t count = atomic_fetch_add(&crashes->count, 1) + 1;
    if (count == BANNED_AFTER)
        sp_log(
            SP_LOG_ERROR, SP_MSG_PLUGIN_BANNED,
            "interceptor plug-in %s is not called any more: %u workers died in it within a minute. Requests "
            "that it would see are answered 503 until its element or the server changes",
            crashes->id, count);
}

bool sp_plugin_is_banned(const struct sp_plugin_crashes *crashes)
{
    return crashes && atomic_load_explicit(&crashes->count, memory_order_relaxed) >= BANNED_AFTER;
}

void sp_plugin_crashes_forget(struct sp_plugin_crashes *crashes)
{
    if (crashes)
        atomic_store(&crashes->count, 0);
}

/* A mark whose worker is alive is of one that ends its last requests after a reload. */
static void look_back(struct mark *mark)
{
    int32_t pid = atomic_load(&mark->pid);
    if (pid == 0 || pid == (int32_t)getpid() || kill(pid, 0) == 0)
        return;
    const char *method = sp_plugin_method_name((enum sp_plugin_method)atomic_load(&mark->method));
    if (atomic_load(&mark->hung))
        sp_log(
            SP_LOG_ERROR, SP_MSG_PLUGIN_HANGS,
            "worker process %d was ended, for method %s of interceptor plug-in %s did not come back within "
            "%lld ms",
            (int)pid, method, mark->id, (long long)(atomic_load(&mark->hang_us) / 1000));
    else
        sp_log(SP_LOG_ERROR, SP_MSG_PLUGIN_CRASHED,
               "worker process %d died inside method %s of interceptor plug-in %s", (int)pid, method,
               mark->id);
    count_crash(sp_plugin_crashes_of(mark->id));
    atomic_store(&mark->hung, false);
    atomic_store(&mark->pid, 0);
}

/* ---------------------------------------------------------------- the watching thread */

static void *watch(void *arg)
{
    struct mark *mark = arg;
    while (!atomic_load(&guard.stopping)) {
        usleep(WATCH_US);
        int64_t hang_us = atomic_load(&mark->hang_us), since_us = atomic_load(&mark->since_us);
        if (atomic_load(&mark->pid) != (int32_t)getpid() || hang_us == 0 ||
            sp_clock_monotonic_us() - since_us <= hang_us)
            continue;
        usleep(1000); /* it may have come out just now */
        if (atomic_load(&mark->since_us) != since_us || atomic_load(&mark->pid) != (int32_t)getpid())
            continue;
        const char *const parts[] = {SP_MSG_PLUGIN_HANGS ": this worker is ended, for method ",
                                     sp_plugin_method_name((enum sp_plugin_method)atomic_load(&mark->method)),
                                     " does not come back of interceptor plug-in ", mark->id};
        say(parts, sizeof parts / sizeof parts[0]);
        atomic_store(&mark->hung, true);
        abort();
    }
    return NULL;
}

static void start_watching(void)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    atomic_store(&guard.stopping, false);
    guard.watching = pthread_create(&guard.thread, NULL, watch, guard.mine) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void sp_plugin_guard_begin(void *shared, size_t shared_bytes, unsigned worker, unsigned workers)
{
    if (guard.users++)
        return;
    if (!shared || shared_bytes < sp_plugin_guard_bytes(workers) || worker >= workers) {
        static _Alignas(struct shared) unsigned char own[sizeof(struct shared) + sizeof(struct mark)];
        shared = own;
        worker = 0;
    }
    guard.shared = shared;
    guard.mine = &guard.shared->marks[worker];
    if (!guard.looked)
        look_back(guard.mine);
    guard.looked = true;
    install_handlers();
    start_watching();
}

void sp_plugin_guard_end(void)
{
    if (--guard.users)
        return;
    atomic_store(&guard.stopping, true);
    if (guard.watching)
        pthread_join(guard.thread, NULL);
    guard.watching = false;
    remove_handlers();
}
