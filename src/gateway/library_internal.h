/* SPDX-License-Identifier: Apache-2.0
 * library_internal.h: what the files of the library share.
 */
#ifndef SP_GATEWAY_LIBRARY_INTERNAL_H
#define SP_GATEWAY_LIBRARY_INTERNAL_H

#include "gateway/library.h"

#define SP_LIBRARY_ITEM_MAX ((size_t)512 << 20) /* bytes of one, and of what reading it needs */

struct sp_library_item {
    struct sp_str key; /* in the arena */
    struct sp_arena arena;
    unsigned references; /* of loans, and of items that need it */
    uint64_t loan;       /* the number of the last loan that has it */
    bool pinned, is_mapping;
    struct sp_library_item *needs; /* or NULL */
    const void *content;
};

/* Makes what an item has, in the arena. Called twice for an item: the first time shows how much memory it
 * takes. */
typedef enum sp_status sp_library_make_fn(void *arg, struct sp_arena *arena, const void **ret_content,
                                          struct sp_error *err);

struct sp_library_wanted {
    struct sp_str key;
    bool is_mapping;
    struct sp_library_item *needs;
    sp_library_make_fn *make;
    void *arg;
};

/* What is there or is made, and borrowed. */
enum sp_status sp_library_borrow(struct sp_library_loan *loan, const struct sp_library_wanted *wanted,
                                 struct sp_library_item **ret_item, struct sp_error *err) SP_MUST_CHECK;
/* What is there, borrowed; NULL when it is not, or (`*ret_status` tells) without memory. */
struct sp_library_item *sp_library_find(struct sp_library_loan *loan, struct sp_str key,
                                        enum sp_status *ret_status);

#endif
