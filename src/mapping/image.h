/* SPDX-License-Identifier: Apache-2.0
 * image.h: what the bytes of a request are before anything is given; for the files of this room only.
 *
 * In order of precedence: the value that the API map assigns, the default of the interface, and with the
 * option initializeInputFields blanks for characters and zero for numbers. What is left is binary zeros (IBM
 * documentation "High-level languages and JSON schema mapping": a property that is not passed leaves X'00's).
 */
#ifndef SP_MAPPING_IMAGE_H
#define SP_MAPPING_IMAGE_H

#include "mapping/program.h"

/* Make the images of segments, elements and alternatives of the request; needs its scopes. A default or an
 * assigned value that the field cannot hold is SP_EINVAL. */
enum sp_status sp_image_build(struct sp_mapping *mapping, struct sp_arena *arena,
                              struct sp_error *err) SP_MUST_CHECK;

/* Copy the runs of an image. */
static inline void sp_image_copy(const struct sp_image *image, unsigned char *bytes)
{
    for (uint32_t i = 0; i < image->run_count; i++)
        memcpy(bytes + image->runs[i].at, image->bytes + image->runs[i].at, image->runs[i].len);
}

#endif
