/* SPDX-License-Identifier: Apache-2.0
 * server_template.h: what `sallyport server create` writes. Formats for printf.
 */
#ifndef SP_CLI_SERVER_TEMPLATE_H
#define SP_CLI_SERVER_TEMPLATE_H

extern const char sp_server_template_empty[];  /* name */
extern const char sp_server_template_stock[];  /* name */
extern const char sp_server_template_secure[]; /* name, encoded password of the key store, hash of admin's */
extern const char sp_server_template_bootstrap[]; /* no arguments: a text */
extern const char sp_server_template_secret[];    /* key */

#endif
