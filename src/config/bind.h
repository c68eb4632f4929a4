/* SPDX-License-Identifier: Apache-2.0
 * bind.h: the parts of sp_load_bind. For src/config only.
 */
#ifndef SP_CONFIG_BIND_H
#define SP_CONFIG_BIND_H

#include "config/load.h"

/* bind_check.c: tell of every name that the table does not know or this version does not act on; make nested
 * elements that stand for references findable; mark elements that cannot be used. SP_ENOMEM. */
enum sp_status sp_bind_check(struct sp_load *load) SP_MUST_CHECK;

/* bind_value.c: one attribute into its structure. `node` NULL: the element is not written. SP_ENOMEM. */
enum sp_status sp_bind_attribute(struct sp_load *load, struct sp_cfg_node *node,
                                 const struct sp_cfg_element *row, const struct sp_cfg_attribute *attribute,
                                 void *memory) SP_MUST_CHECK;
/* The attribute's value as text: resolved and checked, the default when it is not written; ptr NULL when
 * there is neither. Of an enumeration the canonical spelling. SP_ENOMEM. */
enum sp_status sp_bind_text(struct sp_load *load, struct sp_cfg_node *node, const struct sp_cfg_element *row,
                            const struct sp_cfg_attribute *attribute, struct sp_str *ret_text) SP_MUST_CHECK;

/* Whether the value that is written for a number, choice, boolean or duration is one. Tells nothing. */
bool sp_bind_is_usable(struct sp_load *load, struct sp_cfg_node *node,
                       const struct sp_cfg_attribute *attribute);

/* What was written for a child row or an attribute row, under its name or a misprint of it; NULL. */
struct sp_cfg_field *sp_bind_child_field(const struct sp_cfg_node *node, const struct sp_cfg_element *child);
struct sp_cfg_field *sp_bind_field(const struct sp_cfg_node *node, const struct sp_cfg_attribute *attribute);
/* The nested elements written in place of a reference; NULL. */
struct sp_cfg_field *sp_bind_nested_field(const struct sp_cfg_node *node, const struct sp_cfg_element *row,
                                          const struct sp_cfg_attribute *attribute);

/* Whether an element that the table does not know has this id, and <sallyport allowInert> names the element.
 */
bool sp_bind_is_foreign(struct sp_load *load, struct sp_str id);
/* Whether a nested element that stands for a reference has become one like those on top. */
bool sp_bind_is_promoted(const struct sp_cfg_node *node);

/* "httpEndpoint[defaultHttpEndpoint]" for messages. */
struct sp_str sp_bind_title(struct sp_load *load, const struct sp_cfg_node *node);

/* The names and default values that ${...} in an element may stand for. */
struct sp_bind_scope {
    const struct sp_cfg_node *node;
    const struct sp_cfg_element *row;
    const struct sp_cfg_attribute *self; /* the attribute whose value is being resolved */
};
struct sp_str sp_bind_scope_attribute(void *arg, struct sp_str name);

#endif
