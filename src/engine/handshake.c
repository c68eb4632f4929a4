/* SPDX-License-Identifier: Apache-2.0
 * handshake.c: TLS connections that fail before there is a request: fatal alerts, counted.
 *
 * nginx tells of them below the level of the log, for anybody can make any number of them.
 */
#include "engine/module.h"

static void (*next_info)(const SSL *ssl, int where, int value);

static void note_alert(const SSL *ssl, int where, int value)
{
    const struct engine_main_conf *conf =
        ngx_http_cycle_get_module_main_conf(ngx_cycle, ngx_http_sallyport_module);
    if ((where & SSL_CB_ALERT) && value >> 8 == SSL3_AL_FATAL && engine_worker.handler.start && conf)
        sp_engine_app.alert(conf->state, where & SSL_CB_WRITE, SSL_alert_desc_string_long(value));
    if (next_info)
        next_info(ssl, where, value);
}

void engine_count_alerts(SSL_CTX *context)
{
    void (*present)(const SSL *, int, int) = SSL_CTX_get_info_callback(context);
    if (!sp_engine_app.alert || present == note_alert)
        return;
    next_info = present; /* nginx's own, the same in every context */
    SSL_CTX_set_info_callback(context, note_alert);
}
