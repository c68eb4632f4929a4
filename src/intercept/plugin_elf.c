/* SPDX-License-Identifier: Apache-2.0
 * Whether the file of a library is whole, and for this machine.
 *
 * The loader of the C library maps what the program headers say, and the process dies of the first byte
 * behind the end of a file that was cut, as one is that is being copied.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include "intercept/message.h"
#include "intercept/plugin_internal.h"

#define PROGRAM_HEADERS_MAX 128u

static bool read_at(int fd, void *buffer, size_t bytes, uint64_t offset)
{
    return pread(fd, buffer, bytes, (off_t)offset) == (ssize_t)bytes;
}

static bool is_library(const ElfW(Ehdr) * header)
{
    return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 && header->e_type == ET_DYN &&
           header->e_phentsize == sizeof(ElfW(Phdr)) && header->e_phnum <= PROGRAM_HEADERS_MAX;
}

/* This program's own header is the measure. */
static bool is_of_this_machine(const ElfW(Ehdr) * header)
{
    ElfW(Ehdr) own;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true;
    bool same = !read_at(fd, &own, sizeof own, 0) ||
                (own.e_machine == header->e_machine &&
                 memcmp(own.e_ident + EI_CLASS, header->e_ident + EI_CLASS, 2) == 0);
    close(fd);
    return same;
}

static bool is_whole(int fd, const ElfW(Ehdr) * header, uint64_t size)
{
    ElfW(Phdr) programs[PROGRAM_HEADERS_MAX];
    if (!read_at(fd, programs, header->e_phnum * sizeof programs[0], header->e_phoff))
        return false;
    for (size_t i = 0; i < header->e_phnum; i++)
        if (programs[i].p_type == PT_LOAD &&
            (programs[i].p_offset > size || programs[i].p_filesz > size - programs[i].p_offset))
            return false;
    return true;
}

enum sp_status sp_plugin_check_library(const char *path, struct sp_error *err)
{
    ElfW(Ehdr) header;
    struct stat found;
    const char *wrong = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &found) != 0) {
        enum sp_status status = sp_error_errno(err, SP_EIO, errno, "it cannot be loaded: %s", path);
        if (fd >= 0)
            close(fd);
        return status;
    }
    if (!read_at(fd, &header, sizeof header, 0) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        wrong = "is not a shared library";
    else if (!is_of_this_machine(&header))
        wrong = "was made for another machine than this one";
    else if (!is_library(&header))
        wrong = "is not a shared library";
    else if (!is_whole(fd, &header, (uint64_t)found.st_size))
        wrong = "is not all there: it ends before what it says it holds";
    close(fd);
    return wrong ? sp_error_set(err, SP_EINVAL, SP_MSG_PLUGIN_REFUSED, "it cannot be loaded: %s %s", path,
                                wrong)
                 : SP_OK;
}
