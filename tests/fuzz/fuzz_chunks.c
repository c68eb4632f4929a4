/* SPDX-License-Identifier: Apache-2.0
 * fuzz_chunks.c: any bytes as the frame of a body, whole and in two pieces: both are read alike, and no line
 * ends without its CR.
 */
#include <stdint.h>
#include <stdlib.h>

#include "engine/chunks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_chunks whole = {.state = SP_CHUNK_SIZE}, cut = whole;
    size_t at = size ? data[0] % size : 0;
    size_t wrong = sp_chunks_feed(&whole, data, size), in_pieces = sp_chunks_feed(&cut, data, at);
    if (in_pieces == at)
        in_pieces += sp_chunks_feed(&cut, data + at, size - at);
    if (wrong != in_pieces || whole.state != cut.state || wrong > size)
        abort();
    if ((wrong < size) != (whole.state == SP_CHUNK_BAD))
        abort();
    return 0;
}
