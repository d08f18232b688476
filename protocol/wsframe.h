/* The WebSocket frames that a server sends (RFC 6455, 5.2): no mask. */
#ifndef PROTOCOL_WSFRAME_H
#define PROTOCOL_WSFRAME_H

#include "protocol/buf.h"

enum wsframe_opcode {
	WSFRAME_TEXT = 1,
	WSFRAME_BINARY = 2,
	WSFRAME_CLOSE = 8,
	WSFRAME_PING = 9,
	WSFRAME_PONG = 10,
};

enum { WSFRAME_HEAD_MAX = 10 };

/* Writes the head of an unfragmented frame; returns its length, 2, 4 or 10. */
size_t wsframe_head(
	char head[WSFRAME_HEAD_MAX], enum wsframe_opcode opcode, size_t payload);

/* Appends a whole, final, unmasked frame (RFC 6455, 5.2). */
void wsframe_append(struct buf *out, enum wsframe_opcode opcode, struct slice payload);

/* RFC 6455, 7.4.1: the codes to answer a CLOSE frame with. */
enum {
	WSCLOSE_PROTOCOL = 1002,
	WSCLOSE_NO_TEXT = 1007,
	WSCLOSE_TRY_LATER = 1013,
};

/*
 * 0 when a peer's CLOSE frame may carry that payload. Else the code to fail the
 * connection with: for a bad code, one byte alone, or a reason that is not UTF-8 (RFC
 * 6455, 5.5.1 and 7.4).
 */
unsigned wsframe_close_fault(struct slice payload);

#endif
