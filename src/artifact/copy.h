/* SPDX-License-Identifier: Apache-2.0
 * copy.h: archives as they were read, without what reading them needed.
 *
 * A reader leaves documents, trees and whole entries in its arena. The copy has what the structures lead to
 * and nothing else; equal texts of an archive are there once. It does not need the original.
 */
#ifndef SP_ARTIFACT_COPY_H
#define SP_ARTIFACT_COPY_H

#include "artifact/aar.h"
#include "artifact/sar.h"

/* SP_ENOMEM. */
enum sp_status sp_aar_copy(const struct sp_aar *aar, struct sp_arena *arena,
                           const struct sp_aar **ret_aar) SP_MUST_CHECK;
enum sp_status sp_sar_copy(const struct sp_sar *sar, struct sp_arena *arena,
                           const struct sp_sar **ret_sar) SP_MUST_CHECK;
/* One operation alone. */
enum sp_status sp_aar_operation_copy(const struct sp_aar_operation *operation, struct sp_arena *arena,
                                     const struct sp_aar_operation **ret_operation) SP_MUST_CHECK;

#endif
