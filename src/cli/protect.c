/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/protect.h"

#include <sys/prctl.h>
#include <sys/resource.h>

void sp_cli_protect(void)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}
