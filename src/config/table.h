/* SPDX-License-Identifier: Apache-2.0
 * table.h: every element and attribute of server.xml, one row each.
 *
 * The rows say what a name means, what it may hold, what holds when it is not written, where its value goes
 * in the structures of config/config.h, and whether this version acts on it. The reader, the documentation
 * (docs/server-xml.md), `sallyport server check --explain` and the tests all work from these rows; there is
 * no second list. The rows themselves are in table_<area>.c.
 */
#ifndef SP_CONFIG_TABLE_H
#define SP_CONFIG_TABLE_H

#include "base/str.h"

enum sp_cfg_type {
    SP_CFG_STRING,
    SP_CFG_TOKEN,   /* white space collapsed */
    SP_CFG_BOOLEAN, /* into bool, or into enum sp_tristate */
    SP_CFG_INT,
    SP_CFG_ENUM,     /* one of `options`, any case; into a string, or a number: the option's index */
    SP_CFG_DURATION, /* the four durations differ in what a bare number counts; all give microseconds */
    SP_CFG_SECONDS,
    SP_CFG_MINUTES,
    SP_CFG_HOURS,
    SP_CFG_PASSWORD,      /* decoded */
    SP_CFG_PASSWORD_HASH, /* decoded, but {hash} stays as it is */
    SP_CFG_FILE,          /* a path, normalised */
    SP_CFG_DIRECTORY,
    SP_CFG_REF, /* id of a `target` element; may be written as a nested element instead */
};

enum sp_cfg_storage {
    SP_CFG_NOWHERE, /* checked and shown, but no structure holds it */
    SP_CFG_IN_BOOL,
    SP_CFG_IN_UNSIGNED, /* unsigned, or an enum */
    SP_CFG_IN_I64,
    SP_CFG_IN_STR,
    SP_CFG_IN_STR_LIST,
    SP_CFG_IN_POINTER, /* to the structure of the element a reference names; with a count: array of those */
};

enum sp_cfg_flag {
    SP_CFG_ACTED = 1,         /* this version acts on it */
    SP_CFG_SECURITY = 2,      /* ignoring it, or taking the default for a bad value, could open a door */
    SP_CFG_REQUIRED = 4,      /* the element is not used without it */
    SP_CFG_LIST = 8,          /* several values: commas, and repeated child elements */
    SP_CFG_LATE_LIST = 16,    /* a list whose commas also count when a variable brings them */
    SP_CFG_BLANK_LIST = 32,   /* blanks separate as well */
    SP_CFG_LITERAL = 64,      /* ${...} is left alone */
    SP_CFG_UNCONFIRMED = 128, /* name or default is not confirmed by a public source */
    SP_CFG_INTERNAL = 256,    /* documented by its maker for internal use */
    SP_CFG_ROOT_ONLY = 512,   /* handled while the files are read: include, variable */
    SP_CFG_LISTENER = 1024,   /* a change needs new listeners or TLS contexts */
};

struct sp_cfg_attribute {
    const char *name;
    enum sp_cfg_type type;
    unsigned flags;
    enum sp_cfg_storage storage;
    const char *field; /* name of the structure's member, NULL when SP_CFG_NOWHERE */
    size_t offset, count_offset, given_offset;
    bool counted, noted;        /* count_offset, given_offset (a bool: it was written) are set */
    const char *fallback;       /* value when it is not written, NULL: none */
    int64_t min, max;           /* of SP_CFG_INT when not both 0; of durations in microseconds */
    const char *const *options; /* of SP_CFG_ENUM, ends with NULL */
    const char *target;         /* of SP_CFG_REF: element names with blanks between */
    const char *provided; /* values with blanks between that this version's behaviour agrees with already */
    const char *instead;  /* the right spelling: this row is a deprecated name or a misprint of it */
    const char *since;    /* when it is newer than the family's first release */
    const char *meaning;  /* one sentence */
};

enum sp_cfg_kind {
    SP_CFG_SINGLETON, /* one, whatever the id */
    SP_CFG_FACTORY,   /* one an id */
    SP_CFG_NESTED,    /* only inside its parent; one an id there */
    SP_CFG_NESTED_ONE /* only inside its parent, merged into one */
};

struct sp_cfg_element {
    const char *name;
    enum sp_cfg_kind kind;
    unsigned flags;         /* SP_CFG_ACTED, SP_CFG_SECURITY, SP_CFG_UNCONFIRMED, SP_CFG_ROOT_ONLY */
    const char *default_id; /* of occurrences without an id; NULL: each is an element of its own */
    const char *key;        /* attribute that tells occurrences without an id apart, NULL: none */
    const struct sp_cfg_attribute *attributes;
    size_t attribute_count;
    const struct sp_cfg_element *const *children; /* ends with NULL; NULL: none */
    size_t size;                                  /* of the structure, 0: it has none */
    const char *field;                            /* member of the parent's structure (of sp_config on top) */
    size_t offset, count_offset;                  /* of the member; an array when `counted` */
    bool counted;
    bool inlined; /* the values are members of the parent's structure */
    size_t given_offset;
    bool noted;         /* given_offset is set: a bool in the structure that says whether it was written */
    bool flattened;     /* the parent's member is a list of strings: values of the first attribute */
    size_t kind_offset; /* of a number in the structure that tells elements sharing an array apart */
    bool kinded;
    unsigned kind_value;
    const char *instead; /* as for attributes */
    const char *since;
    const char *meaning;
};

/* All elements that may stand directly in <server>, ends with NULL. */
const struct sp_cfg_element *const *sp_cfg_table(void);
/* By exact name; NULL. */
const struct sp_cfg_element *sp_cfg_element_find(struct sp_str name);
/* By name in any case; NULL. */
const struct sp_cfg_element *sp_cfg_child_find(const struct sp_cfg_element *parent, struct sp_str name);
const struct sp_cfg_attribute *sp_cfg_attribute_find(const struct sp_cfg_element *element,
                                                     struct sp_str name);
/* The attribute that a nested element `name` stands for: <ssl> for sslRef, or the target's own name. NULL. */
const struct sp_cfg_attribute *sp_cfg_reference_find(const struct sp_cfg_element *element,
                                                     struct sp_str name);
/* Whether `name` is one of the blank-separated `names`; NULL names hold none. */
bool sp_cfg_named_in(const char *names, struct sp_str name);
/* "httpPort" from "httpport", "fetaure"...; NULL when nothing is near. */
const char *sp_cfg_nearest_element(const struct sp_cfg_element *parent, struct sp_str name);
const char *sp_cfg_nearest_attribute(const struct sp_cfg_element *element, struct sp_str name);
/* "boolean", "int", "duration", ... for people. */
const char *sp_cfg_type_name(const struct sp_cfg_attribute *attribute);

#endif
