/* SPDX-License-Identifier: Apache-2.0
 * class_table.h: the resource classes that are known, as the class descriptor table has them.
 */
#ifndef SP_SAF_CLASS_TABLE_H
#define SP_SAF_CLASS_TABLE_H

#include "base/str.h"

struct sp_saf_class_info {
    const char *name;
    const char *member;   /* of a grouping class: the class whose profiles its members are; else NULL */
    const char *grouping; /* of a member class: its grouping class; else NULL */
    unsigned default_rc;  /* when no profile covers a resource: 4 not protected, 8 refused */
    unsigned max_name;
    bool mixed_case; /* names are kept as they are typed */
    bool operations; /* the OPERATIONS attribute counts */
    bool internal;   /* profiles are made by RACDCERT, RACMAP and the like, not by RDEFINE */
};

/* By name (upper case), or NULL. */
const struct sp_saf_class_info *sp_saf_class_find(struct sp_str name);
/* All of them, in order of name. */
const struct sp_saf_class_info *sp_saf_class_all(size_t *ret_count);

#endif
