/*
 * Reads the WebSocket frames of a client (RFC 6455, 5) from a stream that may be cut
 * anywhere, and unmasks them in place. It puts nothing together but control frames:
 * the pieces of a message are the caller's.
 */
#ifndef PROTOCOL_WSREADER_H
#define PROTOCOL_WSREADER_H

#include "protocol/wsframe.h"

#include <stdint.h>

enum { WSREADER_HEAD_MAX = 14, WSREADER_CONTROL_MAX = 125 };

/* A zeroed one stands at the beginning of a stream. */
struct wsreader {
	unsigned char head[WSREADER_HEAD_MAX]; /* of the frame, as far as it has come */
	uint8_t head_len;
	unsigned char mask[4]; /* turned to the next octet */
	bool in_payload;
	bool is_final;          /* the frame ends its message */
	uint8_t opcode;         /* of the frame */
	uint8_t message_opcode; /* of the message that is under way; 0: none */
	uint64_t left;          /* octets of the payload that have not come yet */
	struct buf control;     /* the part of a control frame that came earlier */
};

/*
 * Frees the part of a control frame that the reader keeps. There is nothing else to
 * free.
 */
void wsreader_finish(struct wsreader *reader);

/* What was read from the peer, and is changed while it is read on. */
struct wsinput {
	char *data;
	size_t len;
};

enum wsread {
	WSREAD_MORE,    /* the input is used up */
	WSREAD_DATA,    /* a piece of a message, perhaps an empty one */
	WSREAD_CONTROL, /* a whole PING, PONG or CLOSE */
	WSREAD_BAD,     /* a breach of the protocol: nothing can be read any more */
};

struct wspiece {
	/* Of a piece of data, the message's: WSFRAME_TEXT or WSFRAME_BINARY. */
	enum wsframe_opcode opcode;
	/* Valid until the next call. Of WSREAD_BAD: the breach, in words. */
	struct slice payload;
	uint64_t left;   /* octets of the same frame that come in later pieces */
	bool ends_frame; /* no more octets of the frame will come */
	bool ends_message;
};

/*
 * Reads the next piece and takes it off the input, whose bytes are unmasked in place.
 * Call until WSREAD_MORE. Control frames come whole, data as it has come.
 */
enum wsread wsreader_next(
	struct wsreader *reader, struct wsinput *input, struct wspiece *piece);

#endif
