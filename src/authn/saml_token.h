/* SPDX-License-Identifier: Apache-2.0
 * saml_token.h: an assertion as it travels in a header.
 */
#ifndef SP_AUTHN_SAML_TOKEN_H
#define SP_AUTHN_SAML_TOKEN_H

#include "base/buf.h"
#include "config/config_base.h"
#include "io/port.h"

#define SP_SAML_TOKEN_MAX (128u << 10)    /* in the header */
#define SP_SAML_DOCUMENT_MAX (256u << 10) /* what it unfolds to */

/* The value of the first header of those names; else what stands in Authorization behind one of the names and
 * '=' or a blank; double quotes around it removed. ptr NULL: there is none. `authorization` may have ptr
 * NULL. */
struct sp_str sp_saml_token_find(const struct sp_http_request *request, const struct sp_str_list *names,
                                 struct sp_str authorization);
/* Whether one of the headers is there twice, or two of them: then it would be left to chance which counts. */
bool sp_saml_token_is_ambiguous(const struct sp_http_request *request, const struct sp_str_list *names);

/* Append the document: XML as it stands, or base64 or base64url (padding optional) of XML, or of gzip, zlib
 * or deflate data of it. SP_ESYNTAX, SP_ELIMIT (also for what unfolds to more than SP_SAML_DOCUMENT_MAX),
 * SP_ENOMEM. */
enum sp_status sp_saml_token_decode(struct sp_str token, struct sp_buf *document,
                                    struct sp_error *err) SP_MUST_CHECK;

#endif
