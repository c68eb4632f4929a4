/* SPDX-License-Identifier: Apache-2.0
 * passticket USER APPL: a PassTicket of this moment, with the DES key of the tests, as a client makes one
 * that shares the key with the server.
 */
#include <stdio.h>

#include "base/clock.h"
#include "saf/passticket.h"

int main(int argc, char **argv)
{
    static const struct sp_passticket_key key = {
        .kind = SP_PASSTICKET_LEGACY, .bytes = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}, .len = 8};
    struct sp_error err = SP_ERROR_INIT;
    char ticket[SP_PASSTICKET_LEN + 1];
    if (argc != 3 || sp_passticket_make(&key, sp_str_of(argv[1]), sp_str_of(argv[2]),
                                        sp_clock_realtime_us() / 1000000, ticket, &err) != SP_OK) {
        fprintf(stderr, "passticket: %s\n", err.text);
        return 1;
    }
    puts(ticket);
    return 0;
}
