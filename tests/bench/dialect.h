/*
 * The frames of clients: to log in, to subscribe, to publish; and the server's
 * answers.
 */
#ifndef BENCH_DIALECT_H
#define BENCH_DIALECT_H

#include "tests/bench/load.h"

struct dialect {
	const char *name;
	const char *subprotocol; /* of a raw WebSocket; NULL: none */
	bool is_binary;
	/*
	 * Writes the path, if it depends on the client's purpose; NULL: it is the
	 * endpoint's.
	 */
	void (*write_path)(const struct client *client, struct buf *out);
	void (*begin)(struct client *client); /* its carrier is open */
	void (*publish)(struct client *client, struct slice body);
	/* How many of the bytes were consumed: a carrier may cut them anywhere. */
	size_t (*hear)(struct client *client, struct slice bytes);
};

/* NULL when there is none. */
const struct dialect *dialect_find(const char *name);

extern const struct dialect dialect_stomp, dialect_stomp_unconfirmed, dialect_mqtt,
	dialect_nchan, dialect_bare;

/* For the dialects: appends a topic's name. */
void dialect_write_topic(const struct client *client, unsigned number, struct buf *out);

#endif
