/* SPDX-License-Identifier: Apache-2.0
 * cobol_clause.c: the clauses of a data description entry.
 */
#include "artifact/cobol_node.h"

typedef enum sp_status clause_fn(struct sp_cobol_reader *r, struct sp_cobol_node *node, int detail);

static enum sp_status fail(const struct sp_cobol_reader *r, const struct sp_cobol_node *node,
                           enum sp_status status, const char *what)
{
    return sp_cobol_fail(&r->scan, r->scan.line, status, "%.*s: %s",
                         SP_STR_ARG(node->cobol_name.len ? node->cobol_name : SP_STR("FILLER")), what);
}

enum sp_status sp_cobol_advance(struct sp_cobol_reader *r)
{
    return sp_cobol_next(&r->scan, &r->token);
}

bool sp_cobol_at(const struct sp_cobol_reader *r, const char *word)
{
    return r->token == SP_COBOL_WORD && sp_str_is(r->scan.text, word);
}

/* Read over an optional word. */
static enum sp_status skip_word(struct sp_cobol_reader *r, const char *word)
{
    return sp_cobol_at(r, word) ? sp_cobol_advance(r) : SP_OK;
}

static bool at_name(const struct sp_cobol_reader *r)
{
    return r->token == SP_COBOL_WORD && !sp_cobol_begins_clause(r->scan.text);
}

static enum sp_status take_name(struct sp_cobol_reader *r, const struct sp_cobol_node *node,
                                struct sp_str *ret_name)
{
    if (!at_name(r))
        return fail(r, node, SP_ESYNTAX, "a name is missing here");
    *ret_name = r->scan.text;
    return sp_cobol_advance(r);
}

static enum sp_status take_count(struct sp_cobol_reader *r, const struct sp_cobol_node *node,
                                 uint32_t *ret_count)
{
    uint64_t count = 0;
    if (r->token != SP_COBOL_WORD || sp_str_to_u64(r->scan.text, &count) != SP_OK)
        return sp_cobol_at(r, "UNBOUNDED") ? fail(r, node, SP_EUNSUPPORTED, "UNBOUNDED is not supported")
                                           : fail(r, node, SP_ESYNTAX, "OCCURS needs a number");
    if (count > SP_RECORD_BYTES_MAX)
        return fail(r, node, SP_ELIMIT, "occurs more often than a record has bytes");
    *ret_count = (uint32_t)count;
    return sp_cobol_advance(r);
}

/* ---------------------------------------------------------------- clauses */

static enum sp_status read_redefines(struct sp_cobol_reader *r, struct sp_cobol_node *node, int detail)
{
    if (node->redefines.len)
        return fail(r, node, SP_EEXISTS, "REDEFINES is given twice");
    return take_name(r, node, &node->redefines);
}

static enum sp_status read_picture(struct sp_cobol_reader *r, struct sp_cobol_node *node, int detail)
{
    struct sp_str text = {NULL, 0};
    const char *reason = NULL;
    if (node->has_picture)
        return fail(r, node, SP_EEXISTS, "PICTURE is given twice");
    /* The scanner stands behind PIC; "IS" is a word, anything else is the character-string. */
    enum sp_status status = sp_cobol_picture(&r->scan, &text);
    if (status == SP_OK && sp_str_is(text, "IS"))
        status = sp_cobol_picture(&r->scan, &text);
    if (status != SP_OK)
        return status;
    status = sp_picture_read(text, &node->picture, &reason);
    if (status != SP_OK)
        return sp_cobol_fail(&r->scan, r->scan.line, status, "%.*s: PICTURE %.*s: %s",
                             SP_STR_ARG(node->cobol_name.len ? node->cobol_name : SP_STR("FILLER")),
                             SP_STR_ARG(text), reason);
    node->has_picture = true;
    return sp_cobol_advance(r);
}

static enum sp_status set_usage(struct sp_cobol_reader *r, struct sp_cobol_node *node, int usage)
{
    if (node->usage != SP_USAGE_NONE)
        return fail(r, node, SP_EEXISTS, "USAGE is given twice");
    node->usage = (enum sp_cobol_usage)usage;
    return SP_OK;
}

static const struct usage_word {
    const char *word;
    enum sp_cobol_usage usage;
} usages[] = {
    {"DISPLAY", SP_USAGE_DISPLAY},
    {"BINARY", SP_USAGE_BINARY},
    {"COMP", SP_USAGE_BINARY},
    {"COMPUTATIONAL", SP_USAGE_BINARY},
    {"COMP-4", SP_USAGE_BINARY},
    {"COMPUTATIONAL-4", SP_USAGE_BINARY},
    {"COMP-5", SP_USAGE_NATIVE},
    {"COMPUTATIONAL-5", SP_USAGE_NATIVE},
    {"COMP-3", SP_USAGE_PACKED},
    {"COMPUTATIONAL-3", SP_USAGE_PACKED},
    {"PACKED-DECIMAL", SP_USAGE_PACKED},
    {"COMP-1", SP_USAGE_FLOAT},
    {"COMPUTATIONAL-1", SP_USAGE_FLOAT},
    {"COMP-2", SP_USAGE_DOUBLE},
    {"COMPUTATIONAL-2", SP_USAGE_DOUBLE},
    {"NATIONAL", SP_USAGE_NATIONAL},
};

static const struct usage_word *find_usage(struct sp_str word)
{
    for (size_t i = 0; i < sizeof usages / sizeof *usages; i++)
        if (sp_str_is(word, usages[i].word))
            return &usages[i];
    return NULL;
}

static enum sp_status read_usage(struct sp_cobol_reader *r, struct sp_cobol_node *node, int detail)
{
    enum sp_status status = skip_word(r, "IS");
    if (status != SP_OK)
        return status;
    const struct usage_word *usage = r->token == SP_COBOL_WORD ? find_usage(r->scan.text) : NULL;
    if (!usage)
        return sp_cobol_fail(&r->scan, r->scan.line, SP_EUNSUPPORTED, "%.*s: USAGE %.*s is not supported",
                             SP_STR_ARG(node->cobol_name), SP_STR_ARG(r->scan.text));
    status = set_usage(r, node, (int)usage->usage);
    return status == SP_OK ? sp_cobol_advance(r) : status;
}

/* Behind LEADING or TRAILING. */
static enum sp_status read_sign_place(struct sp_cobol_reader *r, struct sp_cobol_node *node, int leading)
{
    if (node->has_sign)
        return fail(r, node, SP_EEXISTS, "SIGN is given twice");
    node->has_sign = true;
    node->sign_leading = leading;
    if (sp_cobol_at(r, "SEPARATE")) {
        node->sign_separate = true;
        enum sp_status status = sp_cobol_advance(r);
        if (status != SP_OK)
            return status;
    }
    return skip_word(r, "CHARACTER");
}

static enum sp_status read_sign(struct sp_cobol_reader *r, struct sp_cobol_node *node, int detail)
{
    enum sp_status status = skip_word(r, "IS");
    if (status != SP_OK)
        return status;
    bool leading = sp_cobol_at(r, "LEADING");
    if (!leading && !sp_cobol_at(r, "TRAILING"))
        return fail(r, node, SP_ESYNTAX, "SIGN is LEADING or TRAILING");
    status = sp_cobol_advance(r);
    return status == SP_OK ? read_sign_place(r, node, leading) : status;
}

static enum sp_status read_depending(struct sp_cobol_reader *r, struct sp_cobol_node *node)
{
    enum sp_status status = skip_word(r, "ON");
    if (status == SP_OK)
        status = take_name(r, node, &node->depends);
    while (status == SP_OK && (sp_cobol_at(r, "OF") || sp_cobol_at(r, "IN"))) {
        if (node->depends_of_count == SP_COBOL_QUALIFIERS_MAX)
            return fail(r, node, SP_ELIMIT, "DEPENDING ON has too many qualifiers");
        status = sp_cobol_advance(r);
        if (status == SP_OK)
            status = take_name(r, node, &node->depends_of[node->depends_of_count++]);
    }
    return status;
}

/* ASCENDING KEY IS a b, INDEXED BY c d: of no consequence for the layout. */
static enum sp_status skip_names(struct sp_cobol_reader *r)
{
    enum sp_status status = sp_cobol_advance(r);
    while (status == SP_OK && at_name(r))
        status = sp_cobol_advance(r);
    return status;
}

static enum sp_status read_occurs(struct sp_cobol_reader *r, struct sp_cobol_node *node, int detail)
{
    if (node->occurs)
        return fail(r, node, SP_EEXISTS, "OCCURS is given twice");
    node->occurs = true;
    enum sp_status status = take_count(r, node, &node->max_occurs);
    node->min_occurs = node->max_occurs;
    if (status == SP_OK && sp_cobol_at(r, "TO")) {
        status = sp_cobol_advance(r);
        if (status == SP_OK)
            status = take_count(r, node, &node->max_occurs);
    }
    if (status == SP_OK)
        status = skip_word(r, "TIMES");
    while (status == SP_OK) {
        if (sp_cobol_at(r, "DEPENDING")) {
            status = sp_cobol_advance(r);
            if (status == SP_OK)
                status = read_depending(r, node);
        } else if (sp_cobol_at(r, "ASCENDING") || sp_cobol_at(r, "DESCENDING") || sp_cobol_at(r, "INDEXED")) {
            status = skip_names(r);
        } else {
            break;
        }
    }
    if (status != SP_OK)
        return status;
    if (node->min_occurs != node->max_occurs && !node->depends.len)
        return fail(r, node, SP_ESYNTAX, "OCCURS n TO m needs DEPENDING ON");
    if (node->depends.len && node->min_occurs == node->max_occurs)
        node->min_occurs = 1; /* OCCURS m DEPENDING ON is 1 TO m */
    return SP_OK;
}

static enum sp_status read_sync(struct sp_cobol_reader *r, struct sp_cobol_node *node, int detail)
{
    node->sync = true;
    enum sp_status status = skip_word(r, "LEFT");
    return status == SP_OK ? skip_word(r, "RIGHT") : status;
}

/* JUSTIFIED, BLANK WHEN ZERO, VALUE, GLOBAL, EXTERNAL: of no consequence for the layout. */
static enum sp_status skip_clause(struct sp_cobol_reader *r, struct sp_cobol_node *node, int detail)
{
    enum sp_status status = SP_OK;
    while (status == SP_OK && r->token != SP_COBOL_PERIOD && r->token != SP_COBOL_END &&
           !(r->token == SP_COBOL_WORD && sp_cobol_begins_clause(r->scan.text)))
        status = sp_cobol_advance(r);
    return status;
}

static enum sp_status refuse(struct sp_cobol_reader *r, struct sp_cobol_node *node, int detail)
{
    return fail(r, node, SP_EUNSUPPORTED, "a clause of this entry is not supported");
}

static const struct clause {
    const char *word;
    clause_fn *read; /* the scanner stands behind the word */
    int detail;
} clauses[] = {
    {"REDEFINES", read_redefines, 0},
    {"USAGE", read_usage, 0},
    {"SIGN", read_sign, 0},
    {"LEADING", read_sign_place, true},
    {"TRAILING", read_sign_place, false},
    {"OCCURS", read_occurs, 0},
    {"SYNC", read_sync, 0},
    {"SYNCHRONIZED", read_sync, 0},
    {"JUST", skip_clause, 0},
    {"JUSTIFIED", skip_clause, 0},
    {"BLANK", skip_clause, 0},
    {"VALUE", skip_clause, 0},
    {"VALUES", skip_clause, 0},
    {"GLOBAL", skip_clause, 0},
    {"EXTERNAL", skip_clause, 0},
    {"POINTER", refuse, 0},
    {"POINTER-32", refuse, 0},
    {"PROCEDURE-POINTER", refuse, 0},
    {"FUNCTION-POINTER", refuse, 0},
    {"INDEX", refuse, 0},
    {"DISPLAY-1", refuse, 0},
    {"OBJECT", refuse, 0},
    {"GROUP-USAGE", refuse, 0},
    {"DATE", refuse, 0},
    {"DYNAMIC", refuse, 0},
    {"RENAMES", refuse, 0},
};

static const struct clause *find_clause(struct sp_str word)
{
    for (size_t i = 0; i < sizeof clauses / sizeof *clauses; i++)
        if (sp_str_is(word, clauses[i].word))
            return &clauses[i];
    return NULL;
}

static bool is_picture(struct sp_str word)
{
    return sp_str_is(word, "PIC") || sp_str_is(word, "PICTURE");
}

bool sp_cobol_begins_clause(struct sp_str word)
{
    return is_picture(word) || find_clause(word) || find_usage(word) || sp_str_is(word, "DEPENDING") ||
           sp_str_is(word, "ASCENDING") || sp_str_is(word, "DESCENDING") || sp_str_is(word, "INDEXED");
}

static enum sp_status read_clause(struct sp_cobol_reader *r, struct sp_cobol_node *node)
{
    struct sp_str word = r->scan.text;
    if (is_picture(word))
        return read_picture(r, node, 0);
    const struct clause *clause = find_clause(word);
    const struct usage_word *usage = find_usage(word);
    if (!clause && !usage)
        return sp_cobol_fail(&r->scan, r->scan.line, SP_ESYNTAX,
                             "%.*s: \"%.*s\" is no clause of a data description; is a full stop missing "
                             "before it?",
                             SP_STR_ARG(node->cobol_name.len ? node->cobol_name : SP_STR("FILLER")),
                             SP_STR_ARG(word));
    enum sp_status status = usage ? set_usage(r, node, (int)usage->usage) : SP_OK;
    if (status == SP_OK)
        status = sp_cobol_advance(r);
    return status == SP_OK && clause ? clause->read(r, node, clause->detail) : status;
}

enum sp_status sp_cobol_read_clauses(struct sp_cobol_reader *r, struct sp_cobol_node *node)
{
    while (r->token == SP_COBOL_WORD) {
        enum sp_status status = sp_cobol_at(r, "IS") ? sp_cobol_advance(r) : read_clause(r, node);
        if (status != SP_OK)
            return status;
    }
    if (r->token != SP_COBOL_PERIOD)
        return fail(r, node, SP_ESYNTAX,
                    r->token == SP_COBOL_END ? "the source ends without a full stop"
                                             : "a literal or number is not expected here");
    return sp_cobol_advance(r);
}
