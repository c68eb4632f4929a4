/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/token_claims.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "text/json.h"
#include "text/utf8.h"

#define YEAR_10000 253402300800.0 /* seconds */
#define DIGITS_MAX 11u            /* of seconds that are surely before that */

/* ---- rules ---- */

/* "https://as.example.com/oauth2/token" -> "https://as.example.com/oauth2" */
static struct sp_str without_last_part(struct sp_str url)
{
    size_t end = url.len;
    while (end && url.ptr[end - 1] != '/')
        end--;
    return sp_str_slice(url, 0, end ? end - 1 : 0);
}

enum sp_status sp_claims_rules_make(const struct sp_cfg_oidc *client, struct sp_str_list discovered,
                                    bool for_answers, struct sp_arena *arena,
                                    struct sp_claims_rules *ret_rules)
{
    struct sp_claims_rules rules = {.client = client, .issuers = client->issuers};
    for (size_t i = 0; i < client->audiences.count; i++)
        rules.any_audience |= sp_str_is(client->audiences.items[i], "ALL_AUDIENCES");
    if (discovered.count)
        rules.issuers = discovered;
    if (!rules.issuers.count) {
        struct sp_str *issuer = sp_arena_alloc(arena, sizeof *issuer);
        if (!issuer)
            return SP_ENOMEM;
        *issuer = without_last_part(for_answers ? client->validation_url : client->token_endpoint_url);
        rules.issuers = (struct sp_str_list){issuer, issuer->len ? 1 : 0};
    }
    *ret_rules = rules;
    return SP_OK;
}

static bool has(const struct sp_str_list *list, struct sp_str text)
{
    for (size_t i = 0; i < list->count; i++)
        if (sp_str_eq(list->items[i], text))
            return true;
    return false;
}

/* ---- issuer and audience ---- */

static enum sp_status check_issuer(const struct sp_claims_rules *rules, const struct sp_json_value *claims,
                                   struct sp_error *err)
{
    const struct sp_json_value *issuer = sp_json_member(claims, SP_STR("iss"));
    if (rules->client->disable_iss_checking)
        return issuer
                   ? sp_error_set(err, SP_EDENIED, SP_TOKEN_HAS_ISSUER,
                                  "the token has an issuer, and disableIssChecking=\"true\" takes only those "
                                  "without one")
                   : SP_OK;
    if (!issuer || issuer->kind != SP_JSON_IS_STRING)
        return sp_error_set(err, SP_EDENIED, SP_TOKEN_ISSUER, "the token names no issuer");
    if (has(&rules->issuers, issuer->text))
        return SP_OK;
    return sp_error_set(err, SP_EDENIED, SP_TOKEN_ISSUER,
                        "the token is of issuer '%.*s', which is none of issuerIdentifier",
                        (int)(issuer->text.len > 200 ? 200 : issuer->text.len), issuer->text.ptr);
}

/* Scheme, host and port of a URL, without a port that is the scheme's own. */
static struct sp_str origin_of(struct sp_str url)
{
    struct sp_str https = SP_STR("https://"), http = SP_STR("http://");
    bool secure = sp_str_starts(url, https);
    if (!secure && !sp_str_starts(url, http))
        return (struct sp_str){0};
    size_t from = secure ? https.len : http.len;
    size_t len = sp_str_find(sp_str_slice(url, from, url.len), '/');
    struct sp_str origin = sp_str_slice(url, 0, from + len);
    struct sp_str port = secure ? SP_STR(":443") : SP_STR(":80");
    return sp_str_ends(origin, port) ? sp_str_slice(origin, 0, origin.len - port.len) : origin;
}

static bool is_audience(const struct sp_claims_rules *rules, const struct sp_json_value *audience,
                        struct sp_str server_url)
{
    if (audience->kind != SP_JSON_IS_STRING)
        return false;
    if (rules->client->audiences.count)
        return has(&rules->client->audiences, audience->text);
    struct sp_str origin = origin_of(audience->text);
    return origin.len && sp_str_eq(origin, origin_of(server_url));
}

static enum sp_status check_audience(const struct sp_claims_rules *rules, const struct sp_json_value *claims,
                                     struct sp_str server_url, struct sp_error *err)
{
    const struct sp_json_value *audience = sp_json_member(claims, SP_STR("aud"));
    if (rules->any_audience)
        return SP_OK;
    if (!audience && !rules->client->audiences.count)
        return SP_OK;
    if (!audience)
        return sp_error_set(err, SP_EDENIED, SP_TOKEN_NO_AUDIENCE, "the token is for no audience");
    bool found = audience->kind != SP_JSON_IS_ARRAY && is_audience(rules, audience, server_url);
    if (audience->kind == SP_JSON_IS_ARRAY)
        for (const struct sp_json_value *one = audience->first; one && !found; one = one->next)
            found = is_audience(rules, one, server_url);
    return found
               ? SP_OK
               : sp_error_set(err, SP_EDENIED, SP_TOKEN_AUDIENCE, "the token is for another audience than %s",
                              rules->client->audiences.count ? "those of audiences" : "this server's URL");
}

/* ---- times ---- */

/* A number of JSON that is only digits, as issuers write times, needs no floating point. */
static bool read_digits(struct sp_str text, int64_t *ret_number)
{
    int64_t number = 0;
    if (text.len > DIGITS_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        number = number * 10 + (text.ptr[i] - '0');
    }
    *ret_number = number;
    return true;
}

bool sp_claims_time(const struct sp_json_value *claims, const char *name, bool *ret_has, int64_t *ret_us)
{
    const struct sp_json_value *claim = sp_json_member(claims, sp_str_of(name));
    char text[72];
    *ret_has = claim != NULL;
    *ret_us = 0;
    if (!claim)
        return true;
    if (claim->kind != SP_JSON_IS_NUMBER || claim->text.len >= sizeof text)
        return false;
    int64_t whole;
    if (read_digits(claim->text, &whole)) {
        *ret_us = whole * 1000000;
        return true;
    }
    memcpy(text, claim->text.ptr, claim->text.len);
    text[claim->text.len] = 0;
    double seconds = strtod(text, NULL);
    if (!isfinite(seconds) || seconds < 0 || seconds >= YEAR_10000)
        return false;
    *ret_us = (int64_t)(seconds * 1000000.0);
    return true;
}

struct times {
    bool has_exp, has_iat, has_nbf;
    int64_t exp, iat, nbf;
};

static enum sp_status read_times(const struct sp_json_value *claims, struct times *times,
                                 struct sp_error *err)
{
    if (sp_claims_time(claims, "exp", &times->has_exp, &times->exp) &&
        sp_claims_time(claims, "iat", &times->has_iat, &times->iat) &&
        sp_claims_time(claims, "nbf", &times->has_nbf, &times->nbf))
        return SP_OK;
    return sp_error_set(err, SP_EDENIED, SP_TOKEN_EXPIRED,
                        "exp, iat or nbf of the token is not a number of seconds since 1970");
}

static enum sp_status check_times(const struct sp_claims_rules *rules, const struct times *times,
                                  int64_t now_us, struct sp_error *err)
{
    int64_t skew = rules->client->clock_skew_us;
    if (times->has_exp && now_us - skew >= times->exp)
        return sp_error_set(err, SP_EDENIED, SP_TOKEN_EXPIRED, "the token has expired, %lld seconds ago",
                            (long long)((now_us - times->exp) / 1000000));
    if (times->has_iat && now_us + skew <= times->iat)
        return sp_error_set(err, SP_EDENIED, SP_TOKEN_EXPIRED,
                            "the token was issued in the future, in %lld seconds: do the clocks agree?",
                            (long long)((times->iat - now_us) / 1000000));
    if (times->has_iat && times->has_exp && times->iat > times->exp)
        return sp_error_set(err, SP_EDENIED, SP_TOKEN_EXPIRED, "the token expired before it was issued");
    if (times->has_nbf && times->nbf > now_us + skew)
        return sp_error_set(err, SP_EDENIED, SP_TOKEN_NOT_YET, "the token is not valid yet, for %lld seconds",
                            (long long)((times->nbf - now_us) / 1000000));
    return SP_OK;
}

enum sp_status sp_claims_check_jwt(const struct sp_claims_rules *rules, const struct sp_json_value *claims,
                                   struct sp_str server_url, int64_t now_us, struct sp_error *err)
{
    struct times times;
    enum sp_status status = check_issuer(rules, claims, err);
    if (status == SP_OK)
        status = check_audience(rules, claims, server_url, err);
    if (status == SP_OK)
        status = read_times(claims, &times, err);
    if (status == SP_OK && !times.has_exp)
        status = sp_error_set(err, SP_EDENIED, SP_TOKEN_EXPIRED, "the token does not say when it expires");
    return status == SP_OK ? check_times(rules, &times, now_us, err) : status;
}

enum sp_status sp_claims_check_answer(const struct sp_claims_rules *rules, const struct sp_json_value *claims,
                                      bool userinfo, int64_t now_us, struct sp_error *err)
{
    const struct sp_cfg_oidc *client = rules->client;
    struct times times;
    if (userinfo)
        return sp_json_member(claims, SP_STR("iss")) ? check_issuer(rules, claims, err) : SP_OK;
    enum sp_status status = read_times(claims, &times, err);
    if (status == SP_OK &&
        ((client->require_exp && !times.has_exp) || (client->require_iat && !times.has_iat)))
        status = sp_error_set(err, SP_EDENIED, "CWWKS1718E",
                              "the answer about the token has no %s, which is required",
                              client->require_exp && !times.has_exp ? "exp" : "iat");
    if (status == SP_OK)
        status = check_times(rules, &times, now_us, err);
    if (status == SP_OK)
        status = check_issuer(rules, claims, err);
    if (status == SP_OK && client->audiences.count && sp_json_member(claims, SP_STR("aud")))
        status = check_audience(rules, claims, (struct sp_str){0}, err);
    return status;
}

bool sp_token_type_is_other(struct sp_str typ)
{
    struct sp_str suffix = SP_STR("+jwt");
    return typ.len > suffix.len &&
           sp_str_caseless_eq(sp_str_slice(typ, typ.len - suffix.len, typ.len), suffix);
}

/* ---- subject ---- */

/* Names go to logs, registries and records: text without control characters, and no longer than such take. */
static bool is_name(const struct sp_json_value *value)
{
    if (!value || value->kind != SP_JSON_IS_STRING || !value->text.len || value->text.len > SP_TOKEN_NAME_MAX)
        return false;
    for (size_t i = 0; i < value->text.len; i++)
        if ((unsigned char)value->text.ptr[i] < 0x20 || value->text.ptr[i] == 0x7f)
            return false;
    return true;
}

static enum sp_status wrong_type(struct sp_str claim, const char *expected, struct sp_error *err)
{
    return sp_error_set(err, SP_EDENIED, SP_TOKEN_CLAIM_TYPE, "claim '%.*s' of the token is not %s",
                        SP_STR_ARG(claim), expected);
}

/* A claim that need not be there. */
static enum sp_status optional_name(const struct sp_json_value *claims, struct sp_str claim,
                                    struct sp_str otherwise, struct sp_str *ret_name, struct sp_error *err)
{
    const struct sp_json_value *value = claim.len ? sp_json_member(claims, claim) : NULL;
    if (value && value->kind != SP_JSON_IS_NULL && !is_name(value))
        return wrong_type(claim, "a text of 1 to 256 bytes", err);
    *ret_name = value && value->kind == SP_JSON_IS_STRING ? value->text : otherwise;
    return SP_OK;
}

static enum sp_status read_user(const struct sp_claims_rules *rules, const struct sp_json_value *claims,
                                struct sp_str *ret_name, struct sp_error *err)
{
    const struct sp_cfg_oidc *client = rules->client;
    struct sp_str claim = client->user_identifier.len ? client->user_identifier : client->user_identity;
    const struct sp_json_value *user = sp_json_member(claims, claim);
    if (!user)
        return sp_error_set(err, SP_EDENIED, SP_TOKEN_NO_USER,
                            "the token has no claim '%.*s', which should name the user (userIdentifier, "
                            "userIdentityToCreateSubject)",
                            SP_STR_ARG(claim));
    if (!is_name(user))
        return wrong_type(claim, "a text of 1 to 256 bytes without control characters", err);
    *ret_name = user->text;
    return SP_OK;
}

static enum sp_status read_groups(const struct sp_json_value *claims, struct sp_str claim,
                                  struct sp_arena *arena, struct sp_str_list *ret_groups,
                                  struct sp_error *err)
{
    const struct sp_json_value *value = claim.len ? sp_json_member(claims, claim) : NULL;
    if (!value || value->kind == SP_JSON_IS_NULL)
        return SP_OK;
    bool alone = value->kind == SP_JSON_IS_STRING;
    size_t count = alone ? 1 : value->count, at = 0;
    if ((!alone && value->kind != SP_JSON_IS_ARRAY) || count > SP_TOKEN_GROUPS_MAX)
        return wrong_type(claim, "a text or an array of at most 1000", err);
    struct sp_str *groups = sp_arena_calloc(arena, count + 1, sizeof *groups);
    if (!groups)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for groups");
    for (const struct sp_json_value *one = alone ? value : value->first; one;
         one = alone ? NULL : one->next) {
        if (!is_name(one))
            return wrong_type(claim, "made of texts of 1 to 256 bytes", err);
        groups[at++] = one->text;
    }
    *ret_groups = (struct sp_str_list){groups, at};
    return SP_OK;
}

static void add_scope(struct sp_str *scopes, size_t *count, struct sp_str scope)
{
    if (scope.len && *count < SP_TOKEN_SCOPES_MAX)
        scopes[(*count)++] = scope;
}

/* scope (RFC 8693: texts with blanks between), or the scp of other issuers, a text or an array. */
static enum sp_status read_scopes(const struct sp_json_value *claims, struct sp_arena *arena,
                                  struct sp_str_list *ret_scopes, struct sp_error *err)
{
    const struct sp_json_value *value = sp_json_member(claims, SP_STR("scope"));
    if (!value)
        value = sp_json_member(claims, SP_STR("scp"));
    if (!value)
        return SP_OK;
    size_t count = 0;
    struct sp_str *scopes = sp_arena_calloc(arena, SP_TOKEN_SCOPES_MAX, sizeof *scopes);
    if (!scopes)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for scopes");
    struct sp_str rest = value->kind == SP_JSON_IS_STRING ? value->text : (struct sp_str){0}, one;
    while (sp_str_split(&rest, ' ', &one))
        add_scope(scopes, &count, one);
    for (const struct sp_json_value *item = value->kind == SP_JSON_IS_ARRAY ? value->first : NULL; item;
         item = item->next)
        if (item->kind == SP_JSON_IS_STRING)
            add_scope(scopes, &count, item->text);
    *ret_scopes = (struct sp_str_list){scopes, count};
    return SP_OK;
}

enum sp_status sp_claims_subject(const struct sp_claims_rules *rules, const struct sp_json_value *claims,
                                 struct sp_arena *arena, struct sp_token_subject *ret_subject,
                                 struct sp_error *err)
{
    const struct sp_cfg_oidc *client = rules->client;
    struct sp_token_subject subject = {0};
    struct sp_str issuer = sp_json_member_text(claims, SP_STR("iss"));
    bool has_exp;
    if (!issuer.len && rules->issuers.count)
        issuer = sp_arena_str(arena, rules->issuers.items[0]); /* which may be gone before the request is */
    enum sp_status status = read_user(rules, claims, &subject.name, err);
    if (status == SP_OK)
        status = optional_name(claims, client->realm_identifier, issuer, &subject.realm, err);
    if (client->realm_name.len)
        subject.realm = client->realm_name;
    if (status == SP_OK)
        status = optional_name(claims, client->unique_user_identifier, subject.name, &subject.unique_id, err);
    if (status == SP_OK)
        status = read_groups(claims, client->group_identifier, arena, &subject.groups, err);
    if (status == SP_OK)
        status = read_scopes(claims, arena, &subject.scopes, err);
    if (status != SP_OK)
        return status;
    (void)sp_claims_time(claims, "exp", &has_exp, &subject.expires_us);
    *ret_subject = subject;
    return SP_OK;
}
