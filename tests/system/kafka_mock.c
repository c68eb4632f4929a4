/* SPDX-License-Identifier: Apache-2.0
 * A Kafka cluster for tests, out of librdkafka's own mock: it speaks the protocol over TCP, but it is no
 * Kafka.
 *
 * kafka_mock TOPIC: the first line of its output is the list of brokers; then comes each message of the
 * topic, a line a message, until its input ends.
 */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static rd_kafka_t *make(rd_kafka_type_t type, const char *brokers)
{
    char reason[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (brokers) {
        rd_kafka_conf_set(conf, "bootstrap.servers", brokers, reason, sizeof reason);
        rd_kafka_conf_set(conf, "group.id", "test", reason, sizeof reason);
        rd_kafka_conf_set(conf, "auto.offset.reset", "earliest", reason, sizeof reason);
    }
    return rd_kafka_new(type, conf, reason, sizeof reason);
}

int main(int argc, char **argv)
{
    struct pollfd input = {.fd = 0, .events = POLLIN};
    if (argc != 2)
        return 2;
    rd_kafka_t *owner = make(RD_KAFKA_PRODUCER, NULL);
    rd_kafka_mock_cluster_t *cluster = owner ? rd_kafka_mock_cluster_new(owner, 1) : NULL;
    if (!cluster)
        return 1;
    const char *brokers = rd_kafka_mock_cluster_bootstraps(cluster);
    rd_kafka_mock_topic_create(cluster, argv[1], 1, 1);
    printf("%s\n", brokers);
    fflush(stdout);
    rd_kafka_t *consumer = make(RD_KAFKA_CONSUMER, brokers);
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, argv[1], 0)->offset = 0;
    rd_kafka_poll_set_consumer(consumer);
    rd_kafka_assign(consumer, topics);
    while (poll(&input, 1, 0) == 0) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 50);
        if (message && !message->err) {
            printf("%.*s\n", (int)message->len, (const char *)message->payload);
            fflush(stdout);
        }
        if (message)
            rd_kafka_message_destroy(message);
    }
    rd_kafka_topic_partition_list_destroy(topics);
    rd_kafka_destroy(consumer);
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(owner);
    return 0;
}
