/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/smf/event_port.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "intercept/smf/event.h"
#include "intercept/smf/saf_event.h"
#include "saf/audit_frame.h"

#define SENDERS_MAX 16u
#define USERS_MAX 16u
#define ROOM_LOOK_MS 20

struct sender {
    int fd;
    uid_t uid;
    size_t len;
    char bytes[SP_SAF_FRAME_MAX];
};

struct sp_smf_event_port {
    struct sp_smf_ring *ring;
    struct sp_smf_shared *shared;
    struct sockaddr_un address;
    uid_t users[USERS_MAX];
    size_t user_count;
    int listener, stopper;
    pthread_t thread;
    struct sender senders[SENDERS_MAX];
    size_t sender_count;
    bool full; /* the ring: a sender waits */
};

static void refuse(struct sp_smf_event_port *port, const char *text)
{
    sp_smf_message_set(port->ring, port->shared->event_message, text);
    atomic_fetch_add(&port->shared->events_refused, 1);
}

/* ---------------------------------------------------------------- an event */

static bool put(struct sp_smf_ring *ring, const struct sp_smf_security *security)
{
    uint64_t position;
    void *slot = sp_smf_ring_claim(ring, &position);
    if (!slot)
        return false;
    const struct sp_smf_event event = {
        .kind = SP_SMF_EVENT_SECURITY,
        .version = 1,
        .at_us = sp_clock_realtime_us(),
        .of.security = *security,
    };
    sp_smf_event_pack(&event, slot);
    sp_smf_ring_commit(ring, position);
    return true;
}

/* With what its sender has lost before it. */
static bool put_frame(struct sp_smf_event_port *port, const struct sp_saf_audit_frame *frame)
{
    char step[32];
    snprintf(step, sizeof step, "region %s", frame->sender);
    struct sp_smf_security security = sp_smf_of_saf(&frame->event, SP_SMF_FROM_REGION);
    security.step = sp_str_of(step);
    if (sp_smf_ring_free_slots(port->ring) < 2)
        return false;
    const struct sp_smf_security loss = {
        .event = SP_SMF_RECORDS_LOST,
        .origin = SP_SMF_FROM_REGION,
        .step = sp_str_of(step),
        .reason = SP_STR("Events of the region were lost: they could not be brought here, and its memory for "
                         "them was full."),
        .at_us = frame->event.time_us,
        .lost = frame->lost,
    };
    return put(port->ring, &security) && (!frame->lost || put(port->ring, &loss));
}

/* ---------------------------------------------------------------- a sender */

static void drop(struct sp_smf_event_port *port, size_t n)
{
    close(port->senders[n].fd);
    port->senders[n] = port->senders[--port->sender_count];
}

/* What it has brought so far. false: it is no sender of events. */
static bool take_frames(struct sp_smf_event_port *port, struct sender *sender)
{
    struct sp_error err = SP_ERROR_INIT;
    for (;;) {
        struct sp_saf_audit_frame frame;
        size_t len;
        enum sp_status status = sp_saf_frame_length(sp_str_from(sender->bytes, sender->len), &len, &err);
        if (status == SP_OK && (!len || len > sender->len))
            return true;
        if (status == SP_OK)
            status = sp_saf_frame_read(sp_str_from(sender->bytes, len), &frame, &err);
        if (status != SP_OK) {
            char text[SP_SMF_MESSAGE];
            snprintf(text, sizeof text, "what a process of user id %u brings is refused: %s",
                     (unsigned)sender->uid, err.text);
            refuse(port, text);
            return false;
        }
        if (!put_frame(port, &frame)) {
            port->full = true;
            return true;
        }
        unsigned char receipt[SP_SAF_RECEIPT_BYTES];
        sp_put_u64(receipt, frame.number);
        if (send(sender->fd, receipt, sizeof receipt, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)sizeof receipt)
            return false;
        memmove(sender->bytes, sender->bytes + len, sender->len - len);
        sender->len -= len;
    }
}

static bool receive(struct sp_smf_event_port *port, struct sender *sender)
{
    ssize_t got =
        recv(sender->fd, sender->bytes + sender->len, sizeof sender->bytes - sender->len, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (got <= 0)
        return false;
    sender->len += (size_t)got;
    return take_frames(port, sender);
}

static bool is_welcome(const struct sp_smf_event_port *port, uid_t uid)
{
    bool welcome = uid == 0 || uid == geteuid();
    for (size_t i = 0; i < port->user_count; i++)
        welcome |= uid == port->users[i];
    return welcome;
}

static void accept_sender(struct sp_smf_event_port *port)
{
    char text[SP_SMF_MESSAGE] = "";
    struct ucred peer = {.uid = (uid_t)-1};
    socklen_t len = sizeof peer;
    int fd = accept4(port->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || !is_welcome(port, peer.uid))
        snprintf(text, sizeof text, "process %d of user id %u may bring no events (eventUsers)",
                 (int)peer.pid, (unsigned)peer.uid);
    else if (port->sender_count == SENDERS_MAX)
        snprintf(text, sizeof text, "more than %u processes bring events", SENDERS_MAX);
    if (text[0]) {
        refuse(port, text);
        close(fd);
        return;
    }
    struct sender *sender = &port->senders[port->sender_count++];
    sender->fd = fd;
    sender->uid = peer.uid;
    sender->len = 0;
}

/* ---------------------------------------------------------------- the thread */

static void serve(struct sp_smf_event_port *port, const struct pollfd *ready, size_t count, bool was_full)
{
    /* From the last: one that is dropped makes place for one that was served. */
    for (size_t n = count; n-- > 0;) {
        struct sender *sender = &port->senders[n];
        bool stays = was_full ? take_frames(port, sender) : !ready[n].revents || receive(port, sender);
        if (!stays)
            drop(port, n);
    }
}

static void *run(void *arg)
{
    struct sp_smf_event_port *port = arg;
    for (;;) {
        struct pollfd watched[SENDERS_MAX + 2];
        size_t count = port->sender_count;
        bool was_full = port->full;
        for (size_t n = 0; n < count; n++)
            watched[n] = (struct pollfd){.fd = was_full ? -1 : port->senders[n].fd, .events = POLLIN};
        watched[count] = (struct pollfd){.fd = port->stopper, .events = POLLIN};
        watched[count + 1] = (struct pollfd){.fd = port->listener, .events = POLLIN};
        if (poll(watched, count + 2, was_full ? ROOM_LOOK_MS : -1) < 0 && errno != EINTR)
            return NULL;
        if (watched[count].revents)
            return NULL;
        port->full = false;
        serve(port, watched, count, was_full);
        if (watched[count + 1].revents)
            accept_sender(port);
    }
}

/* ---------------------------------------------------------------- life */

static enum sp_status find_users(struct sp_smf_event_port *port, struct sp_str users, struct sp_error *err)
{
    while (users.len) {
        size_t end = sp_str_find(users, ',');
        struct sp_str name = sp_str_trim(sp_str_slice(users, 0, end));
        users = sp_str_slice(users, end + 1, users.len);
        char text[64], memory[4096];
        struct passwd entry, *found = NULL;
        if (!name.len)
            continue;
        if (port->user_count == USERS_MAX)
            return sp_error_set(err, SP_ELIMIT, NULL, "eventUsers names more than %u users", USERS_MAX);
        snprintf(text, sizeof text, "%.*s", SP_STR_ARG(name));
        if (getpwnam_r(text, &entry, memory, sizeof memory, &found) != 0 || !found)
            return sp_error_set(err, SP_EINVAL, NULL, "eventUsers: there is no user \"%s\"", text);
        port->users[port->user_count++] = found->pw_uid;
    }
    return SP_OK;
}

/* What is left of an earlier writer goes; there is one writer at a time. */
static enum sp_status listen_there(struct sp_smf_event_port *port, struct sp_error *err)
{
    const char *path = port->address.sun_path;
    struct stat st;
    if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
        return sp_error_set(err, SP_EEXISTS, NULL, "eventSocket %s is there, and is no socket", path);
    port->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    port->stopper = eventfd(0, EFD_CLOEXEC);
    if (port->listener < 0 || port->stopper < 0)
        return sp_error_errno(err, SP_ELIMIT, errno, "no descriptor for eventSocket %s", path);
    unlink(path);
    /* Who may bring events is decided by the user id that the kernel tells. */
    if (bind(port->listener, (const struct sockaddr *)&port->address, sizeof port->address) != 0 ||
        chmod(path, port->user_count ? 0666 : 0600) != 0 || listen(port->listener, SENDERS_MAX) != 0)
        return sp_error_errno(err, SP_EIO, errno, "cannot listen at eventSocket %s", path);
    return SP_OK;
}

static void finish(struct sp_smf_event_port *port)
{
    while (port->sender_count)
        drop(port, port->sender_count - 1);
    if (port->listener >= 0)
        close(port->listener);
    if (port->stopper >= 0)
        close(port->stopper);
    free(port);
}

enum sp_status sp_smf_event_port_start(struct sp_smf_ring *ring, struct sp_str path, struct sp_str users,
                                       struct sp_smf_event_port **ret_port, struct sp_error *err)
{
    struct sp_smf_event_port *port = calloc(1, sizeof *port);
    if (!port)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for eventSocket");
    port->ring = ring;
    port->shared = sp_smf_shared(ring);
    port->address.sun_family = AF_UNIX;
    port->listener = port->stopper = -1;
    enum sp_status status = find_users(port, users, err);
    if (status == SP_OK && path.len >= sizeof port->address.sun_path)
        status = sp_error_set(err, SP_EINVAL, NULL, "eventSocket has more than %zu bytes: %.*s",
                              sizeof port->address.sun_path - 1, SP_STR_ARG(path));
    if (status == SP_OK) {
        memcpy(port->address.sun_path, path.ptr, path.len);
        status = listen_there(port, err);
    }
    if (status == SP_OK && pthread_create(&port->thread, NULL, run, port) != 0)
        status = sp_error_set(err, SP_ELIMIT, NULL, "no thread for eventSocket");
    if (status != SP_OK) {
        finish(port);
        return status;
    }
    *ret_port = port;
    return SP_OK;
}

void sp_smf_event_port_stop(struct sp_smf_event_port *port)
{
    if (!port)
        return;
    eventfd_write(port->stopper, 1);
    pthread_join(port->thread, NULL);
    finish(port);
}
