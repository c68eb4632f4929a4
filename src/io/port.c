/* SPDX-License-Identifier: Apache-2.0 */
#include "io/port.h"

#include "text/cookie.h"

struct sp_str sp_http_header_get(const struct sp_http_request *request, const char *name)
{
    struct sp_str wanted = sp_str_of(name);
    for (size_t i = 0; i < request->header_count; i++)
        if (sp_str_caseless_eq(request->headers[i].name, wanted))
            return request->headers[i].value;
    return (struct sp_str){NULL, 0};
}

size_t sp_http_header_count(const struct sp_http_request *request, const char *name)
{
    struct sp_str wanted = sp_str_of(name);
    size_t count = 0;
    for (size_t i = 0; i < request->header_count; i++)
        count += sp_str_caseless_eq(request->headers[i].name, wanted);
    return count;
}

size_t sp_http_cookie_count(const struct sp_http_request *request, struct sp_str name)
{
    size_t count = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        struct sp_str rest = request->headers[i].value, found, value;
        if (!sp_str_caseless_eq(request->headers[i].name, SP_STR("Cookie")))
            continue;
        while (sp_cookie_next(&rest, &found, &value))
            count += sp_str_eq(found, name);
    }
    return count;
}

struct sp_str sp_http_cookie_get(const struct sp_http_request *request, struct sp_str name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        struct sp_str rest = request->headers[i].value, found, value;
        if (!sp_str_caseless_eq(request->headers[i].name, SP_STR("Cookie")))
            continue;
        while (sp_cookie_next(&rest, &found, &value))
            if (sp_str_eq(found, name))
                return value;
    }
    return (struct sp_str){NULL, 0};
}
