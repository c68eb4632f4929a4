/* SPDX-License-Identifier: Apache-2.0
 * bench_config: a server.xml of 10000 elements over 200 included files, read and checked; and 1000 APIs'
 * elements.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "memory_files.h"

#define INCLUDES 200
#define ELEMENTS 50 /* of each included file */
#define APIS 1000
#define ROUNDS 5

static struct memory_files tree;
static struct sp_buf texts[INCLUDES + 1];

static void make_include(unsigned number, struct sp_buf *text)
{
    sp_buf_init(text, 1 << 20);
    sp_buf_append_str(text, SP_STR("<server>\n"));
    for (unsigned i = 0; i < ELEMENTS; i++) {
        unsigned id = number * ELEMENTS + i;
        if (i % 2)
            sp_buf_printf(text,
                          "  <zosconnect_cicsIpicConnection id=\"c%u\" host=\"${host}\" port=\"%u\"/>\n", id,
                          1000 + id % 60000);
        else
            sp_buf_printf(text, "  <httpOptions id=\"o%u\" readTimeout=\"%us\" keepAliveEnabled=\"true\"/>\n",
                          id, i);
    }
    sp_buf_append_str(text, SP_STR("</server>\n"));
}

static void make_tree(void)
{
    static char paths[INCLUDES][64];
    struct sp_buf *main_text = &texts[INCLUDES];
    memory_files_init(&tree);
    sp_buf_init(main_text, 1 << 20);
    sp_buf_append_str(main_text, SP_STR("<server>\n<variable name=\"host\" value=\"cics.example.com\"/>\n"));
    for (unsigned i = 0; i < INCLUDES; i++) {
        make_include(i, &texts[i]);
        snprintf(paths[i], sizeof paths[i], "/u/servers/s/inc/%03u.xml", i);
        memory_files_add(&tree, sp_str_of(paths[i]), sp_buf_str(&texts[i]));
        sp_buf_printf(main_text, "<include location=\"inc/%03u.xml\"/>\n", i);
    }
    sp_buf_append_str(main_text, SP_STR("<zosconnect_zosConnectAPIs>\n"));
    for (unsigned i = 0; i < APIS; i++)
        sp_buf_printf(main_text, "<zosConnectAPI name=\"api%u\" requireAuth=\"true\" invokeGroup=\"G%u\"/>\n",
                      i, i);
    sp_buf_append_str(main_text, SP_STR("</zosconnect_zosConnectAPIs>\n</server>\n"));
    memory_files_add(&tree, SP_STR("/u/servers/s/server.xml"), sp_buf_str(main_text));
}

static int64_t load_once(void)
{
    static const char *const environment[] = {NULL};
    struct sp_config_options options = {
        .config_dir = "/u/servers/s", .files = &tree.interface, .environment = environment};
    struct sp_problems problems;
    struct sp_config *config = NULL;
    struct sp_error err = SP_ERROR_INIT;
    int64_t start = sp_clock_monotonic_us();
    sp_problems_init(&problems);
    if (sp_config_load(&options, &problems, &config, &err) != SP_OK) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    int64_t spent = sp_clock_monotonic_us() - start;
    if (config->cics_connection_count != INCLUDES * ELEMENTS / 2 || config->apis.item_count != APIS)
        exit(1);
    sp_config_free(config);
    sp_problems_finish(&problems);
    return spent;
}

int main(void)
{
    struct rusage usage;
    int64_t best = INT64_MAX;
    make_tree();
    for (int i = 0; i < ROUNDS; i++) {
        int64_t spent = load_once();
        best = spent < best ? spent : best;
    }
    getrusage(RUSAGE_SELF, &usage);
    printf("config: %d elements in %d files and %d items of APIs: %lld ms (best of %d), %ld MiB at most\n",
           INCLUDES * ELEMENTS, INCLUDES, APIS, (long long)(best / 1000), ROUNDS, usage.ru_maxrss / 1024);
    for (int i = 0; i <= INCLUDES; i++)
        sp_buf_finish(&texts[i]);
    return 0;
}
