/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/fiber.h"
#include "text/zip_write.h"

bool server_tls;
unsigned server_https_port, server_fibers;
const char *server_host;
struct played_sor played_sor;

/* ---------------------------------------------------------------- archives */

#define PROPERTY(name, value) "- propertyName: \"" name "\"\n  value: \"" value "\"\n  type: \"STRING\"\n"
#define FIELD(name, start, bytes, type)                                            \
    "<field name='" name "' originalName='" name "' included='Y'><startPos>" start \
    "</startPos><bytes>" bytes "</bytes><maxBytes>" bytes "</maxBytes>" type
#define ZONED(sign, digits, scale)                                                          \
    "<marshaller isSigned='" sign "' isSignLeading='N' isSignSeparate='N' isWCHAROnly='N'>" \
    "<typeConverter>ZONEDDECIMAL</typeConverter></marshaller>"                              \
    "<applicationDatatype datatype='DECIMAL' precision='" digits "' scale='" scale "'/></field>"

/* 25 bytes: number, name, balance. */
#define ACCOUNT                                                                                  \
    "<m:message xmlns:m='http://www.ibm.com/ims/Transaction' messageName='ACC' "                 \
    "serviceType='CICS_COMM_AREA'>"                                                              \
    "<message id='1' name='ACC'><segment id='1' name='COMMAREA' originalName='COMMAREA'>" FIELD( \
        "Acc", "1", "25", "<applicationDatatype datatype='STRUCT'/>")                            \
        FIELD("Number", "1", "8", ZONED("N", "8", "0"))                                          \
            FIELD("Name", "9", "10", "<applicationDatatype datatype='CHAR'/></field>")           \
                FIELD("Balance", "19", "7", ZONED("Y", "7", "2")) "</field></segment></message></m:message>"

const char *const server_service[] = {
    "manifest.yml",
    "---\nManifest-Version: 1.0\nname: \"enquire\"\nprovider: \"CICS-1.0\"\nfactoryPid: \"cics\"\n"
    "requestSchema:\n  value: \"file:///schemas/request.json\"\n  type: \"JSONSchema\"\n"
    "responseSchema:\n  value: \"file:///schemas/response.json\"\n  type: \"JSONSchema\"\n"
    "providerProperties:\n" PROPERTY("program", "ENQUIRE") PROPERTY("connectionRef", "cicsConn")
        PROPERTY("dataXformType", "WALKER_VISITOR") PROPERTY("wvServiceFile", "files/service/enquire.xml")
            PROPERTY("wvRequestInterfaceFile", "files/interfaces/ACC.si") PROPERTY(
                "wvResponseInterfaceFile",
                "files/interfaces/ACC.si") "providerObjects: []\nversion: \"1.0.0\"\ndescription: \"Ask\"\n",
    "schemas/request.json",
    "{\"type\":\"object\"}",
    "schemas/response.json",
    "{\"type\":\"object\"}",
    "files/service/enquire.xml",
    "<service><serviceName>enquire</serviceName>"
    "<messageVisitorRuntimeType>CICS_COMM_AREA</messageVisitorRuntimeType><ccsid>IBM037</ccsid></service>",
    "files/interfaces/ACC.si",
    ACCOUNT,
    NULL,
};

#define METHOD(type, file)                                                                             \
    "<method type='" type "' zosConnectServiceRef='enquire' httpXformFile='api/" file "/mapping.xml' " \
    "operationId='" file "'/>"
#define MAPPING(path, method, inner)                                                                    \
    "<n:ZosConnectServiceMapping xmlns:n='http://www.ibm.com/zosConnect/2.0/zosConnectServiceMapping'>" \
    "<mappingContext basePath='/accounts' relativePath='" path "' method='" method                      \
    "' serviceName='enquire' defaultResponseCode='200'/>" inner                                         \
    "<responseMessages code='200' description='OK'/></n:ZosConnectServiceMapping>"
#define PARAMETERS                                                                          \
    "<inlinedXMLSchema><![CDATA[<?xml version=\"1.0\"?><x:schema "                          \
    "xmlns:x='http://www.w3.org/2001/XMLSchema'>"                                           \
    "<x:element name='HTTPRequest'/><x:complexType name='QueryParametersType'><x:sequence>" \
    "<x:element name='name'/></x:sequence></x:complexType></x:schema>]]></inlinedXMLSchema>"
#define MOVE(from, path, to, type)                                                    \
    "<move><input httpIn='" from "' path='" path "'/><output httpIn='body' path='" to \
    "' xsdBuiltInOrDerivedSimpleType='http://www.w3.org/2001/XMLSchema:" type "'/></move>"

const char *const server_api[] = {
    "package.xml",
    "<zosConnectApi xmlns='http://www.ibm.com/zosConnect/2.0/zosConnectApi' id='accounts'>"
    "<apiSpec title='Accounts' basePath='/accounts' description='Ask for accounts' version='1.2'>"
    "<path relativePath='/{number}'>" METHOD(
        "GET",
        "get") "</path>"
               "<path relativePath='/new'>" METHOD(
                   "POST",
                   "post") "</path>"
                           "<apiDoc "
                           "docType='SWAGGER'>api-docs/swagger.json</apiDoc></apiSpec></zosConnectApi>",
    "api-docs/swagger.json",
    "{\"swagger\":\"2.0\",\"info\":{\"title\":\"Accounts\",\"version\":\"1.2\"},\"host\":\"localhost:8080\","
    "\"basePath\":\"/accounts\",\"schemes\":[\"https\",\"http\"],\"paths\":{\"/{number}\":{\"get\":{"
    "\"operationId\":\"get\"}},\"/new\":{\"post\":{\"operationId\":\"post\"}}}}",
    "api/get/mapping.xml",
    MAPPING("/{number}", "GET",
            "<requestMessage><mappingRootModel type='MSL' location='api/get/request.map'/></requestMessage>"),
    "api/get/request.map",
    "<mappingRoot xmlns='http://www.ibm.com/2008/ccl/Mapping'>" PARAMETERS
    "<mappingDeclaration name='GET'><input path='$rootInput/HTTPRequest'/><output path='$rootOutput/Acc'/>"
    "<passthrough><input path='Body/Acc'/><output path='.'/><updates>" MOVE("path", "PathParameters/number",
                                                                            "Number", "integer")
        MOVE("query", "QueryParameters/name", "Name",
             "string") "</updates></passthrough></mappingDeclaration></mappingRoot>",
    "api/post/mapping.xml",
    MAPPING("/new", "POST", ""),
    NULL,
};

static void make_directories(const char *path)
{
    char part[256];
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        mkdir(part, 0700);
    }
}

static void write_file(const char *path, struct sp_str bytes)
{
    make_directories(path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
    fclose(file);
}

void server_archive(struct server *server, const char *path, const char *const *entries)
{
    struct sp_zip_writer *writer;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_buf buf;
    char whole[200];
    sp_buf_init(&buf, 1000000);
    assert_int_equal(sp_zip_writer_new(&writer, &err), SP_OK);
    for (; entries[0]; entries += 2)
        assert_int_equal(sp_zip_writer_add(writer, sp_str_of(entries[0]), sp_str_of(entries[1]), &err),
                         SP_OK);
    assert_int_equal(sp_zip_writer_end(writer, &buf, &err), SP_OK);
    sp_zip_writer_free(writer);
    snprintf(whole, sizeof whole, "%s%s", server->directory, path);
    write_file(whole, sp_buf_str(&buf));
    sp_buf_finish(&buf);
}

void server_file(struct server *server, const char *path, const char *text)
{
    char whole[200];
    snprintf(whole, sizeof whole, "%s%s", server->directory, path);
    write_file(whole, sp_str_of(text));
}

/* ---------------------------------------------------------------- the server */

void server_init(struct server *server)
{
    *server = (struct server){.worker = {.index = 0, .count = 1}};
    played_sor = (struct played_sor){.status = SP_OK};
    server_tls = false;
    server_https_port = 0;
    server_fibers = 0;
    server_host = "api.example.com:9080";
    snprintf(server->directory, sizeof server->directory, "/tmp/test_gateway_XXXXXX");
    assert_non_null(mkdtemp(server->directory));
    strcat(server->directory, "/");
    server_archive(server, "resources/zosconnect/services/enquire.sar", server_service);
    server_archive(server, "resources/zosconnect/apis/accounts.aar", server_api);
}

static const char server_xml[] =
    "<server>\n<featureManager><feature>zosconnect:zosConnect-2.0</feature>"
    "<feature>appSecurity-2.0</feature></featureManager>\n"
    "<httpEndpoint id='defaultHttpEndpoint' httpPort='9080' httpsPort='-1'/>\n"
    "<basicRegistry id='basic' realm='zosConnect'>\n<user name='fred' password='fredpwd'/>"
    "<user name='eve' password='evepwd'/><user name='mallory' password='mal'/>"
    "<group name='CLERKS'><member name='fred'/></group></basicRegistry>\n"
    "<authorization-roles id='zos.connect.access.roles'><security-role name='zosConnectAccess'>"
    "<user name='fred'/><user name='eve'/></security-role></authorization-roles>\n"
    "<webAppSecurity allowFailOverToBasicAuth='true'/>\n"
    "<zosconnect_cicsIpicConnection id='cicsConn' host='127.0.0.1' port='1'/>\n"
    "<zosconnect_zosConnectManager %s/>\n%s\n</server>\n";

void server_start(struct server *server, const char *manager, const char *elements)
{
    struct sp_error err = SP_ERROR_INIT;
    char path[200], text[8192];
    snprintf(path, sizeof path, "%sserver.xml", server->directory);
    snprintf(text, sizeof text, server_xml, manager, elements);
    write_file(path, sp_str_of(text));
    const struct sp_config_options options = {.config_dir = server->directory};
    sp_problems_init(&server->problems);
    enum sp_status status = sp_config_load(&options, &server->problems, &server->config, &err);
    if (status == SP_OK)
        status = sp_loop_new(&(struct sp_loop_options){.max_fibers = server_fibers}, &server->loop, &err);
    server->worker.loop = server->loop;
    if (status == SP_OK)
        status =
            sp_gateway_new(server->config, NULL, &server->worker, &server->problems, &server->gateway, &err);
    if (status != SP_OK)
        fail_msg("the server does not start: %s", err.text);
    server->handler = sp_gateway_handler(server->gateway);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

void server_finish(struct server *server)
{
    sp_gateway_free(server->gateway);
    sp_loop_free(server->loop);
    sp_problems_finish(&server->problems);
    sp_config_free(server->config);
    nftw(server->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    assert_int_equal(server->in_flight, 0);
}

/* ---------------------------------------------------------------- clients */

struct client {
    struct sp_exchange exchange;
    struct server *server;
    struct sp_http_request *request; /* NULL: its memory is gone */
    char *texts[40];
    size_t text_count;
    struct reply reply;
    bool asked; /* for the body */
};

/* Each in its own piece of memory, without a NUL: a sanitizer sees every byte too far. */
static void *memory(struct client *client, size_t len)
{
    char *bytes = calloc(1, len ? len : 1);
    assert_non_null(bytes);
    assert_true(client->text_count < sizeof client->texts / sizeof client->texts[0]);
    client->texts[client->text_count++] = bytes;
    return bytes;
}

static struct sp_str copy(struct client *client, const char *text, size_t len)
{
    return sp_str_from(memcpy(memory(client, len), text, len), len);
}

static void free_request(struct client *client)
{
    for (size_t i = 0; i < client->text_count; i++) {
        memset(client->texts[i], '#', 1);
        free(client->texts[i]);
    }
    free(client->request);
    client->request = NULL;
    client->text_count = 0;
    client->server->in_flight--;
}

static void take_reply(struct sp_exchange *exchange, const struct sp_http_reply *reply)
{
    struct client *client = (struct client *)exchange;
    assert_false(client->reply.came);
    client->reply.came = true;
    client->reply.status = reply->status;
    for (size_t i = 0; i < reply->header_count; i++)
        snprintf(client->reply.headers + strlen(client->reply.headers),
                 sizeof client->reply.headers - strlen(client->reply.headers), "%.*s: %.*s\n",
                 SP_STR_ARG(reply->headers[i].name), SP_STR_ARG(reply->headers[i].value));
    snprintf(client->reply.body, sizeof client->reply.body, "%.*s", SP_STR_ARG(reply->body));
    free_request(client);
}

static void take_headers(struct client *client, const char *headers)
{
    struct sp_http_header *list = memory(client, sizeof *list * 8);
    struct sp_str rest = sp_str_of(headers), line;
    size_t count = 0;
    while (sp_str_split(&rest, '\n', &line)) {
        size_t colon = sp_str_find(line, ':');
        if (colon == line.len)
            continue;
        struct sp_str value = sp_str_trim(sp_str_slice(line, colon + 1, line.len));
        list[count++] =
            (struct sp_http_header){copy(client, line.ptr, colon), copy(client, value.ptr, value.len)};
    }
    client->request->headers = list;
    client->request->header_count = count;
}

static void ask_body(struct sp_exchange *exchange)
{
    struct client *client = (struct client *)exchange;
    assert_false(client->reply.came);
    exchange->ask_body = NULL;
    client->asked = true;
}

static struct client *begin(struct server *server, bool to_come, const char *method, const char *target,
                            const char *headers, const char *body)
{
    struct client *client = calloc(1, sizeof *client);
    assert_non_null(client);
    client->exchange.ask_body = to_come ? ask_body : NULL;
    client->server = server;
    client->exchange.reply = take_reply;
    client->request = calloc(1, sizeof *client->request);
    client->exchange.request = client->request;
    server->in_flight++;
    struct sp_http_request *request = client->request;
    request->method = copy(client, method, strlen(method));
    request->target = copy(client, target, strlen(target));
    size_t question = sp_str_find(request->target, '?');
    request->path = sp_str_slice(request->target, 0, question);
    if (question < request->target.len)
        request->query = sp_str_slice(request->target, question + 1, request->target.len);
    request->host = copy(client, server_host, strlen(server_host));
    take_headers(client, headers ? headers : "");
    if (body)
        request->body = copy(client, body, strlen(body));
    request->peer_address = copy(client, "192.0.2.7", 9);
    request->local_address = copy(client, "::1", 3);
    request->local_port = 9080;
    request->tls = server_tls;
    request->https_port = server_https_port;
    request->arrived_us = sp_clock_realtime_us();
    server->handler.start(server->handler.handler, &client->exchange);
    return client;
}

struct client *server_send(struct server *server, const char *method, const char *target, const char *headers,
                           const char *body)
{
    return begin(server, false, method, target, headers, body);
}

struct client *server_send_header(struct server *server, const char *method, const char *target,
                                  const char *headers)
{
    struct client *client = begin(server, true, method, target, headers, NULL);
    for (int turns = 0; turns < 400 && !client->reply.came && !client->asked; turns++)
        sp_loop_run_once(server->loop, 20);
    return client;
}

bool server_asked(const struct client *client)
{
    return client->asked;
}

void server_give_body(struct client *client, const char *body)
{
    assert_true(client->asked);
    client->request->body = copy(client, body, strlen(body));
    client->server->handler.body(client->server->handler.handler, &client->exchange);
}

struct reply server_await(struct client *client)
{
    for (int turns = 0; turns < 400 && !client->reply.came; turns++)
        sp_loop_run_once(client->server->loop, 20);
    if (!client->reply.came)
        fail_msg("no reply came");
    struct reply reply = client->reply;
    free(client);
    return reply;
}

void server_cancel(struct client *client)
{
    struct server *server = client->server;
    assert_false(client->reply.came);
    server->handler.cancel(server->handler.handler, &client->exchange);
    free_request(client);
    memset(client, '#', sizeof *client);
    free(client);
    sp_loop_run_ready(server->loop);
}

struct reply server_ask(struct server *server, const char *method, const char *target, const char *headers,
                        const char *body)
{
    return server_await(server_send(server, method, target, headers, body));
}

/* ---------------------------------------------------------------- the system of record */

struct sp_sor_connection {
    const struct sp_cfg_cics_connection *config;
};

enum sp_status sp_sor_cics_new(const struct sp_cfg_cics_connection *config, struct sp_loop *loop,
                               unsigned workers, struct sp_sor_connection **ret_connection,
                               struct sp_error *err)
{
    *ret_connection = malloc(sizeof **ret_connection);
    assert_non_null(*ret_connection);
    (*ret_connection)->config = config;
    return SP_OK;
}

void sp_sor_free(struct sp_sor_connection *connection)
{
    free(connection);
}

bool sp_sor_count(const struct sp_sor_connection *connection, struct sp_sor_counts *ret_counts)
{
    return false;
}

struct sp_str sp_sor_reference(const struct sp_sor_connection *connection)
{
    return connection->config->id;
}

static void note(char *to, size_t size, struct sp_str text)
{
    snprintf(to, size, "%.*s", SP_STR_ARG(text));
}

static void note_call(const struct sp_sor_call *call)
{
    played_sor.calls++;
    played_sor.record_count = call->records->count;
    struct sp_str bytes = call->records->records[0].bytes;
    assert_true(bytes.len <= sizeof played_sor.record);
    memcpy(played_sor.record, bytes.ptr, bytes.len);
    played_sor.record_len = bytes.len;
    note(played_sor.user, sizeof played_sor.user, call->identity.user);
    note(played_sor.dist_name, sizeof played_sor.dist_name, call->identity.dist_name);
    note(played_sor.correlator, sizeof played_sor.correlator, call->correlator);
    if (call->override_count)
        note(played_sor.override, sizeof played_sor.override, call->overrides[0].value);
    played_sor.overrides[0] = '\0';
    for (size_t i = 0; i < call->override_count; i++) {
        size_t len = strlen(played_sor.overrides);
        snprintf(played_sor.overrides + len, sizeof played_sor.overrides - len, "%.*s=%.*s;",
                 SP_STR_ARG(call->overrides[i].name), SP_STR_ARG(call->overrides[i].value));
    }
}

static enum sp_status outcome(const struct sp_sor_call *call)
{
    if (played_sor.hangs)
        return sp_fiber_wait(call->deadline_us);
    if (played_sor.wait_us) {
        enum sp_status status = sp_fiber_sleep(played_sor.wait_us);
        if (status != SP_OK)
            return status;
    }
    return played_sor.status;
}

enum sp_status io_sor_invoke(struct sp_sor_connection *connection, const struct sp_sor_call *call,
                             struct sp_arena *arena, struct sp_sor_answer *ret_answer, struct sp_error *err)
{
    note(played_sor.connection, sizeof played_sor.connection, connection->config->id);
    note_call(call);
    *ret_answer = (struct sp_sor_answer){.sent_us = sp_clock_realtime_us(),
                                         .identifier = SP_STR_INIT("CICSA"),
                                         .resource = SP_STR_INIT("CSMI,ENQUIRE")};
    enum sp_status status = outcome(call);
    played_sor.canceled += status == SP_ECANCELED;
    if (status != SP_OK)
        return sp_error_set(err, status, played_sor.error_id, "%s",
                            played_sor.error_text ? played_sor.error_text : "played");
    struct sp_record *record = sp_arena_calloc(arena, 1, sizeof *record);
    struct sp_str answer = played_sor.answer.len ? played_sor.answer : call->records->records[0].bytes;
    record->bytes = sp_arena_str(arena, answer);
    ret_answer->records = (struct sp_record_set){record, 1};
    ret_answer->received_us = sp_clock_realtime_us();
    return SP_OK;
}
