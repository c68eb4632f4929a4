/* SPDX-License-Identifier: Apache-2.0
 * si_compose.h: service interfaces written field by field, and what their tests ask of them.
 */
#ifndef SP_TESTS_SI_COMPOSE_H
#define SP_TESTS_SI_COMPOSE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "artifact/si.h"
#include "base/buf.h"

struct fixture {
    struct sp_arena arena;
    struct sp_buf xml;
    const struct sp_interface *si;
    struct sp_error err;
};

static inline int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.err = SP_ERROR_INIT};
    sp_arena_init(&f.arena, (size_t)128 << 20);
    sp_buf_init(&f.xml, (size_t)16 << 20);
    *state = &f;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;
    sp_buf_finish(&f->xml);
    sp_arena_finish(&f->arena);
    return 0;
}

/* ---------------------------------------------------------------- composing */

#define COMMAREA_BEGIN                                                                               \
    "<ns2:message xmlns:ns2='http://www.ibm.com/ims/Transaction' messageName='TEST' direction='0'\n" \
    "  serviceType='CICS_COMM_AREA'>\n<message id='1' name='TEST'>\n"                                \
    "<segment id='1' name='COMMAREA' originalName='COMMAREA'>\n"
#define END "</segment></message></ns2:message>"

/* One field: attributes, startPos (0: none), bytes, type (marshaller and applicationDatatype), children. */
static inline void field(struct sp_buf *buf, const char *name, const char *attributes, unsigned start,
                         unsigned bytes, const char *type)
{
    sp_buf_printf(buf, "<field name='%s' originalName='%s' %s%s>", name, name,
                  strstr(attributes, "included") ? "" : "included='Y' ", attributes);
    if (start)
        sp_buf_printf(buf, "<startPos>%u</startPos>", start);
    sp_buf_printf(buf, "<bytes>%u</bytes><maxBytes>%u</maxBytes><remarks></remarks>%s\n", bytes, bytes, type);
}

static inline void leaf(struct sp_buf *buf, const char *name, const char *attributes, unsigned start,
                        unsigned bytes, const char *type)
{
    field(buf, name, attributes, start, bytes, type);
    sp_buf_printf(buf, "</field>");
}

static inline void close_field(struct sp_buf *buf)
{
    sp_buf_printf(buf, "</field>");
}

#define CHAR "<applicationDatatype datatype='CHAR'/>"
#define STRUCT "<applicationDatatype datatype='STRUCT'/>"
#define ARRAY "<applicationDatatype datatype='ARRAY'/>"
#define UTF16 "<marshaller encoding='UTF-16BE'/><applicationDatatype datatype='CHAR'/>"
#define ZONED(signed, leading, separate, digits, scale)                                             \
    "<marshaller isSigned='" signed "' isSignLeading='" leading "' isSignSeparate='" separate "' "  \
                                    "isWCHAROnly='N'><typeConverter>ZONEDDECIMAL</typeConverter></" \
                                    "marshaller>"                                                   \
                                    "<applicationDatatype datatype='DECIMAL' precision='" digits    \
                                    "' scale='" scale "'/>"
#define PACKED(signed, digits, scale)                                                             \
    "<marshaller isSigned='" signed "'><typeConverter>PACKEDDECIMAL</typeConverter></marshaller>" \
                                    "<applicationDatatype datatype='DECIMAL' precision='" digits  \
                                    "' scale='" scale "'/>"
#define BINARY(type, native, digits)                                 \
    "<marshaller isNativeInteger='" native "' alignment='NATURAL'/>" \
    "<applicationDatatype datatype='" type "' precision='" digits "'/>"
#define DOUBLE "<marshaller alignment='DOUBLEWORD'/><applicationDatatype datatype='DOUBLE'/>"
#define FLOAT "<applicationDatatype datatype='FLOAT'/>"

static inline enum sp_status read_si_with(struct fixture *f, const char *schema)
{
    struct sp_json_value *tree = NULL;
    if (schema)
        assert_int_equal(sp_json_parse(sp_str_of(schema), &f->arena, NULL, &tree, &f->err), SP_OK);
    f->si = NULL;
    sp_error_clear(&f->err);
    return sp_si_read(sp_buf_str(&f->xml), "a.sar(x.si)", tree, &f->arena, &f->si, &f->err);
}

static inline enum sp_status read_si(struct fixture *f)
{
    return read_si_with(f, NULL);
}

/* A COMMAREA with one top field T of `bytes` around what `body` writes. */
static inline void begin(struct fixture *f, unsigned bytes)
{
    sp_buf_reset(&f->xml);
    sp_buf_printf(&f->xml, "%s", COMMAREA_BEGIN);
    field(&f->xml, "T", "", 1, bytes, STRUCT);
}

static inline void end(struct fixture *f)
{
    close_field(&f->xml);
    sp_buf_printf(&f->xml, "%s", END);
    assert_false(f->xml.failed);
}

static inline enum sp_status one_leaf(struct fixture *f, const char *attributes, unsigned bytes,
                                      const char *type)
{
    begin(f, bytes);
    leaf(&f->xml, "X", attributes, 1, bytes, type);
    end(f);
    return read_si(f);
}

static inline const struct sp_field *top(struct fixture *f)
{
    assert_non_null(f->si);
    return f->si->segments->first;
}

/* Child by name, looking through the element of an array. */
static inline const struct sp_field *child(const struct sp_field *parent, const char *name)
{
    if (parent->type == SP_FIELD_ARRAY)
        parent = parent->first;
    for (const struct sp_field *f = parent->first; f; f = f->next)
        if (sp_str_is(f->name, name))
            return f;
    fail_msg("there is no field %s", name);
    return NULL;
}

static inline void assert_ok(struct fixture *f, enum sp_status status)
{
    if (status != SP_OK)
        fail_msg("%s: %s", sp_status_name(status), f->err.text);
}

static inline void assert_refused(struct fixture *f, enum sp_status status, enum sp_status expected,
                                  const char *text)
{
    assert_string_equal(sp_status_name(status), sp_status_name(expected));
    assert_null(f->si);
    if (!strstr(f->err.text, text))
        fail_msg("\"%s\" is not in \"%s\"", text, f->err.text);
    assert_string_equal(f->err.file, "a.sar(x.si)");
    assert_true(f->err.line > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
