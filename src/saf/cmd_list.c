/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/cmd_list.h"

#include "base/buf.h"

struct sp_str sp_flags_text(struct sp_run *run, const struct sp_flag_name *names, size_t count,
                            unsigned flags)
{
    struct sp_buf text;
    sp_buf_init(&text, 512);
    for (size_t i = 0; i < count; i++)
        if (flags & names[i].flag)
            sp_buf_printf(&text, "%s%s", text.len ? " " : "", names[i].name);
    struct sp_str result = text.len ? sp_arena_str(run->arena, sp_buf_str(&text)) : SP_STR("NONE");
    sp_buf_finish(&text);
    return result;
}

struct sp_str sp_connect_flags_text(struct sp_run *run, const struct sp_saf_connect *connect)
{
    static const struct sp_flag_name names[] = {
        {SP_SAF_SPECIAL, "SPECIAL"}, {SP_SAF_OPERATIONS, "OPERATIONS"}, {SP_SAF_AUDITOR, "AUDITOR"},
        {SP_SAF_ADSP, "ADSP"},       {SP_SAF_GRPACC, "GRPACC"},         {SP_SAF_REVOKED, "REVOKED"},
    };
    unsigned flags = connect->flags & ~(unsigned)SP_SAF_REVOKED;
    if (sp_saf_is_revoked(connect->flags, connect->revoke_date, connect->resume_date, run->today))
        flags |= SP_SAF_REVOKED;
    return sp_flags_text(run, names, sizeof names / sizeof names[0], flags);
}

void sp_scratch_begin(struct sp_run *run, struct sp_scratch *scratch)
{
    sp_arena_init(&scratch->arena, 16 << 20);
    scratch->outer = run->arena;
    run->arena = &scratch->arena;
}

void sp_scratch_end(struct sp_run *run, struct sp_scratch *scratch)
{
    run->arena = scratch->outer;
    sp_arena_finish(&scratch->arena);
}
