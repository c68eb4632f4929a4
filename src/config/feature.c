/* SPDX-License-Identifier: Apache-2.0 */
#include "config/feature.h"

#define NEAREST_LIMIT 4

/* Without the version behind the last hyphen; what is switched on by elements of its own is provided as far
 * as those elements are acted on, which is told for each of them. */
static const struct {
    const char *name;
    bool provided;
} features[] = {
    {"adminCenter", false},
    {"apiDiscovery", true},
    {"appSecurity", true},
    {"beanValidation", false},
    {"cdi", false},
    {"cicsts:core", false},
    {"cicsts:security", false},
    {"concurrent", false},
    {"distributedMap", true},
    {"ejbLite", false},
    {"federatedRegistry", true},
    {"imsmobile:imsmobile", true},
    {"jaxb", false},
    {"jaxrs", false},
    {"jaxrsClient", true},
    {"jca", true},
    {"jdbc", false},
    {"jms", true},
    {"jndi", true},
    {"json", true},
    {"jsonp", true},
    {"jsp", false},
    {"jwt", true},
    {"jwtSso", false},
    {"ldapRegistry", true},
    {"localConnector", true},
    {"microProfile", false},
    {"monitor", true},
    {"mpConfig", false},
    {"mpHealth", false},
    {"mpJwt", false},
    {"mpMetrics", false},
    {"mqzosconnect:zosConnectMQ", true},
    {"oauth", true},
    {"openid", false},
    {"openidConnectClient", true},
    {"openidConnectServer", false},
    {"passwordUtilities", true},
    {"restConnector", true},
    {"samlWeb", true},
    {"servlet", true},
    {"socialLogin", false},
    {"spnego", false},
    {"ssl", true},
    {"transportSecurity", true},
    {"wasJmsClient", false},
    {"wasJmsServer", false},
    {"webProfile", false},
    {"wmqJmsClient", true},
    {"zosConnect", true},
    {"zosLocalAdapters", false},
    {"zosRequestLogging", false},
    {"zosSecurity", true},
    {"zosTransaction", false},
    {"zosWlm", false},
    {"zosconnect:apiRequester", true},
    {"zosconnect:cics", false},
    {"zosconnect:cicsService", true},
    {"zosconnect:db2", false},
    {"zosconnect:dbService", false},
    {"zosconnect:ims", false},
    {"zosconnect:monitoring", false},
    {"zosconnect:mqService", true},
    {"zosconnect:oasRequester", false},
    {"zosconnect:zosConnect", true},
    {"zosconnect:zosConnectCommands", true},
};

/* The name without "-2.0"; the whole when there is no version. */
static struct sp_str without_version(struct sp_str name)
{
    size_t i = name.len;
    while (i && ((name.ptr[i - 1] >= '0' && name.ptr[i - 1] <= '9') || name.ptr[i - 1] == '.'))
        i--;
    return i && i < name.len && name.ptr[i - 1] == '-' ? sp_str_slice(name, 0, i - 1) : name;
}

static bool same_name(struct sp_str written, struct sp_str known)
{
    size_t mark = sp_str_find(written, ':'), known_mark = sp_str_find(known, ':');
    if ((mark < written.len) != (known_mark < known.len))
        return false;
    if (mark == written.len)
        return sp_str_caseless_eq(written, known);
    return sp_str_eq(sp_str_trim(sp_str_slice(written, 0, mark)), sp_str_slice(known, 0, known_mark)) &&
           sp_str_caseless_eq(sp_str_trim(sp_str_slice(written, mark + 1, written.len)),
                              sp_str_slice(known, known_mark + 1, known.len));
}

enum sp_feature sp_feature_find(struct sp_str name, const char **ret_nearest)
{
    struct sp_str wanted = without_version(sp_str_trim(name));
    const char *nearest = NULL;
    unsigned best = NEAREST_LIMIT;
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
        struct sp_str known = sp_str_of(features[i].name);
        if (same_name(wanted, known))
            return features[i].provided ? SP_FEATURE_PROVIDED : SP_FEATURE_ABSENT;
        unsigned distance = sp_str_distance(wanted, known, NEAREST_LIMIT);
        if (distance < best && distance < wanted.len / 3) {
            best = distance;
            nearest = features[i].name;
        }
    }
    if (ret_nearest)
        *ret_nearest = nearest;
    return SP_FEATURE_UNKNOWN;
}
