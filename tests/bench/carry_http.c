/*
 * SockJS over HTTP: one connection asks for frames again and again; another one sends
 * the client's messages, one request after the other. The second one closes when no
 * message is left, unless the client publishes.
 */
#include "protocol/xmalloc.h"
#include "tests/bench/carrier.h"
#include "tests/bench/dialect.h"
#include "tests/bench/http_reader.h"

#include <stdlib.h>

struct exchange {
	struct stream stream;
	struct http_reader reader;
	struct client *client;
};

struct http {
	struct exchange down, up;
	struct buf line;     /* of an incomplete frame */
	struct buf waiting;  /* the client's messages, as an array that is still open */
	bool is_posting;     /* an answer is awaited on `up` */
	bool is_asking_info; /* on `up`, before all */
};

static void exchange_request(struct exchange *exchange, const char *method,
	const char *path, struct slice body, bool of_session)
{
	struct client *client = exchange->client;
	struct buf *out = stream_out(&exchange->stream);

	buf_printf(out, "%s ", method);
	if (of_session)
		carrier_write_path(client, out);
	else
		buf_append(out, slice_of(client->load->options->path));
	buf_printf(out, "%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n", path,
		client->load->options->port);
	if (strcmp(method, "POST") == 0)
		buf_printf(out, "Content-Type: text/plain\r\nContent-Length: %zu\r\n",
			body.len);
	buf_append(out, SLICE("\r\n"));
	buf_append(out, body);
}

/* The connection, opened if there is none. */
static void exchange_open(
	struct exchange *exchange, struct client *client, const struct stream_ops *ops)
{
	if (exchange->stream.streams != NULL && exchange->stream.fd != -1)
		return;
	exchange->client = client;
	exchange->reader = (struct http_reader){0};
	stream_connect(&exchange->stream, &client->load->streams, ops,
		client->load->options->port);
}

/* Frames. */

static void http_take_line(struct client *client, struct slice line)
{
	const struct slice prefix = slice_of(client->carrier->prefix);

	if (slice_ends_with(line, SLICE("\r")))
		line.len--;
	/* Preludes are blanks, or a long run of h. */
	if (line.len > prefix.len && slice_starts_with(line, prefix))
		carrier_take_frame(client, slice_from(line, prefix.len));
}

static void http_take_body(struct client *client, struct slice body)
{
	struct http *http = client->link;

	for (;;) {
		size_t end = slice_find(body, '\n');

		if (end == body.len)
			break;
		if (http->line.len == 0) {
			http_take_line(client, slice_first(body, end));
		} else {
			buf_append(&http->line, slice_first(body, end));
			http_take_line(client, buf_slice(&http->line));
			buf_clear(&http->line);
		}
		body = slice_from(body, end + 1);
	}
	buf_append(&http->line, body);
}

static void http_ask(struct client *client);

/* The content of an answer, piece by piece; `done` at its end. */
static size_t exchange_take(struct exchange *exchange, struct slice bytes,
	void (*piece)(struct client *client, struct slice body),
	void (*done)(struct client *client))
{
	struct slice rest = bytes, body;

	while (exchange->stream.fd != -1) {
		enum http_part part = http_read(&exchange->reader, &rest, &body);

		if (part == HTTP_MORE)
			break;
		if (part == HTTP_BAD || exchange->reader.status >= 300)
			die("HTTP answered %u", exchange->reader.status);
		if (part == HTTP_BODY && piece != NULL && body.len > 0)
			piece(exchange->client, body);
		if (part == HTTP_DONE) {
			if (exchange->reader.is_last)
				stream_close(&exchange->stream);
			done(exchange->client);
		}
	}
	return bytes.len - rest.len;
}

static size_t down_take(struct stream *stream, struct slice bytes)
{
	struct exchange *exchange = container_of(stream, struct exchange, stream);

	return exchange_take(exchange, bytes, http_take_body, http_ask);
}

static void down_end(struct stream *stream)
{
	client_lost(container_of(stream, struct exchange, stream)->client, "it broke");
}

static void http_ask(struct client *client)
{
	static const struct stream_ops ops = {.take = down_take, .end = down_end};
	struct http *http = client->link;

	exchange_open(&http->down, client, &ops);
	exchange_request(&http->down, client->carrier->method, client->carrier->path,
		SLICE(""), true);
}

/* The client's messages. */

static void http_posted(struct client *client)
{
	struct http *http = client->link;

	http->is_posting = false;
	if (http->is_asking_info) {
		http->is_asking_info = false;
		http_ask(client);
	} else if (http->waiting.len > 0) {
		carrier_want_flush(client);
	} else if (!client->publishes) {
		stream_close(&http->up.stream);
	}
}

static size_t up_take(struct stream *stream, struct slice bytes)
{
	struct exchange *exchange = container_of(stream, struct exchange, stream);

	return exchange_take(exchange, bytes, NULL, http_posted);
}

static void up_end(struct stream *stream)
{
	struct client *client = container_of(stream, struct exchange, stream)->client;
	struct http *http = client->link;

	if (http->is_posting)
		client_lost(client, "it broke while something was said");
}

static const struct stream_ops up_ops = {.take = up_take, .end = up_end};

static void http_flush(struct client *client)
{
	struct http *http = client->link;

	if (http->is_posting || http->waiting.len == 0)
		return;
	buf_append_char(&http->waiting, ']');
	exchange_open(&http->up, client, &up_ops);
	exchange_request(
		&http->up, "POST", "/xhr_send", buf_slice(&http->waiting), true);
	buf_finish(&http->waiting);
	http->is_posting = true;
}

static void http_send(struct client *client, struct slice text)
{
	struct http *http = client->link;

	buf_append_char(&http->waiting, http->waiting.len == 0 ? '[' : ',');
	sockjs_quote(&http->waiting, text);
	carrier_want_flush(client);
}

static void http_open(struct client *client)
{
	client->link = xcalloc(1, sizeof(struct http));
	struct http *http = client->link;

	if (!client->load->options->mode->is_opening) {
		http_ask(client);
		return;
	}
	http->is_posting = http->is_asking_info = true;
	exchange_open(&http->up, client, &up_ops);
	exchange_request(&http->up, "GET", "/info", SLICE(""), false);
}

static void http_close(struct client *client)
{
	struct http *http = client->link;

	stream_close(&http->down.stream);
	stream_close(&http->up.stream);
	buf_finish(&http->line);
	buf_finish(&http->waiting);
	free(http);
}

const struct carrier_ops carry_http = {
	.open = http_open,
	.send = http_send,
	.flush = http_flush,
	.close = http_close,
};
