/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/smf/stck.h"

#include "base/buf.h"

#define US_1900_TO_1970 INT64_C(2208988800000000)
#define US_PER_EPOCH_BITS 52 /* an epoch is 2^52 microseconds */

uint64_t sp_stck_from_us(int64_t unix_us)
{
    return (uint64_t)(unix_us + US_1900_TO_1970) << 12;
}

int64_t sp_stck_to_us(uint64_t stck)
{
    uint64_t us = stck >> 12;
    if (!(stck >> 63))
        us |= UINT64_C(1) << US_PER_EPOCH_BITS;
    return (int64_t)us - US_1900_TO_1970;
}

void sp_stcke_from_us(int64_t unix_us, unsigned char ret_stcke[SP_STCKE_BYTES])
{
    uint64_t us = (uint64_t)(unix_us + US_1900_TO_1970);
    memset(ret_stcke, 0, SP_STCKE_BYTES);
    ret_stcke[0] = (unsigned char)(us >> US_PER_EPOCH_BITS);
    sp_put_u64(ret_stcke + 1, us << 12);
}

int64_t sp_stcke_to_us(const unsigned char stcke[SP_STCKE_BYTES])
{
    uint64_t us = (uint64_t)stcke[0] << US_PER_EPOCH_BITS | sp_get_u64(stcke + 1) >> 12;
    return (int64_t)us - US_1900_TO_1970;
}
