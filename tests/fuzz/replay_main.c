/* SPDX-License-Identifier: Apache-2.0
 * replay_main.c: runs a fuzz target over its corpus, one TAP line a file, where libFuzzer is not linked.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return -1;
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    /* Exactly as long as the file, so that a sanitizer sees the first byte read beyond it. */
    uint8_t *data = size >= 0 ? malloc(size ? (size_t)size : 1) : NULL;
    int result = -1;
    if (data && fread(data, 1, (size_t)size, file) == (size_t)size)
        result = LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
    fclose(file);
    return result;
}

static int is_file_name(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
        return 2;
    }
    struct dirent **entries;
    int count = scandir(argv[1], &entries, is_file_name, alphasort);
    if (count <= 0) {
        fprintf(stderr, "%s: no corpus in %s\n", argv[0], argv[1]);
        return 1;
    }
    int failures = 0;
    printf("1..%d\n", count);
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], entries[i]->d_name);
        int result = replay(path);
        failures += result != 0;
        printf("%s %d - %s\n", result == 0 ? "ok" : "not ok", i + 1, entries[i]->d_name);
        fflush(stdout);
        free(entries[i]);
    }
    free(entries);
    return failures ? 1 : 0;
}
