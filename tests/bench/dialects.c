#include "tests/bench/dialect.h"

#include "tests/bench/carrier.h"

/* STOMP 1.2, as stomp.js speaks it. */

static void stomp_send(struct client *client, struct buf *frame)
{
	client->carrier->ops->send(client, buf_slice(frame));
	buf_finish(frame);
}

static void stomp_write_destination(
	const struct client *client, unsigned topic, struct buf *frame)
{
	struct buf name = {0};

	buf_printf(&name, "%s%u", client->load->options->destination, topic);
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
	default: /* an ERROR, or what no server says */
		die("client %u got: %.*s", client->number, SLICE_ARGS(frame->body));
	}
}

static size_t stomp_hear(struct client *client, struct slice bytes)
{
	struct slice rest = bytes;
	struct stomp_frame frame;
	enum stomp_parse got;

	while ((got = stomp_parse(client->parser, &rest, &frame)) == STOMP_PARSE_DONE)
		stomp_take(client, &frame);
	if (got == STOMP_PARSE_BAD)
		client_lost(client, stomp_parser_error(client->parser));
	return bytes.len;
}

/* Bare messages: the path says to which topic a WebSocket belongs. */

static void bare_begin(struct client *client)
{
	client_ready(client);
}

static void bare_publish(struct client *client, struct slice body)
{
	client->carrier->ops->send(client, body);
}

static size_t bare_hear(struct client *client, struct slice bytes)
{
	client_heard(client, bytes);
	return bytes.len;
}

static const struct dialect dialects[] = {
	{
		.name = "stomp",
		.begin = stomp_begin,
		.publish = stomp_publish,
		.hear = stomp_hear,
	},
	{
		.name = "bare",
		.begin = bare_begin,
		.publish = bare_publish,
		.hear = bare_hear,
	},
};

const struct dialect *dialect_find(const char *name)
{
	for (size_t i = 0; i < sizeof(dialects) / sizeof(*dialects); i++) {
		if (strcmp(dialects[i].name, name) == 0)
			return &dialects[i];
	}
	return NULL;
}
