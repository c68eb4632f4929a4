/* SPDX-License-Identifier: Apache-2.0
 * library.h: archives that were read, and mappings that were compiled, for all snapshots that need them.
 *
 * What an archive says depends on its bytes alone, so it is read once, however many snapshots are made of it:
 * an update reads what it brings, and nothing else. The same holds for mappings, which operations with the
 * same service and the same maps share. Snapshots borrow; what nobody borrows any more is freed.
 *
 * What the process has read that makes the workers is pinned there: workers find it in the memory that they
 * inherit, never write to it, and never free it.
 *
 * One snapshot at a time may be made with a library, in any thread; loans may end in another one meanwhile.
 */
#ifndef SP_GATEWAY_LIBRARY_H
#define SP_GATEWAY_LIBRARY_H

#include "artifact/ara.h"
#include "gateway/routes.h"
#include "mapping/mapping.h"
#include "store/state.h"

#define SP_LIBRARY_BYTES_MAX ((size_t)1 << 30) /* of the product's */
/* The target, among the routes of an API, of GET /api-docs, unless the API has an operation of its own there;
 * the others are the numbers of its operations. */
#define SP_ROUTE_DOCUMENT (SP_ROUTE_NONE - 1)

/* What requests need to know of an operation's archive. */
struct sp_library_operation {
    char maps[SP_STORE_CHECKSUM_BYTES]; /* equal for operations whose mappings are, with one service */
    const struct sp_str *query_names, *header_names; /* that the request map reads */
    uint32_t query_name_count, header_name_count;
};

/* One of the three, by kind. */
struct sp_library_item;

struct sp_library_archive {
    struct sp_library_item *item; /* for the library */
    enum sp_store_kind kind;
    char checksum[SP_STORE_CHECKSUM_BYTES + 1];
    const struct sp_sar *sar;
    const struct sp_aar *aar;
    const struct sp_library_operation *operations; /* of an API, in the order of the archive's */
    const struct sp_routes *routes;                /* of an API */
    const struct sp_ara *ara;
};

struct sp_library;
struct sp_library_loan;

/* `ceiling`: bytes that all it has may take. */
enum sp_status sp_library_new(size_t ceiling, struct sp_library **ret_library,
                              struct sp_error *err) SP_MUST_CHECK;
struct sp_library *sp_library_hold(struct sp_library *library);
/* When all loans have ended. Accepts NULL. */
void sp_library_release(struct sp_library *library);
/* All that is there stays until it is unpinned, also in processes that are made now. */
void sp_library_pin(struct sp_library *library);
/* When nothing is borrowed: all that is there is borrowed by the loan. SP_ENOMEM: all stays pinned. */
enum sp_status sp_library_unpin(struct sp_library *library, struct sp_library_loan *ret_loan) SP_MUST_CHECK;

struct sp_library_counts {
    size_t archives, mappings, bytes;
    uint64_t read, compiled; /* that were not there */
};
void sp_library_counts(struct sp_library *library, struct sp_library_counts *ret_counts);

/* What one borrower has. */
struct sp_library_loan {
    struct sp_library *library;
    uint64_t number;
    struct sp_library_item **items;
    size_t count, capacity;
};
void sp_library_loan_init(struct sp_library_loan *loan, struct sp_library *library);
/* Accepts one that is all zeros. */
void sp_library_loan_finish(struct sp_library_loan *loan);

/* The archive with a checksum, when it is there. SP_ENOTFOUND (the error stays empty), SP_ENOMEM. */
enum sp_status sp_library_find_archive(struct sp_library_loan *loan, enum sp_store_kind kind,
                                       const char *checksum, const struct sp_library_archive **ret_archive,
                                       struct sp_error *err) SP_MUST_CHECK;
/* The archive with these bytes, whose checksum is that of store/state.h; `file` names it in errors. Lives as
 * long as the loan. Errors of the readers; SP_ELIMIT when the library is full. */
enum sp_status sp_library_archive(struct sp_library_loan *loan, enum sp_store_kind kind, struct sp_str bytes,
                                  const char *checksum, const char *file,
                                  const struct sp_library_archive **ret_archive,
                                  struct sp_error *err) SP_MUST_CHECK;

/* As for sp_mapping_compile: `api` NULL for direct invocation; otherwise the operation of that number.
 * Everything but the code page is copied. Lives as long as the loan, which must have the archives. */
struct sp_library_mapping_options {
    const struct sp_library_archive *service, *api;
    size_t operation;
    struct sp_host_profile profile;
    const struct sp_property *overrides;
    size_t override_count;
};
enum sp_status sp_library_mapping(struct sp_library_loan *loan,
                                  const struct sp_library_mapping_options *options,
                                  const struct sp_mapping **ret_mapping, struct sp_error *err) SP_MUST_CHECK;

#endif
