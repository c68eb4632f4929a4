/* SPDX-License-Identifier: Apache-2.0
 * An interceptor that adds a header to every response.
 *
 *     <sallyport_pluginInterceptor id="stamp" library="response_header.so">
 *         <property name="header" value="X-Served-By"/>
 *         <property name="value" value="sallyport"/>
 *     </sallyport_pluginInterceptor>
 */
#include <sallyport/interceptor.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stamp {
    const struct sallyport_host *host;
    char *header, *value;
};

static void destroy(void *self)
{
    struct stamp *stamp = self;
    free(stamp->header);
    free(stamp->value);
    free(stamp);
}

static int create(const struct sallyport_setup *setup, void **ret_self, char *message, size_t message_size)
{
    struct stamp *stamp = calloc(1, sizeof *stamp);
    if (!stamp)
        return SALLYPORT_ENOMEM;
    stamp->host = setup->host;
    for (size_t i = 0; i < setup->property_count; i++) {
        const struct sallyport_property *property = &setup->properties[i];
        char **place = strcmp(property->name, "header") == 0  ? &stamp->header
                       : strcmp(property->name, "value") == 0 ? &stamp->value
                                                              : NULL;
        if (!place) {
            snprintf(message, message_size, "there is no property \"%s\"", property->name);
            destroy(stamp);
            return SALLYPORT_EINVAL;
        }
        *place = strdup(property->value);
    }
    if (!stamp->header || !stamp->value) {
        snprintf(message, message_size, "properties \"header\" and \"value\" are needed");
        destroy(stamp);
        return SALLYPORT_EINVAL;
    }
    *ret_self = stamp;
    return SALLYPORT_OK;
}

static void post_invoke(void *self, struct sallyport_call *call)
{
    const struct stamp *stamp = self;
    stamp->host->set_header(call, SALLYPORT_RESPONSE, stamp->header, stamp->value);
}

static const struct sallyport_interceptor plugin = {
    .abi = SALLYPORT_INTERCEPTOR_ABI,
    .size = sizeof plugin,
    .name = "response-header",
    .version = "1.0",
    .create = create,
    .destroy = destroy,
    .post_invoke = post_invoke,
};

const struct sallyport_interceptor *sallyport_interceptor_entry(uint32_t host_abi)
{
    return host_abi == SALLYPORT_INTERCEPTOR_ABI ? &plugin : NULL;
}
