/* SPDX-License-Identifier: Apache-2.0
 * What a person sees when a login has failed. The reason is in the log, not on the page: it may name what
 * only the administrator should know.
 */
#include "authn/browser.h"
#include "authn/saml_sso.h"

static const char *text_of(enum sp_status status)
{
    switch (status) {
    case SP_ETIMEDOUT:
        return "The login took too long. Go back to the page that you wanted to see, and log in again.";
    case SP_EDENIED:
    case SP_EEXISTS:
    case SP_ENOTFOUND:
        return "The answer of the identity provider was not accepted. Go back to the page that you wanted to "
               "see, and log in again; if it fails again, tell the administrator, whose log has the reason.";
    case SP_ESYNTAX:
    case SP_ELIMIT:
        return "The answer of the identity provider cannot be read. The log of the server has the reason.";
    default:
        return "The login cannot be checked now. Try again later.";
    }
}

static unsigned code_of(enum sp_status status)
{
    switch (status) {
    case SP_ESYNTAX:
    case SP_ELIMIT:
        return 400;
    case SP_ETIMEDOUT:
    case SP_EDENIED:
    case SP_EEXISTS:
    case SP_ENOTFOUND:
        return 401;
    default:
        return 503;
    }
}

enum sp_status sp_saml_tell(const struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                            struct sp_challenge *challenge, enum sp_status status)
{
    struct sp_error ignored = SP_ERROR_INIT;
    struct sp_str page = sso->config->login.error_page_url;
    if (page.len && sp_browser_send_to(challenge, page, &ignored) == SP_OK)
        return status;
    challenge->status = code_of(status);
    challenge->body = sp_arena_printf(attempt->arena,
                                      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                                      "<title>Not logged in</title></head><body><h1>Not logged in</h1>"
                                      "<p>%s</p></body></html>\n",
                                      text_of(status));
    sp_challenge_add(challenge, "Content-Type", SP_STR("text/html; charset=utf-8"));
    sp_challenge_add(challenge, "Content-Security-Policy", SP_STR("default-src 'none'"));
    sp_challenge_add(challenge, "Cache-Control", SP_STR("no-store"));
    return status;
}
