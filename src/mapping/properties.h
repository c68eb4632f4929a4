/* SPDX-License-Identifier: Apache-2.0
 * properties.h: conversion options and choices by their names; for the files of this room only.
 */
#ifndef SP_MAPPING_PROPERTIES_H
#define SP_MAPPING_PROPERTIES_H

#include "mapping/mapping.h"

/* Set what the properties name, in their order; names that are none of the options are passed over. SP_EINVAL
 * for a value that the option does not take. `service` is for the message. */
enum sp_status sp_properties_apply(const struct sp_property *properties, size_t count, struct sp_str service,
                                   struct sp_conversion *conversion, struct sp_mapping_options *options,
                                   struct sp_error *err) SP_MUST_CHECK;

#endif
