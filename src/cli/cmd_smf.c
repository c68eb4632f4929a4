/* SPDX-License-Identifier: Apache-2.0
 * sallyport smf: what the audit wrote.
 */
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/smf_report.h"
#include "intercept/smf/print.h"

#define DEFAULT_CCSID 1047u
#define PRINTED_MAX (16u * 1024u * 1024u) /* of one record */

enum form { FORM_TEXT, FORM_JSON, FORM_CSV };

struct invocation {
    struct sp_smf_input input;
    struct sp_smf_filter filter;
    enum form form;
    struct sp_buf buf;
    struct sp_smf_summary summary;
    struct sp_smf_verify verify;
};

/* ---------------------------------------------------------------- what is done with a record */

static bool takes(const struct invocation *call, const struct sp_smf_record *record, size_t index,
                  struct sp_smf_view *ret_view)
{
    sp_smf_view_of(record, index, ret_view);
    return sp_smf_filter_takes(&call->filter, ret_view);
}

/* The record whole, when one of its items is wanted. */
static bool dump(void *arg, const struct sp_smf_record *record, struct sp_str bytes, size_t offset)
{
    struct invocation *call = arg;
    struct sp_json_writer writer;
    struct sp_smf_view view;
    bool wanted = record->item_count == 0;
    for (size_t i = 0; i < record->item_count && !wanted; i++)
        wanted = takes(call, record, i, &view);
    if (!wanted)
        return true;
    sp_buf_reset(&call->buf);
    if (call->form == FORM_JSON) {
        sp_json_writer_init(&writer, &call->buf, 0);
        sp_smf_print_json(record, &writer);
        sp_buf_append_byte(&call->buf, '\n');
    } else {
        sp_smf_print_text(record, &call->buf);
    }
    return fwrite(call->buf.ptr, 1, call->buf.len, stdout) == call->buf.len;
}

static bool print_items(void *arg, const struct sp_smf_record *record, struct sp_str bytes, size_t offset)
{
    struct invocation *call = arg;
    struct sp_smf_view view;
    for (size_t i = 0; i < record->item_count; i++) {
        if (!takes(call, record, i, &view))
            continue;
        if (call->form == FORM_CSV)
            sp_smf_csv_line(record, i);
        else if (call->form == FORM_JSON)
            sp_smf_json_line(record, i);
        else
            sp_smf_text_line(&view);
    }
    return !ferror(stdout);
}

static bool verify(void *arg, const struct sp_smf_record *record, struct sp_str bytes, size_t offset)
{
    struct invocation *call = arg;
    sp_smf_verify_record(&call->verify, record, bytes, offset);
    return true;
}

static void refused(void *arg, const struct sp_error *err, struct sp_str bytes, size_t offset)
{
    struct invocation *call = arg;
    call->verify.problems++;
    printf("offset %zu: %s\n", offset, err->text);
}

static bool summarise(void *arg, const struct sp_smf_record *record, struct sp_str bytes, size_t offset)
{
    struct invocation *call = arg;
    struct sp_smf_view view;
    for (size_t i = 0; i < record->item_count; i++)
        if (takes(call, record, i, &view))
            sp_smf_summary_add(&call->summary, &view);
    return true;
}

/* ---------------------------------------------------------------- actions */

static int run_dump(struct invocation *call)
{
    call->input.record = dump;
    sp_buf_init(&call->buf, PRINTED_MAX);
    int result = sp_smf_input_run(&call->input);
    sp_buf_finish(&call->buf);
    return result;
}

static int run_filter(struct invocation *call)
{
    call->input.record = print_items;
    if (call->form == FORM_CSV)
        sp_smf_csv_head();
    return sp_smf_input_run(&call->input);
}

static int run_follow(struct invocation *call)
{
    call->input.follow = true;
    return run_filter(call);
}

static int run_convert(struct invocation *call)
{
    if (call->form == FORM_TEXT)
        return sp_command_misused(&sp_command_smf, "'convert' wants --to json or --to csv");
    return run_filter(call);
}

static int run_verify(struct invocation *call)
{
    call->input.record = verify;
    call->input.refused = refused;
    int result = sp_smf_input_run(&call->input);
    call->verify.problems += call->input.broken;
    printf("%llu records with %llu sections, %s; %llu problems\n", (unsigned long long)call->verify.records,
           (unsigned long long)call->verify.items,
           call->input.framing == SP_SMF_BLOCKED ? "in blocks" : "without blocks",
           (unsigned long long)call->verify.problems);
    return call->verify.problems ? SP_EXIT_FAILED : result;
}

static int run_summarise(struct invocation *call)
{
    call->input.record = summarise;
    sp_smf_summary_init(&call->summary);
    int result = sp_smf_input_run(&call->input);
    sp_smf_summary_print(&call->summary, call->form == FORM_JSON);
    result = call->summary.failed ? SP_EXIT_FAILED : result;
    sp_smf_summary_finish(&call->summary);
    return result;
}

static const struct {
    const char *name;
    int (*run)(struct invocation *call);
} actions[] = {
    {"dump", run_dump},           {"filter", run_filter}, {"follow", run_follow},
    {"convert", run_convert},     {"verify", run_verify}, {"summarise", run_summarise},
    {"summarize", run_summarise},
};
#define ACTIONS "dump, filter, follow, convert, verify or summarise"

/* ---------------------------------------------------------------- the command line */

enum option_code { JSON = 1, CCSID, FROM, TO_TIME, USER, API, STATUS, TO, ALL };

static const struct option options[] = {{"json", no_argument, NULL, JSON},
                                        {"ccsid", required_argument, NULL, CCSID},
                                        {"from", required_argument, NULL, FROM},
                                        {"until", required_argument, NULL, TO_TIME},
                                        {"user", required_argument, NULL, USER},
                                        {"api", required_argument, NULL, API},
                                        {"status", required_argument, NULL, STATUS},
                                        {"to", required_argument, NULL, TO},
                                        {"all", no_argument, NULL, ALL},
                                        {NULL, 0, NULL, 0}};

/* NULL, or what is wrong with the option. */
static const char *take_filter(struct invocation *call, int option, struct sp_str value)
{
    switch (option) {
    case FROM:
        return sp_smf_time_read(value, &call->filter.from_us) == SP_OK ? NULL
                                                                       : "--from wants 2026-01-31T23:59";
    case TO_TIME:
        return sp_smf_time_read(value, &call->filter.to_us) == SP_OK ? NULL
                                                                     : "--until wants 2026-01-31T23:59";
    case STATUS:
        return sp_smf_status_read(value, &call->filter) == SP_OK ? NULL
                                                                 : "--status wants 404, 4xx or 400-499";
    case USER:
        call->filter.user = value;
        return NULL;
    default:
        call->filter.item = value;
        return NULL;
    }
}

static const char *take_option(struct invocation *call, int option, const char *value)
{
    uint64_t ccsid = 0;
    switch (option) {
    case JSON:
        call->form = FORM_JSON;
        return NULL;
    case ALL:
        call->input.only_new = false;
        return NULL;
    case CCSID:
        if (sp_str_to_u64(sp_str_of(value), &ccsid) != SP_OK || ccsid > UINT16_MAX)
            return "--ccsid wants a number such as 1047 or 37";
        call->input.ccsid = (unsigned)ccsid;
        return NULL;
    case TO:
        if (strcmp(value, "json") != 0 && strcmp(value, "csv") != 0)
            return "--to wants json or csv";
        call->form = value[0] == 'j' ? FORM_JSON : FORM_CSV;
        return NULL;
    case FROM:
    case TO_TIME:
    case USER:
    case API:
    case STATUS:
        return take_filter(call, option, sp_str_of(value));
    default:
        return "an option is wrong";
    }
}

static int run_action(size_t action, int argc, char **argv)
{
    struct invocation call = {.input = {.ccsid = DEFAULT_CCSID, .only_new = true}};
    int option;
    call.input.arg = &call;
    call.input.progress = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);
    optind = 0; /* from the beginning, however often this runs */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        const char *wrong = take_option(&call, option, optarg);
        if (wrong)
            return sp_command_misused(&sp_command_smf, "%s", wrong);
    }
    if (argc - optind != 1)
        return sp_command_misused(&sp_command_smf, "'%s' wants one file", actions[action].name);
    call.input.path = argv[optind];
    if (actions[action].run == run_summarise || actions[action].run == run_verify)
        call.input.progress = isatty(STDERR_FILENO);
    return actions[action].run(&call);
}

static int run(int argc, char **argv)
{
    if (argc < 2)
        return sp_command_misused(&sp_command_smf, "what to do is missing: " ACTIONS);
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        if (strcmp(argv[1], actions[i].name) == 0)
            return run_action(i, argc - 1, argv + 1);
    return sp_command_misused(&sp_command_smf, "'%s' is not known: " ACTIONS, argv[1]);
}

const struct sp_command sp_command_smf = {
    .name = "smf",
    .summary = "read SMF records that the audit wrote",
    .usage =
        "  sallyport smf dump FILE [--json]             each record with all of its fields\n"
        "  sallyport smf filter FILE [--json]           one line a request\n"
        "  sallyport smf follow FILE [--json] [--all]   the same of what is added from now on\n"
        "  sallyport smf convert FILE --to json|csv     the same for programs\n"
        "  sallyport smf verify FILE                    are lengths, triplets and reserved bytes right?\n"
        "  sallyport smf summarise FILE [--json]        counts and percentiles by API\n\n"
        "Options of all but verify: --from TIME, --until TIME (2026-01-31T23:59 in UTC), --user NAME (as\n"
        "authenticated or as mapped), --api NAME, --status 404|4xx|400-499. --ccsid 37: the EBCDIC code page "
        "of\n"
        "the records (1047). Records may be in blocks or one behind the other. `follow` goes on in the new "
        "file\n"
        "when the file is renamed; with --all it begins with what is there. Times of percentiles are rounded "
        "up\n"
        "by at most 1.6 %.\n",
    .run = run,
};
