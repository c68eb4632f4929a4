/* SPDX-License-Identifier: Apache-2.0
 * http_socket.h: curl's sockets and its timer in our loop. Private to this room.
 */
#ifndef SP_IO_HTTP_SOCKET_H
#define SP_IO_HTTP_SOCKET_H

#include "io/loop.h"

struct sp_http_socket;

struct sp_http_sockets {
    struct sp_loop *loop;
    void *multi; /* CURLM * */
    struct sp_timer timer;
    struct sp_http_socket *first;
    void (*progress)(void *arg); /* after curl did something */
    void *arg;
};

/* Watch for the multi handle from now on. */
void sp_http_sockets_init(struct sp_http_sockets *sockets, struct sp_loop *loop, void *multi,
                          void (*progress)(void *arg), void *arg);
/* After curl_multi_cleanup. Accepts one that is all zeros. */
void sp_http_sockets_finish(struct sp_http_sockets *sockets);

#endif
