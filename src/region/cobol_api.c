/* SPDX-License-Identifier: Apache-2.0
 * cobol_api.c: what programs may CALL of the region: containers, the task's surroundings, abends.
 *
 * Described for programmers in docs/region.md, with copybooks in examples/region/copybooks. Names are upper
 * case because that is how COBOL looks them up. Numbers of four bytes are PIC S9(8) COMP.
 */
#include <stdio.h>
#include <time.h>

#include "region/cobol.h"
#include "region/task.h"

#define EXPORTED __attribute__((visibility("default")))

/* EIBRESP numbers of CICS. */
enum resp {
    RESP_NORMAL = 0,
    RESP_INVREQ = 16,
    RESP_LENGERR = 22,
    RESP_CONTAINERERR = 110,
    RESP_CHANNELERR = 122
};

#define CONTAINER_NAME_BYTES 16u

EXPORTED int SPGETCTR(unsigned char *name, unsigned char *data, unsigned char *length, unsigned char *resp);
EXPORTED int SPPUTCTR(unsigned char *name, unsigned char *data, unsigned char *length, unsigned char *resp);
EXPORTED int SPPUTCHR(unsigned char *name, unsigned char *data, unsigned char *length, unsigned char *resp);
EXPORTED int SPDELCTR(unsigned char *name, unsigned char *resp);
EXPORTED int SPEIB(unsigned char *eib);
EXPORTED int SPABEND(unsigned char *code);

/* A wrong call would read or write what is not its own: the task ends. */
static struct sp_task *enter(const char *function, unsigned parameters)
{
    struct sp_task *task = sp_task_current();
    char text[80];
    if (task && task->running && sp_cobol_parameters() == parameters)
        return task;
    snprintf(text, sizeof text, "%s was called with %u parameters instead of %u", function,
             sp_cobol_parameters(), parameters);
    sp_task_abend(SP_ABEND_PARAMETERS, text);
}

static void want_size(const char *function, unsigned parameter, size_t size)
{
    char text[80];
    if (sp_cobol_parameter_size(parameter) >= size)
        return;
    snprintf(text, sizeof text, "%s: parameter %u has %zu bytes, not %zu", function, parameter,
             sp_cobol_parameter_size(parameter), size);
    sp_task_abend(SP_ABEND_PARAMETERS, text);
}

static int answer(unsigned char *resp, enum resp value)
{
    sp_put_u32(resp, value);
    return 0;
}

/* A name as programs have it (ISO 8859-1, blank-padded) as it is on the wire (UTF-8). */
static struct sp_str container_name(const unsigned char *field, char room[2 * CONTAINER_NAME_BYTES])
{
    size_t size = sp_cobol_parameter_size(1), len = 0;
    if (size > CONTAINER_NAME_BYTES)
        size = CONTAINER_NAME_BYTES;
    while (size && (field[size - 1] == ' ' || field[size - 1] == 0))
        size--;
    for (size_t i = 0; i < size; i++) {
        if (field[i] < 0x80) {
            room[len++] = (char)field[i];
        } else {
            room[len++] = (char)(0xc0 | field[i] >> 6);
            room[len++] = (char)(0x80 | (field[i] & 0x3f));
        }
    }
    return sp_str_from(room, len);
}

static bool is_container_name(struct sp_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        bool not_sign = name.ptr[i] == (char)0xc2 && i + 1 < name.len && name.ptr[i + 1] == (char)0xac;
        i += not_sign;
        if (!not_sign && (name.ptr[i] < 0x21 || name.ptr[i] > 0x7e))
            return false;
    }
    return name.len != 0;
}

/* The layout that the region's definition names for the container; NULL: none. */
static const struct sp_layout_record *record_of(const struct sp_task *task, struct sp_str container)
{
    for (size_t i = 0; task->layout && i < task->program->container_count; i++)
        if (sp_str_eq(task->program->containers[i].container, container))
            return sp_layout_find(task->layout, task->program->containers[i].record);
    return NULL;
}

static void translate(const struct sp_task *task, enum sp_direction direction, struct sp_str container,
                      bool is_char, unsigned char *data, size_t len)
{
    struct sp_error err = SP_ERROR_INIT;
    const struct sp_layout_record *record = record_of(task, container);
    if (!task->translation)
        return;
    if (is_char)
        sp_translate_chars(task->translation, direction, data, len);
    else if (record && sp_translate_record(task->translation, record, direction, data, len, &err) != SP_OK)
        sp_task_abend(SP_ABEND_CONVERSION, err.text);
}

int SPGETCTR(unsigned char *name, unsigned char *data, unsigned char *length, unsigned char *resp)
{
    char room[2 * CONTAINER_NAME_BYTES];
    struct sp_task *task = enter("SPGETCTR", 4);
    want_size("SPGETCTR", 3, 4);
    want_size("SPGETCTR", 4, 4);
    struct sp_str wanted = container_name(name, room);
    size_t size = sp_get_u32(length);
    if (size > INT32_MAX)
        return answer(resp, RESP_LENGERR);
    want_size("SPGETCTR", 2, size);
    if (!task->channel.exists)
        return answer(resp, RESP_CHANNELERR);
    const struct sp_channel_container *container = sp_channel_find(&task->channel, wanted);
    if (!container)
        return answer(resp, RESP_CONTAINERERR);
    size_t len = container->data.len < size ? container->data.len : size;
    if (len)
        memcpy(data, container->data.ptr, len);
    translate(task, SP_TO_PROGRAM, wanted, container->is_char, data, len);
    sp_put_u32(length, (uint32_t)container->data.len);
    return answer(resp, container->data.len > size ? RESP_LENGERR : RESP_NORMAL);
}

static int put(const char *function, const unsigned char *name, const unsigned char *data,
               const unsigned char *length, unsigned char *resp, bool is_char)
{
    char room[2 * CONTAINER_NAME_BYTES];
    struct sp_task *task = enter(function, 4);
    struct sp_channel_container *container;
    want_size(function, 3, 4);
    want_size(function, 4, 4);
    struct sp_str wanted = container_name(name, room);
    size_t size = sp_get_u32(length);
    if (size > SP_CHANNEL_BYTES_MAX)
        return answer(resp, RESP_LENGERR);
    want_size(function, 2, size);
    if (!task->channel.exists)
        return answer(resp, RESP_CHANNELERR);
    if (!is_container_name(wanted))
        return answer(resp, RESP_INVREQ);
    if (sp_channel_put(&task->channel, wanted, is_char, sp_str_from(data, size), &container) != SP_OK)
        return answer(resp, RESP_LENGERR);
    translate(task, SP_TO_WIRE, wanted, is_char, container->data.ptr, size);
    return answer(resp, RESP_NORMAL);
}

int SPPUTCTR(unsigned char *name, unsigned char *data, unsigned char *length, unsigned char *resp)
{
    return put("SPPUTCTR", name, data, length, resp, false);
}

int SPPUTCHR(unsigned char *name, unsigned char *data, unsigned char *length, unsigned char *resp)
{
    return put("SPPUTCHR", name, data, length, resp, true);
}

int SPDELCTR(unsigned char *name, unsigned char *resp)
{
    char room[2 * CONTAINER_NAME_BYTES];
    struct sp_task *task = enter("SPDELCTR", 2);
    want_size("SPDELCTR", 2, 4);
    if (!task->channel.exists)
        return answer(resp, RESP_CHANNELERR);
    bool gone = sp_channel_delete(&task->channel, container_name(name, room)) == SP_OK;
    return answer(resp, gone ? RESP_NORMAL : RESP_CONTAINERERR);
}

/* --- surroundings ------------------------------------------------------------------------------------ */

static void put_text(unsigned char *field, size_t size, struct sp_str text)
{
    size_t len = text.len < size ? text.len : size;
    memset(field, ' ', size);
    if (len)
        memcpy(field, text.ptr, len);
}

/* S9(7) COMP-3: four bytes. */
static void put_packed7(unsigned char *field, uint32_t value)
{
    uint32_t digits = 0;
    for (unsigned shift = 4; shift < 32; shift += 4, value /= 10)
        digits |= value % 10 << shift;
    sp_put_u32(field, digits | 0xc);
}

/* The fields of SPEIB.cpy. */
enum {
    EIB_TIME = 0,
    EIB_DATE = 4,
    EIB_TRNID = 8,
    EIB_TASKN = 12,
    EIB_CALEN = 16,
    EIB_APPLID = 18,
    EIB_USERID = 26,
    EIB_CHANNEL = 34,
    EIB_PROGRAM = 50,
    EIB_BYTES = 58
};

int SPEIB(unsigned char *eib)
{
    const struct sp_task *task = enter("SPEIB", 1);
    const struct sp_region_link *link = task->link;
    struct tm tm;
    time_t now = time(NULL);
    want_size("SPEIB", 1, EIB_BYTES);
    localtime_r(&now, &tm);
    put_packed7(eib + EIB_TIME, (uint32_t)(tm.tm_hour * 10000 + tm.tm_min * 100 + tm.tm_sec));
    put_packed7(eib + EIB_DATE, (uint32_t)(tm.tm_year * 1000 + tm.tm_yday + 1));
    put_text(eib + EIB_TRNID, 4, link->transaction);
    put_packed7(eib + EIB_TASKN, link->request_id);
    sp_put_u16(eib + EIB_CALEN, (uint16_t)task->commarea_len);
    put_text(eib + EIB_APPLID, 8, task->definition->applid);
    put_text(eib + EIB_USERID, 8, link->user);
    put_text(eib + EIB_CHANNEL, 16, sp_str_from(task->channel.name, task->channel.name_len));
    put_text(eib + EIB_PROGRAM, 8, link->program);
    return 0;
}

int SPABEND(unsigned char *code)
{
    char text[5];
    enter("SPABEND", 1);
    want_size("SPABEND", 1, 4);
    for (int i = 0; i < 4; i++)
        text[i] = code[i] > ' ' && code[i] < 0x7f ? (char)code[i] : '?';
    text[4] = '\0';
    sp_task_abend(text, "the program asked for it");
}
