/* SPDX-License-Identifier: Apache-2.0
 * si_type.c: what a field of a .si file holds.
 */
#include "artifact/si_node.h"

#include "text/base64.h"

/* By value of applicationDatatype@datatype. */
static const struct datatype {
    const char *name;
    enum sp_field_type type;
    uint32_t bytes;        /* 0: any */
    unsigned digits;       /* most for a binary number that is not native */
    unsigned width_digits; /* of its greatest value */
    bool is_unsigned;
} datatypes[] = {
    {"STRUCT", SP_FIELD_STRUCT, 0, 0, 0, false},
    {"ARRAY", SP_FIELD_ARRAY, 0, 0, 0, false},
    {"CHAR", SP_FIELD_CHAR, 0, 0, 0, false},
    {"DECIMAL", SP_FIELD_ZONED, 0, 0, 0, false}, /* or packed: the type converter tells */
    {"BYTE", SP_FIELD_BINARY, 1, 2, 3, false},
    {"SHORT", SP_FIELD_BINARY, 2, 4, 5, false},
    {"INT", SP_FIELD_BINARY, 4, 9, 10, false},
    {"LONG", SP_FIELD_BINARY, 8, 18, 19, false},
    {"UBYTE", SP_FIELD_BINARY, 1, 2, 3, true},
    {"USHORT", SP_FIELD_BINARY, 2, 4, 5, true},
    {"UINT", SP_FIELD_BINARY, 4, 9, 10, true},
    {"ULONG", SP_FIELD_BINARY, 8, 18, 20, true},
    {"FLOAT", SP_FIELD_FLOAT, 4, 0, 0, false},
    {"DOUBLE", SP_FIELD_DOUBLE, 8, 0, 0, false},
};

static bool is_yes(struct sp_str value)
{
    return sp_str_is(value, "Y") || sp_str_is(value, "true");
}

static enum sp_status read_digits(const struct sp_si_reader *r, struct sp_si_node *node,
                                  const struct sp_xml_element *datatype, bool required)
{
    uint32_t digits = 0, scale = 0;
    struct sp_str precision = sp_xml_attribute(datatype, "precision");
    enum sp_status status = SP_OK;
    if (precision.ptr)
        status = sp_si_number(r, node, "precision", precision, &digits);
    else if (required)
        return sp_si_fail(r, node, SP_EINVAL, "has no precision");
    struct sp_str places = sp_xml_attribute(datatype, "scale");
    if (status == SP_OK && places.ptr)
        status = sp_si_number(r, node, "scale", places, &scale);
    node->field.digits = digits;
    node->field.scale = scale;
    return status;
}

static enum sp_status read_decimal(const struct sp_si_reader *r, struct sp_si_node *node,
                                   const struct sp_xml_element *datatype,
                                   const struct sp_xml_element *marshaller)
{
    struct sp_field *f = &node->field;
    struct sp_str converter = sp_xml_child_text(marshaller, "typeConverter");
    f->is_signed = is_yes(sp_xml_attribute(marshaller, "isSigned"));
    if (sp_str_is(converter, "PACKEDDECIMAL")) {
        f->type = SP_FIELD_PACKED;
    } else if (sp_str_is(converter, "ZONEDDECIMAL")) {
        f->sign_leading = f->is_signed && is_yes(sp_xml_attribute(marshaller, "isSignLeading"));
        f->sign_separate = is_yes(sp_xml_attribute(marshaller, "isSignSeparate"));
        if (is_yes(sp_xml_attribute(marshaller, "isWCHAROnly")))
            return sp_si_fail(r, node, SP_EUNSUPPORTED,
                              "is a number in UTF-16 digits (isWCHAROnly), which is not supported");
    } else {
        return sp_si_fail(r, node, SP_EUNSUPPORTED,
                          "is a DECIMAL with type converter \"%.*s\"; ZONEDDECIMAL and PACKEDDECIMAL are "
                          "supported",
                          SP_STR_ARG(converter));
    }
    return read_digits(r, node, datatype, true);
}

static enum sp_status read_binary(const struct sp_si_reader *r, struct sp_si_node *node,
                                  const struct sp_xml_element *datatype,
                                  const struct sp_xml_element *marshaller, const struct datatype *type)
{
    struct sp_field *f = &node->field;
    struct sp_str is_signed = sp_xml_attribute(marshaller, "isSigned");
    f->is_signed = is_signed.ptr ? is_yes(is_signed) : !type->is_unsigned;
    f->native = is_yes(sp_xml_attribute(marshaller, "isNativeInteger"));
    enum sp_status status = read_digits(r, node, datatype, false);
    if (status != SP_OK)
        return status;
    if (!f->digits) { /* nothing limits it but its width */
        f->native = true;
        f->digits = type->width_digits;
    }
    if (!f->native && f->digits > type->digits)
        return sp_si_fail(r, node, SP_EINVAL, "is %s of %u digits; there are at most %u", type->name,
                          f->digits, type->digits);
    return SP_OK;
}

static enum sp_status read_char(const struct sp_si_reader *r, struct sp_si_node *node,
                                const struct sp_xml_element *marshaller)
{
    struct sp_str encoding = sp_xml_attribute(marshaller, "encoding");
    struct sp_str conversion = sp_xml_attribute(node->xml, "codepageConversion");
    if (sp_str_is(encoding, "UTF-16BE"))
        node->field.utf16 = true;
    else if (encoding.len)
        return sp_si_fail(r, node, SP_EUNSUPPORTED,
                          "has encoding \"%.*s\"; UTF-16BE and none, for the program's code page, are "
                          "supported",
                          SP_STR_ARG(encoding));
    if (node->field.included && sp_str_is(conversion, "N"))
        return sp_si_fail(r, node, SP_EUNSUPPORTED,
                          "is exempt from code page conversion, which is not supported; exclude it");
    return SP_OK;
}

static enum sp_status read_alignment(const struct sp_si_reader *r, struct sp_si_node *node,
                                     const struct sp_xml_element *marshaller)
{
    struct sp_str alignment = sp_xml_attribute(marshaller, "alignment");
    enum sp_field_type type = node->field.type;
    node->alignment = 1;
    if (type == SP_FIELD_STRUCT || type == SP_FIELD_ARRAY || !alignment.len)
        return SP_OK;
    if (sp_str_is(alignment, "DOUBLEWORD"))
        node->alignment = 8;
    else if (sp_str_is(alignment, "NATURAL"))
        node->alignment = node->field.bytes == 2 || node->field.bytes == 4 || node->field.bytes == 8
                              ? node->field.bytes
                              : 1;
    else
        return sp_si_fail(r, node, SP_EUNSUPPORTED,
                          "has alignment \"%.*s\"; NATURAL and DOUBLEWORD are known", SP_STR_ARG(alignment));
    return SP_OK;
}

static enum sp_status read_default(const struct sp_si_reader *r, struct sp_si_node *node)
{
    struct sp_field *f = &node->field;
    struct sp_str value = sp_xml_attribute(node->xml, "defaultValue");
    if (!value.len)
        return SP_OK;
    f->has_default = true;
    f->default_value = value;
    f->default_is_hex = is_yes(sp_xml_attribute(node->xml, "isHex"));
    if (!f->default_is_hex)
        return SP_OK;
    if (sp_str_starts(value, SP_STR("0x")) || sp_str_starts(value, SP_STR("0X")))
        value = sp_str_slice(value, 2, value.len);
    struct sp_buf bytes;
    sp_buf_init(&bytes, f->bytes);
    enum sp_status status = sp_hex_decode(value, &bytes);
    if (status == SP_OK) {
        f->default_value = sp_arena_str(r->arena, sp_buf_str(&bytes));
        if (!f->default_value.ptr)
            status = SP_ENOMEM;
    }
    sp_buf_finish(&bytes);
    if (status == SP_ELIMIT)
        return sp_si_fail(r, node, status, "has a default of more than its %u bytes", f->bytes);
    if (status != SP_OK)
        return sp_si_fail(r, node, status, "has a default that is no pairs of hexadecimal digits");
    return SP_OK;
}

static enum sp_status unknown_type(const struct sp_si_reader *r, const struct sp_si_node *node,
                                   struct sp_str name)
{
    struct sp_buf known;
    sp_buf_init(&known, 512);
    for (size_t i = 0; i < sizeof datatypes / sizeof *datatypes; i++)
        sp_buf_printf(&known, "%s%s", i ? ", " : "", datatypes[i].name);
    enum sp_status status = sp_si_fail(r, node, name.ptr ? SP_EUNSUPPORTED : SP_EINVAL,
                                       "has datatype \"%.*s\"; supported are %.*s", SP_STR_ARG(name),
                                       SP_STR_ARG(sp_buf_str(&known)));
    sp_buf_finish(&known);
    return status;
}

enum sp_status sp_si_read_type(const struct sp_si_reader *r, struct sp_si_node *node)
{
    const struct sp_xml_element *datatype = sp_xml_child(node->xml, "applicationDatatype");
    const struct sp_xml_element *marshaller = sp_xml_child(node->xml, "marshaller");
    struct sp_str name = datatype ? sp_xml_attribute(datatype, "datatype") : (struct sp_str){NULL, 0};
    const struct datatype *type = NULL;
    for (size_t i = 0; i < sizeof datatypes / sizeof *datatypes; i++)
        if (sp_str_is(name, datatypes[i].name))
            type = &datatypes[i];
    if (!type)
        return unknown_type(r, node, name);
    node->field.type = type->type;
    if (type->bytes && node->field.bytes != type->bytes)
        return sp_si_fail(r, node, SP_EINVAL, "is %s and has %u bytes instead of %u", type->name,
                          node->field.bytes, type->bytes);
    enum sp_status status = SP_OK;
    switch (type->type) {
    case SP_FIELD_CHAR:
        status = read_char(r, node, marshaller);
        break;
    case SP_FIELD_ZONED:
        status = read_decimal(r, node, datatype, marshaller);
        break;
    case SP_FIELD_BINARY:
        status = read_binary(r, node, datatype, marshaller, type);
        break;
    case SP_FIELD_FLOAT:
    case SP_FIELD_DOUBLE:
        node->field.is_signed = true;
        break;
    default:
        break;
    }
    if (status == SP_OK)
        status = read_alignment(r, node, marshaller);
    return status == SP_OK ? read_default(r, node) : status;
}
