/* SPDX-License-Identifier: Apache-2.0
 * feature.h: the names in <featureManager>.
 */
#ifndef SP_CONFIG_FEATURE_H
#define SP_CONFIG_FEATURE_H

#include "base/str.h"

enum sp_feature {
    SP_FEATURE_PROVIDED, /* this product does what it switches on, or there is nothing to do */
    SP_FEATURE_ABSENT,   /* known, and not provided */
    SP_FEATURE_UNKNOWN,
};

/* "prefix:name-version": the prefix counts case, name and version do not. Extensions of others (usr:,
 * omegamon:,
 * ...) are unknown. *ret_nearest (may be NULL): a known name that is near to an unknown one, or NULL. */
enum sp_feature sp_feature_find(struct sp_str name, const char **ret_nearest);

#endif
