/* SPDX-License-Identifier: Apache-2.0 */
#include "region/area.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum sp_status sp_area_init(struct sp_area *area, size_t most)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t size = (most + page - 1) / page * page;
    void *map = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return SP_ENOMEM;
    unsigned char *pages = (unsigned char *)map + page;
    if (mprotect(pages, size, PROT_READ | PROT_WRITE) != 0) {
        munmap(map, size + 2 * page);
        return SP_ENOMEM;
    }
    *area = (struct sp_area){.pages = pages, .size = size, .map = map, .map_size = size + 2 * page};
    return SP_OK;
}

void sp_area_finish(struct sp_area *area)
{
    if (area->map)
        munmap(area->map, area->map_size);
    *area = (struct sp_area){.map = NULL};
}

unsigned char *sp_area_take(struct sp_area *area, size_t len)
{
    if (len > area->size)
        return NULL;
    unsigned char *start = area->pages + area->size - len;
    memset(start, 0, len);
    return start;
}
