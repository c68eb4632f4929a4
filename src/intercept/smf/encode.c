/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/smf/encode.h"

#include <time.h>

#include "base/clock.h"
#include "intercept/smf/block.h"

#define WORD 4u
#define NO_BLOCK SIZE_MAX

static int64_t local_offset_us(int64_t now_us)
{
    time_t now = (time_t)(now_us / 1000000);
    struct tm local;
    return localtime_r(&now, &local) ? (int64_t)local.tm_gmtoff * 1000000 : 0;
}

void sp_smf_encoder_init(struct sp_smf_encoder *encoder, size_t ceiling)
{
    *encoder = (struct sp_smf_encoder){.block_at = NO_BLOCK};
    sp_buf_init(&encoder->bytes, ceiling);
}

void sp_smf_encoder_finish(struct sp_smf_encoder *encoder)
{
    sp_buf_finish(&encoder->bytes);
}

void sp_smf_encoder_reset(struct sp_smf_encoder *encoder, const struct sp_smf_origin *origin, bool unblocked)
{
    sp_buf_reset(&encoder->bytes);
    encoder->origin = origin;
    encoder->unblocked = unblocked;
    encoder->block_at = NO_BLOCK;
    encoder->records = 0;
    encoder->requests = encoder->calls = 0;
}

static void put_record(struct sp_smf_encoder *encoder, const unsigned char *record, size_t len)
{
    struct sp_buf *bytes = &encoder->bytes;
    if (!encoder->unblocked &&
        (encoder->block_at == NO_BLOCK || bytes->len - encoder->block_at + len > SP_SMF_BLOCK_MAX)) {
        encoder->block_at = bytes->len;
        sp_buf_append_u32(bytes, 0);
    }
    sp_buf_append(bytes, record, len);
    if (!encoder->unblocked && !bytes->failed)
        sp_put_u16((unsigned char *)bytes->ptr + encoder->block_at,
                   (uint16_t)(bytes->len - encoder->block_at));
    encoder->records++;
}

static void put_requests(struct sp_smf_encoder *encoder)
{
    int64_t now = sp_clock_realtime_us();
    if (!encoder->requests)
        return;
    sp_smf_v2_write_head(encoder->origin, encoder->requests, now, local_offset_us(now),
                         encoder->request_record);
    put_record(encoder, encoder->request_record, SP_SMF_V2_BYTES(encoder->requests));
    encoder->requests = 0;
}

static void put_calls(struct sp_smf_encoder *encoder)
{
    int64_t now = sp_clock_realtime_us();
    if (!encoder->calls)
        return;
    sp_smf_requester_write_head(encoder->origin, encoder->calls, now, local_offset_us(now),
                                encoder->call_record);
    put_record(encoder, encoder->call_record, SP_SMF_V2_BYTES(encoder->calls));
    encoder->calls = 0;
}

static void add_request(struct sp_smf_encoder *encoder, const struct sp_smf_event *event)
{
    if (event->version != 1) {
        sp_smf_v2_write_request(encoder->origin, &event->of.request,
                                encoder->request_record + SP_SMF_V2_BYTES(encoder->requests));
        if (++encoder->requests == SP_SMF_REQUESTS_MAX)
            put_requests(encoder);
        return;
    }
    unsigned char record[SP_SMF_V1_BYTES];
    sp_smf_v1_write(encoder->origin, &event->of.request, event->at_us, local_offset_us(event->at_us), record);
    put_record(encoder, record, sizeof record);
}

void sp_smf_encoder_add(struct sp_smf_encoder *encoder, const struct sp_smf_event *event)
{
    unsigned char record[SP_SMF_SECURITY_BYTES];
    switch (event->kind) {
    case SP_SMF_EVENT_REQUEST:
        add_request(encoder, event);
        break;
    case SP_SMF_EVENT_CALL:
        sp_smf_requester_write(encoder->origin, &event->of.call,
                               encoder->call_record + SP_SMF_V2_BYTES(encoder->calls));
        if (++encoder->calls == SP_SMF_REQUESTS_MAX)
            put_calls(encoder);
        break;
    case SP_SMF_EVENT_SECURITY:
        sp_smf_security_write(encoder->origin, &event->of.security, event->at_us,
                              local_offset_us(event->at_us), record);
        put_record(encoder, record, sizeof record);
        break;
    }
}

bool sp_smf_encoder_flush(struct sp_smf_encoder *encoder)
{
    put_requests(encoder);
    put_calls(encoder);
    return !encoder->bytes.failed;
}
