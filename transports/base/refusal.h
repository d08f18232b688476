/*
 * Refusing at the edge. Every 4xx and 5xx is made by refusal_send(), for a connection
 * without a library, or by http_refuse() (http_internal.h); tests/layers checks it.
 * Both report the refusal (gateway/worker/refusal.h): a row says the status and the
 * sentence.
 */
#ifndef TRANSPORTS_BASE_REFUSAL_H
#define TRANSPORTS_BASE_REFUSAL_H

#include "gateway/worker/refusal.h"
#include "protocol/http_head.h"

struct config;

/*
 * The kind of refusal for a head that http_head_parse() or http_head_check() answers
 * with that status.
 */
enum refusal_kind refusal_of_status(int status);

/*
 * Why the first bytes of a connection are refused: http_head_parse() has said BAD with
 * that status, or they are no HTTP at all, such as a TLS hello. Borrows from the head.
 */
struct refusal refusal_of_head(
	const struct http_head *head, int status, struct slice first_bytes);

/*
 * True for the first bytes of a TLS record of the type "handshake", version 3.x (RFC
 * 8446, 5.1).
 */
bool refusal_is_tls_hello(struct slice bytes);

/*
 * The refusal for a fault of http_upgrade_check(), which is not HTTP_UPGRADE_GOOD. It
 * borrows from the head.
 */
struct refusal refusal_of_upgrade(
	const struct http_head *head, enum http_upgrade_fault fault);

/*
 * Appends to *hint what to do about a refusal of that kind, such as the limit's name
 * and value. Appends nothing for a kind that has none.
 */
void refusal_append_hint(
	struct buf *hint, const struct config *config, enum refusal_kind kind);

/*
 * Writes an answer with the kind's status and that text, and shuts the socket down for
 * writing. The caller must go on reading for a while: closing a socket with unread
 * bytes in it resets the connection, and the answer is lost. The caller keeps the
 * socket. Returns -1 when it failed.
 */
int refusal_send(int fd, enum refusal_kind kind, struct slice text);

/* As refusal_send(), for plain STOMP: an ERROR with that message and body. */
int refusal_send_stomp(int fd, struct slice message, struct slice body);

#endif
