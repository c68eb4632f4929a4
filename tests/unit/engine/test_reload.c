/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/reload.h"

static char run_dir[] = "/tmp/sallyport-reload-XXXXXX";

static int make_directory(void **state)
{
    return mkdtemp(run_dir) ? 0 : -1;
}

static int remove_directory(void **state)
{
    static const char *const names[] = {SP_RELOAD_MARK, SP_RELOAD_ACCEPTING};
    char path[PATH_MAX];
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", run_dir, names[i]);
        unlink(path);
    }
    return rmdir(run_dir);
}

/* What the master wrote last. */
static unsigned long generation(void)
{
    char path[PATH_MAX];
    long pid = 0;
    unsigned long found = 0;
    snprintf(path, sizeof path, "%s/" SP_RELOAD_MARK, run_dir);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld %lu", &pid, &found), 2);
    fclose(file);
    assert_int_equal(pid, getpid());
    return found;
}

/* A worker that accepts no more when something is written to the pipe, and says so through the other. */
struct worker {
    pid_t pid;
    int to, from;
};

static struct worker fork_worker(void)
{
    int to[2], from[2];
    char byte;
    assert_int_equal(pipe(to), 0);
    assert_int_equal(pipe(from), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(to[1]);
        while (read(to[0], &byte, 1) == 1) {
            sp_reload_accepts_no_more();
            if (write(from[1], "x", 1) != 1)
                break;
        }
        _exit(0);
    }
    close(to[0]);
    close(from[1]);
    return (struct worker){pid, to[1], from[0]};
}

static void quit(struct worker *worker)
{
    char byte;
    assert_int_equal(write(worker->to, "q", 1), 1);
    assert_int_equal(read(worker->from, &byte, 1), 1);
}

/* As one that crashes: without a word. */
static void end(struct worker *worker)
{
    kill(worker->pid, SIGKILL);
    close(worker->to);
    close(worker->from);
    assert_int_equal(waitpid(worker->pid, NULL, 0), worker->pid);
}

static void earlier_workers_are_known_until_the_last_has_stopped(void **state)
{
    assert_false(sp_reload_earlier_accept(run_dir, 1)); /* there is no file */
    sp_reload_mark(run_dir);
    unsigned long first = generation();
    struct worker one = fork_worker(), two = fork_worker();
    assert_false(sp_reload_earlier_accept(run_dir, first)); /* none is older */
    sp_reload_mark(run_dir);
    assert_int_equal(generation(), first + 1);
    struct worker next = fork_worker();
    assert_true(sp_reload_earlier_accept(run_dir, first + 1));
    quit(&one);
    assert_true(sp_reload_earlier_accept(run_dir, first + 1));
    quit(&two);
    assert_false(sp_reload_earlier_accept(run_dir, first + 1));
    assert_true(sp_reload_earlier_accept(run_dir, first + 2)); /* the present ones, seen from later */
    end(&one);
    end(&two);
    sp_reload_mark(run_dir);
    assert_true(sp_reload_earlier_accept(run_dir, first + 2));
    end(&next);
    assert_false(sp_reload_earlier_accept(run_dir, first + 2));
}

static void a_worker_that_outlives_a_reload_counts_in_the_next(void **state)
{
    sp_reload_mark(run_dir);
    struct worker slow = fork_worker();
    sp_reload_mark(run_dir);
    sp_reload_mark(run_dir);
    assert_true(sp_reload_earlier_accept(run_dir, generation()));
    quit(&slow);
    assert_false(sp_reload_earlier_accept(run_dir, generation()));
    end(&slow);
}

static void what_cannot_be_told_keeps_nobody_waiting(void **state)
{
    assert_false(sp_reload_earlier_accept("/nonexistent", 5));
    assert_false(sp_reload_earlier_accept(run_dir, 0));
    sp_reload_mark("/nonexistent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(earlier_workers_are_known_until_the_last_has_stopped),
        cmocka_unit_test(a_worker_that_outlives_a_reload_counts_in_the_next),
        cmocka_unit_test(what_cannot_be_told_keeps_nobody_waiting),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("engine/reload", tests, make_directory, remove_directory);
}
