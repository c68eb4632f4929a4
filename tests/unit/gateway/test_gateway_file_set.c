/* SPDX-License-Identifier: Apache-2.0
 * Files of one moment: what a set has seen it keeps, hands on, and knows to be fresh or not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/file_set_internal.h"

static char base[] = "/tmp/sallyport-files-XXXXXX";
static struct sp_file_set *set, *other;
static struct sp_error err;

static struct sp_str path_of(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", base, name);
    return sp_str_of(path);
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name).ptr, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void remove_file(const char *name)
{
    assert_int_equal(unlink(path_of(name).ptr), 0);
}

static struct sp_file_set *new_set(const struct sp_file_set *from, unsigned domains)
{
    struct sp_file_set *made = NULL;
    assert_int_equal(sp_file_set_new(from, domains, &made), SP_OK);
    return made;
}

/* What a reader of configuration files gets; static. */
static const char *read_through(struct sp_file_set *from, const char *name)
{
    static char text[256];
    const struct sp_config_files *files = sp_file_set_reader(from);
    struct sp_buf buf;
    sp_buf_init(&buf, 200);
    sp_error_clear(&err);
    enum sp_status status = files->read(files->arg, path_of(name), &buf, &err);
    snprintf(text, sizeof text, "%.*s", status == SP_OK ? (int)buf.len : 4,
             status == SP_OK ? (const char *)buf.ptr : "none");
    sp_buf_finish(&buf);
    return text;
}

static int begin(void **state)
{
    snprintf(base, sizeof base, "/tmp/sallyport-files-XXXXXX");
    assert_non_null(mkdtemp(base));
    set = new_set(NULL, 0);
    other = NULL;
    err = (struct sp_error)SP_ERROR_INIT;
    return 0;
}

static int end(void **state)
{
    char command[128];
    sp_file_set_free(set);
    sp_file_set_free(other);
    snprintf(command, sizeof command, "rm -rf '%s'", base);
    return system(command);
}

static void what_was_read_once_stays_as_it_was(void **state)
{
    write_file("a", "one");
    assert_string_equal(read_through(set, "a"), "one");
    assert_string_equal(read_through(set, "b"), "none");
    assert_true(sp_file_set_fresh(set, SP_FILES_ALL));
    write_file("a", "another");
    write_file("b", "new");
    assert_string_equal(read_through(set, "a"), "one");
    assert_string_equal(read_through(set, "b"), "none");
    assert_true(err.status == SP_ENOTFOUND);
    assert_false(sp_file_set_fresh(set, SP_FILES_OF_CONFIG));
    assert_true(sp_file_set_fresh(set, SP_FILES_OF_APIS)); /* they are not of that domain */
}

static void directories_are_kept_too(void **state)
{
    const struct sp_config_files *files = sp_file_set_reader(set);
    struct sp_buf names;
    write_file("x.xml", "");
    for (int i = 0; i < 2; i++) {
        sp_buf_init(&names, 200);
        assert_int_equal(files->list(files->arg, sp_str_of(base), &names, &err), SP_OK);
        assert_int_equal(names.len, sizeof "x.xml");
        sp_buf_finish(&names);
        write_file("y.xml", "");
    }
    assert_false(sp_file_set_fresh(set, SP_FILES_ALL));
}

static void only_domains_that_are_read_anew_see_changes(void **state)
{
    struct sp_arena arena;
    struct sp_str bytes;
    sp_arena_init(&arena, 1 << 20);
    write_file("server.xml", "old");
    write_file("a.aar", "old");
    read_through(set, "server.xml");
    assert_int_equal(sp_file_set_read_archive(set, SP_FILE_API, path_of("a.aar"), &arena, &bytes, &err),
                     SP_OK);
    write_file("server.xml", "new");
    write_file("a.aar", "new");
    other = new_set(set, SP_FILES_OF_APIS);
    assert_string_equal(read_through(other, "server.xml"), "new");
    assert_int_equal(sp_file_set_read_archive(other, SP_FILE_API, path_of("a.aar"), &arena, &bytes, &err),
                     SP_OK);
    assert_true(sp_str_is(bytes, "old"));
    assert_false(sp_file_set_equal(set, other));
    sp_arena_finish(&arena);
}

static void equal_sets_have_the_same_files_with_the_same_contents(void **state)
{
    write_file("a", "one");
    read_through(set, "a");
    other = new_set(NULL, 0);
    assert_false(sp_file_set_equal(set, other));
    assert_false(sp_file_set_equal(other, set));
    write_file("a", "one"); /* touched only */
    read_through(other, "a");
    assert_true(sp_file_set_equal(set, other));
    read_through(other, "b");
    assert_false(sp_file_set_equal(set, other)); /* one that is not there is a file, too */
    write_file("b", "");
    read_through(set, "b");
    assert_false(sp_file_set_equal(set, other)); /* an empty file is not a missing one */
}

static void note(struct sp_file_set *to, const char *name, unsigned trigger)
{
    const struct sp_config_files *files = sp_file_set_reader(to);
    files->note(files->arg, path_of(name), trigger, true);
}

static void a_key_store_is_known_by_its_stamp_alone(void **state)
{
    write_file("key", "secret");
    note(set, "key", SP_CFG_POLLED);
    note(set, "absent", SP_CFG_POLLED);
    for (const struct sp_file *file = set->first; file; file = file->next)
        assert_int_equal(file->content.len, 0);
    other = new_set(set, 0);
    note(other, "key", SP_CFG_POLLED);
    note(other, "absent", SP_CFG_POLLED);
    assert_null(sp_file_set_changed_key_store(set, other).ptr);
    sp_file_set_free(other);
    write_file("key", "another secret");
    other = new_set(set, 0);
    note(other, "key", SP_CFG_POLLED);
    assert_string_equal(sp_file_set_changed_key_store(set, other).ptr, path_of("key").ptr);
    sp_file_set_free(other);
    /* One that went away cannot be taken over. */
    remove_file("key");
    other = new_set(set, 0);
    note(other, "key", SP_CFG_POLLED);
    assert_null(sp_file_set_changed_key_store(set, other).ptr);
}

static void triggers_of_their_own_decide_when_files_are_read_anew(void **state)
{
    static const struct {
        unsigned trigger;
        bool by_itself, by_command;
    } cases[] = {{SP_CFG_POLLED, true, true}, {SP_CFG_MBEAN, false, true}, {SP_CFG_DISABLED, false, false}};
    for (size_t i = 0; i < 3; i++) {
        write_file("key", "secret");
        note(set, "key", cases[i].trigger);
        write_file("key", "another secret");
        const unsigned domains[] = {SP_FILES_POLLED, SP_FILES_ALL};
        for (int command = 0; command < 2; command++) {
            other = new_set(set, (SP_FILES_ALL | SP_FILES_KEPT) & ~domains[command]);
            note(other, "key", cases[i].trigger);
            bool seen = sp_file_set_changed_key_store(set, other).ptr != NULL;
            assert_int_equal(seen, command ? cases[i].by_command : cases[i].by_itself);
            sp_file_set_free(other);
            other = NULL;
        }
        sp_file_set_free(set);
        set = new_set(NULL, 0);
    }
}

/* ---------------------------------------------------------------- between processes */

static int archives; /* what archives are put into */

static int stored(void)
{
    int fd = memfd_create("test", 0);
    archives = memfd_create("archives", 0);
    write_file("a", "one");
    write_file("empty", "");
    write_file("key", "secret");
    read_through(set, "a");
    read_through(set, "empty");
    read_through(set, "absent");
    note(set, "key", SP_CFG_MBEAN);
    assert_true(fd >= 0);
    assert_int_equal(sp_file_set_store(set, fd, archives, &err), SP_OK);
    return fd;
}

static void a_set_travels_whole(void **state)
{
    int fd = stored();
    remove_file("a");
    assert_int_equal(sp_file_set_fetch(fd, archives, &other, &err), SP_OK);
    assert_true(sp_file_set_equal(set, other));
    assert_string_equal(read_through(other, "a"), "one");
    assert_string_equal(read_through(other, "empty"), "");
    assert_string_equal(read_through(other, "absent"), "none");
    assert_int_equal(err.status, SP_ENOTFOUND);
    assert_false(sp_file_set_fresh(other, SP_FILES_ALL));
    /* A shorter one after a longer one leaves nothing behind. */
    struct sp_file_set *small = new_set(NULL, 0), *back = NULL;
    assert_int_equal(sp_file_set_store(small, fd, archives, &err), SP_OK);
    assert_int_equal(sp_file_set_fetch(fd, archives, &back, &err), SP_OK);
    assert_null(back->first);
    sp_file_set_free(small);
    sp_file_set_free(back);
    close(fd);
    close(archives);
}

static void what_is_not_a_whole_set_is_refused(void **state)
{
    int fd = stored();
    struct stat st;
    unsigned char byte;
    fstat(fd, &st);
    for (off_t at = 0; at < st.st_size; at++) {
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        unsigned char wrong = byte ^ 0x20;
        assert_int_equal(pwrite(fd, &wrong, 1, at), 1);
        assert_int_equal(sp_file_set_fetch(fd, archives, &other, &err), SP_EPROTO);
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    }
    assert_int_equal(sp_file_set_fetch(fd, archives, &other, &err), SP_OK);
    sp_file_set_free(other);
    other = NULL;
    for (off_t size = st.st_size - 1; size >= 0; size--) {
        assert_int_equal(ftruncate(fd, size), 0);
        assert_int_equal(sp_file_set_fetch(fd, archives, &other, &err), SP_EPROTO);
    }
    close(fd);
    close(archives);
}

static void open_archive(struct sp_file_set *from, const char *name, struct sp_arena *arena)
{
    const struct sp_file *file;
    assert_int_equal(sp_file_set_open_archive(from, SP_FILE_API, path_of(name), arena, &file, &err), SP_OK);
}

static off_t blocks(int fd)
{
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    return st.st_blocks * 512;
}

static void archives_are_written_once_and_read_when_they_are_asked_for(void **state)
{
    struct sp_arena arena;
    struct sp_str bytes;
    struct stat before, after;
    sp_arena_init(&arena, 1 << 20);
    write_file("a.aar", "first");
    write_file("b.aar", "second");
    open_archive(set, "a.aar", &arena);
    open_archive(set, "b.aar", &arena);
    int fd = stored(), next = memfd_create("next", 0);
    remove_file("a.aar");
    assert_int_equal(sp_file_set_fetch(fd, archives, &other, &err), SP_OK);
    assert_true(sp_file_set_equal(set, other));
    for (const struct sp_file *file = other->first; file; file = file->next)
        assert_true(file->kind != SP_FILE_API || (!file->content.ptr && file->content.len));
    assert_int_equal(sp_file_set_read_archive(other, SP_FILE_API, path_of("a.aar"), &arena, &bytes, &err),
                     SP_OK);
    assert_true(sp_str_is(bytes, "first"));
    /* A set made of it writes what is new. */
    struct sp_file_set *changed = new_set(other, ~0u), *back = NULL;
    const struct sp_file_stamp stamp = {0};
    assert_int_equal(sp_file_set_put(changed, SP_FILE_API, path_of("c.aar"), SP_STR("third"), &stamp, &err),
                     SP_OK);
    open_archive(changed, "b.aar", &arena);
    fstat(archives, &before);
    assert_int_equal(sp_file_set_store(changed, next, archives, &err), SP_OK);
    fstat(archives, &after);
    assert_int_equal(after.st_size, 4096 + 5);
    assert_true(before.st_size == 11);
    assert_int_equal(sp_file_set_fetch(next, archives, &back, &err), SP_OK);
    assert_int_equal(sp_file_set_read_archive(back, SP_FILE_API, path_of("c.aar"), &arena, &bytes, &err),
                     SP_OK);
    assert_true(sp_str_is(bytes, "third"));
    assert_int_equal(sp_file_set_read_archive(back, SP_FILE_API, path_of("b.aar"), &arena, &bytes, &err),
                     SP_OK);
    assert_true(sp_str_is(bytes, "second"));
    sp_file_set_free(changed);
    sp_file_set_free(back);
    close(fd);
    close(next);
    close(archives);
    sp_arena_finish(&arena);
}

static void an_archive_that_is_gone_breaks_the_set(void **state)
{
    struct sp_arena arena;
    struct sp_str bytes;
    sp_arena_init(&arena, 1 << 20);
    write_file("a.aar", "first");
    open_archive(set, "a.aar", &arena);
    int fd = stored();
    assert_int_equal(sp_file_set_fetch(fd, archives, &other, &err), SP_OK);
    assert_int_equal(pwrite(archives, "x", 1, 2), 1);
    assert_false(other->broken);
    assert_int_equal(sp_file_set_read_archive(other, SP_FILE_API, path_of("a.aar"), &arena, &bytes, &err),
                     SP_EPROTO);
    assert_true(other->broken);
    assert_int_equal(ftruncate(archives, 3), 0);
    assert_int_equal(sp_file_set_read_archive(other, SP_FILE_API, path_of("a.aar"), &arena, &bytes, &err),
                     SP_EPROTO);
    close(fd);
    close(archives);
    sp_arena_finish(&arena);
}

/* Each replaces the one before, as updates do: the memory does not grow. */
static void what_no_generation_needs_is_given_back(void **state)
{
    enum { BIG = 10000, TURNS = 50 };
    static char text[BIG + 1];
    struct sp_arena arena;
    struct sp_str bytes;
    sp_arena_init(&arena, 4 << 20);
    int fds[2] = {memfd_create("one", 0), memfd_create("two", 0)};
    archives = memfd_create("archives", 0);
    write_file("kept.aar", "kept");
    for (int turn = 0; turn < TURNS; turn++) {
        struct sp_file_set *present = turn ? NULL : new_set(NULL, 0), *old = NULL;
        if (turn)
            assert_int_equal(sp_file_set_fetch(fds[(turn - 1) % 2], archives, &present, &err), SP_OK);
        struct sp_file_set *next = new_set(present, ~0u);
        const struct sp_file_stamp stamp = {0};
        memset(text, 'a' + turn % 26, BIG);
        assert_int_equal(sp_file_set_put(next, SP_FILE_API, path_of("a.aar"), sp_str_of(text), &stamp, &err),
                         SP_OK);
        open_archive(next, "kept.aar", &arena);
        if (sp_file_set_fetch(fds[turn % 2], archives, &old, &err) == SP_OK)
            sp_file_set_drop(old, present, next, archives);
        assert_int_equal(sp_file_set_store(next, fds[turn % 2], archives, &err), SP_OK);
        sp_file_set_free(old);
        sp_file_set_free(next);
        sp_file_set_free(present);
        assert_true(blocks(archives) <= 12 * 4096);
    }
    assert_int_equal(sp_file_set_fetch(fds[(TURNS - 1) % 2], archives, &other, &err), SP_OK);
    assert_int_equal(sp_file_set_read_archive(other, SP_FILE_API, path_of("kept.aar"), &arena, &bytes, &err),
                     SP_OK);
    assert_true(sp_str_is(bytes, "kept"));
    assert_int_equal(sp_file_set_read_archive(other, SP_FILE_API, path_of("a.aar"), &arena, &bytes, &err),
                     SP_OK);
    assert_int_equal(bytes.len, BIG);
    close(fds[0]);
    close(fds[1]);
    close(archives);
    sp_arena_finish(&arena);
}

static void a_reader_has_its_own_ceiling(void **state)
{
    struct sp_buf buf;
    const struct sp_config_files *files = sp_file_set_reader(set);
    write_file("a", "12345");
    for (size_t room = 4; room <= 5; room++) {
        sp_buf_init(&buf, room);
        assert_int_equal(files->read(files->arg, path_of("a"), &buf, &err), room == 5 ? SP_OK : SP_ELIMIT);
        sp_buf_finish(&buf);
    }
}

static void an_archive_at_the_limit_fits_and_one_byte_more_does_not(void **state)
{
    struct sp_arena arena;
    struct sp_str bytes;
    sp_arena_init(&arena, 1 << 20);
    for (int more = 0; more < 2; more++) {
        const char *name = more ? "b.aar" : "a.aar";
        write_file(name, "");
        assert_int_equal(truncate(path_of(name).ptr, 64 * 1024 * 1024 + more), 0);
        enum sp_status status =
            sp_file_set_read_archive(set, SP_FILE_API, path_of(name), &arena, &bytes, &err);
        assert_int_equal(status, more ? SP_ELIMIT : SP_OK);
    }
    sp_arena_finish(&arena);
}

static void a_set_has_a_ceiling_for_all_contents(void **state)
{
    struct sp_file file = {.kind = SP_FILE_API, .content = {NULL, SP_FILE_SET_MAX - 5}};
    memset(file.checksum, 'a', SP_STORE_CHECKSUM_BYTES);
    assert_non_null(sp_file_set_add(set, &file, path_of("a.aar")));
    const struct sp_file_stamp stamp = {0};
    assert_int_equal(sp_file_set_put(set, SP_FILE_API, path_of("b.aar"), SP_STR("123456"), &stamp, &err),
                     SP_ELIMIT);
    assert_int_equal(sp_file_set_put(set, SP_FILE_API, path_of("b.aar"), SP_STR("12345"), &stamp, &err),
                     SP_OK);
    assert_int_equal(sp_file_set_put(set, SP_FILE_API, path_of("c.aar"), SP_STR("1"), &stamp, &err),
                     SP_ELIMIT);
}

static void a_set_has_a_ceiling_for_the_number_of_files(void **state)
{
    const struct sp_file_stamp stamp = {0};
    char name[32];
    for (unsigned i = 0; i <= SP_FILE_SET_FILES_MAX; i++) {
        snprintf(name, sizeof name, "%u.aar", i);
        enum sp_status status =
            sp_file_set_put(set, SP_FILE_SERVICE_LIST, sp_str_of(name), SP_STR(""), &stamp, &err);
        if (status != (i < SP_FILE_SET_FILES_MAX ? SP_OK : SP_ELIMIT))
            fail_msg("file %u: %s", i, err.text);
    }
    assert_string_equal(err.text,
                        "configuration and archives need more than 1024 MiB of memory, or are more than "
                        "100000 files");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_read_once_stays_as_it_was),
        TEST(directories_are_kept_too),
        TEST(only_domains_that_are_read_anew_see_changes),
        TEST(equal_sets_have_the_same_files_with_the_same_contents),
        TEST(a_key_store_is_known_by_its_stamp_alone),
        TEST(triggers_of_their_own_decide_when_files_are_read_anew),
        TEST(a_set_travels_whole),
        TEST(what_is_not_a_whole_set_is_refused),
        TEST(archives_are_written_once_and_read_when_they_are_asked_for),
        TEST(a_set_has_a_ceiling_for_the_number_of_files),
        TEST(an_archive_that_is_gone_breaks_the_set),
        TEST(what_no_generation_needs_is_given_back),
        TEST(a_reader_has_its_own_ceiling),
        TEST(a_set_has_a_ceiling_for_all_contents),
        TEST(an_archive_at_the_limit_fits_and_one_byte_more_does_not),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("gateway_file_set", tests, NULL, NULL);
}
