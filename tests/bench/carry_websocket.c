/* A WebSocket, raw or SockJS's: each message is a text frame. */
#include "protocol/wsframe.h"
#include "protocol/xmalloc.h"
#include "tests/bench/carrier.h"
#include "tests/bench/dialect.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdlib.h>

enum { HEAD_MAX = 14, MASK = 0x80 };

struct websocket {
	struct stream stream;
	struct client *client;
	bool is_open;
};

struct frame {
	unsigned opcode;
	struct slice payload;
};

/* The length of a server's frame, or 0 while it is incomplete. */
static size_t frame_read(struct frame *frame, struct slice bytes)
{
	size_t head = 2, len;
	uint16_t len16;
	uint64_t len64;

	if (bytes.len < head)
		return 0;
	len = (unsigned char)bytes.data[1];
	head += len == 126 ? 2 : len == 127 ? 8 : 0;
	if (bytes.len < head)
		return 0;
	if (len == 126) {
		memcpy(&len16, bytes.data + 2, sizeof(len16));
		len = ntohs(len16);
	} else if (len == 127) {
		memcpy(&len64, bytes.data + 2, sizeof(len64));
		len = be64toh(len64);
	}
	if (bytes.len - head < len)
		return 0;
	frame->opcode = bytes.data[0] & 15;
	frame->payload = (struct slice){bytes.data + head, len};
	return head + len;
}

/* Masked by zeros: the same cost for the server, and none for us. */
static void frame_write(struct buf *out, unsigned opcode, struct slice payload)
{
	char head[WSFRAME_HEAD_MAX];
	size_t len = wsframe_head(head, opcode, payload.len);

	head[1] = (char)(head[1] | MASK);
	buf_append(out, (struct slice){head, len});
	buf_append(out, ((struct slice){"\0\0\0", 4}));
	buf_append(out, payload);
}

static void websocket_hear(struct websocket *websocket, const struct frame *frame)
{
	struct client *client = websocket->client;

	switch (frame->opcode) {
	case WSFRAME_TEXT:
	case WSFRAME_BINARY:
		if (client->carrier->is_sockjs)
			carrier_take_frame(client, frame->payload);
		else if (client->load->options->dialect->hear(client, frame->payload) <
			 frame->payload.len)
			client_lost(client, "a message is cut");
		break;
	case WSFRAME_PING:
		frame_write(
			stream_out(&websocket->stream), WSFRAME_PONG, frame->payload);
		break;
	case WSFRAME_PONG:
		break;
	default:
		client_lost(client, "it was closed");
		break;
	}
}

/* The length of the answer's head, or 0 while it is incomplete. */
static size_t websocket_take_head(struct websocket *websocket, struct slice bytes)
{
	const char *end = memmem(bytes.data, bytes.len, "\r\n\r\n", 4);

	if (end == NULL)
		return 0;
	if (!slice_starts_with(bytes, SLICE("HTTP/1.1 101")))
		die("no WebSocket: %.*s", (int)slice_find(bytes, '\r'), bytes.data);
	websocket->is_open = true;
	if (!websocket->client->carrier->is_sockjs) /* else there is an o */
		websocket->client->load->options->dialect->begin(websocket->client);
	return (size_t)(end - bytes.data) + 4;
}

static size_t websocket_take(struct stream *stream, struct slice bytes)
{
	struct websocket *websocket = container_of(stream, struct websocket, stream);
	struct slice rest = bytes;
	struct frame frame;
	size_t len = 1;

	if (!websocket->is_open)
		rest = slice_from(rest, websocket_take_head(websocket, rest));
	while (len > 0 && websocket->is_open && stream->fd != -1) {
		len = frame_read(&frame, rest);
		if (len > 0)
			websocket_hear(websocket, &frame);
		rest = slice_from(rest, len);
	}
	return bytes.len - rest.len;
}

static void websocket_end(struct stream *stream)
{
	client_lost(container_of(stream, struct websocket, stream)->client, "it broke");
}

static void websocket_open(struct client *client)
{
	static const struct stream_ops ops = {
		.take = websocket_take,
		.end = websocket_end,
	};
	const struct options *options = client->load->options;
	struct websocket *websocket = xcalloc(1, sizeof(*websocket));

	websocket->client = client;
	client->link = websocket;
	stream_connect(&websocket->stream, &client->load->streams, &ops, options->port);
	struct buf *out = stream_out(&websocket->stream);
	buf_append(out, SLICE("GET "));
	carrier_write_path(client, out);
	buf_printf(out,
		"%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
		client->carrier->path, options->port);
	if (options->dialect->subprotocol != NULL)
		buf_printf(out, "Sec-WebSocket-Protocol: %s\r\n",
			options->dialect->subprotocol);
	buf_append(out, SLICE("\r\n"));
}

static void websocket_send(struct client *client, struct slice text)
{
	struct websocket *websocket = client->link;
	struct buf quoted = {0};

	if (!client->carrier->is_sockjs) {
		frame_write(stream_out(&websocket->stream),
			client->load->options->dialect->is_binary ? WSFRAME_BINARY
								  : WSFRAME_TEXT,
			text);
		return;
	}
	buf_append_char(&quoted, '[');
	sockjs_quote(&quoted, text);
	buf_append_char(&quoted, ']');
	frame_write(stream_out(&websocket->stream), WSFRAME_TEXT, buf_slice(&quoted));
	buf_finish(&quoted);
}

static void websocket_close(struct client *client)
{
	struct websocket *websocket = client->link;

	stream_close(&websocket->stream);
	free(websocket);
}

const struct carrier_ops carry_websocket = {
	.open = websocket_open,
	.send = websocket_send,
	.close = websocket_close,
};
