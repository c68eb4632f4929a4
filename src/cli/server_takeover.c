/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/server_takeover.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "engine/conf.h"
#include "engine/message.h"
#include "engine/reload.h"

#define LOOK_EVERY_US 20000
/* More than nginx takes for its five attempts to open a listener. */
#define SECONDS_LEAST 8u

static enum sp_status read_file(const char *path, struct sp_buf *to, struct sp_error *err)
{
    char room[8192];
    FILE *file = fopen(path, "re");
    if (!file)
        return sp_error_errno(err, SP_EIO, errno, "%s", path);
    for (size_t n; (n = fread(room, 1, sizeof room, file)) > 0;)
        sp_buf_append(to, room, n);
    fclose(file);
    return to->failed ? sp_error_set(err, SP_ELIMIT, NULL, "%s is too long", path) : SP_OK;
}

/* ---------------------------------------------------------------- addresses */

/* "address:port" of the next line that listens. */
static bool next_listen(struct sp_str *rest, struct sp_str *ret_address)
{
    static const struct sp_str word = SP_STR_INIT("listen ");
    struct sp_str line;
    while (sp_str_split(rest, '\n', &line)) {
        line = sp_str_trim(line);
        if (!sp_str_starts(line, word))
            continue;
        line = sp_str_slice(line, word.len, line.len);
        size_t blank = sp_str_find(line, ' '), semicolon = sp_str_find(line, ';');
        *ret_address = sp_str_slice(line, 0, blank < semicolon ? blank : semicolon);
        return true;
    }
    return false;
}

static bool listens_on(struct sp_str conf, struct sp_str address)
{
    for (struct sp_str other; next_listen(&conf, &other);)
        if (sp_str_eq(other, address))
            return true;
    return false;
}

/* False for a name, which nginx looks up. */
static bool to_socket_address(struct sp_str text, struct sockaddr_storage *ret_address, socklen_t *ret_len)
{
    char host[64];
    size_t colon = text.len;
    uint64_t port;
    while (colon > 0 && text.ptr[colon - 1] != ':')
        colon--;
    if (colon == 0 || sp_str_to_u64(sp_str_slice(text, colon, text.len), &port) != SP_OK || port > 65535)
        return false;
    struct sp_str name = sp_str_slice(text, 0, colon - 1);
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret_address;
    struct sockaddr_in *four = (struct sockaddr_in *)ret_address;
    memset(ret_address, 0, sizeof *ret_address);
    if (name.len > 2 && name.ptr[0] == '[') {
        snprintf(host, sizeof host, "%.*s", (int)name.len - 2, name.ptr + 1);
        *six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
        *ret_len = sizeof *six;
        return inet_pton(AF_INET6, host, &six->sin6_addr) == 1;
    }
    snprintf(host, sizeof host, "%.*s", SP_STR_ARG(name));
    *four = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    *ret_len = sizeof *four;
    return sp_str_is(name, "*") || inet_pton(AF_INET, host, &four->sin_addr) == 1;
}

/* As nginx opens it, without listening. */
static int try_address(const struct sockaddr_storage *address, socklen_t len)
{
    int one = 1, number = 0;
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (address->ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    if (bind(fd, (const struct sockaddr *)address, len) != 0)
        number = errno;
    close(fd);
    return number;
}

static enum sp_status try_addresses(struct sp_str old, struct sp_str next, struct sp_error *err)
{
    struct sp_str rest = next, text;
    while (next_listen(&rest, &text)) {
        struct sockaddr_storage address;
        socklen_t len;
        if (listens_on(old, text) || !to_socket_address(text, &address, &len))
            continue;
        int number = try_address(&address, len);
        if (number == EADDRINUSE)
            return sp_error_set(
                err, SP_EUNAVAIL, SP_MSG_NOT_TAKEN,
                "somebody listens on %.*s already; where that is this server, with another address "
                "of the same port, it must be stopped and started",
                SP_STR_ARG(text));
        if (number)
            return sp_error_errno(err, SP_EUNAVAIL, number, "%.*s cannot be listened on", SP_STR_ARG(text));
    }
    return SP_OK;
}

/* ---------------------------------------------------------------- taking over */

struct mark {
    char text[64];
};

static void read_mark(const struct sp_server_place *place, struct mark *ret_mark)
{
    char path[4096];
    *ret_mark = (struct mark){""};
    snprintf(path, sizeof path, "%s/" SP_RELOAD_MARK, place->run_dir);
    FILE *file = fopen(path, "re");
    if (file && !fgets(ret_mark->text, sizeof ret_mark->text, file))
        ret_mark->text[0] = '\0';
    if (file)
        fclose(file);
}

static int64_t deadline(unsigned seconds)
{
    return sp_clock_monotonic_us() + (int64_t)(seconds < SECONDS_LEAST ? SECONDS_LEAST : seconds) * 1000000;
}

static bool waits_for_mark(const struct sp_server_place *place, const struct mark *before, unsigned seconds)
{
    int64_t until = deadline(seconds);
    do {
        struct mark now;
        read_mark(place, &now);
        if (strchr(now.text, '\n') && strcmp(now.text, before->text) != 0)
            return true;
        usleep(LOOK_EVERY_US);
    } while (sp_clock_monotonic_us() < until);
    return false;
}

static bool is_file(const char *path, const struct stat *file)
{
    struct stat now;
    return stat(path, &now) == 0 && now.st_ino == file->st_ino && now.st_dev == file->st_dev;
}

static enum sp_status swap(const struct sp_server_place *place, const char *next, const char *kept,
                           pid_t master, unsigned seconds, struct sp_error *err)
{
    struct mark before;
    struct stat ours;
    read_mark(place, &before);
    unlink(kept);
    if (link(place->conf_path, kept) != 0 || stat(next, &ours) != 0 || rename(next, place->conf_path) != 0)
        return sp_error_errno(err, SP_EIO, errno, "%s cannot be replaced", place->conf_path);
    enum sp_status status = SP_OK;
    if (kill(master, SIGHUP) != 0)
        status = sp_error_errno(err, SP_EIO, errno, "the server cannot be told");
    else if (!waits_for_mark(place, &before, seconds))
        status = sp_error_set(err, SP_ETIMEDOUT, SP_MSG_NOT_TAKEN,
                              "the server has not taken the configuration over; %s/messages.log tells why",
                              place->log_dir);
    /* Unless somebody else was here meanwhile. */
    if (status != SP_OK && is_file(place->conf_path, &ours) && rename(kept, place->conf_path) != 0)
        status = sp_error_errno(err, SP_EIO, errno, "the old %s cannot be put back", place->conf_path);
    return status;
}

enum sp_status sp_server_wait_for_new(const struct sp_server_place *place, unsigned seconds,
                                      struct sp_error *err)
{
    int64_t until = deadline(seconds);
    struct mark now;
    read_mark(place, &now);
    unsigned long generation = 0;
    const char *blank = strchr(now.text, ' ');
    if (blank)
        generation = strtoul(blank, NULL, 10);
    while (sp_reload_earlier_accept(place->run_dir, generation)) {
        if (sp_clock_monotonic_us() >= until)
            return sp_error_set(err, SP_ETIMEDOUT, SP_MSG_OLD_ACCEPT,
                                "workers of the old configuration still accept connections beside those of "
                                "the new one; %s/messages.log may tell why",
                                place->log_dir);
        usleep(LOOK_EVERY_US);
    }
    return SP_OK;
}

enum sp_status sp_server_take_turn(const struct sp_server_place *place, unsigned seconds, int *ret_turn,
                                   struct sp_error *err)
{
    char path[4096];
    int64_t until = deadline(seconds);
    snprintf(path, sizeof path, "%s/takeover.lock", place->run_dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return sp_error_errno(err, SP_EIO, errno, "%s", path);
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (sp_clock_monotonic_us() >= until) {
            close(fd);
            return sp_error_set(
                err, SP_ETIMEDOUT, NULL,
                "another command, or the server by itself, is still changing the configuration; "
                "try again");
        }
        usleep(LOOK_EVERY_US);
    }
    *ret_turn = fd;
    return SP_OK;
}

enum sp_status sp_server_take_over(const struct sp_server_place *place, const char *next, pid_t master,
                                   unsigned seconds, struct sp_error *err)
{
    struct sp_buf old, text;
    char kept[4096];
    snprintf(kept, sizeof kept, "%s.kept", place->conf_path);
    sp_buf_init(&old, SP_ENGINE_CONF_MAX);
    sp_buf_init(&text, SP_ENGINE_CONF_MAX);
    enum sp_status status = read_file(place->conf_path, &old, err);
    if (status == SP_OK)
        status = read_file(next, &text, err);
    if (status == SP_OK)
        status = try_addresses(sp_buf_str(&old), sp_buf_str(&text), err);
    if (status == SP_OK)
        status = swap(place, next, kept, master, seconds, err);
    unlink(next);
    unlink(kept);
    sp_buf_wipe(&old); /* variables may hold passwords */
    sp_buf_wipe(&text);
    return status;
}

void sp_server_log_not_taken(const struct sp_server_place *place, const char *reason)
{
    char path[4096], when[32];
    time_t now = time(NULL);
    struct tm parts;
    if (!getenv(SP_RELOAD_COMMAND_VARIABLE))
        return;
    snprintf(path, sizeof path, "%s/messages.log", place->log_dir);
    FILE *file = fopen(path, "ae");
    if (!file)
        return;
    strftime(when, sizeof when, "%Y/%m/%d %H:%M:%S", localtime_r(&now, &parts));
    fprintf(file,
            "%s [error] %ld#0: " SP_MSG_NOT_TAKEN " the server goes on with its old configuration: %s\n",
            when, (long)getpid(), reason);
    fclose(file);
}
