/* Bare messages: the path selects the topic of a WebSocket. */
#include "tests/bench/carrier.h"
#include "tests/bench/dialect.h"

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

const struct dialect dialect_bare = {
	.name = "bare",
	.begin = bare_begin,
	.publish = bare_publish,
	.hear = bare_hear,
};

/* nchan also reports to a publisher the result of each message. */

static void nchan_write_path(const struct client *client, struct buf *path)
{
	const char *role = !client->publishes   ? "subscribe"
			   : client->subscribes ? "both"
						: "publish";

	buf_printf(path, "/%s?topic=%u", role, client->topic);
}

static size_t nchan_hear(struct client *client, struct slice bytes)
{
	if (!client->publishes || !slice_starts_with(bytes, SLICE("queued messages:")))
		client_heard(client, bytes);
	return bytes.len;
}

const struct dialect dialect_nchan = {
	.name = "nchan",
	.write_path = nchan_write_path,
	.begin = bare_begin,
	.publish = bare_publish,
	.hear = nchan_hear,
};
