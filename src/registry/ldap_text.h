/* SPDX-License-Identifier: Apache-2.0
 * ldap_text.h: filters and distinguished names as LDAP writes them. No I/O.
 */
#ifndef SP_REGISTRY_LDAP_TEXT_H
#define SP_REGISTRY_LDAP_TEXT_H

#include "base/arena.h"
#include "base/buf.h"

#define SP_LDAP_FILTER_MAX 16384u
#define SP_LDAP_DN_MAX 4096u
#define SP_LDAP_RDNS_MAX 64u

/* Append a value as it may stand in a filter (RFC 4515 section 3): what has a meaning there, control
 * characters and bytes that are not UTF-8 become \xx. Fails as sp_buf_append does. */
enum sp_status sp_ldap_filter_escape(struct sp_str value, struct sp_buf *buf);
/* Append a value as it may stand in a distinguished name (RFC 4514 section 2.4). */
enum sp_status sp_ldap_dn_escape(struct sp_str value, struct sp_buf *buf);

/* Whether a filter of the administrator follows RFC 4515, at most 16 deep; %v may stand where a value may.
 * SP_ESYNTAX says what is wrong where, SP_ELIMIT over half of SP_LDAP_FILTER_MAX. */
enum sp_status sp_ldap_filter_check(struct sp_str filter, struct sp_error *err) SP_MUST_CHECK;
/* Append the filter with every %v replaced by the value, escaped. */
enum sp_status sp_ldap_filter_fill(struct sp_str filter, struct sp_str value, struct sp_buf *buf);
/* Append the filter with every %v replaced by '*': any value. */
enum sp_status sp_ldap_filter_fill_any(struct sp_str filter, struct sp_buf *buf);
/* The attribute of the first "attribute=%v" in it, a view; ptr NULL when there is none. */
struct sp_str sp_ldap_filter_attribute(struct sp_str filter);
/* Whether the text is an attribute's name or OID, options included: what may be asked for. */
bool sp_ldap_attribute_ok(struct sp_str name);

/* Append the one form that all spellings of a name share: types and values in lower case (ASCII), blanks at
 * the ends of values dropped and those inside them one, parts of an RDN sorted, escapes uniform. RFC 4514,
 * and of RFC 2253 quoted values and ';'. An empty name stays empty. SP_ESYNTAX, SP_ELIMIT. */
enum sp_status sp_ldap_dn_normalise(struct sp_str dn, struct sp_buf *buf) SP_MUST_CHECK;
/* Whether a normalised name is that of `base` or below it; everything is below the empty name. */
bool sp_ldap_dn_within(struct sp_str dn, struct sp_str base);
/* The value of that type in the first RDN, unescaped, in the arena; ptr NULL when there is none, or the name
 * cannot be read. SP_ENOMEM. */
enum sp_status sp_ldap_dn_first(struct sp_str dn, struct sp_str type, struct sp_arena *arena,
                                struct sp_str *ret_value) SP_MUST_CHECK;

/* "objectclass:attribute" of a map. */
struct sp_ldap_map {
    struct sp_str object_class; /* "*": any */
    struct sp_str attribute;
};
#define SP_LDAP_MAPS_MAX 16u
/* Split "class:attribute;class:attribute"; views of `text`. SP_ESYNTAX, SP_ELIMIT. `name` is for messages. */
enum sp_status sp_ldap_map_read(struct sp_str text, const char *name, struct sp_ldap_map ret_maps[],
                                size_t *ret_count, struct sp_error *err) SP_MUST_CHECK;

#endif
