/*
 * The answer to a request: libmicrohttpd sends it while it has the connection, else
 * Postern does. http_answer.c has the answers, http_refuse.c the refusals.
 */
#ifndef TRANSPORTS_HTTP_HTTP_ANSWER_H
#define TRANSPORTS_HTTP_HTTP_ANSWER_H

#include "transports/http/http_internal.h"

/*
 * Counts the request under its route with the status of its answer. Call it once for
 * each answer.
 */
void http_request_count(const struct http_request *request, unsigned status);

enum caching {
	CACHING_UNSAID,
	CACHING_NEVER, /* exactly the header that the protocol's tests want */
	CACHING_CHECK, /* ask each time whether the ETag is still valid */
	CACHING_YEAR,
	CACHING_FOREVER, /* the content of this URL never changes */
};

struct answer {
	unsigned status;
	const char *content_type; /* NULL: no such header */
	struct slice body;        /* copied, unless `held` is set */
	void *held; /* keeps the body until it has left; then release() is called */
	void (*release)(void *held);
	enum caching caching;
	const char *etag;                /* quoted; NULL: none */
	const char *allow;               /* NULL: none */
	const char *allow_methods;       /* for a preflight; NULL: none */
	const char *policy;              /* Content-Security-Policy; NULL: none */
	const char *location;            /* of a redirect; NULL: none */
	const struct page_headers *more; /* go before `caching`; NULL: none */
	bool nosniff;                    /* forbid the browser to guess the type */
	bool close;                      /* close the connection after it */
};

/*
 * Answers the request and counts it; with an endpoint, adds CORS headers and its
 * cookie. Copies the answer, except a held body, whose `held` it always takes over; a
 * 304, and an answer on a connection that is ours, must have none. False when
 * libmicrohttpd refuses, or does not have the connection.
 */
bool http_answer(struct http_request *request, const struct answer *answer);

/*
 * As http_answer(), for a connection that is ours: appends the answer's bytes to *out.
 * Releases no `held` body.
 */
void http_write_answer(
	struct http_request *request, const struct answer *answer, struct buf *out);

/* http_answer() with a short text/plain, which is copied. */
bool http_answer_text(struct http_request *request, unsigned status, struct slice text);

/*
 * http_refuse.c: every 4xx and 5xx. Counts and logs the refusal. Answers with its
 * status, its sentence, the refused value and what to do about it. Fills in the door
 * and the address, and the hint if it is empty and the kind has one. This and the
 * functions below return what http_answer() returns.
 */
bool http_refuse(struct http_request *request, const struct refusal *refusal);

/*
 * As http_refuse(), and the connection closes afterwards: its next bytes cannot be
 * trusted, or are not wanted. A 431 gets fewer headers.
 */
bool http_refuse_and_close(struct http_request *request, const struct refusal *refusal);

/* http_refuse() that quotes no part of the request: the kind is enough. */
bool http_refuse_kind(struct http_request *request, enum refusal_kind kind);

/* http_refuse() that quotes the path of the request. */
bool http_refuse_path(struct http_request *request, enum refusal_kind kind);

/* Refuses with 405 and the header Allow, a list such as "GET, HEAD". */
bool http_refuse_method(struct http_request *request, const char *allow);

/*
 * Refuses the request when its body has come, since libmicrohttpd cannot answer
 * before. Keeps copies of the refusal and of its hint; its other slices must live
 * until then.
 */
void http_refuse_later(struct http_request *request, const struct refusal *refusal);

/*
 * The same, and the answer waits `delay` ms more. Only this request waits, unless it
 * has left libmicrohttpd: then it is answered without delay.
 */
void http_refuse_slowly(
	struct http_request *request, const struct refusal *refusal, uint64_t delay);

/*
 * Counts and logs the refusal and appends its text to *text, which must be empty.
 * Returns the answer for the caller to send; its body points into *text.
 */
struct answer http_refusal(
	struct http_request *request, const struct refusal *refusal, struct buf *text);

/*
 * Answers 200 with a chunked stream of that type, which http_receive.c fills. `reader`
 * is libmicrohttpd's MHD_ContentReaderCallback; it is called with `receiver`, which
 * must live as long as the request. Returns as http_answer().
 */
bool http_answer_stream(struct http_request *request, const char *content_type,
	ssize_t (*reader)(void *receiver, uint64_t position, char *out, size_t room),
	struct receiver *receiver);

/*
 * As http_answer_stream(), for a connection that is ours: counts the request and
 * appends the head of a chunked 200 to *out. The caller writes the chunks after it.
 */
void http_write_stream(
	struct http_request *request, const char *content_type, struct buf *out);

enum { STREAM_ENDS = -1, STREAM_BREAKS = -2 }; /* further results of a reader */

/*
 * True when the request's If-None-Match lists `etag`, which is quoted, or is "*". Weak
 * ones match, too (RFC 9110, 13.1.2).
 */
bool etag_matches(const struct http_request *request, const char *etag);

/*
 * The value of the first header of that name, without case, or an empty slice. The
 * bytes live as long as the request. Only while libmicrohttpd has the connection.
 */
struct slice http_request_header(const struct http_request *request, const char *name);

/*
 * http_request.c: refuses before the body has come, by writing to the socket past
 * libmicrohttpd. Further input is read and dropped until a deadline, so that the peer
 * can read the answer.
 */
void http_refuse_early(struct http_request *request, enum refusal_kind kind);

#endif
