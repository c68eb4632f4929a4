/* SPDX-License-Identifier: Apache-2.0
 * message.h: the stable ids of the interceptors' messages; docs/messages.md explains each.
 */
#ifndef SP_INTERCEPT_MESSAGE_H
#define SP_INTERCEPT_MESSAGE_H

/* What is configured */
#define SP_MSG_INTERCEPTOR_UNUSED "SALI0001W"
#define SP_MSG_INTERCEPTOR_LIST_UNUSED "SALI0002W"
#define SP_MSG_GROUPS_UNCHECKED "SALI0003W"
#define SP_MSG_AUTHORIZATION_OPTED_OUT "SALI0004W"
#define SP_MSG_LEVELS_WITHOUT_GROUPS "SALI0005W"

/* The file system logger */
#define SP_MSG_FILE_LOG_LOST "SALI0020E"

#endif
