/* SPDX-License-Identifier: Apache-2.0 */
#include "io/port.h"

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
