/*
 * A connector makes outgoing TCP connections to one of several servers, an attempt at a
 * time. An attempt is about one server of the list, the next attempt about the next
 * one. All addresses of a server are tried, in the order in which the system's resolver
 * gives them. Names are resolved on the pool, addresses need no resolver; nothing here
 * holds up the loop.
 *
 *    IDLE --connect, retry--> WAITING --the wait is over--> RESOLVING (a name only)
 *     ^                                                         |
 *     +-- connected(), failed(), cancel -- CONNECTING <---------+
 *
 * For whatever keeps a connection to another program: upstreams of an engine, above
 * all. What they say over the connection, and when they give it up, is theirs.
 */
#ifndef GATEWAY_BASE_CONNECTOR_H
#define GATEWAY_BASE_CONNECTOR_H

#include "protocol/slice.h"

#include <stdint.h>

struct connector;
struct loop;

/* Borrowed for connector_create(), with all that it points to but `context`. */
struct connector_settings {
	const struct slice *servers; /* each passes host_split_server() */
	size_t server_count;         /* at least 1 */

	/*
	 * Milliseconds for an attempt: the name and all addresses. Each address gets
	 * an equal share of what is left, so that a silent one does not use up the
	 * time of those after it.
	 */
	uint64_t deadline;

	uint64_t retry_least, retry_most; /* ms, as those of backoff.h */

	/*
	 * Both are called at the loop's top level. They may call every function of the
	 * connector, also connector_destroy().
	 */

	/*
	 * Takes over the descriptor, which is connected, non-blocking, close-on-exec,
	 * and has TCP_NODELAY.
	 */
	void (*connected)(void *context, int fd);

	/* `why` names the server and the reason, for a line of the log. */
	void (*failed)(void *context, struct slice why);

	void *context;

	/* Random numbers for the back-off. NULL: the kernel's. Tests pin it. */
	uint64_t (*random)(void);
};

struct connector *connector_create(
	struct loop *loop, const struct connector_settings *settings);

/* Cancels what is under way, and frees. NULL is fine. */
void connector_destroy(struct connector *connector);

/*
 * Begins an attempt in the next turn. Ends in one call of connected() or failed(),
 * unless it is cancelled. An attempt that is under way or waits is cancelled.
 */
void connector_connect(struct connector *connector);

/*
 * As connector_connect(), but waits first, twice as long as before the last retry. Call
 * it when an attempt has failed, or a connection is lost.
 */
void connector_retry(struct connector *connector);

/*
 * The next connector_retry() waits `retry_least` again. Call it when the connection has
 * proved good, for instance after a login: if every connection counted, a server that
 * accepts and closes would be asked without a break.
 */
void connector_reset(struct connector *connector);

/*
 * Ends the attempt, if there is one: neither connected() nor failed() is called. The
 * back-off goes on as if it had failed.
 */
void connector_cancel(struct connector *connector);

/*
 * The server of the attempt that is under way, or else of the last one, as it stands in
 * the list. The first server before any attempt.
 */
struct slice connector_server(const struct connector *connector);

#endif
