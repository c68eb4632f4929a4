/* SPDX-License-Identifier: Apache-2.0
 * saf_event.h: an event of the security database as one of the audit.
 */
#ifndef SP_INTERCEPT_SMF_SAF_EVENT_H
#define SP_INTERCEPT_SMF_SAF_EVENT_H

#include "intercept/smf/record.h"
#include "saf/audit_event.h"

/* Texts are views of `event`. `origin` is who asked the database: SP_SMF_FROM_SAF or SP_SMF_FROM_REGION. */
struct sp_smf_security sp_smf_of_saf(const struct sp_saf_audit_event *event,
                                     enum sp_smf_security_origin origin);

#endif
