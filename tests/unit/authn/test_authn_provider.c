/* SPDX-License-Identifier: Apache-2.0
 * Which of several providers a request is for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "authn/auth_filter.h"
#include "authn/provider.h"

/* A provider that does what the test says. */
struct played {
    struct sp_authn_provider provider;
    enum sp_offer offer;
    bool knows;
};

static enum sp_offer offers(const struct sp_authn_provider *self, struct sp_authn_attempt *attempt)
{
    return ((const struct played *)self)->offer;
}

static bool knows(const struct sp_authn_provider *self, struct sp_authn_attempt *attempt)
{
    return ((const struct played *)self)->knows;
}

static void keep(struct sp_authn_provider *self)
{
}

static const struct sp_authn_provider_kind kind = {
    .name = "played", .offers = offers, .knows_issuer = knows, .free = keep};

struct choice {
    struct played played[4];
    const char *filters[4]; /* a URL; NULL: no filter */
    bool optional;          /* no identity is required */
    int rival;              /* set: the other one whose filter accepts, or -1 */
};

static int index_of(struct sp_authn_provider *const *providers, const struct sp_authn_provider *wanted)
{
    for (int i = 0; i < 4; i++)
        if (providers[i] == wanted)
            return i;
    return -1;
}

/* Index of the one that is chosen, or -1. */
static int choose(struct choice *choice)
{
    struct sp_authn_provider *providers[4];
    struct sp_cfg_condition conditions[4];
    struct sp_arena arena;
    struct sp_error err = SP_ERROR_INIT;
    sp_arena_init(&arena, 65536);
    for (size_t i = 0; i < 4; i++) {
        struct sp_authn_provider *provider = providers[i] = &choice->played[i].provider;
        conditions[i] = (struct sp_cfg_condition){sp_str_of(choice->filters[i]), {NULL, 0}, SP_CFG_CONTAINS};
        struct sp_cfg_auth_filter filter = {.request_url = {&conditions[i], 1}};
        provider->kind = &kind;
        const struct sp_cfg_auth_filter *const list[] = {&filter};
        const struct sp_cfg_auth_filters filters = {list, choice->filters[i] ? 1 : 0};
        assert_int_equal(sp_auth_filters_new(&filters, &provider->filter, &err), SP_OK);
    }
    struct sp_http_request request = {.target = SP_STR_INIT("/a/b"), .host = SP_STR_INIT("h")};
    struct sp_authn_attempt attempt = {.request = &request, .arena = &arena, .required = !choice->optional};
    struct sp_authn_table table = {.providers = providers, .count = 4};
    const struct sp_authn_group group = {0, 4};
    const struct sp_authn_provider *chosen = sp_authn_table_choose(&table, &group, &attempt);
    choice->rival = index_of(providers, sp_authn_table_rival(&table, &group, chosen, &attempt));
    for (size_t i = 0; i < 4; i++)
        sp_auth_filters_free(providers[i]->filter);
    sp_arena_finish(&arena);
    return index_of(providers, chosen);
}

#define OFFER(o)     \
    {                \
        .offer = (o) \
    }
#define ISSUER(o)                   \
    {                               \
        .offer = (o), .knows = true \
    }

static void a_filter_that_accepts_wins(void **state)
{
    struct choice choice = {.played = {ISSUER(SP_OFFER_CREDENTIAL), OFFER(SP_OFFER_CREDENTIAL),
                                       OFFER(SP_OFFER_CREDENTIAL), OFFER(SP_OFFER_CREDENTIAL)},
                            .filters = {NULL, "/x", "/a", "/b"}};
    assert_int_equal(choose(&choice), 2);
    assert_int_equal(choice.rival, 3);
    choice.filters[2] = "/y";
    assert_int_equal(choose(&choice), 3);
    assert_int_equal(choice.rival, -1);
    /* Its demand wins too, over what others find. */
    choice.played[3].offer = SP_OFFER_DEMAND;
    assert_int_equal(choose(&choice), 3);
    choice.optional = true;
    assert_int_equal(choose(&choice), 0);
    choice.optional = false;
    choice.played[3].offer = SP_OFFER_NONE;
    assert_int_equal(choose(&choice), 0);
}

static void without_filters_the_issuer_decides(void **state)
{
    struct choice choice = {.played = {OFFER(SP_OFFER_CREDENTIAL), OFFER(SP_OFFER_CREDENTIAL),
                                       ISSUER(SP_OFFER_CREDENTIAL), ISSUER(SP_OFFER_CREDENTIAL)}};
    assert_int_equal(choose(&choice), 2);
    assert_int_equal(choice.rival, -1); /* that is decided, and no surprise */
    choice.played[2].offer = SP_OFFER_NONE;
    assert_int_equal(choose(&choice), 3);
    choice.filters[3] = "/x";
    assert_int_equal(choose(&choice), 0);
}

static void otherwise_the_first_is_asked(void **state)
{
    struct choice choice = {.played = {OFFER(SP_OFFER_NONE), OFFER(SP_OFFER_DEMAND),
                                       OFFER(SP_OFFER_CREDENTIAL), OFFER(SP_OFFER_CREDENTIAL)}};
    assert_int_equal(choose(&choice), 2);
    choice.played[2].offer = choice.played[3].offer = SP_OFFER_NONE;
    assert_int_equal(choose(&choice), 1);
    choice.optional = true;
    assert_int_equal(choose(&choice), -1);
}

static void a_filter_that_does_not_accept_leaves_its_provider_out(void **state)
{
    struct choice choice = {.played = {ISSUER(SP_OFFER_CREDENTIAL), OFFER(SP_OFFER_NONE),
                                       OFFER(SP_OFFER_NONE), OFFER(SP_OFFER_NONE)},
                            .filters = {"/x", NULL, NULL, NULL}};
    assert_int_equal(choose(&choice), -1);
}

static void credentials_in_two_fields_are_contradictory(void **state)
{
    struct played first = OFFER(SP_OFFER_CREDENTIAL), second = OFFER(SP_OFFER_CREDENTIAL);
    struct sp_authn_provider *providers[] = {&first.provider, &second.provider};
    struct sp_authn_table table = {.providers = providers, .count = 2, .several_headers = true};
    struct sp_authn_attempt attempt = {0};
    struct sp_str one, two;
    first.provider.kind = second.provider.kind = &kind;
    first.provider.header = SP_STR("Authorization");
    second.provider.header = SP_STR("X-Token");
    assert_true(sp_authn_table_is_contradictory(&table, &attempt, &one, &two));
    assert_true(sp_str_is(one, "Authorization"));
    assert_true(sp_str_is(two, "X-Token"));
    second.offer = SP_OFFER_DEMAND;
    assert_false(sp_authn_table_is_contradictory(&table, &attempt, &one, &two));
    second.offer = SP_OFFER_CREDENTIAL;
    second.provider.header = SP_STR("authorization");
    assert_false(sp_authn_table_is_contradictory(&table, &attempt, &one, &two));
    second.provider.header = (struct sp_str){NULL, 0};
    assert_false(sp_authn_table_is_contradictory(&table, &attempt, &one, &two));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filter_that_accepts_wins),
        cmocka_unit_test(without_filters_the_issuer_decides),
        cmocka_unit_test(otherwise_the_first_is_asked),
        cmocka_unit_test(a_filter_that_does_not_accept_leaves_its_provider_out),
        cmocka_unit_test(credentials_in_two_fields_are_contradictory),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("authn_provider", tests, NULL, NULL);
}
