/* SPDX-License-Identifier: Apache-2.0
 * kind.h: the kinds of things that are deployed.
 */
#ifndef SP_STORE_KIND_H
#define SP_STORE_KIND_H

enum sp_store_kind {
    SP_STORE_SERVICE,   /* .sar */
    SP_STORE_API,       /* .aar */
    SP_STORE_REQUESTER, /* .ara */
};
#define SP_STORE_KINDS 3

/* "service", "API", "API requester" */
const char *sp_store_kind_name(enum sp_store_kind kind);
/* ".sar", ".aar", ".ara" */
const char *sp_store_kind_suffix(enum sp_store_kind kind);

#endif
