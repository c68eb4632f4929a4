/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "authz/authz.h"

#define MANAGER "zosconnect_zosConnectManager"
#define REQUESTERS "zosconnect_apiRequesters"

/* What the elements say of one attribute ('t', 'f', '-' not set), and what comes of it. */
static const struct {
    enum sp_authz_object kind;
    char manager, all, item; /* all: zosconnect_apiRequesters */
    bool expected;
    const char *from;
} rows[] = {
    {SP_OBJECT_SERVER, 't', '-', '-', true, MANAGER},
    {SP_OBJECT_SERVER, 'f', '-', '-', false, MANAGER},
    {SP_OBJECT_API, 't', '-', '-', true, MANAGER},
    {SP_OBJECT_API, 'f', '-', '-', false, MANAGER},
    {SP_OBJECT_API, 't', '-', 't', true, "zosConnectAPI"},
    {SP_OBJECT_API, 't', '-', 'f', false, "zosConnectAPI"},
    {SP_OBJECT_API, 'f', '-', 't', true, "zosConnectAPI"},
    {SP_OBJECT_API, 'f', '-', 'f', false, "zosConnectAPI"},
    {SP_OBJECT_API, 't', 'f', '-', true, MANAGER}, /* the requesters' element is not about APIs */
    {SP_OBJECT_SERVICE, 't', '-', '-', true, MANAGER},
    {SP_OBJECT_SERVICE, 'f', '-', '-', false, MANAGER},
    {SP_OBJECT_SERVICE, 't', '-', 't', true, "service"},
    {SP_OBJECT_SERVICE, 't', '-', 'f', false, "service"},
    {SP_OBJECT_SERVICE, 'f', '-', 't', true, "service"},
    {SP_OBJECT_SERVICE, 'f', '-', 'f', false, "service"},
    {SP_OBJECT_SERVICE, 'f', 't', '-', false, MANAGER},
    {SP_OBJECT_REQUESTER, 't', '-', '-', true, MANAGER},
    {SP_OBJECT_REQUESTER, 'f', '-', '-', false, MANAGER},
    {SP_OBJECT_REQUESTER, 't', 't', '-', true, REQUESTERS},
    {SP_OBJECT_REQUESTER, 't', 'f', '-', false, REQUESTERS},
    {SP_OBJECT_REQUESTER, 'f', 't', '-', true, REQUESTERS},
    {SP_OBJECT_REQUESTER, 'f', 'f', '-', false, REQUESTERS},
    {SP_OBJECT_REQUESTER, 't', '-', 'f', false, "apiRequester"},
    {SP_OBJECT_REQUESTER, 'f', '-', 't', true, "apiRequester"},
    {SP_OBJECT_REQUESTER, 't', '-', 't', true, "apiRequester"},
    {SP_OBJECT_REQUESTER, 'f', '-', 'f', false, "apiRequester"},
    {SP_OBJECT_REQUESTER, 't', 't', 't', true, "apiRequester"},
    {SP_OBJECT_REQUESTER, 't', 'f', 'f', false, "apiRequester"},
    {SP_OBJECT_REQUESTER, 'f', 't', 't', true, "apiRequester"},
    {SP_OBJECT_REQUESTER, 'f', 'f', 'f', false, "apiRequester"},
    {SP_OBJECT_REQUESTER, 't', 't', 'f', false, "apiRequester"},
    {SP_OBJECT_REQUESTER, 't', 'f', 't', true, "apiRequester"},
    {SP_OBJECT_REQUESTER, 'f', 't', 'f', false, "apiRequester"},
    {SP_OBJECT_REQUESTER, 'f', 'f', 't', true, "apiRequester"},
};

static unsigned said(char c)
{
    return c == 't' ? SP_TRUE : c == 'f' ? SP_FALSE : SP_UNSET;
}

static void the_most_specific_element_decides_about_authentication(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        /* requireSecure says the opposite everywhere: the two do not touch each other. */
        const struct sp_cfg_item item = {.require_auth = said(rows[i].item),
                                         .require_secure = rows[i].expected ? SP_FALSE : SP_TRUE};
        const struct sp_config config = {
            .manager = {.require_auth = rows[i].manager == 't', .require_secure = !rows[i].expected},
            .api_requesters = {.require_auth = said(rows[i].all)}};
        struct sp_authz_demands demands;
        sp_authz_demands(&config, rows[i].kind, &item, &demands);
        assert_int_equal(demands.auth, rows[i].expected);
        assert_string_equal(demands.auth_from, rows[i].from);
        assert_int_equal(demands.secure, !rows[i].expected);
        if (rows[i].item == '-') {
            sp_authz_demands(&config, rows[i].kind, NULL, &demands);
            assert_int_equal(demands.auth, rows[i].expected);
        }
    }
}

/* zosconnect_apiRequesters has no requireSecure. */
static void the_most_specific_element_decides_about_tls(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].all != '-')
            continue;
        const struct sp_cfg_item item = {.require_secure = said(rows[i].item),
                                         .require_auth = rows[i].expected ? SP_FALSE : SP_TRUE};
        const struct sp_config config = {
            .manager = {.require_secure = rows[i].manager == 't', .require_auth = !rows[i].expected}};
        struct sp_authz_demands demands;
        sp_authz_demands(&config, rows[i].kind, &item, &demands);
        assert_int_equal(demands.secure, rows[i].expected);
        assert_string_equal(demands.secure_from, rows[i].from);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_specific_element_decides_about_authentication),
        cmocka_unit_test(the_most_specific_element_decides_about_tls),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("authz_demand", tests, NULL, NULL);
}
