/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report.h"

void sp_report_problem(const struct sp_problem *p, FILE *out)
{
    static const char *const names[] = {
        [SP_PROBLEM_ERROR] = "error", [SP_PROBLEM_WARNING] = "warning", [SP_PROBLEM_INFO] = "note"};
    if (p->file.len)
        fprintf(out, "%.*s:", SP_STR_ARG(p->file));
    if (p->file.len && p->line)
        fprintf(out, "%u:%u:", p->line, p->column);
    fprintf(out, "%s%s %s: %.*s\n", p->file.len ? " " : "", names[p->severity], p->id, SP_STR_ARG(p->text));
}

void sp_report_problems(const struct sp_problems *problems, FILE *out)
{
    for (const struct sp_problem *p = problems->first; p; p = p->next)
        sp_report_problem(p, out);
}

static void put_count(FILE *out, unsigned count, const char *what)
{
    fprintf(out, "%u %s%s", count, what, count == 1 ? "" : "s");
}

void sp_report_totals(const struct sp_problems *problems, FILE *out)
{
    if (problems->errors)
        put_count(out, problems->errors, "error");
    if (problems->errors && problems->warnings)
        fputs(", ", out);
    if (problems->warnings)
        put_count(out, problems->warnings, "warning");
    fputs(problems->errors || problems->warnings ? "\n" : "no problems\n", out);
}
