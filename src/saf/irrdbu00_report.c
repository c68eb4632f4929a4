/* SPDX-License-Identifier: Apache-2.0
 * What became of an unload, as text.
 */
#include <stdio.h>
#include <stdlib.h>

#include "saf/class_table.h"
#include "saf/irrdbu00_int.h"

struct printer {
    const struct sp_unload_report *report;
    sp_unload_say_fn *say;
    void *arg;
};

static void line(const struct printer *p, const char *fmt, ...) SP_PRINTF(2, 3);

static void line(const struct printer *p, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    p->say(p->arg, sp_str_of(text));
}

void sp_unload_report_free(struct sp_unload_report *report)
{
    free(report);
}

uint64_t sp_unload_report_refused(const struct sp_unload_report *report)
{
    return report->refused;
}

uint64_t sp_unload_report_taken(const struct sp_unload_report *report, const char *type)
{
    const struct sp_unload_record *record = sp_unload_record_find(sp_str_of(type));
    return record ? report->records[record - sp_unload_records].taken : 0;
}

static void print_counts(const struct printer *p, const char *heading, size_t offset)
{
    bool any = false;
    for (int i = 0; i < SP_UNLOAD_TYPES; i++) {
        uint64_t count;
        memcpy(&count, (const char *)&p->report->records[i] + offset, sizeof count);
        if (!count)
            continue;
        if (!any)
            line(p, "%s", heading);
        any = true;
        line(p, "  %s %-52s %10llu", sp_unload_records[i].type, sp_unload_records[i].what,
             (unsigned long long)count);
    }
}

static void print_others(const struct printer *p)
{
    const struct sp_unload_report *report = p->report;
    for (size_t i = 0; i < report->other_count; i++) {
        const char *what = sp_unload_other_type(sp_str_of(report->others[i].type));
        line(p, "  %s %-52s %10llu", report->others[i].type, what ? what : "unknown type of record",
             (unsigned long long)report->others[i].lines);
    }
    if (report->more_others)
        line(p, "  and %llu records of further unknown types", (unsigned long long)report->more_others);
}

static void print_lost_fields(const struct printer *p)
{
    bool any = false;
    for (int i = 0; i < SP_UNLOAD_TYPES; i++)
        for (size_t f = 0; f < sp_unload_records[i].count; f++) {
            if (!p->report->lost[i][f])
                continue;
            if (!any)
                line(p, "Fields of taken records that have no place here, and how many values they had:");
            any = true;
            line(p, "  %-57s %10llu", sp_unload_records[i].fields[f].name,
                 (unsigned long long)p->report->lost[i][f]);
        }
}

static void print_inactive(const struct printer *p)
{
    char list[400];
    size_t len = 0;
    for (size_t i = 0; i < p->report->inactive_count; i++) {
        const char *name = p->report->inactive[i];
        if (len > sizeof list - 32) {
            line(p, "    %s", list);
            len = 0;
        }
        len += (size_t)snprintf(list + len, sizeof list - len, "%s%s%s", len ? " " : "", name,
                                sp_saf_class_find(sp_str_of(name)) ? "" : " (unknown here)");
    }
    if (len)
        line(p, "    %s", list);
}

static void print_missing(const struct printer *p)
{
    const struct sp_unload_report *r = p->report;
    line(p, "What an unload does not hold:");
    line(p, "  SETROPTS options: set them with SETROPTS");
    if (r->inactive_count)
        line(p, "  which classes are active: SETROPTS CLASSACT(class) GENERIC(class) for");
    print_inactive(p);
    if (r->passwords)
        line(p, "  passwords: %llu users have one that nobody knows here; ALTUSER id PASSWORD(new) gives one",
             (unsigned long long)r->passwords);
    if (r->phrases)
        line(p, "  phrases: %llu users have one that nobody knows here; ALTUSER id PHRASE('new') gives one",
             (unsigned long long)r->phrases);
    if (r->ticket_keys)
        line(p,
             "  PassTicket keys: %llu profiles have none here; RALTER PTKTDATA profile "
             "SSIGNON(KEYMASKED(key)) sets it",
             (unsigned long long)r->ticket_keys);
    if (r->certificates)
        line(p,
             "  certificates and private keys: %llu of them; RACDCERT EXPORT there, RACDCERT ADD here, with "
             "the same owner and label",
             (unsigned long long)r->certificates);
    if (r->waiting_entries)
        line(p,
             "  %llu connections of certificates to rings wait for their certificates: import again when "
             "these are here",
             (unsigned long long)r->waiting_entries);
}

void sp_unload_report_print(const struct sp_unload_report *report, sp_unload_say_fn *say, void *arg)
{
    static const char *const encodings[] = {"text", "text in EBCDIC 1047", "variable records in EBCDIC 1047"};
    struct printer p = {report, say, arg};
    line(&p, "%llu records, %s%s", (unsigned long long)report->lines, encodings[report->encoding],
         report->check_only ? "; nothing was changed" : "");
    if (report->latin1_lines)
        line(&p, "%llu lines are not UTF-8 and were read as ISO 8859-1",
             (unsigned long long)report->latin1_lines);
    print_counts(&p, "Taken:", offsetof(struct sp_unload_count, taken));
    print_counts(&p, "Said by other records too:", offsetof(struct sp_unload_count, elsewhere));
    print_counts(&p, "Refused, see the messages:", offsetof(struct sp_unload_count, refused));
    print_counts(&p, "Left out:", offsetof(struct sp_unload_count, left_out));
    if (report->other_count)
        line(&p, "Of a type that has no place here:");
    print_others(&p);
    print_lost_fields(&p);
    print_missing(&p);
    if (report->refused)
        line(&p, "%llu lines were refused", (unsigned long long)report->refused);
}
