/* SPDX-License-Identifier: Apache-2.0
 * main.c: the `sallyport` command.
 */
#include "cli/command.h"

int main(int argc, char **argv)
{
    int status = sp_command_main(argc, argv);
    /* A result that could not be written was not given. */
    if (fflush(stdout) != 0 && status == SP_EXIT_OK) {
        perror("sallyport: standard output");
        status = SP_EXIT_FAILED;
    }
    return status;
}
