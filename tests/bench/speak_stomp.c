/*
 * STOMP 1.2 as in stomp.js. stomp-broker-js sends no receipt for a SUBSCRIBE; but it
 * takes frames in order, and answers an UNSUBSCRIBE of an unknown id by an ERROR.
 */
#include "tests/bench/carrier.h"
#include "tests/bench/dialect.h"

static const char nothing[] = "nothing";

static bool stomp_is_unconfirmed(const struct client *client)
{
	return client->load->options->dialect == &dialect_stomp_unconfirmed;
}

static void stomp_send(struct client *client, struct buf *frame)
{
	client->carrier->ops->send(client, buf_slice(frame));
	buf_finish(frame);
}

static void stomp_write_destination(
	const struct client *client, unsigned topic, struct buf *frame)
{
	struct buf name = {0};

	dialect_write_topic(client, topic, &name);
	stomp_write_header(frame, STOMP_1_2, SLICE("destination"), buf_slice(&name));
	buf_finish(&name);
}

static void stomp_begin(struct client *client)
{
	struct buf frame = {0};

	stomp_write_begin(&frame, STOMP_CONNECT);
	stomp_write_header_plain(&frame, SLICE("accept-version"), SLICE("1.2"));
	stomp_write_header_plain(&frame, SLICE("host"), SLICE("/"));
	stomp_write_header_plain(&frame, SLICE("login"), SLICE("guest"));
	stomp_write_header_plain(&frame, SLICE("passcode"), SLICE("guest"));
	if (client->load->options->mode->wants_beats)
		stomp_write_header_plain(&frame, SLICE("heart-beat"), SLICE("0,1000"));
	stomp_write_end(&frame, SLICE(""));
	stomp_send(client, &frame);
}

static void stomp_unsubscribe_nothing(struct client *client)
{
	struct buf frame = {0};

	stomp_write_begin(&frame, STOMP_UNSUBSCRIBE);
	stomp_write_header_plain(&frame, SLICE("id"), slice_of(nothing));
	stomp_write_end(&frame, SLICE(""));
	stomp_send(client, &frame);
}

static void stomp_subscribe(struct client *client)
{
	for (unsigned i = 0; i < client->held; i++) {
		struct buf frame = {0};

		stomp_write_begin(&frame, STOMP_SUBSCRIBE);
		stomp_write_header_number(&frame, SLICE("id"), i);
		stomp_write_destination(client, client->topic + i, &frame);
		if (i + 1 == client->held)
			stomp_write_header_plain(
				&frame, SLICE("receipt"), SLICE("subscribed"));
		stomp_write_end(&frame, SLICE(""));
		stomp_send(client, &frame);
	}
	if (stomp_is_unconfirmed(client))
		stomp_unsubscribe_nothing(client);
}

static void stomp_publish(struct client *client, struct slice body)
{
	struct buf frame = {0};

	stomp_write_begin(&frame, STOMP_SEND);
	stomp_write_destination(client, client->topic, &frame);
	stomp_write_header_number(&frame, SLICE("content-length"), body.len);
	stomp_write_end(&frame, body);
	stomp_send(client, &frame);
}

static void stomp_take(struct client *client, const struct stomp_frame *frame)
{
	switch (frame->command) {
	case STOMP_CONNECTED:
		if (client->subscribes)
			stomp_subscribe(client);
		else
			client_ready(client);
		break;
	case STOMP_RECEIPT:
		client_ready(client);
		break;
	case STOMP_MESSAGE:
		client_heard(client, frame->body);
		break;
	default: /* an ERROR, or a command that no server sends */
		if (!stomp_is_unconfirmed(client) ||
			!slice_equal(frame->body, slice_of(nothing)))
			die("client %u got: %.*s", client->number,
				SLICE_ARGS(frame->body));
		client_ready(client);
		break;
	}
}

static size_t stomp_hear(struct client *client, struct slice bytes)
{
	struct slice rest = bytes;
	struct stomp_frame frame;
	enum stomp_parse got;

	if (slice_equal(bytes, SLICE("\n"))) {
		client_beaten(client);
		return bytes.len;
	}
	while ((got = stomp_parse(client->parser, &rest, &frame)) == STOMP_PARSE_DONE)
		stomp_take(client, &frame);
	if (got == STOMP_PARSE_BAD)
		client_lost(client, stomp_parser_error(client->parser));
	return bytes.len;
}

const struct dialect dialect_stomp = {
	.name = "stomp",
	.begin = stomp_begin,
	.publish = stomp_publish,
	.hear = stomp_hear,
};

const struct dialect dialect_stomp_unconfirmed = {
	.name = "stomp-unconfirmed",
	.begin = stomp_begin,
	.publish = stomp_publish,
	.hear = stomp_hear,
};
