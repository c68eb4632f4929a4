/* SPDX-License-Identifier: Apache-2.0
 * message.h: the stable ids of the gateway's messages; docs/messages.md explains each.
 */
#ifndef SP_GATEWAY_MESSAGE_H
#define SP_GATEWAY_MESSAGE_H

/* Archives */
#define SP_MSG_DIRECTORY_MISSING "SALG0001I"
#define SP_MSG_ARCHIVE_UNREADABLE "SALG0002E"
#define SP_MSG_ARCHIVE_REFUSED "SALG0003E"
#define SP_MSG_NAME_TAKEN "SALG0004E"
#define SP_MSG_BASE_PATH_TAKEN "SALG0005E"
#define SP_MSG_SERVICE_MISSING "SALG0006E"
#define SP_MSG_ITEM_WITHOUT_ARCHIVE "SALG0008W"

/* The security database */
#define SP_MSG_SAF_UNAVAILABLE "SALG0040E"

/* Requests */
#define SP_MSG_REQUEST_FAILED "SALG0020W"
#define SP_MSG_REQUEST_REFUSED "SALG0021W"
#define SP_MSG_AUDIT_LOST "SALG0030E"
#define SP_MSG_AUDIT_UNWRITTEN "SALG0031E"

#endif
