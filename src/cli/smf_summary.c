/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "cli/smf_report.h"
#include "text/json_write.h"

#define NAMES_MAX 10000u
#define FINE 64u /* buckets below which each microsecond has its own */
#define LINE_MAX 4096u

void sp_smf_summary_init(struct sp_smf_summary *summary)
{
    *summary = (struct sp_smf_summary){.first = NULL};
    summary->last = &summary->first;
    sp_hash_init(&summary->by_name, NAMES_MAX);
}

void sp_smf_summary_finish(struct sp_smf_summary *summary)
{
    sp_hash_finish(&summary->by_name);
    while (summary->first) {
        struct sp_smf_group *next = summary->first->next;
        free(summary->first);
        summary->first = next;
    }
}

static struct sp_smf_group *group_named(struct sp_smf_summary *summary, struct sp_str name)
{
    struct sp_smf_group *group = sp_hash_get(&summary->by_name, name);
    if (group)
        return group;
    group = calloc(1, sizeof *group + name.len + 1);
    if (!group)
        return NULL;
    memcpy(group->name, name.ptr, name.len);
    if (sp_hash_add(&summary->by_name, sp_str_from(group->name, name.len), group) != SP_OK) {
        free(group);
        return NULL;
    }
    *summary->last = group;
    summary->last = &group->next;
    return group;
}

/* Exact below 64 us; then 64 buckets for each doubling. */
static size_t bucket_of(uint64_t us)
{
    unsigned doublings = 0;
    while (us >= 2 * FINE) {
        us >>= 1;
        doublings++;
    }
    size_t bucket = us + (size_t)doublings * FINE;
    return bucket < SP_SMF_BUCKETS ? bucket : SP_SMF_BUCKETS - 1;
}

static int64_t end_of_bucket(size_t bucket)
{
    size_t doublings = bucket < 2 * FINE ? 0 : bucket / FINE - 1;
    uint64_t base = bucket - doublings * FINE;
    return (int64_t)(((base + 1) << doublings) - 1);
}

void sp_smf_summary_add(struct sp_smf_summary *summary, const struct sp_smf_view *view)
{
    if (view->lost) {
        summary->lost += view->lost;
        return;
    }
    struct sp_smf_group *group = group_named(summary, view->item.len ? view->item : SP_STR("-"));
    if (!group) {
        summary->failed = true;
        return;
    }
    if (view->at_us && (!summary->from_us || view->at_us < summary->from_us))
        summary->from_us = view->at_us;
    if (view->at_us > summary->to_us)
        summary->to_us = view->at_us;
    if (sp_str_is(view->what, "event")) {
        group->events++;
        return;
    }
    group->count++;
    group->client_errors += view->status >= 400 && view->status < 500;
    group->server_errors += view->status >= 500;
    group->sum_us += view->elapsed_us;
    group->most_us = view->elapsed_us > group->most_us ? view->elapsed_us : group->most_us;
    group->sor_count += view->sor_us > 0;
    group->sor_sum_us += view->sor_us;
    group->buckets[bucket_of((uint64_t)view->elapsed_us)]++;
}

int64_t sp_smf_percentile_us(const struct sp_smf_group *group, double percent)
{
    double wanted = (double)group->count * percent / 100.0;
    uint64_t seen = 0;
    for (size_t i = 0; i < SP_SMF_BUCKETS; i++) {
        seen += group->buckets[i];
        if (seen && (double)seen >= wanted) {
            int64_t end = end_of_bucket(i);
            return end < group->most_us ? end : group->most_us;
        }
    }
    return group->most_us;
}

static double ms(int64_t us)
{
    return (double)us / 1000.0;
}

static double mean_ms(int64_t sum_us, uint64_t count)
{
    return count ? ms(sum_us) / (double)count : 0.0;
}

static void print_text(const struct sp_smf_summary *summary)
{
    char from[SP_CLOCK_TEXT_MAX] = "-", to[SP_CLOCK_TEXT_MAX] = "-";
    if (summary->from_us)
        sp_clock_text(summary->from_us, from);
    if (summary->to_us)
        sp_clock_text(summary->to_us, to);
    printf("from %s to %s; times in milliseconds\n", from, to);
    printf("%-32s %10s %8s %8s %8s %9s %9s %9s %9s %9s %9s\n", "API", "requests", "4xx", "5xx", "refusals",
           "mean", "p50", "p90", "p99", "max", "SoR mean");
    for (const struct sp_smf_group *group = summary->first; group; group = group->next)
        printf("%-32s %10llu %8llu %8llu %8llu %9.3f %9.3f %9.3f %9.3f %9.3f %9.3f\n", group->name,
               (unsigned long long)group->count, (unsigned long long)group->client_errors,
               (unsigned long long)group->server_errors, (unsigned long long)group->events,
               mean_ms(group->sum_us, group->count), ms(sp_smf_percentile_us(group, 50)),
               ms(sp_smf_percentile_us(group, 90)), ms(sp_smf_percentile_us(group, 99)), ms(group->most_us),
               mean_ms(group->sor_sum_us, group->sor_count));
    if (summary->lost)
        printf("%llu records were lost\n", (unsigned long long)summary->lost);
}

static int64_t mean_us(int64_t sum_us, uint64_t count)
{
    return count ? sum_us / (int64_t)count : 0;
}

static void print_line(struct sp_buf *buf)
{
    printf("%.*s\n", SP_STR_ARG(sp_buf_str(buf)));
    sp_buf_finish(buf);
}

static void print_lost(uint64_t lost)
{
    struct sp_buf buf;
    struct sp_json_writer writer;
    sp_buf_init(&buf, LINE_MAX);
    sp_json_writer_init(&writer, &buf, 0);
    sp_json_object_begin(&writer);
    sp_json_put_i64(&writer, "lost", (int64_t)lost);
    sp_json_object_end(&writer);
    print_line(&buf);
}

static void print_json(const struct sp_smf_group *group)
{
    static const char *const names[] = {"p50Us", "p90Us", "p99Us"};
    static const double percents[] = {50, 90, 99};
    struct sp_buf buf;
    struct sp_json_writer writer;
    sp_buf_init(&buf, LINE_MAX);
    sp_json_writer_init(&writer, &buf, 0);
    sp_json_object_begin(&writer);
    sp_json_put_text(&writer, "api", group->name);
    sp_json_put_i64(&writer, "requests", (int64_t)group->count);
    sp_json_put_i64(&writer, "clientErrors", (int64_t)group->client_errors);
    sp_json_put_i64(&writer, "serverErrors", (int64_t)group->server_errors);
    sp_json_put_i64(&writer, "refusals", (int64_t)group->events);
    sp_json_put_i64(&writer, "meanUs", mean_us(group->sum_us, group->count));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        sp_json_put_i64(&writer, names[i], sp_smf_percentile_us(group, percents[i]));
    sp_json_put_i64(&writer, "maxUs", group->most_us);
    sp_json_put_i64(&writer, "sorMeanUs", mean_us(group->sor_sum_us, group->sor_count));
    sp_json_object_end(&writer);
    print_line(&buf);
}

void sp_smf_summary_print(const struct sp_smf_summary *summary, bool json)
{
    if (!json)
        print_text(summary);
    for (const struct sp_smf_group *group = summary->first; json && group; group = group->next)
        print_json(group);
    if (json && summary->lost)
        print_lost(summary->lost);
    if (summary->failed)
        fputs("sallyport: there are more names than are counted, or no memory for them\n", stderr);
}
