/* SPDX-License-Identifier: Apache-2.0
 * message.h: the stable ids of the engine's messages; docs/messages.md explains each.
 */
#ifndef SP_ENGINE_MESSAGE_H
#define SP_ENGINE_MESSAGE_H

#define SP_MSG_LISTENER "SALE0001E"       /* an endpoint's host cannot be listened on */
#define SP_MSG_HTTP_OPTION "SALE0002E"    /* an httpOptions value that cannot be used */
#define SP_MSG_CIPHERS_NONE "SALE0004E"   /* no cipher is left */
#define SP_MSG_CONF_VALUE "SALE0005E"     /* a value that cannot be written to nginx.conf */
#define SP_MSG_CONF_STALE "SALE0006E"     /* server.xml has other listeners than nginx.conf */
#define SP_MSG_KEY_STORE "SALE0007E"      /* a key store cannot be used */
#define SP_MSG_CERTIFICATE "SALE0008W"    /* a certificate's time */
#define SP_MSG_WORKER "SALE0009E"         /* a worker cannot start */
#define SP_MSG_ROOT "SALE0010W"           /* workers would be root */
#define SP_MSG_PEER "SALE0011E"           /* whom to believe cannot be told from server.xml */
#define SP_MSG_PEER_REFUSED "SALE0012W"   /* what a trusted proxy says cannot be used */
#define SP_MSG_PEER_ALL "SALE0015W"       /* everybody may say whose certificate it is */
#define SP_MSG_NOT_TAKEN "SALE0014E"      /* the server goes on with its old configuration */
#define SP_MSG_OLD_ACCEPT "SALE0016E"     /* workers of the old configuration go on accepting */
#define SP_MSG_CLIENT_REFUSED "SALE0017W" /* the certificate of a client was not accepted */
#define SP_MSG_CLIENT_UNKNOWN "SALE0018W" /* a client has none, and must */
#define SP_MSG_PROXY_REFUSED "SALE0013W"  /* the PROXY protocol from somebody who is no proxy */

#endif
