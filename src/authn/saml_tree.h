/* SPDX-License-Identifier: Apache-2.0
 * saml_tree.h: SAML documents as trees of libxml2, which xmlsec and canonical XML work on. For saml_*.c only.
 */
#ifndef SP_AUTHN_SAML_TREE_H
#define SP_AUTHN_SAML_TREE_H

#include <libxml/tree.h>

#include "base/buf.h"

#define SP_SAML_PROTOCOL "urn:oasis:names:tc:SAML:2.0:protocol"
#define SP_SAML_DSIG "http://www.w3.org/2000/09/xmldsig#"
#define SP_SAML_XENC "http://www.w3.org/2001/04/xmlenc#"

/* Parse; our own reader, which is stricter (UTF-8, depth, numbers), must have accepted the bytes first: this
 * asks it. No document type, no processing instructions around it, nothing is fetched. `what` names the
 * document in errors. To be freed with xmlFreeDoc. SP_ESYNTAX, SP_ELIMIT, SP_ENOMEM. */
enum sp_status sp_saml_tree_parse(struct sp_str document, const char *what, xmlDocPtr *ret_document,
                                  struct sp_error *err) SP_MUST_CHECK;

bool sp_saml_tree_is(const xmlNode *node, const char *name, const char *namespace);
/* The node itself when it is an element, else the next sibling that is one; accepts NULL. */
xmlNodePtr sp_saml_tree_element(xmlNodePtr node);
/* The first child element of that name at or behind `from`; accepts NULL. */
xmlNodePtr sp_saml_tree_named(xmlNodePtr from, const char *name, const char *namespace);
/* Without a namespace; NULL when there is none. */
const xmlAttr *sp_saml_tree_attribute(const xmlNode *node, const char *name);
/* Its value, in one piece, so that nothing must be freed; NULL. */
const char *sp_saml_tree_value(const xmlNode *node, const char *name);
/* The text of an element without child elements, in the caller's buffer; comments do not cut it. SP_ESYNTAX
 * when there are elements in it; SP_ELIMIT. */
enum sp_status sp_saml_tree_text(const xmlNode *node, struct sp_buf *text) SP_MUST_CHECK;
/* The same of base64, blanks and line ends in it left out, decoded. */
enum sp_status sp_saml_tree_bytes(const xmlNode *node, struct sp_buf *bytes) SP_MUST_CHECK;

/* Append the element in exclusive canonical form without comments, which is what our own signatures cover.
 * SP_ELIMIT, SP_ESYNTAX, SP_ENOMEM. */
enum sp_status sp_saml_tree_canonical(xmlNodePtr element, struct sp_buf *bytes,
                                      struct sp_error *err) SP_MUST_CHECK;

/* Append the element as a document of its own: canonical XML 1.0 without comments, with the namespaces that
 * are in scope where it stands, so that its signature is good there too. SP_ELIMIT, SP_ENOMEM. */
enum sp_status sp_saml_tree_cut(xmlNodePtr element, struct sp_buf *bytes, struct sp_error *err) SP_MUST_CHECK;

#endif
