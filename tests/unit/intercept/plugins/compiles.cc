/* SPDX-License-Identifier: Apache-2.0
 * The header as C++ sees it, with nothing before it.
 */
#include "sallyport/interceptor.h"

namespace
{
int pre_invoke(void *, struct sallyport_call *)
{
    return SALLYPORT_CONTINUE;
}

struct sallyport_interceptor make()
{
    struct sallyport_interceptor made = {};
    made.abi = SALLYPORT_INTERCEPTOR_ABI;
    made.size = sizeof made;
    made.name = "compiles";
    made.version = "1";
    made.pre_invoke = pre_invoke;
    return made;
}
} // namespace

const struct sallyport_interceptor *sallyport_interceptor_entry(uint32_t)
{
    static const struct sallyport_interceptor plugin = make();
    return &plugin;
}
