/* SPDX-License-Identifier: Apache-2.0
 * fuzz_ip_range.c: any text as a range of addresses: what is read begins before it ends, and holds its ends.
 */
#include <stdint.h>
#include <stdlib.h>

#include "text/ip_range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_ip_range range;
    struct sp_ip ip;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_str text = sp_str_from(data, size);
    if (sp_ip_range_read(text, &range, &err) == SP_OK) {
        if (sp_ip_range_compare(&range, &range.low) != 0 || sp_ip_range_compare(&range, &range.high) != 0)
            abort();
    } else if (!err.text[0]) {
        abort();
    }
    if (sp_ip_read(text, &ip) == SP_OK && sp_ip_range_read(text, &range, &err) == SP_OK &&
        sp_ip_range_compare(&range, &ip) != 0)
        abort();
    return 0;
}
