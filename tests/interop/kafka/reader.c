/* SPDX-License-Identifier: Apache-2.0
 * reader BROKERS TOPIC [NAME=VALUE]...: the messages of a topic from its beginning, a line a message, until
 * it is killed. The rest of the arguments are settings of librdkafka.
 */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>

static int set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char reason[256];
    if (rd_kafka_conf_set(conf, name, value, reason, sizeof reason) == RD_KAFKA_CONF_OK)
        return 1;
    fprintf(stderr, "%s: %s\n", name, reason);
    return 0;
}

int main(int argc, char **argv)
{
    char reason[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (argc < 3 || !set(conf, "bootstrap.servers", argv[1]) || !set(conf, "group.id", "reader") ||
        !set(conf, "auto.offset.reset", "earliest") || !set(conf, "allow.auto.create.topics", "true"))
        return 2;
    for (int i = 3; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        if (!equals)
            return 2;
        *equals = 0;
        if (!set(conf, argv[i], equals + 1))
            return 2;
    }
    rd_kafka_t *consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    if (!consumer)
        return 1;
    rd_kafka_topic_partition_list_add(topics, argv[2], 0)->offset = 0;
    rd_kafka_poll_set_consumer(consumer);
    rd_kafka_assign(consumer, topics);
    for (;;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 100);
        if (message && !message->err)
            printf("%.*s\n", (int)message->len, (const char *)message->payload);
        fflush(stdout);
        if (message)
            rd_kafka_message_destroy(message);
    }
}
