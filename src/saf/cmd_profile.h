/* SPDX-License-Identifier: Apache-2.0
 * cmd_profile.h: what the commands on general resource profiles share. Private to the room.
 */
#ifndef SP_SAF_CMD_PROFILE_H
#define SP_SAF_CMD_PROFILE_H

#include "saf/command_int.h"

/* The class and the profile names that such a command begins with: "FACILITY X.Y", "FACILITY (X.Y Z)". */
struct sp_profile_operands {
    const struct sp_saf_class_info *info;
    struct sp_saf_class settings;
    const struct sp_saf_operand *names; /* `count` of them, by `next` */
    size_t count;
    const struct sp_saf_operand *rest;
};

/* Read them. SP_RC_OK or a message. */
int sp_take_profile_operands(struct sp_run *run, struct sp_profile_operands *ret_operands);
/* Call `fn` for each name, folded and checked. Returns the worst code. */
int sp_each_profile_name(struct sp_run *run, const struct sp_profile_operands *operands,
                         int (*fn)(struct sp_run *run, void *arg, struct sp_str name), void *arg);

/* A profile name as the class has it: in upper case unless the class keeps case; length, qualifiers and
 * generic characters are checked. ptr NULL with a message. */
struct sp_str sp_profile_name(struct sp_run *run, const struct sp_saf_class_info *info, struct sp_str text);

/* AUDIT and GLOBALAUDIT: "ALL | SUCCESS | FAILURES | NONE [(level)]". SP_RC_OK or a message. */
int sp_take_audit(struct sp_run *run, const struct sp_saf_operand *operand, struct sp_saf_audit *ret_audit);
/* As it is listed: "SUCCESS(UPDATE),FAILURES(READ)" or "NONE"; in the arena. */
struct sp_str sp_audit_text(struct sp_run *run, const struct sp_saf_audit *audit);

/* SSIGNON(...) of class PTKTDATA. */
struct sp_ssignon {
    bool given, remove;
    bool set_key, legacy;     /* a key is named or given: of the legacy kind or the enhanced one */
    struct sp_str hex, label; /* one of them */
    bool set_type, set_timeout, set_replay;
    enum sp_passticket_kind type;
    int64_t timeout;
    bool replay_allowed;
};

int sp_take_ssignon(struct sp_run *run, const struct sp_saf_operand *operand, struct sp_ssignon *ssignon);
/* Store it with a profile that is there already. SP_RC_OK, a warning, or a message. */
int sp_apply_ssignon(struct sp_run *run, const struct sp_ssignon *ssignon,
                     const struct sp_saf_profile *profile);

/* Copy the access list of one profile to another, leaving entries that are there. */
int sp_copy_access(struct sp_run *run, const struct sp_saf_profile *from, const struct sp_saf_profile *to);

#endif
