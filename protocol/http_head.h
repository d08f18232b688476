/*
 * The first head of a connection, read strictly (RFC 9112, and refusing what it
 * lets servers tolerate): what two parsers could read differently is an attack.
 * Also the rules of a WebSocket upgrade (RFC 6455, 4.2.1), and the short head that
 * we write ourselves for libwebsockets, which never sees a stranger's.
 */
#ifndef PROTOCOL_HTTP_HEAD_H
#define PROTOCOL_HTTP_HEAD_H

#include "protocol/buf.h"

#include <stdint.h>

enum { HTTP_HEADERS_MAX = 100 };

/* The methods that are served anywhere, for the Allow of a 405. */
#define HTTP_METHODS "GET, HEAD, POST, OPTIONS"

struct http_header {
	struct slice name, value; /* the value without blanks around it */
};

struct http_head {
	struct slice method;
	struct slice target; /* query and all; begins with '/', or is "*" */
	struct slice site;   /* "http://host" that stood before it; empty: none */
	int minor;           /* HTTP/1.minor: 0 or 1 */
	struct http_header headers[HTTP_HEADERS_MAX];
	size_t header_count;
	size_t len; /* bytes up to and with the empty line */

	/*
	 * What a head was refused for: "method" and "PUT", "header line" and "Host a".
	 */
	const char *fault;
	struct slice fault_value;
};

enum http_head_parse {
	HTTP_HEAD_DONE,
	HTTP_HEAD_MORE, /* no empty line yet, and nothing wrong so far */
	HTTP_HEAD_BAD,
};

struct http_head_limits {
	size_t bytes;  /* of the whole head: 431 */
	size_t target; /* of the request target: 414 */
	size_t lines;  /* header lines, at most HTTP_HEADERS_MAX: 431 */
};

/*
 * Reads the head at the start of `bytes`; the slices of *head point into it.
 * *head means something only after DONE.
 * One or two empty lines before it are tolerated (RFC 9112, 2.2) and count in `len`.
 * A target in absolute form (RFC 9112, 3.2.2) is cut to its path.
 *
 * On BAD, *status is what to answer:
 *   400  no Host in 1.1, two Hosts, characters that no host has; Content-Length
 *        with Transfer-Encoding, twice, signed, in a list, above 64 bits; a
 *        Transfer-Encoding in 1.0; a blank before a colon or before the first
 *        header; a folded line; a bare CR or LF, NUL, other control characters;
 *        a target that does not begin with "/" and is no URL of the same site as
 *        Host says, has a byte that is no VCHAR, %00 or a broken percent code; "*"
 *        with another method than OPTIONS
 *   405  a known method other than HTTP_METHODS; 501 an unknown one, or
 *        a transfer coding other than exactly "chunked"
 *   414  the target is too long; 431 the head, or too many lines
 *   417  an Expect other than 100-continue; 505 not HTTP/1.0 or 1.1
 */
enum http_head_parse http_head_parse(struct slice bytes,
	const struct http_head_limits *limits, struct http_head *head, int *status);

/*
 * Applies the rules of http_head_parse() to a head that somebody else has parsed (a
 * later request of a kept connection): method, target and headers are filled in, the
 * site is empty. Returns the status to refuse it with, or 0 when it may pass; then the
 * target is as http_head_parse() leaves it.
 */
int http_head_check(struct http_head *head);

/*
 * The value of the first header of that name, without case, or NULL. It is the head's.
 */
const struct slice *http_header(const struct http_head *head, struct slice name);

/* True when the comma-separated list (all headers of that name) has `token`. */
bool http_header_has_token(
	const struct http_head *head, struct slice name, struct slice token);

/*
 * The value of the first cookie of that name, with case (RFC 6265, 4.2.1), without
 * quotes around it; or an empty slice. It is the head's.
 */
struct slice http_cookie(const struct http_head *head, struct slice name);

/*
 * True when the head announces a body: a Transfer-Encoding, or a Content-Length other
 * than 0.
 */
bool http_has_body(const struct http_head *head);

/* The Content-Length of a head that passed; 0 when it says none. */
uint64_t http_body_length(const struct http_head *head);

/*
 * The status as a status line has it: "400 Bad Request". Static. For the statuses that
 * this server answers.
 */
const char *http_status_line(int status);

/* What is wrong with an upgrade. */
enum http_upgrade_fault {
	HTTP_UPGRADE_GOOD,
	HTTP_UPGRADE_METHOD,     /* it is no GET */
	HTTP_UPGRADE_MINOR,      /* HTTP/1.0 has none */
	HTTP_UPGRADE_BODY,       /* one parser would read it as frames, another not */
	HTTP_UPGRADE_NOT_ASKED,  /* no Upgrade header, or to something else */
	HTTP_UPGRADE_CONNECTION, /* Connection without "upgrade" */
	HTTP_UPGRADE_VERSION,    /* other than 13, or none, or two */
	HTTP_UPGRADE_KEY,        /* missing, double, or not 16 bytes of base64 */
};

/* True when the head asks for an upgrade to "websocket" (whether well or badly). */
bool http_upgrade_is_asked(const struct http_head *head);

/*
 * The first of the faults of a head that asks for an upgrade, in the order above, or
 * HTTP_UPGRADE_GOOD.
 */
enum http_upgrade_fault http_upgrade_check(const struct http_head *head);

/*
 * The highest of v12.stomp, v11.stomp, v10.stomp that Sec-WebSocket-Protocol lists, or
 * an empty slice.
 */
struct slice http_upgrade_stomp(const struct http_head *head);

/*
 * Appends the head that libwebsockets gets: `GET /<ticket> HTTP/1.1` with Host,
 * Upgrade, Connection, the key, version 13, and the subprotocol when it is not
 * empty. Only for a head that http_upgrade_check() passed.
 */
void http_upgrade_write(struct buf *out, const struct http_head *head, uint64_t ticket,
	struct slice subprotocol);

#endif
