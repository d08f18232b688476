/*
 * The messages between an HTTP request and its session: posts when they live on
 * different workers, else calls.
 */
#ifndef TRANSPORTS_HTTP_HTTP_REMOTE_H
#define TRANSPORTS_HTTP_HTTP_REMOTE_H

#include "transports/http/feed.h"
#include "transports/http/intake.h"

/*
 * feed_open() at worker `home`: a call on this worker, else a post with copies, which
 * holds the endpoint meanwhile.
 */
void http_remote_ask_feed(struct http *http, unsigned home, const struct feed_ask *ask);

/* feed_notify() at worker `home`: a call on this worker, else a post. */
void http_remote_tell_feed(
	struct http *http, unsigned home, struct handle receiver, enum feed_news news);

/*
 * receiver_notify() at the receiver's worker: a call on this worker, else a post with
 * a copy of the bytes. False for a post: FEED_WRITTEN follows.
 */
bool http_remote_tell_receiver(
	struct http *http, struct handle receiver, const struct receiver_word *word);

/*
 * intake_take() at worker `home`, which must be another worker: a post with copies,
 * which holds the endpoint meanwhile. Another post carries the answer to
 * http_send_answered().
 */
void http_remote_ask_intake(
	struct http *http, unsigned home, const struct intake_ask *ask);

#endif
