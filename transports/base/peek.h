/*
 * A head is looked at while it stays in the socket: whoever serves the request reads it
 * from its beginning.
 */
#ifndef TRANSPORTS_BASE_PEEK_H
#define TRANSPORTS_BASE_PEEK_H

#include "protocol/http_head.h"

struct config;

/*
 * limits.head, limits.target and limits.head_lines of the configuration, as
 * http_head_parse() wants them.
 */
struct http_head_limits peek_limits(const struct config *config);

/*
 * Allocates a buffer for peek_head(), which the caller frees: limits.head bytes, and
 * one more that shows that a head is longer.
 */
char *peek_room(const struct config *config);

enum peek {
	PEEK_HEAD,
	PEEK_MORE, /* it is not whole */
	PEEK_BAD,
	PEEK_NOTHING, /* nothing is there */
	PEEK_GONE,    /* the connection is over */
};

struct peeked {
	char *room; /* peek_room()'s, where `head` points to after PEEK_HEAD */
	struct http_head head;
	size_t got; /* bytes that were there, of the head and behind it */
	int status; /* after PEEK_BAD: what to answer */
};

/*
 * Reads the head that has come and leaves it in the socket. peeked->room is
 * peek_room()'s for the same configuration. Sets `got` if anything has come, `head`,
 * which points into the room, after PEEK_HEAD, and `status` after PEEK_BAD.
 */
enum peek peek_head(int fd, const struct config *config, struct peeked *peeked);

/*
 * Takes the first `left` bytes, which were only looked at, out of the socket. False
 * when the connection broke.
 */
bool peek_take(int fd, size_t left);

#endif
