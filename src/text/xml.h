/* SPDX-License-Identifier: Apache-2.0
 * xml.h: reading XML 1.0 (expat) into a tree with places.
 *
 * For documents of administrators and archives: server.xml, .si, package.xml, mapping.xml, .map. No DTD is
 * read, no entity is fetched; a document type declaration is refused. Names are given without their namespace
 * prefix (the reader matches local names, as Liberty does); the namespace is kept beside. UTF-8, UTF-16,
 * ISO-8859-1, US-ASCII and every set of one byte a character that iconv knows, EBCDIC among them; any line
 * end.
 */
#ifndef SP_TEXT_XML_H
#define SP_TEXT_XML_H

#include "base/arena.h"

struct sp_xml_attribute {
    struct sp_str name; /* local */
    struct sp_str value;
    unsigned line, column; /* of its name, from 1; in UTF-16 documents those of the element */
    struct sp_xml_attribute *next;
};

struct sp_xml_element {
    struct sp_str name;                  /* local */
    struct sp_str namespace;             /* URI, empty when none */
    struct sp_xml_attribute *attributes; /* document order */
    struct sp_xml_element *first;        /* child elements, document order */
    struct sp_xml_element *next;         /* sibling */
    struct sp_xml_element *parent;       /* NULL for the root */
    struct sp_str text;                  /* all character data directly inside, CDATA included, joined */
    unsigned line, column;               /* of the start tag, from 1 */
};

struct sp_xml_limits {
    size_t bytes;        /* of the document */
    unsigned depth;      /* of nesting */
    unsigned elements;   /* in all */
    unsigned attributes; /* of one element */
    unsigned namespaces; /* declarations that hold in one place */
};

/* 16 MiB, depth 64, 200000 elements, 256 attributes, 256 namespaces. */
extern const struct sp_xml_limits sp_xml_default_limits;

/* The tree lives in the arena; nothing points into `input`. `file` is used in errors only. SP_ESYNTAX with
 * line and column, SP_ELIMIT, SP_ENOMEM. */
enum sp_status sp_xml_parse(struct sp_str input, const char *file, struct sp_arena *arena,
                            const struct sp_xml_limits *limits, struct sp_xml_element **ret_root,
                            struct sp_error *err) SP_MUST_CHECK;

/* The look-ups take NULL for an element: nothing is found. First child of that local name, or NULL. */
const struct sp_xml_element *sp_xml_child(const struct sp_xml_element *parent, const char *name);
/* Next sibling of that local name, or NULL. */
const struct sp_xml_element *sp_xml_sibling(const struct sp_xml_element *element, const char *name);
/* Value of the attribute, or a view with ptr NULL. Exact case. */
struct sp_str sp_xml_attribute(const struct sp_xml_element *element, const char *name);
/* Trimmed text of the first child of that name, or a view with ptr NULL. */
struct sp_str sp_xml_child_text(const struct sp_xml_element *parent, const char *name);

#endif
