/*
 * HTTP: everything except WebSocket. Postern serves the plain requests of SockJS
 * clients itself, libmicrohttpd all others. Its daemons join the worker's loop;
 * http_daemon.c explains why there are many.
 */
#ifndef TRANSPORTS_HTTP_HTTP_H
#define TRANSPORTS_HTTP_HTTP_H

#include "gateway/base/io.h"

struct http;
struct worker;
struct ws;

/*
 * Makes the HTTP carrier of that worker. `ws` gets the connections that become
 * WebSockets, and must outlive the carrier. NULL after logging why.
 */
struct http *http_create(struct worker *worker, struct ws *ws);
void http_destroy(struct http *http); /* NULL is fine */

/*
 * Takes over an unread connection, whose first head has come. The carrier's turn serves
 * it.
 */
void http_adopt(struct http *http, struct io io, const struct sockaddr *address);

/*
 * As http_adopt(), for a connection of the door's reserve, which ends after its first
 * answer. The caller has counted it in ACCOUNT_RESERVED of `account`, unless that is
 * ACCOUNT_HOUSE; it counts there until its end.
 */
void http_adopt_once(struct http *http, struct io io, const struct sockaddr *address,
	uint32_t account);

/*
 * As http_adopt(), for the listener for operators. Only on worker 0, and only when the
 * configuration has "admin".
 */
void http_adopt_admin(struct http *http, struct io io, const struct sockaddr *address);

/* Runs the daemons and connections that have work; true when more is left. */
bool http_turn(struct http *http);

/* Continues the requests that bring messages and had to wait for the inbox. */
void http_resume_reading(struct http *http);

#endif
