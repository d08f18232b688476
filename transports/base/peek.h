/*
 * Looks at a head while it stays in the socket: the carrier that serves the request
 * reads it from its beginning. Reading needs no struct io: what has come is in the
 * descriptor, also when a channel stands behind it.
 */
#ifndef TRANSPORTS_BASE_PEEK_H
#define TRANSPORTS_BASE_PEEK_H

#include "protocol/http_head.h"

struct config;

/*
 * limits.head, limits.target and limits.head_lines of the configuration, for
 * http_head_parse().
 */
struct http_head_limits peek_limits(const struct config *config);

/*
 * Allocates a buffer for peek_head(), which the caller frees: limits.head bytes, and
 * one more that shows that a head is longer.
 */
char *peek_room(const struct config *config);

enum peek {
	PEEK_HEAD,
	PEEK_MORE, /* incomplete */
	PEEK_BAD,
	PEEK_NOTHING, /* no bytes have come */
	PEEK_GONE,    /* the connection has ended */
};

struct peeked {
	char *room; /* from peek_room(); `head` points into it after PEEK_HEAD */
	struct http_head head;
	size_t got; /* bytes that have come, of the head and after it */
	int status; /* after PEEK_BAD: the status to answer */
};

/*
 * Reads the head that has come and leaves it in the socket. peeked->room must be
 * peek_room()'s for the same configuration. Sets `got` if any bytes have come; after
 * PEEK_HEAD `head`, which points into the room; after PEEK_BAD `status`.
 */
enum peek peek_head(int fd, const struct config *config, struct peeked *peeked);

/*
 * Takes the first `left` bytes, which were only peeked at, out of the socket. False
 * when the connection has broken.
 */
bool peek_take(int fd, size_t left);

/*
 * As peek_take(), for bytes that peek_head() has counted in peeked->got: they stay in
 * its room, and so does the head.
 */
bool peek_read(int fd, struct peeked *peeked, size_t bytes);

#endif
