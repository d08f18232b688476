/* MQTT 3.1.1, as much as QoS 0 needs. */
#include "tests/bench/carrier.h"
#include "tests/bench/dialect.h"

enum {
	MQTT_CONNECT = 0x10,
	MQTT_CONNACK = 0x20,
	MQTT_PUBLISH = 0x30,
	MQTT_SUBSCRIBE = 0x82,
	MQTT_SUBACK = 0x90,
};

enum { LENGTH_BYTES_MAX = 4, REFUSED = 0x80 };

struct packet {
	unsigned type;
	struct slice rest; /* after its length */
};

/* The length of the packet at the front, or 0 while it is incomplete. */
static size_t packet_read(struct packet *packet, struct slice bytes)
{
	size_t len = 0, head = 1;
	unsigned char byte;

	do {
		if (head == bytes.len || bytes.len == 0 || head > LENGTH_BYTES_MAX)
			return 0;
		byte = (unsigned char)bytes.data[head];
		len |= (size_t)(byte & 0x7f) << (7 * (head - 1));
		head++;
	} while (byte & 0x80);
	if (bytes.len - head < len)
		return 0;
	packet->type = (unsigned char)bytes.data[0];
	packet->rest = (struct slice){bytes.data + head, len};
	return head + len;
}

static void mqtt_send(struct client *client, unsigned type, struct buf *rest)
{
	struct buf packet = {0};
	size_t len = rest->len;

	buf_append_char(&packet, (char)type);
	for (; len > 0x7f; len >>= 7)
		buf_append_char(&packet, (char)(0x80 | (len & 0x7f)));
	buf_append_char(&packet, (char)len);
	buf_append(&packet, buf_slice(rest));
	client->carrier->ops->send(client, buf_slice(&packet));
	buf_finish(&packet);
	buf_finish(rest);
}

static void mqtt_write_topic(
	const struct client *client, unsigned topic, struct buf *rest)
{
	struct buf name = {0};

	dialect_write_topic(client, topic, &name);
	buf_append_char(rest, (char)(name.len >> 8));
	buf_append_char(rest, (char)name.len);
	buf_append(rest, buf_slice(&name));
	buf_finish(&name);
}

static void mqtt_begin(struct client *client)
{
	/* A clean session without keep-alive, whose name the broker chooses. */
	static const char hello[] = {0, 4, 'M', 'Q', 'T', 'T', 4, 0x02, 0, 0, 0, 0};
	struct buf rest = {0};

	buf_append(&rest, (struct slice){hello, sizeof(hello)});
	mqtt_send(client, MQTT_CONNECT, &rest);
}

static void mqtt_subscribe(struct client *client)
{
	struct buf rest = {0};

	buf_append(&rest, ((struct slice){"\0\1", 2})); /* the packet's number */
	for (unsigned i = 0; i < client->held; i++) {
		mqtt_write_topic(client, client->topic + i, &rest);
		buf_append_char(&rest, 0); /* the most it may be: QoS 0 */
	}
	mqtt_send(client, MQTT_SUBSCRIBE, &rest);
}

static void mqtt_publish(struct client *client, struct slice body)
{
	struct buf rest = {0};

	mqtt_write_topic(client, client->topic, &rest);
	buf_append(&rest, body);
	mqtt_send(client, MQTT_PUBLISH, &rest);
}

static void mqtt_take_message(struct client *client, struct slice rest)
{
	size_t topic;

	if (rest.len < 2)
		client_lost(client, "a PUBLISH has no topic");
	topic = (size_t)(unsigned char)rest.data[0] << 8 | (unsigned char)rest.data[1];
	if (rest.len - 2 < topic)
		client_lost(client, "a PUBLISH is cut");
	client_heard(client, slice_from(rest, 2 + topic));
}

static void mqtt_take(struct client *client, const struct packet *packet)
{
	const struct slice rest = packet->rest;

	switch (packet->type) {
	case MQTT_CONNACK:
		if (rest.len != 2 || rest.data[1] != 0)
			client_lost(client, "it may not connect");
		if (client->subscribes)
			mqtt_subscribe(client);
		else
			client_ready(client);
		break;
	case MQTT_SUBACK:
		if (rest.len != 2 + client->held || rest.data[2] & REFUSED)
			client_lost(client, "it may not subscribe");
		client_ready(client);
		break;
	case MQTT_PUBLISH:
		mqtt_take_message(client, rest);
		break;
	default:
		die("client %u got a packet of type %#x", client->number, packet->type);
	}
}

static size_t mqtt_hear(struct client *client, struct slice bytes)
{
	struct slice rest = bytes;
	struct packet packet;
	size_t len;

	while ((len = packet_read(&packet, rest)) > 0) {
		mqtt_take(client, &packet);
		rest = slice_from(rest, len);
	}
	return bytes.len - rest.len;
}

const struct dialect dialect_mqtt = {
	.name = "mqtt",
	.subprotocol = "mqtt",
	.is_binary = true,
	.begin = mqtt_begin,
	.publish = mqtt_publish,
	.hear = mqtt_hear,
};
