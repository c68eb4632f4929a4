/* SPDX-License-Identifier: Apache-2.0
 * file_set.h: the files that a generation is made of, as they were at one moment.
 *
 * Reading through a set gives what the set has of a file; what it does not have comes from another set or
 * from the disk, and is kept. So a configuration is loaded and its archives are read through an empty set,
 * and whoever reads through that set afterwards sees the very same bytes, whatever has become of the files.
 * Sets travel between processes by a descriptor that they share. They hold what the files hold, passwords
 * among it.
 */
#ifndef SP_GATEWAY_FILE_SET_H
#define SP_GATEWAY_FILE_SET_H

#include "base/hash.h"
#include "config/config.h"
#include "store/state.h"

/* Kinds of files that travel between processes. */
#define SP_FILE_KINDS "xXrRKkyYsSaAqQt"
#define SP_FILE_SET_MAX ((size_t)1 << 30) /* bytes of a set */
#define SP_FILE_SET_FILES_MAX 100000u     /* files and directories of it */

enum sp_file_kind {
    SP_FILE_CONFIG = 'x',      /* server.xml, what it includes, variables */
    SP_FILE_CONFIG_LIST = 'X', /* a directory of such files */
    SP_FILE_RULES = 'r',       /* of a policy with updateTrigger polled, mbean, disabled */
    SP_FILE_RULES_ASKED = 'R',
    SP_FILE_RULES_KEPT = 'K',
    SP_FILE_KEYS = 'k', /* a key store, the same; only its stamp: a worker need not be able to read it */
    SP_FILE_KEYS_ASKED = 'y',
    SP_FILE_KEYS_KEPT = 'Y',
    SP_FILE_SERVICE = 's',
    SP_FILE_SERVICE_LIST = 'S',
    SP_FILE_API = 'a',
    SP_FILE_API_LIST = 'A',
    SP_FILE_REQUESTER = 'q',
    SP_FILE_REQUESTER_LIST = 'Q',
    SP_FILE_STATE = 't', /* of archives: what is stopped (store/state.h) */
};

/* Kinds that change together. */
enum sp_file_domain {
    SP_FILES_OF_CONFIG = 1,
    SP_FILES_OF_SERVICES = 2,
    SP_FILES_OF_APIS = 4,
    SP_FILES_POLLED = 8, /* rules and key stores that say so */
    SP_FILES_ASKED = 16, /* those that are looked at by command */
    SP_FILES_KEPT = 32,  /* those that are never read anew */
    SP_FILES_OF_REQUESTERS = 64,
    SP_FILES_OF_STATE = 128,
    SP_FILES_ALL = 31 | 64 | 128,
};
enum sp_file_domain sp_file_domain(enum sp_file_kind kind);

/* By what a change is noticed; all zeros when there is no such file. */
struct sp_file_stamp {
    uint64_t device, inode, size;
    int64_t modified_ns, changed_ns;
};

struct sp_file {
    enum sp_file_kind kind;
    struct sp_str path;
    enum sp_status status;
    /* The bytes; of a list the names, each with a NUL behind it; else the error's text. Of an archive of a
     * set that was fetched: ptr NULL, sp_file_set_content has them. */
    struct sp_str content;
    uint64_t at; /* such an archive: where its bytes are */
    struct sp_file_stamp stamp;
    char checksum[SP_STORE_CHECKSUM_BYTES + 1]; /* of an archive that could be read; else empty */
    struct sp_str key;                          /* kind and path */
    struct sp_file *next;
};

struct sp_file_set {
    struct sp_arena arena;
    struct sp_hash index; /* key -> struct sp_file */
    struct sp_file *first, *last;
    const struct sp_file_set *base; /* NULL: none */
    unsigned from_base;             /* enum sp_file_domain */
    struct sp_str noted;            /* the file that is read next, when it has a kind of its own */
    enum sp_file_kind noted_kind;
    struct sp_config_files reader;
    size_t bytes;    /* of all contents */
    int archives_fd; /* where archives are that are not in memory; -1: nowhere */
    bool broken;     /* an archive was not there when it was asked for */
};

/* What belongs to the domains `from_base` is taken from `base`, as far as it is there; `base` must then live
 * as long as the set is read through. SP_ENOMEM. */
enum sp_status sp_file_set_new(const struct sp_file_set *base, unsigned from_base,
                               struct sp_file_set **ret_set) SP_MUST_CHECK;
/* Wipes it. Accepts NULL. */
void sp_file_set_free(struct sp_file_set *set);

/* For sp_config_options: reads through the set. */
const struct sp_config_files *sp_file_set_reader(struct sp_file_set *set);
/* As sp_archive_files_list and sp_archive_file_read, through the set; `set` NULL: from the disk. What is
 * returned lives in the set, or in the arena. */
enum sp_status sp_file_set_list_archives(struct sp_file_set *set, enum sp_file_kind kind,
                                         struct sp_str directory, const char *suffix, struct sp_arena *arena,
                                         const struct sp_str **ret_paths, size_t *ret_count,
                                         struct sp_error *err) SP_MUST_CHECK;
/* The bytes of an archive too, which may have to be fetched into the arena. */
enum sp_status sp_file_set_read_archive(struct sp_file_set *set, enum sp_file_kind kind, struct sp_str path,
                                        struct sp_arena *arena, struct sp_str *ret_bytes,
                                        struct sp_error *err) SP_MUST_CHECK;
/* What the set knows of the file; without a set it is made in the arena. */
enum sp_status sp_file_set_open_archive(struct sp_file_set *set, enum sp_file_kind kind, struct sp_str path,
                                        struct sp_arena *arena, const struct sp_file **ret_file,
                                        struct sp_error *err) SP_MUST_CHECK;
/* Its contents, in the set or in the arena. SP_EPROTO: they are gone, and the set is broken: it is that of an
 * earlier generation. `set` NULL: for a file made without one. */
enum sp_status sp_file_set_content(struct sp_file_set *set, const struct sp_file *file,
                                   struct sp_arena *arena, struct sp_str *ret_bytes,
                                   struct sp_error *err) SP_MUST_CHECK;
/* Where the state of a configuration's archives is kept. In the arena; ptr NULL without memory. */
struct sp_str sp_file_set_state_path(const struct sp_config *config, struct sp_arena *arena);
/* The state's text through the set; empty when there is no such file. */
enum sp_status sp_file_set_read_state(struct sp_file_set *set, const struct sp_config *config,
                                      struct sp_arena *arena, struct sp_str *ret_text,
                                      struct sp_error *err) SP_MUST_CHECK;
/* What a set has of a file, or NULL; it is not read. */
const struct sp_file *sp_file_set_find(const struct sp_file_set *set, enum sp_file_kind kind,
                                       struct sp_str path);
/* Let the set have these contents of a file, whatever is on the disk; before it is read through. Copied.
 * SP_EEXISTS, SP_ELIMIT. */
enum sp_status sp_file_set_put(struct sp_file_set *set, enum sp_file_kind kind, struct sp_str path,
                               struct sp_str content, const struct sp_file_stamp *stamp,
                               struct sp_error *err) SP_MUST_CHECK;
/* A file's stamp, after the file was put in its place. */
void sp_file_set_restamp(struct sp_file_set *set, enum sp_file_kind kind, struct sp_str path,
                         const struct sp_file_stamp *stamp);
/* Read all archives of a configuration, and their state, through the set. What cannot be read is kept as
 * such. SP_ELIMIT when the set is full. */
enum sp_status sp_file_set_take_archives(struct sp_file_set *set, const struct sp_config *config,
                                         struct sp_error *err) SP_MUST_CHECK;

/* Same files with the same contents; the contents of key stores are not known. */
bool sp_file_set_equal(const struct sp_file_set *a, const struct sp_file_set *b);
/* A key store of `now` whose file is there and is another one, or another version, than in `before`; ptr
 * NULL: none. */
struct sp_str sp_file_set_changed_key_store(const struct sp_file_set *before, const struct sp_file_set *now);
/* What a stamp would be now. */
struct sp_file_stamp sp_file_stamp_now(struct sp_str path);
bool sp_file_stamp_equal(const struct sp_file_stamp *a, const struct sp_file_stamp *b);
/* Whether no file of the domains has changed since it was read. */
bool sp_file_set_fresh(const struct sp_file_set *set, unsigned domains);

/* Into a descriptor from its beginning, and back; both leave its position alone. The bytes of archives are
 * put behind each other into another descriptor, unless they are there already, and stay there: a change
 * writes and reads what it brings. SP_EPROTO: what is there is no whole set. */
enum sp_status sp_file_set_store(struct sp_file_set *set, int fd, int archives_fd,
                                 struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_file_set_fetch(int fd, int archives_fd, struct sp_file_set **ret_set,
                                 struct sp_error *err) SP_MUST_CHECK;
/* Give back what archives of `old` take that neither of two others has. */
void sp_file_set_drop(const struct sp_file_set *old, const struct sp_file_set *a, const struct sp_file_set *b,
                      int archives_fd);

#endif
