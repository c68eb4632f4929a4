/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/saml_assertion.h"

#include <time.h>

#include "text/base64.h"

#define BEARER SP_STR("urn:oasis:names:tc:SAML:2.0:cm:bearer")
#define HOLDER_OF_KEY SP_STR("urn:oasis:names:tc:SAML:2.0:cm:holder-of-key")
#define SIGNATURE_NAMESPACE SP_STR("http://www.w3.org/2000/09/xmldsig#")
#define NAME_MAX_BYTES 1024u
#define CERTIFICATE_MAX 65536u

/* Canonical XML looks for each declaration among all that hold, at each element: 64 of them cost nothing,
 * 2000 half a minute. */
const struct sp_xml_limits sp_saml_xml_limits = {
    .bytes = 1u << 20, .depth = 32, .elements = 8192, .attributes = 32, .namespaces = 64};

struct reading {
    const struct sp_saml_rules *rules;
    int64_t now_us;
    struct sp_arena *arena;
    struct sp_saml_facts facts;
    struct sp_error *err;
};

/* ---------------------------------------------------------------- XML */

static bool is_saml(const struct sp_xml_element *element, const char *name)
{
    return sp_str_is(element->name, name) && sp_str_is(element->namespace, SP_SAML_NAMESPACE);
}

/* The first of that name behind `after`; the first of all when that is NULL. */
static const struct sp_xml_element *next_child(const struct sp_xml_element *parent, const char *name,
                                               const struct sp_xml_element *after)
{
    const struct sp_xml_element *child = after ? after->next : parent->first;
    while (child && !is_saml(child, name))
        child = child->next;
    return child;
}

static const struct sp_xml_element *only_child(const struct sp_xml_element *parent, const char *name)
{
    const struct sp_xml_element *child = next_child(parent, name, NULL);
    return child && !next_child(parent, name, child) ? child : NULL;
}

/* ---------------------------------------------------------------- time */

static bool take_digits(struct sp_str *rest, size_t count, int *ret_number)
{
    int number = 0;
    if (rest->len < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        char c = rest->ptr[i];
        if (c < '0' || c > '9')
            return false;
        number = 10 * number + (c - '0');
    }
    *rest = sp_str_slice(*rest, count, rest->len);
    *ret_number = number;
    return true;
}

static bool take_byte(struct sp_str *rest, char byte)
{
    if (!rest->len || rest->ptr[0] != byte)
        return false;
    *rest = sp_str_slice(*rest, 1, rest->len);
    return true;
}

/* ".123456789": microseconds, the rest of the digits dropped. */
static bool take_fraction(struct sp_str *rest, int64_t *ret_us)
{
    int64_t us = 0, unit = 100000;
    size_t digits = 0;
    *ret_us = 0;
    if (!take_byte(rest, '.'))
        return true;
    for (int digit; take_digits(rest, 1, &digit); digits++) {
        us += digit * unit;
        unit /= 10;
    }
    *ret_us = us;
    return digits > 0;
}

static bool take_zone(struct sp_str *rest, int64_t *ret_seconds)
{
    int hours, minutes;
    *ret_seconds = 0;
    if (take_byte(rest, 'Z'))
        return true;
    int sign = take_byte(rest, '+') ? 1 : take_byte(rest, '-') ? -1 : 0;
    if (!sign || !take_digits(rest, 2, &hours) || !take_byte(rest, ':') || !take_digits(rest, 2, &minutes) ||
        hours > 14 || minutes > 59)
        return false;
    *ret_seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

enum sp_status sp_saml_time_read(struct sp_str text, int64_t *ret_us)
{
    struct tm t = {.tm_isdst = 0};
    int64_t fraction_us, zone;
    struct sp_str rest = sp_str_trim(text);
    bool ok = take_digits(&rest, 4, &t.tm_year) && take_byte(&rest, '-') &&
              take_digits(&rest, 2, &t.tm_mon) && take_byte(&rest, '-') &&
              take_digits(&rest, 2, &t.tm_mday) && take_byte(&rest, 'T') &&
              take_digits(&rest, 2, &t.tm_hour) && take_byte(&rest, ':') &&
              take_digits(&rest, 2, &t.tm_min) && take_byte(&rest, ':') && take_digits(&rest, 2, &t.tm_sec) &&
              take_fraction(&rest, &fraction_us) && take_zone(&rest, &zone) && rest.len == 0;
    if (!ok || t.tm_year < 1970 || t.tm_mon < 1 || t.tm_mon > 12 || t.tm_mday < 1 || t.tm_mday > 31 ||
        t.tm_hour > 23 || t.tm_min > 59 || t.tm_sec > 60)
        return SP_ESYNTAX;
    t.tm_year -= 1900;
    t.tm_mon -= 1;
    if (t.tm_sec == 60) /* a leap second, which this clock does not have */
        t.tm_sec = 59;
    const int day = t.tm_mday;
    int64_t seconds = (int64_t)timegm(&t);
    if (t.tm_mday != day) /* the 31st of a month that has 30 */
        return SP_ESYNTAX;
    *ret_us = (seconds - zone) * 1000000 + fraction_us;
    return SP_OK;
}

/* An attribute with a time; SP_ENOTFOUND: it is not there. */
static enum sp_status read_time(struct reading *r, const struct sp_xml_element *element, const char *name,
                                int64_t *ret_us)
{
    struct sp_str text = sp_xml_attribute(element, name);
    if (!text.ptr)
        return SP_ENOTFOUND;
    if (sp_saml_time_read(text, ret_us) != SP_OK)
        return sp_error_set(r->err, SP_ESYNTAX, NULL, "SAML assertion: %s of %.*s is no time", name,
                            SP_STR_ARG(element->name));
    return SP_OK;
}

static void ends_at(struct reading *r, int64_t us)
{
    us += r->rules->clock_skew_us;
    if (!r->facts.expires_us || us < r->facts.expires_us)
        r->facts.expires_us = us;
}

/* NotBefore and NotOnOrAfter of an element, each if it is there. */
static enum sp_status check_window(struct reading *r, const struct sp_xml_element *element)
{
    int64_t time_us;
    enum sp_status status = read_time(r, element, "NotBefore", &time_us);
    if (status == SP_OK && r->now_us < time_us - r->rules->clock_skew_us)
        return sp_error_set(r->err, SP_EDENIED, NULL, "SAML assertion: it is not valid yet (%.*s)",
                            SP_STR_ARG(element->name));
    if (status != SP_OK && status != SP_ENOTFOUND)
        return status;
    status = read_time(r, element, "NotOnOrAfter", &time_us);
    if (status == SP_OK && r->now_us >= time_us + r->rules->clock_skew_us)
        return sp_error_set(r->err, SP_EDENIED, NULL, "SAML assertion: it has ended (%.*s)",
                            SP_STR_ARG(element->name));
    if (status == SP_OK)
        ends_at(r, time_us);
    return status == SP_ENOTFOUND ? SP_OK : status;
}

/* ---------------------------------------------------------------- lists of the configuration */

static bool list_has(const struct sp_str_list *list, struct sp_str text)
{
    for (size_t i = 0; i < list->count; i++)
        if (sp_str_eq(sp_str_trim(list->items[i]), text))
            return true;
    return false;
}

static enum sp_status check_issuer(struct reading *r, const struct sp_xml_element *root)
{
    static const char entity[] = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
    const struct sp_xml_element *issuer = only_child(root, "Issuer");
    struct sp_str format = issuer ? sp_xml_attribute(issuer, "Format") : (struct sp_str){NULL, 0};
    r->facts.issuer = issuer ? sp_str_trim(issuer->text) : SP_STR("");
    if (!r->facts.issuer.len || issuer->first || (format.ptr && !sp_str_is(format, entity)))
        return sp_error_set(r->err, SP_ESYNTAX, NULL,
                            "SAML assertion: there is no one Issuer, or it has another format than entity");
    const struct sp_str_list *trusted = &r->rules->trusted_issuers;
    if (trusted->count && !list_has(trusted, SP_STR("ALL_ISSUERS")) && !list_has(trusted, r->facts.issuer))
        return sp_error_set(r->err, SP_EDENIED, NULL,
                            "SAML assertion: the issuer %.*s is not among trustedIssuers",
                            SP_STR_ARG(r->facts.issuer));
    return SP_OK;
}

/* ---------------------------------------------------------------- subject */

static bool holds_key(struct reading *r, const struct sp_xml_element *element)
{
    for (const struct sp_xml_element *child = element->first; child; child = child->next) {
        bool certificate =
            sp_str_is(child->name, "X509Certificate") && sp_str_eq(child->namespace, SIGNATURE_NAMESPACE);
        if (!certificate && holds_key(r, child))
            return true;
        if (!certificate || child->text.len > CERTIFICATE_MAX)
            continue;
        char *text = sp_arena_alloc(r->arena, child->text.len),
             *bytes = sp_arena_alloc(r->arena, child->text.len);
        size_t len = 0;
        for (size_t i = 0; text && i < child->text.len; i++)
            if (!strchr(" \t\r\n", child->text.ptr[i]))
                text[len++] = child->text.ptr[i];
        struct sp_buf der = sp_buf_over(bytes, bytes ? child->text.len : 0);
        if (text && sp_base64_decode(SP_BASE64, sp_str_from(text, len), &der) == SP_OK && der.len &&
            sp_str_eq(sp_buf_str(&der), r->rules->client_certificate))
            return true;
    }
    return false;
}

static enum sp_status check_data(struct reading *r, const struct sp_xml_element *data, bool bearer)
{
    struct sp_str recipient = sp_xml_attribute(data, "Recipient");
    struct sp_str answered = sp_xml_attribute(data, "InResponseTo");
    if (bearer && sp_xml_attribute(data, "NotBefore").ptr)
        return sp_error_set(r->err, SP_EDENIED, NULL,
                            "SAML assertion: SubjectConfirmationData of a bearer has NotBefore, which the "
                            "profile forbids");
    if (bearer && !sp_xml_attribute(data, "NotOnOrAfter").ptr)
        return sp_error_set(r->err, SP_EDENIED, NULL,
                            "SAML assertion: SubjectConfirmationData has no NotOnOrAfter");
    if (r->rules->recipient.len && !sp_str_eq(recipient, r->rules->recipient))
        return sp_error_set(r->err, SP_EDENIED, NULL, "SAML assertion: the recipient is not this server");
    if (r->rules->in_response_to.len && !sp_str_eq(answered, r->rules->in_response_to))
        return sp_error_set(r->err, SP_EDENIED, NULL,
                            "SAML assertion: it does not answer the request that this browser made");
    if (r->rules->is_unsolicited && answered.ptr)
        return sp_error_set(r->err, SP_EDENIED, NULL,
                            "SAML assertion: it answers a request, and this browser made none");
    if (!bearer && (!r->rules->client_certificate.len || !holds_key(r, data)))
        return sp_error_set(r->err, SP_EDENIED, NULL,
                            "SAML assertion: the caller does not show the certificate of the key's holder");
    return check_window(r, data);
}

/* One confirmation that holds is enough; of those that do not, the last reason is told. */
static enum sp_status check_confirmation(struct reading *r, const struct sp_xml_element *subject)
{
    enum sp_status status =
        sp_error_set(r->err, SP_EDENIED, NULL,
                     "SAML assertion: the subject has no confirmation of method bearer or holder-of-key");
    for (const struct sp_xml_element *each = NULL;
         (each = next_child(subject, "SubjectConfirmation", each));) {
        struct sp_str method = sp_xml_attribute(each, "Method");
        bool bearer = sp_str_eq(method, BEARER);
        if (!bearer && !sp_str_eq(method, HOLDER_OF_KEY))
            continue;
        const struct sp_xml_element *data = only_child(each, "SubjectConfirmationData");
        status = data ? check_data(r, data, bearer)
                      : sp_error_set(r->err, SP_EDENIED, NULL,
                                     "SAML assertion: a SubjectConfirmation has no SubjectConfirmationData");
        r->facts.is_bound = status == SP_OK && !bearer;
        if (status == SP_OK || status == SP_ESYNTAX)
            return status;
    }
    return status;
}

/* ---------------------------------------------------------------- conditions */

static enum sp_status check_audience(struct reading *r, const struct sp_xml_element *conditions)
{
    const struct sp_str_list *wanted = &r->rules->audiences;
    bool any = !wanted->count || list_has(wanted, SP_STR("ANY"));
    bool restricted = false;
    for (const struct sp_xml_element *each = NULL;
         conditions && (each = next_child(conditions, "AudienceRestriction", each));) {
        bool ours = any;
        for (const struct sp_xml_element *audience = NULL;
             !ours && (audience = next_child(each, "Audience", audience));)
            ours = list_has(wanted, sp_str_trim(audience->text));
        if (!ours)
            return sp_error_set(r->err, SP_EDENIED, NULL,
                                "SAML assertion: it is for another audience than audiences says");
        restricted = true;
    }
    if (!any && !restricted)
        return sp_error_set(r->err, SP_EDENIED, NULL,
                            "SAML assertion: it names no audience, and audiences wants one");
    return SP_OK;
}

/* A condition that nobody here knows makes the assertion one that nobody here can judge (core 2.5.1). */
static enum sp_status check_conditions(struct reading *r, const struct sp_xml_element *root)
{
    const struct sp_xml_element *conditions = next_child(root, "Conditions", NULL);
    if (conditions && next_child(root, "Conditions", conditions))
        return sp_error_set(r->err, SP_ESYNTAX, NULL, "SAML assertion: there are two Conditions");
    for (const struct sp_xml_element *each = conditions ? conditions->first : NULL; each; each = each->next) {
        if (is_saml(each, "OneTimeUse"))
            r->facts.one_time = true;
        else if (!is_saml(each, "AudienceRestriction") && !is_saml(each, "ProxyRestriction"))
            return sp_error_set(r->err, SP_EDENIED, NULL,
                                "SAML assertion: the condition %.*s is not known here",
                                SP_STR_ARG(each->name));
    }
    enum sp_status status = conditions ? check_window(r, conditions) : SP_OK;
    if (status == SP_OK && conditions &&
        read_time(r, conditions, "NotOnOrAfter", &r->facts.conditions_until_us) == SP_ENOTFOUND)
        r->facts.conditions_until_us = 0;
    return status == SP_OK ? check_audience(r, conditions) : status;
}

static enum sp_status check_statement(struct reading *r, const struct sp_xml_element *root)
{
    const struct sp_xml_element *statement = next_child(root, "AuthnStatement", NULL);
    int64_t time_us;
    if (!statement)
        return sp_error_set(r->err, SP_ESYNTAX, NULL, "SAML assertion: there is no AuthnStatement");
    enum sp_status status = read_time(r, statement, "AuthnInstant", &time_us);
    if (status == SP_ENOTFOUND)
        return sp_error_set(r->err, SP_ESYNTAX, NULL, "SAML assertion: AuthnStatement has no AuthnInstant");
    if (status == SP_OK && time_us > r->now_us + r->rules->clock_skew_us)
        return sp_error_set(r->err, SP_EDENIED, NULL, "SAML assertion: the login lies in the future");
    if (status != SP_OK)
        return status;
    struct sp_str index = sp_xml_attribute(statement, "SessionIndex");
    r->facts.session_index = sp_saml_name_ok(index) ? index : SP_STR("");
    status = read_time(r, statement, "SessionNotOnOrAfter", &time_us);
    if (status == SP_ENOTFOUND)
        return SP_OK;
    if (status == SP_OK && r->now_us >= time_us + r->rules->clock_skew_us)
        return sp_error_set(r->err, SP_EDENIED, NULL, "SAML assertion: its session has ended");
    if (status == SP_OK) {
        ends_at(r, time_us);
        r->facts.session_until_us = time_us;
    }
    return status;
}

/* ---------------------------------------------------------------- names */

bool sp_saml_name_ok(struct sp_str name)
{
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.ptr[i] < 0x20 || name.ptr[i] == 0x7f)
            return false;
    return name.len && name.len <= NAME_MAX_BYTES;
}

/* Values of an attribute, in all its statements; nested XML is no value. */
static enum sp_status collect_values(struct reading *r, const struct sp_xml_element *root, struct sp_str name,
                                     struct sp_str_list *ret_values)
{
    struct sp_str *values = NULL;
    size_t count = 0, room = 0;
    for (const struct sp_xml_element *statement = NULL;
         (statement = next_child(root, "AttributeStatement", statement));)
        for (const struct sp_xml_element *each = NULL; (each = next_child(statement, "Attribute", each));)
            for (const struct sp_xml_element *value = NULL;
                 sp_str_eq(sp_xml_attribute(each, "Name"), name) &&
                 (value = next_child(each, "AttributeValue", value));) {
                if (value->first)
                    continue;
                if (count == SP_SAML_GROUPS_MAX)
                    return sp_error_set(r->err, SP_ELIMIT, NULL,
                                        "SAML assertion: attribute %.*s has more than %u values",
                                        SP_STR_ARG(name), SP_SAML_GROUPS_MAX);
                if (count == room) {
                    room = room ? 4 * room : 16;
                    struct sp_str *more = sp_arena_calloc(r->arena, room, sizeof *more);
                    if (!more)
                        return sp_error_set(r->err, SP_ENOMEM, NULL, "no memory for a SAML assertion");
                    if (count)
                        memcpy(more, values, count * sizeof *more);
                    values = more;
                }
                values[count++] = sp_str_trim(value->text);
            }
    *ret_values = (struct sp_str_list){values, count};
    return SP_OK;
}

/* Of an attribute that must have one value. */
static enum sp_status one_value(struct reading *r, const struct sp_xml_element *root, struct sp_str name,
                                struct sp_str *ret_value)
{
    struct sp_str_list values;
    enum sp_status status = collect_values(r, root, name, &values);
    if (status != SP_OK)
        return status;
    if (values.count != 1 || !sp_saml_name_ok(values.items[0]))
        return sp_error_set(r->err, SP_EDENIED, NULL,
                            "SAML assertion: attribute %.*s has not one value that can be a name",
                            SP_STR_ARG(name));
    *ret_value = values.items[0];
    return SP_OK;
}

static enum sp_status read_groups(struct reading *r, const struct sp_xml_element *root)
{
    if (!r->rules->group_identifier.len)
        return SP_OK;
    enum sp_status status = collect_values(r, root, r->rules->group_identifier, &r->facts.groups);
    for (size_t i = 0; status == SP_OK && i < r->facts.groups.count; i++)
        if (!sp_saml_name_ok(r->facts.groups.items[i]))
            return sp_error_set(r->err, SP_EDENIED, NULL, "SAML assertion: a group's name is empty or wrong");
    return status;
}

static enum sp_status read_names(struct reading *r, const struct sp_xml_element *root,
                                 const struct sp_xml_element *subject)
{
    const struct sp_saml_rules *rules = r->rules;
    const struct sp_xml_element *name_id = only_child(subject, "NameID");
    enum sp_status status = SP_OK;
    if (name_id && !name_id->first && sp_saml_name_ok(sp_str_trim(name_id->text))) {
        r->facts.name_id = sp_str_trim(name_id->text);
        r->facts.name_id_format = sp_xml_attribute(name_id, "Format");
    }
    if (rules->user_identifier.len) {
        status = one_value(r, root, rules->user_identifier, &r->facts.user);
    } else {
        r->facts.user = name_id && !name_id->first ? sp_str_trim(name_id->text) : SP_STR("");
        if (!sp_saml_name_ok(r->facts.user))
            status = sp_error_set(r->err, SP_EDENIED, NULL,
                                  "SAML assertion: the subject has no NameID that can be a name");
    }
    r->facts.unique_id = r->facts.user;
    if (status == SP_OK && rules->unique_user_identifier.len)
        status = one_value(r, root, rules->unique_user_identifier, &r->facts.unique_id);
    r->facts.realm = rules->realm_name.len ? rules->realm_name : r->facts.issuer;
    if (status == SP_OK && !rules->realm_name.len && rules->realm_identifier.len)
        status = one_value(r, root, rules->realm_identifier, &r->facts.realm);
    return status == SP_OK ? read_groups(r, root) : status;
}

/* ---------------------------------------------------------------- all of it */

bool sp_saml_is_utf8(struct sp_str document)
{
    if (sp_str_starts(document, SP_STR("\xef\xbb\xbf")))
        document = sp_str_slice(document, 3, document.len);
    if (!document.len || document.ptr[0] != '<' || (document.len > 1 && !document.ptr[1]))
        return false;
    if (!sp_str_starts(document, SP_STR("<?xml")))
        return true;
    struct sp_str declaration = sp_str_slice(document, 0, sp_str_find(document, '>'));
    const char *found = memmem(declaration.ptr, declaration.len, "encoding", 8);
    if (!found)
        return true;
    struct sp_str value = sp_str_slice(declaration, (size_t)(found - declaration.ptr) + 8, declaration.len);
    value = sp_str_trim(value);
    if (!take_byte(&value, '='))
        return false;
    value = sp_str_trim(value);
    char quote = value.len ? value.ptr[0] : '\0';
    value = sp_str_slice(value, 1, value.len);
    return (quote == '"' || quote == '\'') &&
           sp_str_caseless_eq(sp_str_slice(value, 0, sp_str_find(value, quote)), SP_STR("UTF-8"));
}

static enum sp_status read_root(struct reading *r, const struct sp_xml_element *root)
{
    const struct sp_xml_element *subject = only_child(root, "Subject");
    r->facts.id = sp_xml_attribute(root, "ID");
    if (!is_saml(root, "Assertion") || !sp_str_is(sp_xml_attribute(root, "Version"), "2.0") ||
        !r->facts.id.len || r->facts.id.len > NAME_MAX_BYTES)
        return sp_error_set(r->err, SP_ESYNTAX, NULL,
                            "SAML: the document is not an Assertion of version 2.0 with an ID (a Response is "
                            "not taken here)");
    if (!subject)
        return sp_error_set(r->err, SP_ESYNTAX, NULL, "SAML assertion: there is no one Subject");
    enum sp_status status = check_issuer(r, root);
    if (status == SP_OK)
        status = check_confirmation(r, subject);
    if (status == SP_OK)
        status = check_conditions(r, root);
    if (status == SP_OK)
        status = check_statement(r, root);
    return status == SP_OK ? read_names(r, root, subject) : status;
}

enum sp_status sp_saml_assertion_read(struct sp_str bytes, const struct sp_saml_rules *rules, int64_t now_us,
                                      struct sp_arena *arena, struct sp_saml_facts *ret_facts,
                                      struct sp_error *err)
{
    struct reading r = {.rules = rules, .now_us = now_us, .arena = arena, .err = err};
    struct sp_xml_element *root;
    if (!sp_saml_is_utf8(bytes))
        return sp_error_set(err, SP_ESYNTAX, NULL, "SAML: the document is no XML in UTF-8");
    enum sp_status status = sp_xml_parse(bytes, "SAML assertion", arena, &sp_saml_xml_limits, &root, err);
    if (status == SP_OK)
        status = read_root(&r, root);
    if (status == SP_OK)
        *ret_facts = r.facts;
    return status;
}
