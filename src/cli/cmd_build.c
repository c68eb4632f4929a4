/* SPDX-License-Identifier: Apache-2.0
 * sallyport build: archives from copybooks and a few lines of text.
 */
#include <getopt.h>
#include <string.h>

#include "artifact/aar_write.h"
#include "artifact/sar_write.h"
#include "base/buf.h"
#include "cli/command.h"
#include "cli/source_files.h"
#include "gateway/archive_files.h"
#include "mapping/mapping.h"

#define ARENA_MAX ((size_t)512 << 20)
#define ARCHIVE_MAX ((size_t)64 << 20)

struct build {
    const char *output, *directory; /* as given, or NULL */
    bool layout;
    struct sp_arena arena;
    struct sp_buf archive;
    struct sp_error err;
    const char *folder; /* of the source, ending in '/', or empty */
};

/* ---------------------------------------------------------------- what was made */

static const char *type_name(const struct sp_field *f)
{
    switch (f->type) {
    case SP_FIELD_STRUCT:
        return "group";
    case SP_FIELD_ARRAY:
        return "array";
    case SP_FIELD_CHAR:
        return f->utf16 ? "utf-16" : "text";
    case SP_FIELD_ZONED:
        return "zoned";
    case SP_FIELD_PACKED:
        return "packed";
    case SP_FIELD_BINARY:
        return f->native ? "native" : "binary";
    case SP_FIELD_FLOAT:
        return "float";
    case SP_FIELD_DOUBLE:
        return "double";
    }
    return "?";
}

/* Elements of arrays that are groups have no line of their own. */
static void print_fields(const struct sp_field *first, unsigned depth)
{
    for (const struct sp_field *f = first; f; f = f->next) {
        bool element = f->parent && f->parent->type == SP_FIELD_ARRAY;
        if (element && f->type == SP_FIELD_STRUCT) {
            print_fields(f->first, depth);
            continue;
        }
        printf("%7u %7u  %-7s", f->offset, f->bytes, type_name(f));
        if (f->digits)
            printf(" %s%u.%-3u", f->is_signed ? "-" : " ", f->digits - f->scale, f->scale);
        else
            printf("      ");
        printf(" %*s%.*s", (int)depth * 2, "", SP_STR_ARG(f->name));
        if (f->type == SP_FIELD_ARRAY)
            printf(" [%u..%u]%s%.*s", f->min_occurs, f->max_occurs, f->counter ? " by " : "",
                   SP_STR_ARG(f->counter ? f->counter->name : SP_STR("")));
        printf("%s%s\n", f->redefines ? " redefines" : "", f->included ? "" : " (hidden)");
        print_fields(f->first, depth + 1);
    }
}

static void print_interface(const char *side, const struct sp_interface *interface)
{
    for (const struct sp_segment *s = interface->segments; s; s = s->next) {
        printf("\n%s %.*s: %u bytes", side, SP_STR_ARG(s->original), s->bytes);
        if (s->min_bytes != s->bytes)
            printf(", at least %u", s->min_bytes);
        printf("\n offset   bytes  type    digits\n");
        print_fields(s->first, 0);
    }
}

static void print_service(const struct build *build, const struct sp_sar *sar)
{
    if (!build->layout)
        return;
    print_interface(sar->request == sar->response ? "request and response" : "request", sar->request);
    if (sar->request != sar->response)
        print_interface("response", sar->response);
}

/* ---------------------------------------------------------------- would it run */

/* Whatever a server would refuse when it deploys is refused now. */
static enum sp_status compile(struct build *build, const struct sp_sar *sar,
                              const struct sp_aar_operation *operation)
{
    const struct sp_mapping *mapping = NULL;
    struct sp_host_profile profile = {.codepage = sp_codepage_named(sar->ccsid, SP_NEWLINE_15)};
    if (!profile.codepage)
        return sp_error_set(&build->err, SP_EINVAL, NULL, "service %.*s: the code page %.*s is not known",
                            SP_STR_ARG(sar->name), SP_STR_ARG(sar->ccsid));
    return sp_mapping_compile(sar, operation, &profile, NULL, &build->arena, &mapping, &build->err);
}

static enum sp_status compile_operations(struct build *build, const struct sp_api_source *source,
                                         const struct sp_aar *aar)
{
    for (size_t i = 0; i < source->service_count; i++) {
        struct sp_str bytes = {NULL, 0};
        struct sp_sar *sar = NULL;
        enum sp_status status =
            sp_source_load((void *)build->folder, source->services[i], &build->arena, &bytes, &build->err);
        if (status == SP_OK)
            status = sp_sar_read(bytes, source->file, &build->arena, &sar, &build->err);
        for (size_t k = 0; status == SP_OK && k < aar->operation_count; k++)
            if (sp_str_eq(aar->operations[k].service, sar->name))
                status = compile(build, sar, &aar->operations[k]);
        if (status != SP_OK)
            return status;
    }
    return SP_OK;
}

/* ---------------------------------------------------------------- one source */

static enum sp_status write_archive(struct build *build, struct sp_str name, const char *extension)
{
    const char *directory = build->directory ? build->directory : ".";
    const char *path = build->output;
    if (!path)
        path = sp_arena_printf(&build->arena, "%s/%.*s%s", directory, SP_STR_ARG(name), extension).ptr;
    if (!path)
        return sp_error_set(&build->err, SP_ENOMEM, NULL, "no memory for a path");
    enum sp_status status = sp_source_write(path, sp_buf_str(&build->archive), &build->err);
    if (status == SP_OK)
        printf("%s: %zu bytes\n", path, build->archive.len);
    return status;
}

static enum sp_status build_service(struct build *build, const char *path, struct sp_str text)
{
    struct sp_service_source source;
    struct sp_build_files files = {sp_source_load, (void *)build->folder};
    struct sp_sar *sar = NULL;
    enum sp_status status = sp_service_source_read(text, path, &build->arena, &source, &build->err);
    if (status == SP_OK)
        status = sp_sar_write(&source, &files, &build->arena, &build->archive, &build->err);
    if (status == SP_OK)
        status = sp_sar_read(sp_buf_str(&build->archive), path, &build->arena, &sar, &build->err);
    if (status == SP_OK)
        status = compile(build, sar, NULL);
    if (status == SP_OK)
        status = write_archive(build, source.name, ".sar");
    if (status == SP_OK)
        print_service(build, sar);
    return status;
}

static enum sp_status build_api(struct build *build, const char *path, struct sp_str text)
{
    struct sp_api_source source;
    struct sp_build_files files = {sp_source_load, (void *)build->folder};
    struct sp_aar *aar = NULL;
    enum sp_status status = sp_api_source_read(text, path, &build->arena, &source, &build->err);
    if (status == SP_OK)
        status = sp_aar_write(&source, &files, &build->arena, &build->archive, &build->err);
    if (status == SP_OK)
        status = sp_aar_read(sp_buf_str(&build->archive), path, &build->arena, &aar, &build->err);
    if (status == SP_OK)
        status = compile_operations(build, &source, aar);
    if (status == SP_OK)
        status = write_archive(build, source.name, ".aar");
    for (size_t i = 0; status == SP_OK && i < aar->warning_count; i++)
        fprintf(stderr, "sallyport: %s: warning: %.*s\n", path, SP_STR_ARG(aar->warnings[i]));
    return status;
}

static int build_source(struct build *build, const char *path)
{
    struct sp_str name = sp_str_of(path), text = {NULL, 0};
    bool service = sp_str_ends(name, SP_STR(".properties"));
    const char *slash = strrchr(path, '/');
    if (!service && !sp_str_ends(name, SP_STR(".yaml")) && !sp_str_ends(name, SP_STR(".yml")))
        return sp_command_misused(&sp_command_build,
                                  "%s is neither .properties, for a service, nor .yaml, for an API", path);
    sp_arena_init(&build->arena, ARENA_MAX);
    sp_buf_init(&build->archive, ARCHIVE_MAX);
    sp_error_clear(&build->err);
    build->folder =
        sp_arena_cstr(&build->arena, sp_str_slice(name, 0, slash ? (size_t)(slash - path) + 1 : 0));
    enum sp_status status = build->folder ? sp_archive_file_read(name, &build->arena, &text, &build->err)
                                          : sp_error_set(&build->err, SP_ENOMEM, NULL, "no memory");
    if (status == SP_OK)
        status = service ? build_service(build, path, text) : build_api(build, path, text);
    int result = status == SP_OK ? SP_EXIT_OK : sp_command_failed(&build->err);
    sp_buf_finish(&build->archive);
    sp_arena_finish(&build->arena);
    return result;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                            {"directory", required_argument, NULL, 'd'},
                                            {"layout", no_argument, NULL, 'l'},
                                            {NULL, 0, NULL, 0}};
    struct build build = {.err = SP_ERROR_INIT};
    int option, result = SP_EXIT_OK;
    optind = 0; /* from the beginning, however often this runs */
    while ((option = getopt_long(argc, argv, "o:d:l", options, NULL)) != -1) {
        if (option == 'o')
            build.output = optarg;
        else if (option == 'd')
            build.directory = optarg;
        else if (option == 'l')
            build.layout = true;
        else
            return sp_command_misused(&sp_command_build, "an option is wrong");
    }
    if (optind == argc)
        return sp_command_misused(&sp_command_build, "the source of a service or API is missing");
    if (build.output && (build.directory || argc - optind > 1))
        return sp_command_misused(&sp_command_build, "--output names the archive of one source");
    for (int i = optind; i < argc && result == SP_EXIT_OK; i++)
        result = build_source(&build, argv[i]);
    return result;
}

const struct sp_command sp_command_build = {
    .name = "build",
    .summary = "make service and API archives from copybooks and descriptions",
    .usage =
        "  sallyport build [--output FILE | --directory DIRECTORY] [--layout] SOURCE...\n\n"
        "A SOURCE that ends in .properties describes a service and becomes NAME.sar; one that ends in .yaml\n"
        "describes an API and becomes NAME.aar. Files that a source names are relative to it. Archives go\n"
        "into the present directory, --directory, or the one --output names. --layout prints where each\n"
        "field of a service is. Sources are built in the order given and the first error ends it.\n",
    .run = run,
};
