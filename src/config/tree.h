/* SPDX-License-Identifier: Apache-2.0
 * tree.h: the elements of all files, merged by Liberty's rules, each value with the place it came from.
 *
 * The reader (config/reader.h) gives occurrences in the order of the files; sp_cfg_tree_merge makes one node
 * of all that mean the same element. Values are raw: variables are not yet replaced and types not yet
 * checked. Everything lives in the arena of the configuration.
 */
#ifndef SP_CONFIG_TREE_H
#define SP_CONFIG_TREE_H

#include "base/arena.h"
#include "base/hash.h"
#include "config/table.h"
#include "config/variable.h"
#include "text/xml.h"

enum sp_cfg_conflict { SP_CFG_MERGE, SP_CFG_REPLACE, SP_CFG_IGNORE };

/* A file that was read. One file included twice is two documents with the same path. */
struct sp_cfg_document {
    struct sp_str path;
    const struct sp_cfg_document *parent; /* the file that includes it, NULL: none */
    enum sp_cfg_conflict conflict;        /* of the include, or inherited */
    unsigned depth;
    bool built_in; /* the server's own defaults; has no file */
    struct sp_cfg_document *next;
};

struct sp_cfg_node;

struct sp_cfg_value {
    struct sp_str text;       /* raw */
    struct sp_cfg_node *node; /* a nested element, or NULL */
    bool reference;           /* <x ref="id"/>: text is the id */
    const struct sp_cfg_document *document;
    unsigned line, column;
    struct sp_cfg_value *next;
};

/* All values of one name in an element. */
struct sp_cfg_field {
    struct sp_str name; /* as written where it came first */
    bool listed;        /* from child elements, not from an attribute */
    bool replaces;      /* merge-op="set" */
    bool appends;       /* merge-op="append" */
    bool used;          /* some row of the table took it */
    struct sp_cfg_value *first, *last;
    size_t count;
    struct sp_cfg_field *next;
};

/* What an attribute of an element came to in the end. */
struct sp_cfg_setting {
    const struct sp_cfg_attribute *row;
    struct sp_str text;   /* resolved, in its canonical spelling; lists as a comma list; secrets masked */
    uint64_t fingerprint; /* of the text before it was masked, under the process's key */
    bool defaulted;       /* nobody wrote it */
    const struct sp_cfg_document *document;
    unsigned line;
    struct sp_cfg_setting *next;
};

struct sp_cfg_node {
    const struct sp_cfg_element *row; /* NULL: the name is not in the table */
    struct sp_str name;               /* as written */
    struct sp_str id;                 /* ptr NULL: none was given */
    struct sp_str key;                /* what references and messages call it: id, or "default-0", ... */
    struct sp_str text;
    struct sp_cfg_field *fields, **tail;
    struct sp_cfg_node *parent; /* NULL on top */
    const struct sp_cfg_document *document;
    enum sp_cfg_conflict conflict; /* how it meets an earlier one */
    unsigned line, column;         /* of the first occurrence */
    unsigned repeated_line;        /* where the same file writes it again; 0: it does not */
    bool absent;                   /* nobody wrote it: a singleton with its defaults */
    bool invalid;                  /* it is not used: disabled, or something required is missing */
    void *memory;                  /* its structure, or NULL */
    struct sp_cfg_setting *settings, *last_setting;
    struct sp_cfg_node *next;
};

struct sp_cfg_tree {
    struct sp_arena *arena;
    struct sp_cfg_document *documents, **documents_tail;
    unsigned document_count;
    struct sp_cfg_node *occurrences, **occurrences_tail; /* until they are merged */
    struct sp_cfg_node *nodes, **nodes_tail;             /* merged, in order of their first occurrences */
    struct sp_hash by_key;                               /* "name\0id" of factories -> node */
    struct sp_config_source *sources, **sources_tail;    /* what was looked at: see config/source.h */
    struct sp_variables variables;
};

void sp_cfg_tree_init(struct sp_cfg_tree *tree, struct sp_arena *arena);
void sp_cfg_tree_finish(struct sp_cfg_tree *tree);

/* An element of a document as an occurrence. Child elements become values: of text when they hold nothing
 * else, references when they have only `ref`, nested nodes otherwise. SP_ENOMEM; SP_EINVAL with the name in
 * `err` when a name stands as attribute and as child element (the element is then not added). */
enum sp_status sp_cfg_tree_add(struct sp_cfg_tree *tree, const struct sp_cfg_document *document,
                               const struct sp_xml_element *element, struct sp_error *err) SP_MUST_CHECK;

/* Make `nodes` of the occurrences. SP_ENOMEM, SP_ELIMIT. */
enum sp_status sp_cfg_tree_merge(struct sp_cfg_tree *tree) SP_MUST_CHECK;

/* The field of that name in any case, or NULL. */
struct sp_cfg_field *sp_cfg_node_field(const struct sp_cfg_node *node, struct sp_str name);
/* The merged top element of one of the names in `targets` (blanks between) with the id; NULL. */
struct sp_cfg_node *sp_cfg_tree_find(const struct sp_cfg_tree *tree, const char *targets, struct sp_str id);
/* The merged element, on top or directly in one, whose structure is at `memory`; of an element and a child
 * with which its structure begins, the element. NULL. */
struct sp_cfg_node *sp_cfg_tree_node_of(const struct sp_cfg_tree *tree, const void *memory);
/* Make an element findable by name and id. SP_EEXISTS when it is there already. */
enum sp_status sp_cfg_tree_index(struct sp_cfg_tree *tree, struct sp_cfg_node *node) SP_MUST_CHECK;

#endif
