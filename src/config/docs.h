/* SPDX-License-Identifier: Apache-2.0
 * docs.h: the table and the messages, for people.
 */
#ifndef SP_CONFIG_DOCS_H
#define SP_CONFIG_DOCS_H

#include "base/buf.h"

/* docs/server-xml.md: every element and attribute, in Markdown. */
enum sp_status sp_cfg_docs_elements(struct sp_buf *buf) SP_MUST_CHECK;
/* The part of docs/messages.md about the configuration: ids with cause and action. */
enum sp_status sp_cfg_docs_messages(struct sp_buf *buf) SP_MUST_CHECK;
/* What is to be said of "element", "element/child" or "element@attribute" (a misprint is understood), as
 * plain text. SP_ENOTFOUND with the nearest name. */
enum sp_status sp_cfg_explain(struct sp_str name, struct sp_buf *buf, struct sp_error *err) SP_MUST_CHECK;

/* A message of the configuration. */
struct sp_cfg_message {
    const char *id, *cause, *action;
};
/* All of them by id; ends with an id of NULL. */
extern const struct sp_cfg_message sp_cfg_messages[];

#endif
