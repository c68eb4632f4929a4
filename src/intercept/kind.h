/* SPDX-License-Identifier: Apache-2.0
 * kind.h: what a kind of interceptor implements; for the files of this room.
 */
#ifndef SP_INTERCEPT_KIND_H
#define SP_INTERCEPT_KIND_H

#include "intercept/intercept.h"

struct sp_interceptor {
    const struct sp_interceptor_kind *kind;
    const struct sp_cfg_interceptor *config;
    struct sp_audit *audit; /* for the audit interceptor */
};

struct sp_interceptor_kind {
    const char *display_name; /* as messages call it */
    /* SP_OK, or a refusal with its status. May wait. */
    enum sp_status (*pre)(const struct sp_interceptor *self, struct sp_intercept_data *data,
                          unsigned *ret_status, struct sp_error *err);
    void (*post)(const struct sp_interceptor *self, struct sp_intercept_data *data);
    /* The request ended before any interceptor saw it. NULL: of no interest. */
    void (*early)(const struct sp_interceptor *self, const struct sp_intercept_data *data);
};

extern const struct sp_interceptor_kind sp_interceptor_authorization; /* authorization.c */
extern const struct sp_interceptor_kind sp_interceptor_audit;         /* audit.c */

#endif
