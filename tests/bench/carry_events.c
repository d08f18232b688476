/* An event stream, as EventSource reads it: each event's data is a message. */
#include "protocol/xmalloc.h"
#include "tests/bench/carrier.h"
#include "tests/bench/dialect.h"
#include "tests/bench/http_reader.h"

#include <stdlib.h>

struct events {
	struct stream stream;
	struct http_reader reader;
	struct client *client;
	struct buf text; /* of the answer, up to its last whole line */
	bool is_open;
};

static void events_take_line(struct events *events, struct slice line)
{
	struct client *client = events->client;
	const struct slice prefix = slice_of(client->carrier->prefix);

	if (slice_starts_with(line, prefix))
		client->load->options->dialect->hear(
			client, slice_from(line, prefix.len));
}

/* The first line, whatever its content, shows that the stream has begun. */
static void events_take_lines(struct events *events)
{
	struct slice rest = buf_slice(&events->text);
	size_t end;

	while ((end = slice_find(rest, '\n')) < rest.len) {
		if (!events->is_open)
			events->client->load->options->dialect->begin(events->client);
		events->is_open = true;
		events_take_line(events, slice_first(rest, end));
		rest = slice_from(rest, end + 1);
	}
	stream_consume(&events->text, events->text.len - rest.len);
}

static void events_end(struct stream *stream)
{
	client_lost(container_of(stream, struct events, stream)->client, "it broke");
}

static size_t events_take(struct stream *stream, struct slice bytes)
{
	struct events *events = container_of(stream, struct events, stream);
	struct slice rest = bytes, piece;
	enum http_part part;

	while ((part = http_read(&events->reader, &rest, &piece)) == HTTP_BODY)
		buf_append(&events->text, piece);
	if (part != HTTP_MORE || events->reader.status >= 300)
		die("no event stream: HTTP answered %u", events->reader.status);
	events_take_lines(events);
	return bytes.len - rest.len;
}

static void events_open(struct client *client)
{
	static const struct stream_ops ops = {.take = events_take, .end = events_end};
	const unsigned port = client->load->options->port;
	struct events *events = xcalloc(1, sizeof(*events));

	events->client = client;
	client->link = events;
	stream_connect(&events->stream, &client->load->streams, &ops, port);
	struct buf *out = stream_out(&events->stream);
	buf_append(out, SLICE("GET "));
	carrier_write_path(client, out);
	buf_printf(out,
		" HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAccept: text/event-stream\r\n\r\n",
		port);
}

static void events_send(struct client *client, struct slice text)
{
	(void)text;
	client_lost(client, "an event stream carries nothing to the server");
}

static void events_close(struct client *client)
{
	struct events *events = client->link;

	stream_close(&events->stream);
	buf_finish(&events->text);
	free(events);
}

const struct carrier_ops carry_events = {
	.open = events_open,
	.send = events_send,
	.close = events_close,
};
