/* SPDX-License-Identifier: Apache-2.0
 * xml_encoding.h: which characters the bytes of an XML document are (XML 1.0, appendix F).
 *
 * expat reads UTF-8, UTF-16, ISO-8859-1 and US-ASCII itself. A document that declares another set of one byte
 * a character, or that begins with EBCDIC bytes, is turned into UTF-8 before expat sees it.
 */
#ifndef SP_TEXT_XML_ENCODING_H
#define SP_TEXT_XML_ENCODING_H

#include "base/buf.h"

/* Decide how `input` is read. *ret_input is `input` itself, or UTF-8 text in `utf8` (which the caller
 * prepared, with a ceiling of 3 times the input, and finishes); *ret_encoding is what expat is to be told,
 * NULL when the document speaks for itself (static storage).
 *  - First character X'4C' ("<" in EBCDIC), after blanks: EBCDIC in the declared set; IBM-1047 when none is
 *    declared or the declared one is not EBCDIC (a file that was converted without its declaration). New line
 *    X'15' and X'25' both give U+000A.
 *  - A readable ASCII declaration of an EBCDIC set: the file was converted without its declaration, and is
 *    read as UTF-8.
 * SP_EUNSUPPORTED for a set that is unknown or has more than one byte a character, SP_EINVAL for a byte that
 * has no meaning in the set, SP_ELIMIT, SP_ENOMEM. */
enum sp_status sp_xml_encoding_apply(struct sp_str input, struct sp_buf *utf8, struct sp_str *ret_input,
                                     const char **ret_encoding, struct sp_error *err) SP_MUST_CHECK;

#endif
