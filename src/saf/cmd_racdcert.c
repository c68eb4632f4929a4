/* SPDX-License-Identifier: Apache-2.0
 * RACDCERT: reading its operands, and which of them go with which function (IBM "RACF Command Language
 * Reference"). One file a family of functions: cmd_racdcert_add.c, cmd_racdcert_gencert.c, ...
 */
#include "saf/cmd_racdcert.h"

#include <stdio.h>
#include <time.h>

/* Bits, so that a function can say which it takes. */
enum option {
    WITHLABEL = 1 << 0,
    NEWLABEL = 1 << 1,
    PASSWORD = 1 << 2,
    TRUST = 1 << 3,
    NOTRUST = 1 << 4,
    HIGHTRUST = 1 << 5,
    DSN = 1 << 6,
    FORMAT = 1 << 7,
    SUBJECTSDN = 1 << 8,
    SIZE = 1 << 9,
    NOTBEFORE = 1 << 10,
    NOTAFTER = 1 << 11,
    SIGNWITH = 1 << 12,
    KEYUSAGE = 1 << 13,
    ALTNAME = 1 << 14,
    RSA = 1 << 15,
    NISTECC = 1 << 16,
    SDNFILTER = 1 << 17,
    IDNFILTER = 1 << 18,
    CRITERIA = 1 << 19,
    NEWCRITERIA = 1 << 20,
    OWNER_ID = 1 << 21,
    OWNER_CERTAUTH = 1 << 22,
    OWNER_SITE = 1 << 23,
    OWNER_MULTIID = 1 << 24,
    FUNCTION = 1 << 25, /* with its number added */
    ANY_TRUST = TRUST | NOTRUST | HIGHTRUST,
    ANY_OWNER = OWNER_ID | OWNER_CERTAUTH | OWNER_SITE,
    USER_OWNER = OWNER_ID,
    MAP_OWNER = OWNER_ID | OWNER_MULTIID,
};

#define FUNCTION_KEYWORD(name, list)               \
    {                                              \
#name, FUNCTION + SP_RACDCERT_##name, list \
    }

static const struct sp_keyword keywords[] = {
    FUNCTION_KEYWORD(ADD, SP_LIST),
    FUNCTION_KEYWORD(ADDRING, SP_LIST),
    FUNCTION_KEYWORD(ALTER, SP_MAY_LIST),
    FUNCTION_KEYWORD(ALTMAP, SP_MAY_LIST),
    FUNCTION_KEYWORD(CHECKCERT, SP_LIST),
    FUNCTION_KEYWORD(CONNECT, SP_LIST),
    FUNCTION_KEYWORD(DELETE, SP_MAY_LIST),
    FUNCTION_KEYWORD(DELMAP, SP_MAY_LIST),
    FUNCTION_KEYWORD(DELRING, SP_LIST),
    FUNCTION_KEYWORD(EXPORT, SP_LIST),
    FUNCTION_KEYWORD(GENCERT, SP_MAY_LIST),
    FUNCTION_KEYWORD(GENREQ, SP_LIST),
    FUNCTION_KEYWORD(LIST, SP_MAY_LIST),
    FUNCTION_KEYWORD(LISTCHAIN, SP_LIST),
    FUNCTION_KEYWORD(LISTMAP, SP_MAY_LIST),
    FUNCTION_KEYWORD(LISTRING, SP_LIST),
    FUNCTION_KEYWORD(MAP, SP_MAY_LIST),
    FUNCTION_KEYWORD(REMOVE, SP_LIST),
    {"ID", OWNER_ID, SP_LIST},
    {"CERTAUTH", OWNER_CERTAUTH, SP_NO_LIST},
    {"SITE", OWNER_SITE, SP_NO_LIST},
    {"MULTIID", OWNER_MULTIID, SP_NO_LIST},
    {"WITHLABEL", WITHLABEL, SP_LIST},
    {"NEWLABEL", NEWLABEL, SP_LIST},
    {"PASSWORD", PASSWORD, SP_LIST},
    {"TRUST", TRUST, SP_NO_LIST},
    {"NOTRUST", NOTRUST, SP_NO_LIST},
    {"HIGHTRUST", HIGHTRUST, SP_NO_LIST},
    {"DSN", DSN, SP_LIST},
    {"FORMAT", FORMAT, SP_LIST},
    {"SUBJECTSDN", SUBJECTSDN, SP_LIST},
    {"SIZE", SIZE, SP_LIST},
    {"NOTBEFORE", NOTBEFORE, SP_LIST},
    {"NOTAFTER", NOTAFTER, SP_LIST},
    {"SIGNWITH", SIGNWITH, SP_LIST},
    {"KEYUSAGE", KEYUSAGE, SP_LIST},
    {"ALTNAME", ALTNAME, SP_LIST},
    {"RSA", RSA, SP_NO_LIST},
    {"NISTECC", NISTECC, SP_NO_LIST},
    {"SDNFILTER", SDNFILTER, SP_LIST},
    {"IDNFILTER", IDNFILTER, SP_LIST},
    {"CRITERIA", CRITERIA, SP_LIST},
    {"NEWCRITERIA", NEWCRITERIA, SP_LIST},
    {"ADDTOKEN", -1, SP_MAY_LIST},
    {"BIND", -1, SP_MAY_LIST},
    {"BPECC", -1, SP_MAY_LIST},
    {"DELTOKEN", -1, SP_MAY_LIST},
    {"DSA", -1, SP_MAY_LIST},
    {"FORCE", -1, SP_MAY_LIST},
    {"FROMICSF", -1, SP_MAY_LIST},
    {"ICSF", -1, SP_MAY_LIST},
    {"IMPORT", -1, SP_MAY_LIST},
    {"LISTTOKEN", -1, SP_MAY_LIST},
    {"PCICC", -1, SP_MAY_LIST},
    {"REKEY", -1, SP_MAY_LIST},
    {"ROLLOVER", -1, SP_MAY_LIST},
    {"UNBIND", -1, SP_MAY_LIST},
};
enum { KEYWORDS = sizeof keywords / sizeof keywords[0] };

static const struct {
    const char *name;
    unsigned takes;
    int (*run)(struct sp_run *run, const struct sp_racdcert *r);
    bool reads_only;
} functions[SP_RACDCERT_FUNCTIONS] = {
    [SP_RACDCERT_ADD] = {"ADD", ANY_OWNER | ANY_TRUST | WITHLABEL | PASSWORD, sp_racdcert_add, false},
    [SP_RACDCERT_ADDRING] = {"ADDRING", USER_OWNER, sp_racdcert_addring, false},
    [SP_RACDCERT_ALTER] = {"ALTER", ANY_OWNER | ANY_TRUST | NEWLABEL, sp_racdcert_alter, false},
    [SP_RACDCERT_ALTMAP] = {"ALTMAP", MAP_OWNER | TRUST | NOTRUST | NEWLABEL | NEWCRITERIA,
                            sp_racdcert_altmap, false},
    [SP_RACDCERT_CHECKCERT] = {"CHECKCERT", PASSWORD, sp_racdcert_checkcert, true},
    [SP_RACDCERT_CONNECT] = {"CONNECT", USER_OWNER, sp_racdcert_connect, false},
    [SP_RACDCERT_DELETE] = {"DELETE", ANY_OWNER, sp_racdcert_delete, false},
    [SP_RACDCERT_DELMAP] = {"DELMAP", MAP_OWNER, sp_racdcert_delmap, false},
    [SP_RACDCERT_DELRING] = {"DELRING", USER_OWNER, sp_racdcert_delring, false},
    [SP_RACDCERT_EXPORT] = {"EXPORT", ANY_OWNER | DSN | FORMAT | PASSWORD, sp_racdcert_export, true},
    [SP_RACDCERT_GENCERT] = {"GENCERT",
                             ANY_OWNER | SUBJECTSDN | SIZE | NOTBEFORE | NOTAFTER | WITHLABEL | SIGNWITH |
                                 KEYUSAGE | ALTNAME | RSA | NISTECC,
                             sp_racdcert_gencert, false},
    [SP_RACDCERT_GENREQ] = {"GENREQ", ANY_OWNER | DSN, sp_racdcert_genreq, true},
    [SP_RACDCERT_LIST] = {"LIST", ANY_OWNER, sp_racdcert_list, true},
    [SP_RACDCERT_LISTCHAIN] = {"LISTCHAIN", ANY_OWNER, sp_racdcert_listchain, true},
    [SP_RACDCERT_LISTMAP] = {"LISTMAP", MAP_OWNER, sp_racdcert_listmap, true},
    [SP_RACDCERT_LISTRING] = {"LISTRING", USER_OWNER, sp_racdcert_listring, true},
    [SP_RACDCERT_MAP] = {"MAP", MAP_OWNER | TRUST | NOTRUST | WITHLABEL | SDNFILTER | IDNFILTER | CRITERIA,
                         sp_racdcert_map, false},
    [SP_RACDCERT_REMOVE] = {"REMOVE", USER_OWNER, sp_racdcert_remove, false},
};

/* ---- values ---- */

static int take_format(struct sp_run *run, const struct sp_saf_operand *o, int *ret_format)
{
    static const char *const names[] = {"CERTDER",  "CERTB64",   "PKCS7DER",
                                        "PKCS7B64", "PKCS12DER", "PKCS12B64"};
    struct sp_str text = sp_single(run, o);
    struct sp_error why = SP_ERROR_INIT;
    size_t index;
    if (!text.ptr)
        return SP_RC_SEVERE;
    if (sp_saf_keyword_find(names, 6, text, &index, &why))
        return sp_say(run, SP_RC_SEVERE, "IKJ56703I", "INVALID FORMAT, %s", why.text);
    *ret_format = (int)index;
    return SP_RC_OK;
}

static bool two_digits(struct sp_str text, size_t at, int *ret_value)
{
    uint64_t value;
    if (sp_str_to_u64(sp_str_slice(text, at, at + 2), &value) != SP_OK || at + 2 > text.len)
        return false;
    *ret_value = (int)value;
    return true;
}

/* "2030-12-31" or "2030/12/31", and "23:59:59", UTC. */
static bool read_moment(struct sp_str date, struct sp_str time_text, int64_t *ret_seconds)
{
    struct tm tm = {0};
    int century, year;
    bool ok = date.len == 10 && (date.ptr[4] == '-' || date.ptr[4] == '/') && date.ptr[7] == date.ptr[4] &&
              two_digits(date, 0, &century) && two_digits(date, 2, &year) &&
              two_digits(date, 5, &tm.tm_mon) && two_digits(date, 8, &tm.tm_mday) && time_text.len == 8 &&
              time_text.ptr[2] == ':' && time_text.ptr[5] == ':' && two_digits(time_text, 0, &tm.tm_hour) &&
              two_digits(time_text, 3, &tm.tm_min) && two_digits(time_text, 6, &tm.tm_sec) &&
              tm.tm_hour < 24 && tm.tm_min < 60 && tm.tm_sec < 60;
    if (!ok)
        return false;
    int month = --tm.tm_mon, day = tm.tm_mday;
    tm.tm_year = century * 100 + year - 1900;
    *ret_seconds = (int64_t)timegm(&tm);
    return tm.tm_mon == month && tm.tm_mday == day && tm.tm_year >= 50 && tm.tm_year < 8100;
}

/* NOTBEFORE(DATE(2030-12-31) TIME(23:59:59)); the time is that of the operand's default without one. */
static int take_moment(struct sp_run *run, const struct sp_saf_operand *o, const char *default_time,
                       int64_t *ret_seconds)
{
    static const struct sp_keyword words[] = {{"DATE", 0, SP_LIST}, {"TIME", 1, SP_LIST}};
    struct sp_str parts[2] = {{NULL, 0}, sp_str_of(default_time)};
    for (const struct sp_saf_operand *part = o->first; part; part = part->next) {
        const struct sp_keyword *word;
        int rc = sp_keyword_of(run, words, 2, part, &word);
        if (rc)
            return rc;
        parts[word->code] = sp_single(run, part);
        if (!parts[word->code].ptr)
            return SP_RC_SEVERE;
    }
    if (!parts[0].ptr)
        return sp_say(run, SP_RC_SEVERE, "IKJ56701I", "MISSING DATE of %.*s", SP_STR_ARG(o->text));
    if (!read_moment(parts[0], parts[1], ret_seconds))
        return sp_say(run, SP_RC_SEVERE, "IKJ56703I",
                      "INVALID %.*s VALUE, %.*s %.*s: DATE(yyyy-mm-dd) TIME(hh:mm:ss), from 1950 to 9999",
                      SP_STR_ARG(o->text), SP_STR_ARG(parts[0]), SP_STR_ARG(parts[1]));
    return SP_RC_OK;
}

static int take_subject_part(struct sp_run *run, const struct sp_saf_operand *o, struct sp_subject *subject)
{
    enum { CN, TITLE, OU, ORGANISATION, LOCALITY, STATE, COUNTRY };
    static const struct sp_keyword words[] = {{"CN", CN, SP_LIST},      {"T", TITLE, SP_LIST},
                                              {"OU", OU, SP_LIST},      {"O", ORGANISATION, SP_LIST},
                                              {"L", LOCALITY, SP_LIST}, {"SP", STATE, SP_LIST},
                                              {"C", COUNTRY, SP_LIST}};
    struct sp_str *places[] = {&subject->common_name,  &subject->title,    NULL,
                               &subject->organisation, &subject->locality, &subject->state,
                               &subject->country};
    const struct sp_keyword *word;
    int rc = sp_keyword_of(run, words, sizeof words / sizeof words[0], o, &word);
    if (rc)
        return rc;
    if (word->code != OU)
        return sp_take_text(run, o, 64, places[word->code]);
    if (!o->first)
        return sp_say(run, SP_RC_SEVERE, "IKJ56701I", "MISSING OU VALUE");
    for (const struct sp_saf_operand *unit = o->first; unit; unit = unit->next) {
        if (subject->unit_count == SP_SUBJECT_UNITS_MAX || unit->text.len > 64 || unit->has_list)
            return sp_say(run, SP_RC_SEVERE, "IKJ56703I", "INVALID OU: at most %d of 64 characters",
                          SP_SUBJECT_UNITS_MAX);
        subject->units[subject->unit_count++] = unit->text;
    }
    return SP_RC_OK;
}

static int take_usage(struct sp_run *run, const struct sp_saf_operand *list, unsigned *ret_usage)
{
    static const struct sp_keyword words[] = {{"HANDSHAKE", SP_USAGE_HANDSHAKE, SP_NO_LIST},
                                              {"DATAENCRYPT", SP_USAGE_DATAENCRYPT, SP_NO_LIST},
                                              {"DOCSIGN", SP_USAGE_DOCSIGN, SP_NO_LIST},
                                              {"CERTSIGN", SP_USAGE_CERTSIGN, SP_NO_LIST},
                                              {"KEYAGREE", SP_USAGE_KEYAGREE, SP_NO_LIST}};
    for (const struct sp_saf_operand *o = list->first; o; o = o->next) {
        const struct sp_keyword *word;
        int rc = sp_keyword_of(run, words, sizeof words / sizeof words[0], o, &word);
        if (rc)
            return rc;
        *ret_usage |= (unsigned)word->code;
    }
    return SP_RC_OK;
}

static int take_alt_names(struct sp_run *run, const struct sp_saf_operand *list, struct sp_racdcert *r)
{
    static const struct sp_keyword words[] = {{"IP", SP_ALT_IP, SP_LIST},
                                              {"DOMAIN", SP_ALT_DOMAIN, SP_LIST},
                                              {"EMAIL", SP_ALT_EMAIL, SP_LIST},
                                              {"URI", SP_ALT_URI, SP_LIST}};
    for (const struct sp_saf_operand *o = list->first; o; o = o->next) {
        const struct sp_keyword *word;
        int rc = sp_keyword_of(run, words, sizeof words / sizeof words[0], o, &word);
        if (rc)
            return rc;
        for (const struct sp_saf_operand *value = o->first; value; value = value->next) {
            if (r->alt_name_count == SP_ALT_NAMES_MAX)
                return sp_say(run, SP_RC_SEVERE, "IKJ56703I", "at most %d alternative names",
                              SP_ALT_NAMES_MAX);
            r->alt_names[r->alt_name_count++] =
                (struct sp_alt_name){(enum sp_alt_kind)word->code, value->text};
        }
    }
    return SP_RC_OK;
}

static int take_owner(struct sp_run *run, const struct sp_saf_operand *o, unsigned option,
                      struct sp_racdcert *r)
{
    r->owner = (struct sp_cert_owner){SP_SAF_CERT_PERSONAL, SP_STR("")};
    r->multiple = option == OWNER_MULTIID;
    if (option == OWNER_CERTAUTH)
        r->owner.kind = SP_SAF_CERT_AUTH;
    else if (option == OWNER_SITE)
        r->owner.kind = SP_SAF_CERT_SITE;
    else if (option == OWNER_ID) {
        r->owner.id = sp_single_id(run, o, "USERID");
        return r->owner.id.ptr ? SP_RC_OK : SP_RC_SEVERE;
    }
    return SP_RC_OK;
}

static int take_key_option(struct sp_run *run, const struct sp_saf_operand *o, unsigned option,
                           struct sp_racdcert *r)
{
    int rc = SP_RC_OK;
    switch (option) {
    case SUBJECTSDN:
        r->has_subject = true;
        for (const struct sp_saf_operand *part = o->first; part && !rc; part = part->next)
            rc = take_subject_part(run, part, &r->subject);
        return rc;
    case SIZE:
        return sp_single_number(run, o, 1, 65536, &r->size) ? SP_RC_OK : SP_RC_SEVERE;
    case NOTBEFORE:
        return take_moment(run, o, "00:00:00", &r->not_before);
    case NOTAFTER:
        return take_moment(run, o, "23:59:59", &r->not_after);
    case SIGNWITH:
        r->sign_with = o;
        return SP_RC_OK;
    case KEYUSAGE:
        return take_usage(run, o, &r->usage);
    case ALTNAME:
        return take_alt_names(run, o, r);
    default: /* RSA, NISTECC */
        r->key_kind = option == NISTECC ? SP_KEY_NISTECC : SP_KEY_RSA;
        return SP_RC_OK;
    }
}

static int take_option(struct sp_run *run, const struct sp_saf_operand *o, unsigned option,
                       struct sp_racdcert *r)
{
    switch (option) {
    case WITHLABEL:
        return sp_racdcert_take_label(run, o, &r->with_label);
    case NEWLABEL:
        return sp_racdcert_take_label(run, o, &r->new_label);
    case PASSWORD:
        return sp_take_text(run, o, 255, &r->password);
    case TRUST:
    case NOTRUST:
    case HIGHTRUST:
        r->has_trust = true;
        r->trust = option == TRUST ? SP_SAF_TRUST : option == NOTRUST ? SP_SAF_NOTRUST : SP_SAF_HIGHTRUST;
        return SP_RC_OK;
    case DSN:
        r->dsn = o;
        return SP_RC_OK;
    case FORMAT:
        return take_format(run, o, &r->format);
    case SDNFILTER:
        return sp_take_text(run, o, 255, &r->sdn_filter);
    case IDNFILTER:
        return sp_take_text(run, o, 255, &r->idn_filter);
    case CRITERIA:
        return sp_take_text(run, o, 255, &r->criteria);
    case NEWCRITERIA:
        return sp_take_text(run, o, 255, &r->new_criteria);
    case OWNER_ID:
    case OWNER_CERTAUTH:
    case OWNER_SITE:
    case OWNER_MULTIID:
        return take_owner(run, o, option, r);
    default:
        return take_key_option(run, o, option, r);
    }
}

/* ---- the command ---- */

static int read_operands(struct sp_run *run, struct sp_racdcert *r, unsigned *ret_given)
{
    for (const struct sp_saf_operand *o = run->command->operands; o; o = o->next) {
        const struct sp_keyword *keyword;
        int rc = sp_keyword_of(run, keywords, KEYWORDS, o, &keyword);
        if (rc)
            return rc;
        unsigned option = (unsigned)keyword->code;
        if (option >= FUNCTION && r->operand)
            return sp_say(run, SP_RC_SEVERE, "IKJ56712I",
                          "RACDCERT carries out one function at a time: %s or %s",
                          functions[r->function].name, keyword->name);
        if (option >= FUNCTION) {
            r->operand = o;
            r->function = (enum sp_racdcert_function)(option - FUNCTION);
            continue;
        }
        if (option & (ANY_OWNER | OWNER_MULTIID) && *ret_given & (ANY_OWNER | OWNER_MULTIID))
            return sp_say(run, SP_RC_SEVERE, "IKJ56712I",
                          "ID, CERTAUTH, SITE and MULTIID exclude each other");
        *ret_given |= option;
        rc = take_option(run, o, option, r);
        if (rc)
            return rc;
    }
    return SP_RC_OK;
}

/* Without a function the certificates of the owner are listed. */
static int check_options(struct sp_run *run, const struct sp_racdcert *r, unsigned given)
{
    unsigned extra = given & ~functions[r->function].takes;
    for (size_t i = 0; i < KEYWORDS && extra; i++)
        if (keywords[i].code > 0 && keywords[i].code < FUNCTION && extra & (unsigned)keywords[i].code)
            return sp_say(run, SP_RC_SEVERE, "IKJ56712I", "INVALID KEYWORD, %s does not go with %s",
                          keywords[i].name, functions[r->function].name);
    unsigned trust = given & ANY_TRUST;
    if (trust & (trust - 1))
        return sp_say(run, SP_RC_SEVERE, "IKJ56712I", "TRUST, NOTRUST and HIGHTRUST exclude each other");
    if (r->has_trust && r->trust == SP_SAF_HIGHTRUST && r->owner.kind != SP_SAF_CERT_AUTH)
        return sp_say(run, SP_RC_SEVERE, "IKJ56712I", "HIGHTRUST goes with CERTAUTH");
    if (given & RSA && given & NISTECC)
        return sp_say(run, SP_RC_SEVERE, "IKJ56712I", "RSA and NISTECC exclude each other");
    return SP_RC_OK;
}

int sp_cmd_racdcert(struct sp_run *run)
{
    struct sp_racdcert *r = sp_arena_calloc(run->arena, 1, sizeof *r);
    unsigned given = 0;
    if (!r) {
        sp_error_set(&run->err, SP_ENOMEM, NULL, "no memory for a command");
        return sp_run_failed(run, SP_ENOMEM);
    }
    r->function = SP_RACDCERT_LIST;
    r->format = -1;
    r->not_before = r->not_after = INT64_MIN;
    r->owner = (struct sp_cert_owner){SP_SAF_CERT_PERSONAL, run->issuer.id};
    int rc = read_operands(run, r, &given);
    if (!rc)
        rc = check_options(run, r, given);
    if (!rc && given & OWNER_ID)
        rc = sp_check_user(run, r->owner.id);
    if (rc)
        return rc;
    run->changed_nothing = functions[r->function].reads_only;
    return functions[r->function].run(run, r);
}
