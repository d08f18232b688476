#include "tests/bench/carrier.h"

#include "tests/bench/dialect.h"

#include <unistd.h>

static const struct carrier carriers[] = {
	{.name = "tcp", .ops = &carry_tcp},
	{.name = "websocket", .ops = &carry_websocket, .path = "/websocket"},
	{.name = "bare-websocket", .ops = &carry_websocket, .path = ""},
	{.name = "events",
		.ops = &carry_events,
		.prefix = "data: ",
		.publishers = "bare-websocket"},
	{.name = "sockjs-websocket",
		.ops = &carry_websocket,
		.path = "/websocket",
		.is_sockjs = true},
	{.name = "xhr-streaming",
		.ops = &carry_http,
		.path = "/xhr_streaming",
		.method = "POST",
		.prefix = "",
		.is_sockjs = true},
	{.name = "xhr-polling",
		.ops = &carry_http,
		.path = "/xhr",
		.method = "POST",
		.prefix = "",
		.is_sockjs = true},
	{.name = "eventsource",
		.ops = &carry_http,
		.path = "/eventsource",
		.method = "GET",
		.prefix = "data: ",
		.is_sockjs = true},
};

const struct carrier *carrier_find(const char *name)
{
	for (size_t i = 0; i < sizeof(carriers) / sizeof(*carriers); i++) {
		if (strcmp(carriers[i].name, name) == 0)
			return &carriers[i];
	}
	return NULL;
}

void carrier_write_path(const struct client *client, struct buf *out)
{
	const struct options *options = client->load->options;

	if (options->dialect->write_path != NULL)
		options->dialect->write_path(client, out);
	else
		buf_append(out, slice_of(options->path));
	if (client->carrier->is_sockjs)
		buf_printf(out, "/000/bench-%d-%u", (int)getpid(), client->number);
}

void carrier_take_frame(struct client *client, struct slice frame)
{
	const struct dialect *dialect = client->load->options->dialect;
	struct sockjs_messages *messages = &client->load->messages;

	switch (frame.len > 0 ? frame.data[0] : 'h') {
	case 'h':
		return;
	case 'o':
		dialect->begin(client);
		return;
	case 'a':
		break;
	default:
		client_lost(client, "it was closed");
		return;
	}
	if (sockjs_decode(messages, slice_from(frame, 1), false, SIZE_MAX / 4) !=
		SOCKJS_DECODE_DONE) {
		client_lost(client, "a frame cannot be read");
		return;
	}
	for (size_t i = 0; i < messages->count; i++)
		dialect->hear(client, sockjs_message(messages, i));
}

void carrier_want_flush(struct client *client)
{
	if (!list_is_linked(&client->sending))
		list_append(&client->load->sending, &client->sending);
}
