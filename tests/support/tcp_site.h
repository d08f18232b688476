/*
 * A TCP carrier between a socket and a handler of the test, for test_tcp.c and
 * test_tcp_ending.c. Socket pairs stand for connections.
 */
#ifndef TESTS_SUPPORT_TCP_SITE_H
#define TESTS_SUPPORT_TCP_SITE_H

#include "gateway/config/config.h"
#include "gateway/session/session.h"
#include "gateway/worker/worker.h"
#include "transports/tcp/tcp.h"

#include <sys/socket.h>

enum {
	READ_SIZE = 16384,
	READS_PER_TURN = 4,
	MUCH = 1 << 20,
};

/* An edge of TCP alone. */
struct edge {
	struct tcp *tcp;
	unsigned turns;
};

struct tcp_site {
	struct worker *worker;
	struct edge edge;
	int peer; /* the other end; -1: closed */

	/* The handler: it keeps its input, and answers or pauses if told to. */
	struct session *session; /* the latest; NULL: it is closed */
	struct buf heard;
	unsigned pieces, closed;
	bool holds, answers;
	bool keeps; /* the session of a peer that has hung up */
};

extern struct tcp_site site;

/* One connection, with these members in the configuration. */
void site_begin(const char *members);

/* Its session must have closed once. */
void site_end(void);

/* Another connection takes the peer's place. */
void site_adopt(void);

void site_turn(void);

/* Runs turns until nothing more happens by itself. */
void site_turn_all(void);

/* The peer closes. */
void site_leave(void);

/* Bytes whose place can be seen. */
struct slice site_pattern(size_t len);

/* Writes as much as the socket takes, returns the rest. */
struct slice site_write(struct slice bytes);

/* Appends the peer's input; false at its end. */
bool site_read(struct buf *got);

/* How many of the peer's bytes the carrier has not read. */
int site_unread(void);

#endif
