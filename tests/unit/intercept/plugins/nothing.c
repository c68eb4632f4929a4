/* SPDX-License-Identifier: Apache-2.0
 * A library that is no plug-in.
 */
int nothing_at_all(void);

int nothing_at_all(void)
{
    return 0;
}
