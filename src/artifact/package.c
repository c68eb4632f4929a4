/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/package.h"

#include "base/hash.h"
#include "text/xml.h"

#define ENTRY SP_STR("package.xml")

/* The two kinds of packages. */
struct kind {
    bool requester;
    const char *what; /* "API" */
};
static const struct kind of_api = {false, "API"}, of_requester = {true, "API requester"};

/* ---------------------------------------------------------------- paths */

struct sp_str sp_path_without_query(struct sp_str path)
{
    return sp_str_slice(path, 0, sp_str_find(path, '?'));
}

static bool is_parameter(struct sp_str segment)
{
    return segment.len > 2 && segment.ptr[0] == '{' && segment.ptr[segment.len - 1] == '}';
}

static const char *segment_wrong(struct sp_str segment)
{
    struct sp_str inner = is_parameter(segment) ? sp_str_slice(segment, 1, segment.len - 1) : segment;
    if (!segment.len)
        return "has an empty segment";
    if (sp_str_is(segment, ".") || sp_str_is(segment, ".."))
        return "has a segment of dots";
    for (size_t i = 0; i < inner.len; i++) {
        unsigned char c = (unsigned char)inner.ptr[i];
        if (c <= 0x20 || c == 0x7f || c == '\\' || c == '#' || c == '?')
            return "has a character that a path cannot have";
        if (c == '{' || c == '}')
            return "has a parameter that is not a whole segment";
    }
    return NULL;
}

static bool parameter_before(struct sp_str path, struct sp_str parameter)
{
    struct sp_str rest = sp_str_from(path.ptr, (size_t)(parameter.ptr - path.ptr)), segment;
    while (sp_str_split(&rest, '/', &segment))
        if (sp_str_eq(segment, parameter))
            return true;
    return false;
}

const char *sp_path_template_wrong(struct sp_str path)
{
    struct sp_str rest, segment;
    if (path.len > SP_PATH_BYTES_MAX)
        return "is too long";
    if (!path.len || path.ptr[0] != '/')
        return "does not begin with '/'";
    if (path.len == 1)
        return NULL;
    rest = sp_str_slice(path, 1, path.len);
    while (sp_str_split(&rest, '/', &segment)) {
        const char *wrong = segment_wrong(segment);
        if (wrong)
            return wrong;
        if (is_parameter(segment) && parameter_before(path, segment))
            return "names a parameter twice";
    }
    return NULL;
}

struct sp_str sp_path_url_key(struct sp_arena *arena, struct sp_str method, struct sp_str path)
{
    char text[SP_PATH_BYTES_MAX + 16];
    size_t len = method.len < 16 ? method.len : 0;
    struct sp_str rest = sp_str_slice(path, 1, path.len), segment;
    memcpy(text, method.ptr, len);
    while (sp_str_split(&rest, '/', &segment)) {
        struct sp_str written = is_parameter(segment) ? SP_STR("{}") : segment;
        text[len++] = '/';
        memcpy(text + len, written.ptr, written.len);
        len += written.len;
    }
    return sp_arena_str(arena, sp_str_from(text, len));
}

/* ---------------------------------------------------------------- methods */

struct sp_str sp_http_method(struct sp_str name)
{
    static const char *const known[] = {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (sp_str_caseless_eq(name, sp_str_of(known[i])))
            return sp_str_of(known[i]);
    return (struct sp_str){NULL, 0};
}

static enum sp_status read_method(struct sp_archive *archive, const struct kind *kind,
                                  const struct sp_xml_element *xml, struct sp_str path,
                                  struct sp_package_method *method)
{
    method->path = path;
    method->line = xml->line;
    method->service = sp_xml_attribute(xml, kind->requester ? "operationId" : "zosConnectServiceRef");
    method->mapping = sp_xml_attribute(xml, "httpXformFile");
    method->operation_id = sp_xml_attribute(xml, "operationId");
    method->method = sp_http_method(sp_xml_attribute(xml, "type"));
    if (!method->method.ptr)
        return sp_archive_fail(archive, ENTRY, xml->line, SP_EINVAL, "\"%.*s\" is no method of HTTP",
                               SP_STR_ARG(sp_xml_attribute(xml, "type")));
    if (!method->service.len)
        return sp_archive_fail(archive, ENTRY, xml->line, SP_EINVAL, "%.*s %.*s names no %s",
                               SP_STR_ARG(method->method), SP_STR_ARG(path),
                               kind->requester ? "operationId" : "service");
    if (!method->mapping.len)
        return sp_archive_fail(archive, ENTRY, xml->line, SP_EINVAL,
                               "%.*s %.*s names no mapping (httpXformFile)", SP_STR_ARG(method->method),
                               SP_STR_ARG(path));
    if (!method->operation_id.ptr)
        method->operation_id = SP_STR("");
    return SP_OK;
}

static enum sp_status read_path(struct sp_archive *archive, const struct kind *kind,
                                const struct sp_xml_element *xml, struct sp_package_method *methods,
                                size_t *count)
{
    struct sp_str path = sp_path_without_query(sp_xml_attribute(xml, "relativePath"));
    const char *wrong = sp_path_template_wrong(path);
    if (wrong)
        return sp_archive_fail(archive, ENTRY, xml->line, SP_EINVAL, "the path \"%.*s\" %s", SP_STR_ARG(path),
                               wrong);
    const struct sp_xml_element *child = sp_xml_child(xml, "method");
    if (!child)
        return sp_archive_fail(archive, ENTRY, xml->line, SP_EINVAL, "the path %.*s has no method",
                               SP_STR_ARG(path));
    for (; child; child = sp_xml_sibling(child, "method")) {
        enum sp_status status = read_method(archive, kind, child, path, &methods[*count]);
        if (status != SP_OK)
            return status;
        ++*count;
    }
    return SP_OK;
}

static size_t count_methods(const struct sp_xml_element *spec)
{
    size_t count = 0;
    for (const struct sp_xml_element *p = sp_xml_child(spec, "path"); p; p = sp_xml_sibling(p, "path"))
        for (const struct sp_xml_element *m = sp_xml_child(p, "method"); m; m = sp_xml_sibling(m, "method"))
            count++;
    return count;
}

static enum sp_status check_distinct(struct sp_archive *archive, const struct sp_package *package)
{
    struct sp_hash seen;
    enum sp_status status = SP_OK;
    sp_hash_init(&seen, SP_PACKAGE_METHODS_MAX);
    for (size_t i = 0; i < package->method_count && status == SP_OK; i++) {
        const struct sp_package_method *m = &package->methods[i];
        struct sp_str key = sp_path_url_key(archive->arena, m->method, m->path);
        status = key.ptr ? sp_hash_add(&seen, key, (void *)m) : SP_ENOMEM;
        if (status == SP_EEXISTS)
            sp_archive_fail(archive, ENTRY, m->line, status, "%.*s %.*s is there twice",
                            SP_STR_ARG(m->method), SP_STR_ARG(m->path));
        else if (status != SP_OK)
            sp_archive_fail(archive, ENTRY, m->line, status, "the API needs more memory than there is");
    }
    sp_hash_finish(&seen);
    return status;
}

/* ---------------------------------------------------------------- the whole */

static enum sp_status read_methods(struct sp_archive *archive, const struct kind *kind,
                                   const struct sp_xml_element *spec, struct sp_package *package)
{
    size_t count = count_methods(spec);
    if (count == 0)
        return sp_archive_fail(archive, ENTRY, spec->line, SP_EINVAL, "the %s has no operation", kind->what);
    if (count > SP_PACKAGE_METHODS_MAX)
        return sp_archive_fail(archive, ENTRY, spec->line, SP_ELIMIT,
                               "the %s has %zu operations; at most %u are supported", kind->what, count,
                               SP_PACKAGE_METHODS_MAX);
    struct sp_package_method *methods = sp_arena_calloc(archive->arena, count, sizeof *methods);
    if (!methods)
        return sp_archive_fail(archive, ENTRY, 0, SP_ENOMEM, "the API needs more memory than there is");
    package->methods = methods;
    const struct sp_xml_element *path = sp_xml_child(spec, "path");
    enum sp_status status = SP_OK;
    for (; path && status == SP_OK; path = sp_xml_sibling(path, "path"))
        status = read_path(archive, kind, path, methods, &package->method_count);
    return status == SP_OK ? check_distinct(archive, package) : status;
}

static enum sp_status read_spec(struct sp_archive *archive, const struct kind *kind,
                                const struct sp_xml_element *spec, struct sp_package *package)
{
    struct sp_str base = sp_xml_attribute(spec, "basePath");
    package->connection = sp_xml_attribute(spec, "connectionRef");
    if (kind->requester && !base.len)
        base = SP_STR("/");
    if (kind->requester && !package->connection.len)
        return sp_archive_fail(archive, ENTRY, spec->line, SP_EINVAL,
                               "the API requester names no connection (connectionRef)");
    package->title = sp_xml_attribute(spec, "title");
    package->version = sp_xml_attribute(spec, "version");
    package->description = sp_xml_attribute(spec, "description");
    const char *wrong = sp_path_template_wrong(base);
    if (wrong || sp_str_find(base, '{') != base.len)
        return sp_archive_fail(archive, ENTRY, spec->line, SP_EINVAL, "the basePath \"%.*s\" %s",
                               SP_STR_ARG(base), wrong ? wrong : "has a parameter");
    package->base_path = base.len == 1 ? SP_STR("") : base;
    const struct sp_xml_element *doc = sp_xml_child(spec, "apiDoc");
    while (doc && !sp_str_caseless_eq(sp_xml_attribute(doc, "docType"), SP_STR("SWAGGER")))
        doc = sp_xml_sibling(doc, "apiDoc");
    package->swagger = doc ? sp_str_trim(doc->text) : SP_STR("");
    if (!package->swagger.len)
        return sp_archive_fail(archive, ENTRY, spec->line, SP_EINVAL,
                               "the %s names no document (apiDoc docType=\"SWAGGER\")", kind->what);
    return read_methods(archive, kind, spec, package);
}

static enum sp_status read_root(struct sp_archive *archive, const struct kind *kind,
                                const struct sp_xml_element *root, struct sp_package *package)
{
    if (!sp_str_is(root->name, "zosConnectApi"))
        return sp_archive_fail(archive, ENTRY, root->line, SP_EINVAL,
                               "the root is <%.*s>, not <zosConnectApi>", SP_STR_ARG(root->name));
    bool requester = sp_str_is(sp_xml_attribute(root, "packageType"), "requester");
    if (requester && !kind->requester)
        return sp_archive_fail(archive, ENTRY, root->line, SP_EUNSUPPORTED,
                               "this is an API requester archive (.ara), not an API archive");
    if (!requester && kind->requester)
        return sp_archive_fail(archive, ENTRY, root->line, SP_EUNSUPPORTED,
                               "this is an API archive (.aar), not an API requester archive");
    package->id = sp_xml_attribute(root, "id");
    if (!sp_artifact_name_ok(package->id))
        return sp_archive_fail(archive, ENTRY, root->line, SP_EINVAL,
                               "\"%.*s\" cannot be the name (id) of an %s: it is part of URLs and file "
                               "names",
                               SP_STR_ARG(package->id), kind->what);
    const struct sp_xml_element *spec = sp_xml_child(root, "apiSpec");
    if (!spec)
        return sp_archive_fail(archive, ENTRY, root->line, SP_EINVAL, "there is no <apiSpec>");
    return read_spec(archive, kind, spec, package);
}

static enum sp_status read_package(struct sp_archive *archive, const struct kind *kind,
                                   struct sp_package *ret_package)
{
    struct sp_package package = {0};
    struct sp_str bytes = {NULL, 0};
    struct sp_xml_element *root = NULL;
    enum sp_status status = sp_archive_read(archive, ENTRY, &bytes);
    if (status == SP_ENOTFOUND)
        return sp_archive_fail(archive, (struct sp_str){NULL, 0}, 0, SP_EINVAL,
                               "this is no %s archive: it has no package.xml", kind->what);
    if (status == SP_OK)
        status =
            sp_xml_parse(bytes, sp_archive_place(archive, ENTRY), archive->arena, NULL, &root, archive->err);
    if (status == SP_OK)
        status = read_root(archive, kind, root, &package);
    if (status == SP_OK)
        *ret_package = package;
    return status;
}

enum sp_status sp_package_read(struct sp_archive *archive, struct sp_package *ret_package)
{
    return read_package(archive, &of_api, ret_package);
}

enum sp_status sp_package_read_requester(struct sp_archive *archive, struct sp_package *ret_package)
{
    return read_package(archive, &of_requester, ret_package);
}
