/* SPDX-License-Identifier: Apache-2.0
 * kind.h: what a kind of interceptor implements; for the files of this room.
 */
#ifndef SP_INTERCEPT_KIND_H
#define SP_INTERCEPT_KIND_H

#include "intercept/intercept.h"

struct sp_interceptor {
    const struct sp_interceptor_kind *kind;
    const struct sp_cfg_interceptor *config;
    struct sp_audit *audit;        /* for the audit interceptor */
    struct sp_file_logger *logger; /* for the file system logger */
    struct sp_plugin *plugin;      /* for a plug-in */
    struct sp_saf_link *saf;       /* for authorization */
};

/* Each may be NULL, which is of no interest, but `pre` and `post`. All may wait. */
struct sp_interceptor_kind {
    const char *display_name; /* as messages call it; NULL: the interceptor's id */
    bool keeps_state;         /* data->state is there */
    bool sees_body;           /* `pre` may look at the request's body */
    /* SP_OK, or a refusal with its status. */
    enum sp_status (*pre)(const struct sp_interceptor *self, struct sp_intercept_data *data,
                          unsigned *ret_status, struct sp_error *err);
    void (*post)(const struct sp_interceptor *self, struct sp_intercept_data *data);
    void (*at)(const struct sp_interceptor *self, enum sp_intercept_point point,
               struct sp_intercept_data *data);
    /* Whether this one wants to hear of a point; NULL: of all, when there is `at`. */
    bool (*wants)(const struct sp_interceptor *self, enum sp_intercept_point point);
    /* The request ended before any interceptor saw it. */
    void (*early)(const struct sp_interceptor *self, const struct sp_intercept_data *data);
};

extern const struct sp_interceptor_kind sp_interceptor_authorization; /* authorization.c */
extern const struct sp_interceptor_kind sp_interceptor_audit;         /* audit.c */
extern const struct sp_interceptor_kind sp_interceptor_file_logger;   /* file_logger.c */
extern const struct sp_interceptor_kind sp_interceptor_plugin;        /* plugin.c */

#endif
