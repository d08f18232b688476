/* The dialect's own bytes, over a TCP connection. */
#include "protocol/xmalloc.h"
#include "tests/bench/carrier.h"
#include "tests/bench/dialect.h"

#include <stdlib.h>

struct tcp {
	struct stream stream;
	struct client *client;
};

static size_t tcp_take(struct stream *stream, struct slice bytes)
{
	struct client *client = container_of(stream, struct tcp, stream)->client;

	return client->load->options->dialect->hear(client, bytes);
}

static void tcp_end(struct stream *stream)
{
	client_lost(container_of(stream, struct tcp, stream)->client, "it was closed");
}

static void tcp_open(struct client *client)
{
	static const struct stream_ops ops = {.take = tcp_take, .end = tcp_end};
	struct tcp *tcp = xcalloc(1, sizeof(*tcp));

	tcp->client = client;
	client->link = tcp;
	stream_connect(&tcp->stream, &client->load->streams, &ops,
		client->load->options->tcp_port);
	client->load->options->dialect->begin(client);
}

static void tcp_send(struct client *client, struct slice text)
{
	struct tcp *tcp = client->link;

	buf_append(stream_out(&tcp->stream), text);
}

static void tcp_close(struct client *client)
{
	struct tcp *tcp = client->link;

	stream_close(&tcp->stream);
	free(tcp);
}

const struct carrier_ops carry_tcp = {
	.open = tcp_open,
	.send = tcp_send,
	.close = tcp_close,
};
