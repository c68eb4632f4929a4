/* SPDX-License-Identifier: Apache-2.0
 * Cookies as clients send them, and what is sealed in ours. The first byte: C a Cookie header, S what is in a
 * session, L what is in a login, anything else a sealed text that is none.
 */
#include <stdlib.h>

#include "authn/ltpa_cookie.h"
#include "authn/oidc_login.h"
#include "authn/session.h"
#include "text/cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_inside(struct sp_str part, struct sp_str whole)
{
    return !part.len || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static void read_header(struct sp_str text, struct sp_arena *arena)
{
    const struct sp_http_header header = {SP_STR_INIT("Cookie"), text};
    const struct sp_http_request request = {
        .method = SP_STR_INIT("GET"), .headers = &header, .header_count = 1};
    const struct sp_cfg_web_app_security security = {.sso_cookie_name = SP_STR_INIT("Mine")};
    struct sp_str rest = text, name, value;
    for (size_t count = 0; sp_cookie_next(&rest, &name, &value); count++)
        if (count > text.len || !is_inside(name, text) || !is_inside(value, text) ||
            sp_str_find(name, ';') < name.len || sp_str_find(value, ';') < value.len)
            abort();
    struct sp_str token = sp_ltpa_cookie_get(&security, &request, arena);
    if (token.len > text.len)
        abort();
}

static void open_sealed(const struct sp_cookie_seal *seal, struct sp_str sealed, bool ours,
                        struct sp_arena *arena)
{
    struct sp_session session;
    struct sp_oidc_login login;
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status = sp_session_open(sealed, seal, 1000, arena, &session, &err);
    if (status == SP_OK ? !ours || session.expires_us <= 1000 || !session.provider.ptr : !err.text[0])
        abort();
    status = sp_oidc_login_open(sealed, seal, 1000, arena, &login, &err);
    if (status == SP_OK ? !ours || login.expires_us <= 1000 || !sp_oidc_target_ok(login.target)
                        : !err.text[0])
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char secret[SP_COOKIE_SEAL_SECRET_BYTES] = "0123456789abcdef0123456789abcde";
    struct sp_cookie_seal seal;
    struct sp_arena arena;
    struct sp_buf sealed;
    if (!size || sp_cookie_seal_init(&seal, secret, SP_STR("test"), NULL) != SP_OK)
        return 0;
    struct sp_str text = sp_str_from(data + 1, size - 1);
    sp_arena_init(&arena, (size_t)4 << 20);
    sp_buf_init(&sealed, 2 * SP_COOKIE_TEXT_MAX);
    if (data[0] == 'C')
        read_header(text, &arena);
    else if (data[0] != 'S' && data[0] != 'L')
        open_sealed(&seal, text, false, &arena);
    else if (sp_cookie_seal_text(&seal, text, &sealed, NULL) == SP_OK)
        open_sealed(&seal, sp_buf_str(&sealed), true, &arena);
    sp_buf_finish(&sealed);
    sp_arena_finish(&arena);
    return 0;
}
