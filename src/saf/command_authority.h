/* SPDX-License-Identifier: Apache-2.0
 * command_authority.h: what the issuer of a command may do. Private to the room.
 *
 * Nothing here says a message: whoever asks does. A failure of the database is noted in the run and answers
 * "no".
 */
#ifndef SP_SAF_COMMAND_AUTHORITY_H
#define SP_SAF_COMMAND_AUTHORITY_H

#include "saf/command_int.h"

bool sp_is_special(const struct sp_run *run);
/* May change what is audited. */
bool sp_is_auditor(const struct sp_run *run);
/* May see what is audited. */
bool sp_may_read_audit(const struct sp_run *run);

/* SPECIAL, or owner of the entry, or group-SPECIAL in a group whose scope holds the entry: the group owns it,
 * or owns the user who owns it, or owns a group that does, and so on upwards. */
bool sp_may_administer(struct sp_run *run, struct sp_str owner);
/* The same, or AUDITOR, ROAUDIT, or group-AUDITOR in the scope. */
bool sp_may_list(struct sp_run *run, struct sp_str owner);
/* At least this authority in the group, or may administer it. */
bool sp_has_group_authority(struct sp_run *run, struct sp_str group, enum sp_saf_authority authority);
/* The authority in a group that the issuer may give away. */
enum sp_saf_authority sp_greatest_authority(struct sp_run *run, struct sp_str group);

/* The access that a profile's standard access list and UACC give the issuer. */
enum sp_saf_access sp_issuer_access(struct sp_run *run, const struct sp_saf_profile *profile);
/* May change the profile: may administer its owner, or has ALTER access to a discrete one. */
bool sp_may_change_profile(struct sp_run *run, const struct sp_saf_profile *profile);
/* SPECIAL, or this access to a resource of class FACILITY that is active and protects it. */
bool sp_may_use_facility(struct sp_run *run, const char *resource, enum sp_saf_access access);

/* The most specific generic profile that covers a resource, when the class has them; the profile that covers
 * it, a discrete one first. False when there is none. */
bool sp_covering_generic(struct sp_run *run, struct sp_str class, struct sp_str resource,
                         struct sp_saf_profile *ret_profile);
bool sp_covering_profile(struct sp_run *run, struct sp_str class, struct sp_str resource,
                         struct sp_saf_profile *ret_profile);

#endif
