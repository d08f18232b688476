/*
 * The first head of a connection, read strictly (RFC 9112, without the leniency that
 * it permits): bytes that two parsers could read differently are an attack. Also the
 * rules of a WebSocket upgrade (RFC 6455, 4.2.1), and the short head that Postern
 * writes for libwebsockets, which never reads a client's own head.
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
	struct slice target; /* with the query; begins with '/', or is "*" */
	struct slice site;   /* "http://host" that stood before it; empty: none */
	int minor;           /* HTTP/1.minor: 0 or 1 */
	struct http_header headers[HTTP_HEADERS_MAX];
	size_t header_count;
	size_t len; /* bytes including the empty line */

	/* Why a head was refused: "method" and "PUT", "header line" and "Host a". */
	const char *fault;
	struct slice fault_value;
};

enum http_head_parse {
	HTTP_HEAD_DONE,
	HTTP_HEAD_MORE, /* no empty line yet, and valid so far */
	HTTP_HEAD_BAD,
};

struct http_head_limits {
	size_t bytes;  /* of the whole head: 431 */
	size_t target; /* of the request target: 414 */
	size_t lines;  /* header lines, at most HTTP_HEADERS_MAX: 431 */
};

/*
 * Reads the head at the start of `bytes`; the slices of *head point into it. *head is
 * valid only after DONE. One or two empty lines before it are tolerated (RFC 9112,
 * 2.2) and count in `len`. A target in absolute form (RFC 9112, 3.2.2) is cut to its
 * path.
 *
 * On BAD, *status is the status to answer:
 *   400  no Host in 1.1, two Hosts, characters that no host has; Content-Length
 *        with Transfer-Encoding, twice, signed, in a list, above 64 bits; a
 *        Transfer-Encoding in 1.0; a blank before a colon or before the first
 *        header; a folded line; a bare CR or LF, NUL, other control characters;
 *        a target that does not begin with "/" and is not a URL of the site in Host,
 *        or has a byte that is not VCHAR, %00 or a broken percent code; "*" with
 *        another method than OPTIONS
 *   405  a known method other than HTTP_METHODS; 501 an unknown one, or
 *        a transfer coding other than exactly "chunked"
 *   414  the target is too long; 431 the head, or too many lines
 *   417  an Expect other than 100-continue; 505 not HTTP/1.0 or 1.1
 */
enum http_head_parse http_head_parse(struct slice bytes,
	const struct http_head_limits *limits, struct http_head *head, int *status);

/*
 * Applies the rules of http_head_parse() to a head that another parser has read (a
 * later request of a kept connection): method, target and headers are filled in, the
 * site is empty. Returns 0 when it may pass, with the target as http_head_parse()
 * leaves it; else the status to refuse it with.
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

/* The Content-Length of a head that passed; 0 if it has none. */
uint64_t http_body_length(const struct http_head *head);

/*
 * The status as in a status line: "400 Bad Request". Static. For the statuses that
 * this server answers.
 */
const char *http_status_line(int status);

/* The fault of an upgrade. */
enum http_upgrade_fault {
	HTTP_UPGRADE_GOOD,
	HTTP_UPGRADE_METHOD,     /* not a GET */
	HTTP_UPGRADE_MINOR,      /* HTTP/1.0 has no upgrade */
	HTTP_UPGRADE_BODY,       /* some parsers would read it as frames */
	HTTP_UPGRADE_NOT_ASKED,  /* no Upgrade header, or for another protocol */
	HTTP_UPGRADE_CONNECTION, /* Connection without "upgrade" */
	HTTP_UPGRADE_VERSION,    /* other than 13, or none, or two */
	HTTP_UPGRADE_KEY,        /* missing, double, or not 16 bytes of base64 */
};

/* True when the head asks for an upgrade to "websocket", valid or not. */
bool http_upgrade_is_asked(const struct http_head *head);

/*
 * The first fault, in the order above, of a head that asks for an upgrade; or
 * HTTP_UPGRADE_GOOD.
 */
enum http_upgrade_fault http_upgrade_check(const struct http_head *head);

/*
 * The highest of v12.stomp, v11.stomp, v10.stomp that Sec-WebSocket-Protocol lists, or
 * an empty slice.
 */
struct slice http_upgrade_stomp(const struct http_head *head);

/*
 * Appends the head for libwebsockets: `GET /<ticket> HTTP/1.1` with a short Host,
 * Upgrade, Connection, the key, version 13, and the subprotocol unless it is empty.
 * Only for a head that has passed http_upgrade_check().
 */
void http_upgrade_write(struct buf *out, const struct http_head *head, uint64_t ticket,
	struct slice subprotocol);

#endif
