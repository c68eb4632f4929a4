/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/smf/shared.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/secret.h"

/* ---------------------------------------------------------------- settings as bytes
 *
 * Numbers are 8 bytes, texts their length in 4 bytes and themselves, in the order of the functions below. */

struct packer {
    struct sp_buf *to; /* NULL: it reads */
    struct sp_str from;
    struct sp_arena *arena;
    bool failed;
};

static void pack_number(struct packer *packer, int64_t *value)
{
    if (packer->to) {
        sp_buf_append_u64(packer->to, (uint64_t)*value);
    } else if (packer->from.len < sizeof(uint64_t)) {
        packer->failed = true;
    } else {
        *value = (int64_t)sp_get_u64((const unsigned char *)packer->from.ptr);
        packer->from = sp_str_slice(packer->from, sizeof(uint64_t), packer->from.len);
    }
}

static void pack_unsigned(struct packer *packer, unsigned *value)
{
    int64_t number = *value;
    pack_number(packer, &number);
    *value = (unsigned)number;
}

static void pack_bool(struct packer *packer, bool *value)
{
    int64_t number = *value;
    pack_number(packer, &number);
    *value = number != 0;
}

static void pack_text(struct packer *packer, struct sp_str *text)
{
    int64_t len = (int64_t)text->len;
    pack_number(packer, &len);
    if (packer->to) {
        sp_buf_append_str(packer->to, *text);
    } else if (packer->failed || (uint64_t)len > packer->from.len) {
        packer->failed = true;
    } else {
        *text = sp_arena_str(packer->arena, sp_str_slice(packer->from, 0, (size_t)len));
        packer->failed |= !text->ptr;
        packer->from = sp_str_slice(packer->from, (size_t)len, packer->from.len);
    }
}

static void pack_sink(struct packer *packer, struct sp_smf_sink_settings *sink)
{
    struct sp_str *const texts[] = {&sink->id,      &sink->endpoint,         &sink->topic,
                                    &sink->ca_file, &sink->certificate_file, &sink->key_file,
                                    &sink->user,    &sink->password};
    pack_unsigned(packer, &sink->kind);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        pack_text(packer, texts[i]);
    pack_number(packer, &sink->timeout_us);
    pack_bool(packer, &sink->security_only);
    pack_bool(packer, &sink->tls);
}

static void pack_settings(struct packer *packer, struct sp_smf_settings *settings)
{
    struct sp_str *const texts[] = {&settings->file,       &settings->security_file, &settings->sid,
                                    &settings->system,     &settings->sysplex,       &settings->job_name,
                                    &settings->config_dir, &settings->product,       &settings->event_socket,
                                    &settings->event_users};
    int64_t *const numbers[] = {&settings->ccsid, &settings->fsync_interval_us, &settings->max_file_bytes,
                                &settings->rotate_interval_us, &settings->max_files};
    int64_t sinks = (int64_t)settings->sink_count;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        pack_text(packer, texts[i]);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        pack_number(packer, numbers[i]);
    pack_bool(packer, &settings->unblocked);
    pack_unsigned(packer, &settings->fsync);
    pack_number(packer, &sinks);
    if (!packer->to) {
        if (packer->failed || sinks < 0 || sinks > (int64_t)SP_SMF_SINKS_MAX) {
            packer->failed = true;
            return;
        }
        settings->sinks = sp_arena_calloc(packer->arena, (size_t)sinks + 1, sizeof *settings->sinks);
        settings->sink_count = (size_t)sinks;
        packer->failed |= !settings->sinks;
    }
    for (size_t i = 0; i < settings->sink_count && !packer->failed; i++)
        pack_sink(packer, (struct sp_smf_sink_settings *)&settings->sinks[i]);
}

static void store(struct sp_smf_shared *shared, struct sp_str text)
{
    if (shared->settings_len == text.len && memcmp(shared->settings, text.ptr, text.len) == 0)
        return;
    memcpy(shared->settings, text.ptr, text.len);
    shared->settings_len = (uint32_t)text.len;
    atomic_fetch_add(&shared->settings_serial, 1);
}

enum sp_status sp_smf_settings_store(struct sp_smf_ring *ring, const struct sp_smf_settings *settings,
                                     struct sp_error *err)
{
    struct sp_buf buf;
    struct sp_smf_settings copy = *settings;
    struct packer packer = {.to = &buf};
    sp_buf_init(&buf, SP_SMF_SETTINGS_MAX);
    pack_settings(&packer, &copy);
    enum sp_status status =
        buf.failed ? sp_error_set(err, SP_ELIMIT, NULL, "the settings of the audit are longer than %u bytes",
                                  SP_SMF_SETTINGS_MAX)
                   : sp_smf_ring_lock(ring, err);
    if (status == SP_OK) {
        store(sp_smf_shared(ring), sp_buf_str(&buf));
        sp_smf_ring_unlock(ring);
        sp_smf_ring_ring(ring);
    }
    sp_buf_wipe(&buf);
    return status;
}

enum sp_status sp_smf_settings_load(struct sp_smf_ring *ring, struct sp_arena *arena,
                                    struct sp_smf_settings *ret_settings, uint64_t *ret_serial,
                                    struct sp_error *err)
{
    struct sp_smf_shared *shared = sp_smf_shared(ring);
    struct sp_smf_settings settings = {.sinks = NULL};
    enum sp_status status = sp_smf_ring_lock(ring, err);
    if (status != SP_OK)
        return status;
    struct packer packer = {.from = sp_str_from(shared->settings, shared->settings_len), .arena = arena};
    *ret_serial = atomic_load(&shared->settings_serial);
    pack_settings(&packer, &settings);
    sp_smf_ring_unlock(ring);
    if (*ret_serial == 0)
        return sp_error_set(err, SP_ENOTFOUND, NULL, "nobody told the writer of audit records what to write");
    if (packer.failed)
        return sp_error_set(err, SP_EINTERNAL, NULL, "the settings of the audit cannot be read");
    *ret_settings = settings;
    return SP_OK;
}

/* ---------------------------------------------------------------- messages */

void sp_smf_message_set(struct sp_smf_ring *ring, char *message, const char *text)
{
    if (sp_smf_ring_lock(ring, NULL) != SP_OK)
        return;
    snprintf(message, SP_SMF_MESSAGE, "%s", text ? text : "");
    sp_smf_ring_unlock(ring);
}

void sp_smf_message_get(struct sp_smf_ring *ring, const char *message, char ret_text[SP_SMF_MESSAGE])
{
    ret_text[0] = 0;
    if (sp_smf_ring_lock(ring, NULL) != SP_OK)
        return;
    snprintf(ret_text, SP_SMF_MESSAGE, "%s", message);
    sp_smf_ring_unlock(ring);
}
