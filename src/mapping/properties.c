/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/properties.h"

#include <stddef.h>

#include "mapping/place.h"

static const struct flag {
    const char *name;
    bool is_choice; /* in the options, otherwise in the conversion */
    size_t offset;
} flags[] = {
    {"trimOutputTrailingWhitespace", false, offsetof(struct sp_conversion, trim_output_trailing)},
    {"trimOutputLeadingWhitespace", false, offsetof(struct sp_conversion, trim_output_leading)},
    {"escapeOutputControlCharacters", false, offsetof(struct sp_conversion, escape_output_control)},
    {"omitOutputFieldsByValue", false, offsetof(struct sp_conversion, omit_output_by_value)},
    {"omitOutputEmptyTags", false, offsetof(struct sp_conversion, omit_output_empty)},
    {"initializeInputFields", false, offsetof(struct sp_conversion, initialize_input)},
    {"enforceMinArrayOccurrence", false, offsetof(struct sp_conversion, enforce_min_occurs_request)},
    {"enforceMinArrayOccurrenceResponse", false, offsetof(struct sp_conversion, enforce_min_occurs_response)},
    {"trimFractionZeros", true, offsetof(struct sp_mapping_options, trim_fraction_zeros)},
    {"ignoreUnknownMembers", true, offsetof(struct sp_mapping_options, ignore_unknown_members)},
    {"convertScalars", true, offsetof(struct sp_mapping_options, convert_scalars)},
    {"wholeAnswers", true, offsetof(struct sp_mapping_options, whole_answers)},
};

static enum sp_status bad_value(const struct sp_property *property, struct sp_str service, const char *takes,
                                struct sp_error *err)
{
    return sp_error_set(err, SP_EINVAL, SP_ID_BAD_PROPERTY,
                        "The property %.*s of the service %.*s is \"%.*s\"; it takes %s.",
                        SP_STR_ARG(property->name), SP_STR_ARG(service), SP_STR_ARG(property->value), takes);
}

static int hex_value(char c)
{
    c = sp_lower(c);
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "0x40" or "40" */
static bool read_byte(struct sp_str text, unsigned char *ret_byte)
{
    if (sp_str_caseless_eq(sp_str_slice(text, 0, 2), SP_STR("0x")))
        text = sp_str_slice(text, 2, text.len);
    if (text.len != 2 || hex_value(text.ptr[0]) < 0 || hex_value(text.ptr[1]) < 0)
        return false;
    *ret_byte = (unsigned char)(hex_value(text.ptr[0]) << 4 | hex_value(text.ptr[1]));
    return true;
}

static enum sp_status apply(const struct sp_property *property, struct sp_str service,
                            struct sp_conversion *conversion, struct sp_mapping_options *options,
                            struct sp_error *err)
{
    struct sp_str value = sp_str_trim(property->value);
    if (sp_str_is(property->name, "omitOutputFieldsByValueByte"))
        return read_byte(value, &conversion->omit_output_byte)
                   ? SP_OK
                   : bad_value(property, service, "a byte in hexadecimal, 0x00 to 0xFF", err);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (!sp_str_is(property->name, flags[i].name))
            continue;
        bool yes = sp_str_caseless_eq(value, SP_STR("true"));
        if (!yes && !sp_str_caseless_eq(value, SP_STR("false")))
            return bad_value(property, service, "true or false", err);
        *(bool *)((char *)(flags[i].is_choice ? (void *)options : (void *)conversion) + flags[i].offset) =
            yes;
    }
    return SP_OK;
}

enum sp_status sp_properties_apply(const struct sp_property *properties, size_t count, struct sp_str service,
                                   struct sp_conversion *conversion, struct sp_mapping_options *options,
                                   struct sp_error *err)
{
    enum sp_status status = SP_OK;
    for (size_t i = 0; status == SP_OK && i < count; i++)
        status = apply(&properties[i], service, conversion, options, err);
    return status;
}
