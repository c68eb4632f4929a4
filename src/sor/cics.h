/* SPDX-License-Identifier: Apache-2.0
 * cics.h: programs of a CICS region, reached over the region's protocol (text/region_frame.h).
 *
 * sp_sor_cics_new is in sor.h. Properties of a service:
 *   program          the program to LINK to, required
 *   transid          transaction id; without it that of the connection
 *   transidUsage     EIB_ONLY or EIB_AND_MIRROR, with transid
 *   ccsid            of the program's data; without it that of the archive
 *   channelName      of services with containers; without it ZOSCONNECT
 */
#ifndef SP_SOR_CICS_H
#define SP_SOR_CICS_H

#include "text/region_frame.h"
#include "sor/sor.h"

/* What a region's outcome is to the caller: status and text. SP_OK for SP_REGION_NORMAL. */
enum sp_status sp_sor_cics_outcome(const struct sp_region_answer *answer, struct sp_str program,
                                   struct sp_str connection, struct sp_error *err);

#endif
