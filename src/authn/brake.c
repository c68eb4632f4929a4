/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/brake.h"

#define NAME_MAX_BYTES 256u

struct record {
    int64_t held_until_us; /* 0: not held */
    int64_t failures;
};

struct failure {
    const struct sp_cfg_authentication *rule;
    int64_t now_us;
};

struct sp_cache_key sp_brake_key(const struct sp_shared_cache *failures, struct sp_str name,
                                 struct sp_str address)
{
    char folded[NAME_MAX_BYTES];
    size_t len = name.len < sizeof folded ? name.len : sizeof folded;
    for (size_t i = 0; i < len; i++)
        folded[i] = sp_lower(name.ptr[i]);
    const struct sp_str parts[] = {SP_STR_INIT("login"), {folded, len}, address};
    return sp_shared_cache_key(failures, parts, 3);
}

int64_t sp_brake_wait_us(struct sp_shared_cache *failures, struct sp_cache_key key, int64_t now_us)
{
    struct record record;
    size_t len;
    if (!sp_shared_cache_get(failures, key, now_us, &record, sizeof record, &len) || len != sizeof record)
        return 0;
    return record.held_until_us > now_us ? record.held_until_us - now_us : 0;
}

static void count(void *arg, void *value, int64_t *until_us)
{
    const struct failure *failure = arg;
    struct record *record = value;
    bool first = record->failures == 0;
    record->failures++;
    if (first)
        *until_us = failure->now_us + failure->rule->failure_window_us;
    if (record->failures >= failure->rule->max_failures)
        *until_us = record->held_until_us = failure->now_us + failure->rule->lock_time_us;
}

void sp_brake_failed(struct sp_shared_cache *failures, struct sp_cache_key key,
                     const struct sp_cfg_authentication *rule, int64_t now_us)
{
    struct failure failure = {rule, now_us};
    if (rule->max_failures > 0)
        sp_shared_cache_change(failures, key, now_us, sizeof(struct record), count, &failure);
}

void sp_brake_succeeded(struct sp_shared_cache *failures, struct sp_cache_key key)
{
    sp_shared_cache_remove(failures, key);
}
