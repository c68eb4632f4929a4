/* SPDX-License-Identifier: Apache-2.0
 * bench_saf.c: a security database of 100,000 users, 10,000 groups and 100,000 profiles, half of them
 * generic: what an image costs to build and to keep, and what a decision costs, cached and not. One line a
 * measure with its goal; decisions are the best of several rounds.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "saf/decision_cache.h"
#include "saf/image.h"

enum {
    USERS = 100000,
    GROUPS = 10000,
    PROFILES = 100000,
    CLASSES = 5,
    ASKED = 65536,
    ROUNDS = 7,
    BUILDS = 3,
    CACHED = 2048
};

static const char *const classes[CLASSES] = {"EJBROLE", "FACILITY", "XFACILIT", "SERVAUTH", "SURROGAT"};

struct text {
    char bytes[96];
};

static struct sp_str format(struct text *text, const char *fmt, unsigned a, unsigned b)
{
    int n = snprintf(text->bytes, sizeof text->bytes, fmt, a, b);
    return sp_str_from(text->bytes, (size_t)n);
}

static void ok(enum sp_status status)
{
    if (status) {
        fprintf(stderr, "bench_saf: %s\n", sp_status_name(status));
        exit(1);
    }
}

static uint64_t random_state = 88172645463325252u;

/* xorshift64: the same questions in each run. */
static unsigned next_random(unsigned limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state % limit);
}

/* ---- filling the database ---- */

static void put_groups(struct sp_saf_db *db)
{
    struct text id;
    for (unsigned i = 0; i < GROUPS; i++) {
        struct sp_saf_group group = {.id = format(&id, "GRP%05u", i, 0),
                                     .superior = SP_STR("SYS1"),
                                     .owner = SP_STR("SYS1"),
                                     .gid = -1};
        ok(sp_saf_put_group(db, &group, NULL));
    }
}

/* Each user is in three groups. */
static void put_users(struct sp_saf_db *db)
{
    struct text id, group, name;
    for (unsigned i = 0; i < USERS; i++) {
        struct sp_saf_user user = {
            .id = format(&id, "U%07u", i, 0),
            .name = format(&name, "USER NUMBER %u", i, 0),
            .default_group = format(&group, "GRP%05u", i % GROUPS, 0),
            .owner = SP_STR("SYS1"),
            .password = {SP_STR("scrypt$15$8$1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA"), 20000},
            .phrase = {SP_STR(""), SP_SAF_NO_DATE},
            .last_use_date = 20000,
            .revoke_date = SP_SAF_NO_DATE,
            .resume_date = SP_SAF_NO_DATE,
            .uid = i,
            .home = SP_STR("/u/user"),
            .program = SP_STR("/bin/sh"),
            .logon_days = 0x7f,
            .logon_from = -1,
            .logon_to = -1};
        ok(sp_saf_put_user(db, &user, NULL));
        for (unsigned k = 0; k < 3; k++) {
            struct sp_saf_connect connect = {.user = user.id,
                                             .group = format(&group, "GRP%05u", (i + k * 3371) % GROUPS, 0),
                                             .owner = SP_STR("SYS1"),
                                             .revoke_date = SP_SAF_NO_DATE,
                                             .resume_date = SP_SAF_NO_DATE};
            ok(sp_saf_put_connect(db, &connect, NULL));
        }
    }
}

/* Discrete: APPnnnn.resource.nnnnn; generic in four shapes over the same applications. */
static struct sp_str profile_name(struct text *text, unsigned i)
{
    static const char *const shapes[] = {"APP%04u.resource.%05u.**", "APP%04u.*.access.%05u",
                                         "APP%04u.res%05u*", "APP%04u.role%05u.%%.*"};
    unsigned n = i / CLASSES;
    return i % 2 ? format(text, shapes[n / 2 % 4], n / 7 % 2000, n)
                 : format(text, "APP%04u.resource.%05u", n / 7 % 2000, n);
}

static void put_profiles(struct sp_saf_db *db)
{
    struct text name, id;
    for (unsigned i = 0; i < PROFILES; i++) {
        struct sp_saf_profile profile = {.class = sp_str_of(classes[i % CLASSES]),
                                         .name = profile_name(&name, i),
                                         .generic = i % 2,
                                         .owner = SP_STR("SYS1"),
                                         .audit = {.failures = true, .failures_from = SP_SAF_READ}};
        ok(sp_saf_put_profile(db, &profile, NULL));
        for (unsigned k = 0; k < 4; k++) {
            struct sp_saf_access_entry entry = {.class = profile.class,
                                                .profile = profile.name,
                                                .id = k ? format(&id, "GRP%05u", next_random(GROUPS), 0)
                                                        : format(&id, "U%07u", next_random(USERS), 0),
                                                .access = SP_SAF_READ};
            ok(sp_saf_put_access(db, &entry, NULL));
        }
    }
}

static void fill(struct sp_saf_db *db)
{
    ok(sp_saf_db_begin(db, NULL));
    for (unsigned i = 0; i < CLASSES; i++) {
        struct sp_saf_class class = {.name = sp_str_of(classes[i]), .active = true, .generic = true};
        ok(sp_saf_put_class(db, &class, NULL));
    }
    put_groups(db);
    put_users(db);
    put_profiles(db);
    ok(sp_saf_db_commit(db, NULL));
}

/* ---- measuring ---- */

static int64_t own_time_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct question {
    struct text resource, user;
    struct sp_saf_auth auth;
};

/* Resources under a profile, half of them under a generic one, and now and then one that nothing covers. */
static void make_questions(struct question *questions)
{
    static const char *const shapes[] = {"APP%04u.resource.%05u.some.thing", "APP%04u.middle.access.%05u",
                                         "APP%04u.res%05u.more", "APP%04u.role%05u.x.last"};
    for (unsigned q = 0; q < ASKED; q++) {
        struct question *it = &questions[q];
        unsigned i = next_random(PROFILES), n = i / CLASSES;
        struct sp_str resource = q % 16 == 0 ? format(&it->resource, "NOWHERE%02u.resource.%05u", n % 100, n)
                                 : i % 2     ? format(&it->resource, shapes[n / 2 % 4], n / 7 % 2000, n)
                                         : format(&it->resource, "APP%04u.resource.%05u", n / 7 % 2000, n);
        it->auth = (struct sp_saf_auth){.class = sp_str_of(classes[i % CLASSES]),
                                        .resource = resource,
                                        .user = format(&it->user, "U%07u", next_random(USERS), 0),
                                        .wanted = SP_SAF_READ};
    }
}

static unsigned report(const char *what, double value, const char *unit, double goal)
{
    printf("%-44s %9.3f %-3s goal %g%s\n", what, value, unit, goal, value <= goal ? "" : "  MISSED");
    return value > goal;
}

static double uncached(const struct sp_saf_image *image, const struct question *questions,
                       unsigned *ret_covered)
{
    struct sp_arena arena;
    int64_t best = INT64_MAX;
    sp_arena_init(&arena, 1 << 20);
    for (int round = 0; round < ROUNDS; round++) {
        int64_t start = own_time_us();
        unsigned covered = 0;
        for (unsigned q = 0; q < ASKED; q++) {
            struct sp_saf_decision decision;
            sp_arena_reset(&arena);
            sp_saf_decide(image, &questions[q].auth, &arena, &decision);
            covered += decision.profile.len > 0;
        }
        int64_t took = own_time_us() - start;
        best = took < best ? took : best;
        *ret_covered = covered;
    }
    sp_arena_finish(&arena);
    return (double)best / ASKED;
}

static double cached(const struct sp_saf_image *image, const struct question *questions, double *ret_hit_rate)
{
    struct sp_saf_decision_cache cache;
    int64_t best = INT64_MAX;
    ok(sp_saf_decision_cache_init(&cache, CACHED * 8, NULL));
    for (int round = 0; round < ROUNDS; round++) {
        int64_t start = own_time_us();
        for (unsigned q = 0; q < ASKED; q++) {
            struct sp_saf_decision decision;
            sp_saf_decide_cached(&cache, image, &questions[q % CACHED].auth, &decision);
        }
        int64_t took = own_time_us() - start;
        best = took < best ? took : best;
    }
    *ret_hit_rate = (double)cache.hits / (double)(cache.hits + cache.misses);
    sp_saf_decision_cache_finish(&cache);
    return (double)best / ASKED;
}

static double heap_mb(void)
{
    struct mallinfo2 info = mallinfo2();
    return (double)(info.uordblks + info.hblkhd) / 1e6;
}

static unsigned measure(struct sp_saf_db *db)
{
    struct sp_saf_image *image = NULL;
    struct question *questions = calloc(ASKED, sizeof *questions);
    unsigned missed = 0, covered = 0;
    double hit_rate;
    if (!questions)
        exit(1);
    make_questions(questions);
    double before = heap_mb(), took = 1e9;
    for (int round = 0; round < BUILDS; round++) {
        sp_saf_image_release(image);
        int64_t start = own_time_us();
        ok(sp_saf_image_build(db, 20500, &image, NULL));
        double this_time = (double)(own_time_us() - start) / 1e6;
        took = this_time < took ? this_time : took;
    }
    missed += report("image: built in", took, "s", 2);
    missed += report("image: memory", heap_mb() - before, "MB", 300);
    missed += report("decision: not cached", uncached(image, questions, &covered), "us", 5);
    missed += report("decision: cached", cached(image, questions, &hit_rate), "us", 1);
    printf("%u of %u resources were covered by a profile; hit rate of the cache %.3f\n", covered, ASKED,
           hit_rate);
    sp_saf_image_release(image);
    free(questions);
    return missed;
}

/* bench_saf [FILE]: the database is kept in FILE, and used again when it is there. */
int main(int argc, char **argv)
{
    char directory[] = "/tmp/bench-saf-XXXXXX", path[256], remove[96] = "true";
    struct sp_saf_db *db = NULL;
    if (argc < 2 && !mkdtemp(directory))
        return 1;
    snprintf(path, sizeof path, argc < 2 ? "%s/saf.db" : "%s", argc < 2 ? directory : argv[1]);
    bool filled = access(path, F_OK) == 0;
    ok(sp_saf_db_open(path, NULL, SP_SAF_DB_CREATE, &db, NULL));
    int64_t start = sp_clock_monotonic_us();
    if (!filled)
        fill(db);
    printf("%d users, %d groups, %d profiles: stored in %.1f s\n", USERS, GROUPS, PROFILES,
           (double)(sp_clock_monotonic_us() - start) / 1e6);
    unsigned missed = measure(db);
    sp_saf_db_close(db);
    if (argc < 2)
        snprintf(remove, sizeof remove, "rm -rf '%s'", directory);
    if (system(remove) != 0)
        fprintf(stderr, "bench_saf: %s is left behind\n", directory);
    return missed ? 1 : 0;
}
