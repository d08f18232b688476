/*
 * Reads the WebSocket frames of a client (RFC 6455, 5) from a stream that may be cut
 * anywhere, and unmasks them in place. It joins only control frames; the caller joins
 * the pieces of a message.
 */
#ifndef PROTOCOL_WSREADER_H
#define PROTOCOL_WSREADER_H

#include "protocol/wsframe.h"

#include <stdint.h>

enum { WSREADER_HEAD_MAX = 14, WSREADER_CONTROL_MAX = 125 };

/* A zeroed one is at the beginning of a stream. */
struct wsreader {
	unsigned char head[WSREADER_HEAD_MAX]; /* of the frame, as much as has come */
	uint8_t head_len;
	unsigned char mask[4]; /* rotated to the next octet */
	bool in_payload;
	bool is_final;          /* the frame ends its message */
	uint8_t opcode;         /* of the frame */
	uint8_t message_opcode; /* of the message under way; 0: none */
	uint64_t left;          /* octets of the payload still to come */
	struct buf control;     /* the earlier part of a control frame */
};

/* Frees the kept part of a control frame, the only memory of the reader. */
void wsreader_finish(struct wsreader *reader);

/* True after a part of a frame, and between the frames of a message. */
bool wsreader_is_inside(const struct wsreader *reader);

/* Bytes of the peer. They are unmasked in place during the reading. */
struct wsinput {
	char *data;
	size_t len;
};

enum wsread {
	WSREAD_MORE,    /* the input is used up */
	WSREAD_DATA,    /* a piece of a message, perhaps an empty one */
	WSREAD_CONTROL, /* a whole PING, PONG or CLOSE */
	WSREAD_BAD,     /* a breach of the protocol: nothing more can be read */
};

struct wspiece {
	/* For data, the message's: WSFRAME_TEXT or WSFRAME_BINARY. */
	enum wsframe_opcode opcode;
	/* Valid until the next call. For WSREAD_BAD: the breach, in words. */
	struct slice payload;
	uint64_t left;   /* octets of the same frame in later pieces */
	bool ends_frame; /* the frame is complete */
	bool ends_message;
};

/*
 * Reads the next piece and takes it off the input, whose bytes are unmasked in place.
 * Call until WSREAD_MORE. Control frames are returned whole, data in the pieces that
 * come.
 */
enum wsread wsreader_next(
	struct wsreader *reader, struct wsinput *input, struct wspiece *piece);

#endif
