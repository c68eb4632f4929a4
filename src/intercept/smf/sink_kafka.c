/* SPDX-License-Identifier: Apache-2.0
 * Events as messages of a Kafka topic, by librdkafka. A batch counts as delivered when the brokers that are
 * in sync have acknowledged all of it; the producer is idempotent, so that its own retries make no doubles.
 */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

#include "intercept/smf/sink.h"

struct kafka {
    const struct sp_smf_sink_settings *settings;
    rd_kafka_t *producer;
    char topic[256];
    size_t waiting, failed;
    char reason[256]; /* why a message failed */
    char cause[256];  /* what the connections told of, which says more than "timed out" */
};

/* Of librdkafka, inside its poll and flush. */
static void delivered(rd_kafka_t *producer, const rd_kafka_message_t *message, void *arg)
{
    struct kafka *kafka = arg;
    kafka->waiting--;
    if (!message->err)
        return;
    kafka->failed++;
    snprintf(kafka->reason, sizeof kafka->reason, "%s", rd_kafka_err2str(message->err));
}

static void told_of_error(rd_kafka_t *producer, int code, const char *reason, void *arg)
{
    struct kafka *kafka = arg;
    if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || !kafka->cause[0])
        snprintf(kafka->cause, sizeof kafka->cause, "%s", reason);
}

/* Its log would go to standard error, which nobody reads. */
static void ignore_log(const rd_kafka_t *producer, int level, const char *facility, const char *text)
{
}

static bool set(rd_kafka_conf_t *conf, const char *name, struct sp_str value, struct sp_error *err)
{
    char reason[256];
    if (!value.len || rd_kafka_conf_set(conf, name, value.ptr, reason, sizeof reason) == RD_KAFKA_CONF_OK)
        return true;
    sp_error_set(err, SP_EINVAL, NULL, "%s: %s", name, reason);
    return false;
}

static bool configure(rd_kafka_conf_t *conf, const struct sp_smf_sink_settings *settings,
                      struct sp_error *err)
{
    char timeout[24];
    bool sasl = settings->user.len > 0;
    snprintf(timeout, sizeof timeout, "%lld", (long long)(settings->timeout_us / 1000));
    return set(conf, "bootstrap.servers", settings->endpoint, err) &&
           set(conf, "enable.idempotence", SP_STR("true"), err) &&
           set(conf, "client.id", SP_STR("sallyport"), err) && set(conf, "linger.ms", SP_STR("5"), err) &&
           set(conf, "message.timeout.ms", sp_str_of(timeout), err) &&
           set(conf, "security.protocol",
               settings->tls ? (sasl ? SP_STR("SASL_SSL") : SP_STR("SSL"))
                             : (sasl ? SP_STR("SASL_PLAINTEXT") : SP_STR("PLAINTEXT")),
               err) &&
           (!sasl || set(conf, "sasl.mechanisms", SP_STR("PLAIN"), err)) &&
           set(conf, "sasl.username", settings->user, err) &&
           set(conf, "sasl.password", settings->password, err) &&
           set(conf, "ssl.ca.location", settings->ca_file, err) &&
           set(conf, "ssl.certificate.location", settings->certificate_file, err) &&
           set(conf, "ssl.key.location", settings->key_file, err);
}

static void close_kafka(void *state)
{
    struct kafka *kafka = state;
    if (kafka->producer) {
        /* What is undelivered is sent again by the next one. */
        rd_kafka_purge(kafka->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_flush(kafka->producer, 100);
        rd_kafka_destroy(kafka->producer);
    }
    free(kafka);
}

static enum sp_status open_kafka(const struct sp_smf_sink_settings *settings,
                                 const struct sp_smf_settings *server, void **ret_state, struct sp_error *err)
{
    char reason[256];
    struct kafka *kafka = calloc(1, sizeof *kafka);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (!kafka || !conf) {
        free(kafka);
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for Kafka");
    }
    kafka->settings = settings;
    snprintf(kafka->topic, sizeof kafka->topic, "%.*s", SP_STR_ARG(settings->topic));
    if (!configure(conf, settings, err)) {
        rd_kafka_conf_destroy(conf);
        free(kafka);
        return SP_EINVAL;
    }
    rd_kafka_conf_set_opaque(conf, kafka);
    rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    rd_kafka_conf_set_error_cb(conf, told_of_error);
    rd_kafka_conf_set_log_cb(conf, ignore_log);
    kafka->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    if (!kafka->producer) {
        rd_kafka_conf_destroy(conf);
        free(kafka);
        return sp_error_set(err, SP_EINVAL, NULL, "Kafka: %s", reason);
    }
    *ret_state = kafka;
    return SP_OK;
}

#ifdef __clang__
#pragma clang diagnostic ignored "-Wgnu-statement-expression" /* in the macros of librdkafka */
#endif

static enum sp_status send_messages(void *state, const struct sp_smf_message *messages, size_t count,
                                    struct sp_error *err)
{
    struct kafka *kafka = state;
    int patience_ms = (int)(kafka->settings->timeout_us / 1000) + 1000;
    kafka->failed = 0;
    kafka->reason[0] = kafka->cause[0] = 0;
    for (size_t i = 0; i < count; i++) {
        const rd_kafka_vu_t values[] = {
            {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = kafka->topic},
            {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
            {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)messages[i].json.ptr, messages[i].json.len}},
            {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = messages[i].at_us / 1000},
        };
        rd_kafka_error_t *failed =
            rd_kafka_produceva(kafka->producer, values, sizeof values / sizeof values[0]);
        if (failed) {
            sp_error_set(err, SP_EUNAVAIL, NULL, "Kafka: %s", rd_kafka_error_string(failed));
            rd_kafka_error_destroy(failed);
            return SP_EUNAVAIL;
        }
        kafka->waiting++;
    }
    rd_kafka_flush(kafka->producer, patience_ms);
    if (!kafka->waiting && !kafka->failed)
        return SP_OK;
    const char *reason = kafka->reason[0] ? kafka->reason : "no acknowledgement in time";
    return sp_error_set(err, SP_EUNAVAIL, NULL, "Kafka at %.*s: %s%s%s",
                        SP_STR_ARG(kafka->settings->endpoint), reason, kafka->cause[0] ? ": " : "",
                        kafka->cause);
}

const struct sp_smf_sink_kind sp_smf_sink_kafka = {
    .name = "kafka", .open = open_kafka, .send = send_messages, .close = close_kafka};
