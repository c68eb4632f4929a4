/* SPDX-License-Identifier: Apache-2.0
 * A plug-in with one method: early_failure, or, as SHORT, none that its table goes as far as.
 */
#include <stddef.h>

#include "sallyport/interceptor.h"

static void early_failure(void *self, struct sallyport_call *call)
{
    (void)self, (void)call;
}

static const struct sallyport_interceptor plugin = {
    .abi = SALLYPORT_INTERCEPTOR_ABI,
#ifdef SHORT
    .size = offsetof(struct sallyport_interceptor, early_failure),
#else
    .size = sizeof plugin,
#endif
    .name = "early",
    .version = "1",
    .early_failure = early_failure,
};

const struct sallyport_interceptor *sallyport_interceptor_entry(uint32_t host_abi)
{
    return host_abi == SALLYPORT_INTERCEPTOR_ABI ? &plugin : NULL;
}
