/*
 * A connection that is ours: libmicrohttpd does not have it, so Postern reads its
 * requests and writes their answers itself. http_keep.c begins and ends each request,
 * http_body.c reads its body.
 */
#ifndef TRANSPORTS_HTTP_HTTP_KEEP_H
#define TRANSPORTS_HTTP_HTTP_KEEP_H

#include "transports/http/http_internal.h"

struct answer;

/*
 * The turn of a connection that is ours: continues its request, reads the next one, or
 * closes it.
 */
void http_keep_run(struct fair_queue_entry *entry);

/*
 * Answers a request whose connection is ours. Copies the answer, which must not be
 * held; it is written as the kernel takes it.
 */
void http_keep_answer(struct http_request *request, const struct answer *answer);

/*
 * Gives the connection, which is ours and has no request, to its daemon: libmicrohttpd
 * sees all that is unread. The connection may be freed within this call.
 */
void http_connection_return(struct http_connection *connection);

/* http_body.c */

enum http_body {
	HTTP_BODY_WHOLE,
	HTTP_BODY_MORE, /* the watch reports the next bytes */
	HTTP_BODY_GONE, /* the peer has gone before its end */
};

/*
 * Takes the head of a request, and what has come of its body, out of the socket of a
 * connection that is ours. False when the connection has broken.
 */
bool http_body_begin(struct http_request *request, struct peeked *peeked);

/*
 * Reads more of that body into the request. Drops it when the request was refused.
 */
enum http_body http_body_read(struct http_request *request);

#endif
