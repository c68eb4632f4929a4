/* SPDX-License-Identifier: Apache-2.0
 * saml_config.h: what is wrong with samlWebSso20 elements, before a worker finds it.
 */
#ifndef SP_AUTHN_SAML_CONFIG_H
#define SP_AUTHN_SAML_CONFIG_H

#include "config/config.h"
#include "config/problem.h"

/* What an element for logins in a browser says, without its files. SP_EINVAL. */
enum sp_status sp_saml_config_check(const struct sp_cfg_saml *config, struct sp_error *err) SP_MUST_CHECK;

/* All of all elements that are enabled, their files too: blocks. SP_EINVAL when there is an error. */
enum sp_status sp_saml_config_problems(const struct sp_config *config, struct sp_problems *problems,
                                       struct sp_error *err) SP_MUST_CHECK;

#endif
