/* SPDX-License-Identifier: Apache-2.0
 * si.h: service interface files (.si), the XML by which an API toolkit describes a program's record.
 *
 * The file gives the byte position of every field; no COBOL is needed. What is read, and what is decided
 * where the format is not public, is in docs/archives.md.
 */
#ifndef SP_ARTIFACT_SI_H
#define SP_ARTIFACT_SI_H

#include "artifact/layout.h"
#include "text/json.h"

/* serviceType of a record that is neither COMMAREA nor channel; ours, not known to other tools. */
#define SP_SI_RECORD "RECORD"

/* Read an interface into the arena; it is finished and verified (layout.h). `file` names the document in
 * errors. `schema` (may be NULL) is the JSON schema that the archive keeps for it: where the .si leaves open
 * whether the elements of an array are objects or plain values, it decides. SP_ESYNTAX, SP_EINVAL,
 * SP_EEXISTS, SP_ELIMIT, SP_EUNSUPPORTED, SP_ENOMEM, with line and field path. */
enum sp_status sp_si_read(struct sp_str xml, const char *file, const struct sp_json_value *schema,
                          struct sp_arena *arena, const struct sp_interface **ret_interface,
                          struct sp_error *err) SP_MUST_CHECK;

#endif
