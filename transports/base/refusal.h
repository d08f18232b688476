/*
 * Refusing at the edge. refusal_send(), for a connection without a library, and
 * http_refuse() (http_answer.h) make every 4xx and 5xx; tests/layers checks it. Both
 * report the refusal (gateway/worker/refusal.h): its row has the status and the
 * sentence.
 */
#ifndef TRANSPORTS_BASE_REFUSAL_H
#define TRANSPORTS_BASE_REFUSAL_H

#include "gateway/base/io.h"
#include "gateway/worker/refusal.h"
#include "protocol/http_head.h"

struct config;

/*
 * The kind of refusal for a head that http_head_parse() or http_head_check() answers
 * with that status.
 */
enum refusal_kind refusal_of_status(int status);

/*
 * The refusal of a connection by its first bytes: http_head_parse() has returned BAD
 * with that status, or they are not HTTP, such as a TLS hello. Borrows from the head.
 */
struct refusal refusal_of_head(
	const struct http_head *head, int status, struct slice first_bytes);

/*
 * True for the first bytes of a TLS record of the type "handshake", version 3.x (RFC
 * 8446, 5.1).
 */
bool refusal_is_tls_hello(struct slice bytes);

/*
 * The refusal for a fault of http_upgrade_check(), which must not be
 * HTTP_UPGRADE_GOOD. It borrows from the head.
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
 * Writes an answer with the kind's status and that text, and shuts the connection down
 * for writing. The caller must continue reading for a while: if it closes a socket with
 * unread bytes, the connection is reset and the answer is lost. The caller keeps the
 * io. Returns -1 on failure.
 */
int refusal_send(const struct io *io, enum refusal_kind kind, struct slice text);

/* As refusal_send(), for plain STOMP: an ERROR with that message and body. */
int refusal_send_stomp(const struct io *io, struct slice message, struct slice body);

#endif
