/* SPDX-License-Identifier: Apache-2.0
 * sallyport-smf-writer FD: the writer of a server's audit records. Workers start it; nobody else should.
 */
#include <stdio.h>

#include "base/str.h"
#include "intercept/smf/writer.h"

int main(int argc, char **argv)
{
    uint64_t fd = 0;
    if (argc == 2 && sp_str_to_u64(sp_str_of(argv[1]), &fd) == SP_OK && fd < 1024)
        return sp_smf_writer_run((int)fd);
    fputs("sallyport-smf-writer: the server's workers start this program\n", stderr);
    return 2;
}
