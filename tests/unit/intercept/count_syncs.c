/* SPDX-License-Identifier: Apache-2.0
 * Loaded before the C library by test_smf_durability.c: each time a process asks for the disk to have a file,
 * a byte is added to the file that COUNT_SYNCS names.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void note(void)
{
    const char *path = getenv("COUNT_SYNCS");
    int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        return;
    if (write(fd, "s", 1) != 1)
        abort();
    close(fd);
}

__attribute__((visibility("default"))) int fdatasync(int fd)
{
    note();
    return (int)syscall(SYS_fdatasync, fd);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
    note();
    return (int)syscall(SYS_fsync, fd);
}
