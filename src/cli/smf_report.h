/* SPDX-License-Identifier: Apache-2.0
 * smf_report.h: what the commands of `sallyport smf` make of the records they read.
 */
#ifndef SP_CLI_SMF_REPORT_H
#define SP_CLI_SMF_REPORT_H

#include "base/hash.h"
#include "cli/smf_input.h"

/* ---- counts and percentiles by API, in memory that does not grow with the file ---- */

#define SP_SMF_BUCKETS 1600u /* 2^6 a doubling: a percentile is at most 1.6 % too great */

struct sp_smf_group {
    struct sp_smf_group *next;
    uint64_t count, client_errors, server_errors, events;
    int64_t most_us, sum_us, sor_sum_us;
    uint64_t sor_count;
    uint64_t buckets[SP_SMF_BUCKETS];
    char name[];
};
struct sp_smf_summary {
    struct sp_hash by_name;
    struct sp_smf_group *first, **last;
    int64_t from_us, to_us;
    uint64_t lost; /* records */
    bool failed;   /* no memory, or too many names */
};
void sp_smf_summary_init(struct sp_smf_summary *summary);
void sp_smf_summary_finish(struct sp_smf_summary *summary);
void sp_smf_summary_add(struct sp_smf_summary *summary, const struct sp_smf_view *view);
void sp_smf_summary_print(const struct sp_smf_summary *summary, bool json);
/* Upper bound of the time that `percent` of the group's requests did not take longer than. */
int64_t sp_smf_percentile_us(const struct sp_smf_group *group, double percent);

/* ---- is every length and every triplet what it should be? ---- */

struct sp_smf_verify {
    uint64_t records, items, problems;
};
void sp_smf_verify_record(struct sp_smf_verify *verify, const struct sp_smf_record *record,
                          struct sp_str bytes, size_t offset);

/* ---- one line an item ---- */

void sp_smf_csv_head(void);
void sp_smf_csv_line(const struct sp_smf_record *record, size_t index);
void sp_smf_json_line(const struct sp_smf_record *record, size_t index);
void sp_smf_text_line(const struct sp_smf_view *view);

#endif
