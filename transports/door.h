/*
 * The door owns the listening socket. It looks at the first head of each
 * connection without consuming it, refuses what is malformed, too large or late, and
 * hands the socket over: a good WebSocket upgrade to libwebsockets, with a head
 * that we wrote; everything else, untouched, to HTTP, which repeats the checks and
 * gives the answers.
 */
#ifndef TRANSPORTS_DOOR_H
#define TRANSPORTS_DOOR_H

struct door;
struct http;
struct worker;
struct ws;

/* Listens where the configuration says. NULL after logging why. */
struct door *door_create(struct worker *worker, struct http *http, struct ws *ws);

/* Stops listening and forgets those who have not yet said what they want. */
void door_close(struct door *door);

void door_destroy(struct door *door); /* NULL is fine */

#endif
