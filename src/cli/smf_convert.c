/* SPDX-License-Identifier: Apache-2.0
 * Records as lines: JSON, CSV (RFC 4180), and for people.
 */
#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "cli/smf_report.h"
#include "intercept/smf/event_json.h"

#define LINE_MAX (64u * 1024u)

void sp_smf_json_line(const struct sp_smf_record *record, size_t index)
{
    struct sp_smf_event event = {.version = (unsigned)record->version->version};
    struct sp_buf buf;
    struct sp_json_writer writer;
    const void *item = sp_smf_item(record, index);
    if (record->version->type == SP_SMF_SECURITY_TYPE) {
        event.kind = SP_SMF_EVENT_SECURITY;
        event.of.security = *(const struct sp_smf_security *)item;
        event.at_us = event.of.security.at_us;
    } else if (record->version->subtype == 2) {
        event.kind = SP_SMF_EVENT_CALL;
        event.of.call = *(const struct sp_smf_requester *)item;
        event.at_us = event.of.call.exit_us;
    } else {
        event.kind = SP_SMF_EVENT_REQUEST;
        event.of.request = *(const struct sp_smf_request *)item;
        event.at_us = event.of.request.exit_us;
    }
    sp_buf_init(&buf, LINE_MAX);
    sp_json_writer_init(&writer, &buf, 0);
    sp_smf_event_json(&event, &writer);
    printf("%.*s\n", SP_STR_ARG(sp_buf_str(&buf)));
    sp_buf_finish(&buf);
}

static void put_cell(struct sp_str text, bool first)
{
    bool quoted = false;
    if (!first)
        putchar(',');
    for (size_t i = 0; i < text.len; i++)
        quoted |= text.ptr[i] == ',' || text.ptr[i] == '"' || text.ptr[i] == '\n' || text.ptr[i] == '\r';
    /* What a spreadsheet would take for a formula is a text. */
    bool formula = text.len && strchr("=+-@\t", text.ptr[0]);
    if (!quoted && !formula) {
        fwrite(text.ptr, 1, text.len, stdout);
        return;
    }
    putchar('"');
    if (formula)
        putchar('\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"')
            putchar('"');
        putchar(text.ptr[i]);
    }
    putchar('"');
}

static void put_number(uint64_t number)
{
    printf(",%llu", (unsigned long long)number);
}

void sp_smf_csv_head(void)
{
    fputs("time,kind,status,user,mappedUser,method,uri,api,elapsedUs,sorUs,reason\r\n", stdout);
}

void sp_smf_csv_line(const struct sp_smf_record *record, size_t index)
{
    struct sp_smf_view view;
    char when[SP_CLOCK_TEXT_MAX] = "";
    sp_smf_view_of(record, index, &view);
    if (view.at_us)
        sp_clock_text(view.at_us, when);
    put_cell(sp_str_of(when), true);
    put_cell(view.what, false);
    put_number(view.status);
    put_cell(view.user, false);
    put_cell(view.mapped_user, false);
    put_cell(view.method, false);
    put_cell(view.uri, false);
    put_cell(view.item, false);
    put_number((uint64_t)view.elapsed_us);
    put_number((uint64_t)view.sor_us);
    put_cell(view.reason, false);
    fputs("\r\n", stdout);
}

/* A line goes to terminals: no control characters. */
static void put_visible(struct sp_str text, int width)
{
    int shown = 0;
    putchar(' ');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        putchar(c < 0x20 || c == 0x7f ||
                        (c == 0xc2 && i + 1 < text.len && (unsigned char)text.ptr[i + 1] < 0xa0)
                    ? '?'
                    : c);
        shown += (c & 0xC0) != 0x80;
    }
    printf("%*s", shown < width ? width - shown : 0, "");
}

void sp_smf_text_line(const struct sp_smf_view *view)
{
    char when[SP_CLOCK_TEXT_MAX] = "-";
    if (view->at_us)
        sp_clock_text(view->at_us, when);
    printf("%s %-7.*s %3llu %10.3f ms", when, SP_STR_ARG(view->what), (unsigned long long)view->status,
           (double)view->elapsed_us / 1000.0);
    put_visible(view->user.len ? view->user : SP_STR("-"), 12);
    put_visible(view->item.len ? view->item : SP_STR("-"), 16);
    put_visible(view->method.len ? view->method : SP_STR("-"), 6);
    put_visible(view->uri.len ? view->uri : SP_STR("-"), 0);
    if (view->reason.len)
        put_visible(view->reason, 0);
    putchar('\n');
}
