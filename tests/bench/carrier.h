/*
 * A carrier moves a client's messages to the server and back: a description, with one
 * of four implementations (carry_tcp.c, carry_websocket.c, carry_http.c,
 * carry_events.c).
 */
#ifndef BENCH_CARRIER_H
#define BENCH_CARRIER_H

#include "tests/bench/load.h"

struct carrier {
	const char *name;
	const struct carrier_ops *ops;
	bool is_sockjs;
	const char *path;       /* below the endpoint's, or the SockJS session's */
	const char *method;     /* carry_http.c: of the request for frames */
	const char *prefix;     /* of a frame's line */
	const char *publishers; /* the carrier of publishers; NULL: this one */
};

struct carrier_ops {
	void (*open)(struct client *client); /* then begin() or client_lost() */
	void (*send)(struct client *client, struct slice text);
	void (*flush)(struct client *client); /* at the end of the turn; may be NULL */
	void (*close)(struct client *client);
};

/* NULL when there is none. */
const struct carrier *carrier_find(const char *name);

extern const struct carrier_ops carry_tcp, carry_websocket, carry_http, carry_events;

/* For the carriers. */

/* Appends the path of the client's session. */
void carrier_write_path(const struct client *client, struct buf *out);

/* A SockJS frame has come. */
void carrier_take_frame(struct client *client, struct slice frame);

/* Asks for a flush(). */
void carrier_want_flush(struct client *client);

#endif
