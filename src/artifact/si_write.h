/* SPDX-License-Identifier: Apache-2.0
 * si_write.h: a layout as a service interface file (.si).
 */
#ifndef SP_ARTIFACT_SI_WRITE_H
#define SP_ARTIFACT_SI_WRITE_H

#include "artifact/layout.h"
#include "base/buf.h"

/* Append the XML of a finished layout. Slack inside the elements of arrays, where the file has no positions,
 * becomes hidden fields SLACK_n. A record that is neither COMMAREA nor channel gets serviceType RECORD
 * (si.h). The buffer's mark tells whether all fitted. */
void sp_si_write(const struct sp_interface *interface, struct sp_buf *buf);

/* Text with what XML reserves, and control characters that attributes would lose, as references; characters
 * that XML does not have become blanks. */
void sp_xml_escape(struct sp_str text, struct sp_buf *buf);

#endif
