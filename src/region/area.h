/* SPDX-License-Identifier: Apache-2.0
 * area.h: memory for a COMMAREA that ends where nothing more may be touched.
 *
 * The area lies at the end of its pages, and the page behind it is not accessible: a program that uses more
 * than it was given is stopped by the machine (SIGSEGV, abend ASRA) before it can spoil anything.
 */
#ifndef SP_REGION_AREA_H
#define SP_REGION_AREA_H

#include <stddef.h>

#include "base/error.h"

struct sp_area {
    unsigned char *pages; /* first usable byte */
    size_t size;          /* usable, whole pages */
    void *map;
    size_t map_size;
};

/* Room for areas of up to `most` bytes. SP_ENOMEM. */
enum sp_status sp_area_init(struct sp_area *area, size_t most) SP_MUST_CHECK;
void sp_area_finish(struct sp_area *area);
/* The last `len` bytes, cleared. NULL when `len` is more than there is room for. */
unsigned char *sp_area_take(struct sp_area *area, size_t len);

#endif
