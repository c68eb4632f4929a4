/* SPDX-License-Identifier: Apache-2.0
 * saml_request.h: what this server says as a service provider: requests to log in and out, answers to
 * requests to log out (SAML core 3.4 and 3.7), and its metadata. saml_send.h brings them on their way.
 */
#ifndef SP_AUTHN_SAML_REQUEST_H
#define SP_AUTHN_SAML_REQUEST_H

#include "base/arena.h"
#include "base/buf.h"
#include "config/config.h"

struct x509_st;

/* This server, as a browser sees it. */
struct sp_saml_self {
    struct sp_str entity_id;  /* https://host:port/ibm/saml20/<id> */
    struct sp_str acs_url;    /* where assertions come to */
    struct sp_str logout_url; /* where messages about a logout come to */
};

/* "urn:oasis:..." of nameIDFormat; ptr NULL for one that cannot be asked for. */
struct sp_str sp_saml_name_format(const struct sp_cfg_saml_login *login);

/* The documents; in the arena, ptr NULL: no memory. `id`: of the message, an NCName. Times are realtime. */
struct sp_str sp_saml_authn_request(const struct sp_cfg_saml_login *login, const struct sp_saml_self *self,
                                    struct sp_str id, struct sp_str destination, int64_t now_us,
                                    struct sp_arena *arena);

struct sp_saml_logout {
    struct sp_str id, destination;
    struct sp_str name_id, name_id_format, session_index; /* of a request; format, index may be empty */
    struct sp_str in_response_to, status;                 /* of an answer: "urn:...:Success" */
};
struct sp_str sp_saml_logout_request(const struct sp_saml_self *self, const struct sp_saml_logout *logout,
                                     int64_t now_us, struct sp_arena *arena);
struct sp_str sp_saml_logout_answer(const struct sp_saml_self *self, const struct sp_saml_logout *logout,
                                    int64_t now_us, struct sp_arena *arena);

/* `certificate` NULL: without keys. */
struct sp_str sp_saml_metadata(const struct sp_cfg_saml *config, const struct sp_saml_self *self,
                               struct x509_st *certificate, struct sp_arena *arena);

#endif
