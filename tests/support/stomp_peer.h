/*
 * A STOMP client at the other end of a raw session, for tests. Frames are written and
 * read in one line, COMMAND{name:value}{name:value}[body], with the bytes of headers
 * and body as on the wire; an empty body is left out.
 */
#ifndef TESTS_SUPPORT_STOMP_PEER_H
#define TESTS_SUPPORT_STOMP_PEER_H

#include "tests/support/memory_outlet.h"

struct stomp_peer {
	struct memory_outlet memory; /* its session: NULL after the end */
	struct worker *worker;
	bool connected;
};

/* Opens the session; sends nothing yet. */
struct stomp_peer *stomp_peer_create(struct worker *worker);

/* The same, connected: `version` is "1.0", "1.1" or "1.2". No heart-beats. */
struct stomp_peer *stomp_peer_connect(struct worker *worker, const char *version);

/* The same at another endpoint than /stomp. */
struct stomp_peer *stomp_peer_connect_at(
	struct worker *worker, const char *path, const char *version);

/* Leaves without a DISCONNECT if the session still exists. */
void stomp_peer_destroy(struct stomp_peer *peer);

/* Sends one frame in the notation above, and runs the worker. */
void stomp_peer_say(struct stomp_peer *peer, const char *frame);

/* The same without running the worker: the next frame comes in the same turn. */
void stomp_peer_mutter(struct stomp_peer *peer, const char *frame);

/* Sends the bytes unchanged. */
void stomp_peer_say_raw(struct stomp_peer *peer, struct slice bytes);

/* Appends the frame of the notation as bytes. */
void stomp_peer_write(struct buf *out, const char *frame);

/*
 * The output since the last call, with a blank between: frames without the headers
 * session, server, message-id and x-postern-seq, "LF" for a heart-beat, and the close.
 */
const char *stomp_peer_heard(struct stomp_peer *peer);

/*
 * The output is the ERROR with this message and a text that begins with it, for the
 * frame that asked for `receipt` (or "": none), and the close.
 */
void stomp_peer_check_refused(
	struct stomp_peer *peer, const char *message, const char *receipt);

#define assert_heard(peer, expected) ck_assert_str_eq(stomp_peer_heard(peer), expected)

#endif
