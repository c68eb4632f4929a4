/* SPDX-License-Identifier: Apache-2.0
 * aar_write.h: making an API archive (.aar).
 */
#ifndef SP_ARTIFACT_AAR_WRITE_H
#define SP_ARTIFACT_AAR_WRITE_H

#include "artifact/api_source.h"
#include "artifact/service_build.h"
#include "base/buf.h"

/* Append the archive of an API to `buf`: package.xml, the OpenAPI 2.0 document, mappings. The service
 * archives that the source names are loaded through `files`; every field of a step must be one of theirs. The
 * same source gives the same bytes. What was written is read back (aar.h) before it is given. SP_EINVAL,
 * SP_ENOTFOUND (a service), SP_ELIMIT, and those of sp_sar_read. */
enum sp_status sp_aar_write(const struct sp_api_source *source, const struct sp_build_files *files,
                            struct sp_arena *arena, struct sp_buf *buf, struct sp_error *err) SP_MUST_CHECK;

#endif
