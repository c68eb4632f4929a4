/* SPDX-License-Identifier: Apache-2.0
 * sar_write.h: making a service archive (.sar).
 */
#ifndef SP_ARTIFACT_SAR_WRITE_H
#define SP_ARTIFACT_SAR_WRITE_H

#include "artifact/service_build.h"
#include "base/buf.h"

/* Append the archive of a service to `buf`: manifest.yml, the schemas, the service file, the interfaces. The
 * same source gives the same bytes. What was written is read back (sar.h) before it is given. SP_ELIMIT when
 * it does not fit, and those of sp_service_build. */
enum sp_status sp_sar_write(const struct sp_service_source *source, const struct sp_build_files *files,
                            struct sp_arena *arena, struct sp_buf *buf, struct sp_error *err) SP_MUST_CHECK;

#endif
