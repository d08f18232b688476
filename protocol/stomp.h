/*
 * STOMP 1.0, 1.1 and 1.2 frames: an incremental, bounded parser and a writer.
 *
 * The parser takes an unframed stream of bytes, cut anywhere, and returns whole
 * frames. Headers are unescaped (a value may hold CR, LF and ':'), in order, with
 * repeated ones: stomp_header() finds the first, which is the one that counts (STOMP
 * 1.2, Repeated Header Entries).
 */
#ifndef PROTOCOL_STOMP_H
#define PROTOCOL_STOMP_H

#include "protocol/buf.h"

enum stomp_version {
	STOMP_1_0,
	STOMP_1_1,
	STOMP_1_2,
};

enum stomp_command {
	STOMP_CONNECT,
	STOMP_STOMP,
	STOMP_SEND,
	STOMP_SUBSCRIBE,
	STOMP_UNSUBSCRIBE,
	STOMP_ACK,
	STOMP_NACK,
	STOMP_BEGIN,
	STOMP_COMMIT,
	STOMP_ABORT,
	STOMP_DISCONNECT,
	STOMP_CONNECTED, /* from here on the server's commands; a relay reads them */
	STOMP_MESSAGE,
	STOMP_RECEIPT,
	STOMP_ERROR,
};

/*
 * The command as on the wire: "SEND". Static. An assert catches a number that is not a
 * command.
 */
struct slice stomp_command_name(enum stomp_command command);

/* The version as in accept-version: "1.2". Static. */
struct slice stomp_version_name(enum stomp_version version);

struct stomp_header {
	struct slice name, value; /* unescaped */
};

struct stomp_frame {
	enum stomp_command command;
	const struct stomp_header *headers;
	size_t header_count;
	struct slice body;
};

/*
 * The value of the first header of that name, in the frame's memory, or NULL. It may be
 * empty.
 */
const struct slice *stomp_header(const struct stomp_frame *frame, struct slice name);

struct stomp_limits {
	size_t frame;   /* bytes of a whole frame on the wire */
	size_t headers; /* header lines in a frame */
	size_t header;  /* bytes of one header line on the wire */
};

enum stomp_parse {
	STOMP_PARSE_DONE, /* *frame is filled */
	STOMP_PARSE_MORE, /* all input was taken; more bytes are needed */
	STOMP_PARSE_BAD,  /* no frame can follow; stomp_parser_error() has the reason */
};

struct stomp_parser;
struct stomp_reading;

/*
 * The memory that a parser needs only for a frame under way. Parsers of one thread
 * share a spare one: they allocate almost nothing, and hold nothing while idle.
 * Zeroed: there is none yet.
 */
struct stomp_spare {
	struct stomp_reading *reading;
};

/*
 * Frees the memory of the latest idle parser. All parsers that share it must be
 * destroyed before.
 */
void stomp_spare_finish(struct stomp_spare *spare);

/*
 * Starts like every connection: by version 1.0's rules, with a copy of these limits.
 * `spare` must outlive the parser; NULL: it shares none.
 */
struct stomp_parser *stomp_parser_create(
	const struct stomp_limits *limits, struct stomp_spare *spare);
void stomp_parser_destroy(struct stomp_parser *parser); /* NULL is fine */

/*
 * Sets, from the next frame on, the escaping and trimming of `version`, and a copy of
 * these limits.
 */
void stomp_parser_set(struct stomp_parser *parser, enum stomp_version version,
	const struct stomp_limits *limits);

/*
 * Takes bytes from the front of *input up to the end of the next frame; EOLs and NULs
 * between frames are skipped. The frame's slices live until the next call and may
 * point into the input. The frames do not depend on how the bytes are cut. Call until
 * MORE: that call frees the memory of a big frame. Once BAD, always BAD.
 */
enum stomp_parse stomp_parse(
	struct stomp_parser *parser, struct slice *input, struct stomp_frame *frame);

/*
 * After BAD: a short sentence for the peer, without internals. Lives as long as the
 * parser.
 */
const char *stomp_parser_error(const struct stomp_parser *parser);

/* After BAD: the fault. */
enum stomp_fault {
	STOMP_FAULT_NONE,
	STOMP_FAULT_COMMAND,
	STOMP_FAULT_NO_COLON,
	STOMP_FAULT_NO_NAME,
	STOMP_FAULT_ESCAPE,
	STOMP_FAULT_NUL, /* among the headers */
	STOMP_FAULT_LENGTH,
	STOMP_FAULT_NO_NUL, /* where content-length ends the body */
	STOMP_FAULT_BODY,
	STOMP_FAULT_FRAME_SIZE,
	STOMP_FAULT_HEADERS,
	STOMP_FAULT_HEADER_SIZE,
};

/* STOMP_FAULT_NONE before BAD. Afterwards the same until the parser is destroyed. */
enum stomp_fault stomp_parser_fault(const struct stomp_parser *parser);

/*
 * After BAD: the beginning of the faulty part, however the bytes were cut: of the
 * command, the header line, or the value of content-length; empty for the other
 * faults. Lives as long as the parser.
 */
struct slice stomp_parser_culprit(const struct stomp_parser *parser);

/*
 * After BAD: the receipt header of the faulty frame if it was read, else empty. Lives
 * as long as the parser.
 */
struct slice stomp_parser_receipt(const struct stomp_parser *parser);

/* Bytes of memory that the parser has for the part of a frame that has come. */
size_t stomp_parser_held(const struct stomp_parser *parser);

/*
 * Forgets the part of a frame that has come, or the fault, and frees its memory. Parse
 * no more.
 */
void stomp_parser_drop(struct stomp_parser *parser);

/* True after a part of a frame. */
bool stomp_parser_is_inside(const struct stomp_parser *parser);

/*
 * True while the parser reads the body of a frame with content-length: *length is that
 * length, and *taken the number of bytes that have come.
 */
bool stomp_parser_misses_body(
	const struct stomp_parser *parser, size_t *length, size_t *taken);

/*
 * Appends the command's line. Headers follow, then stomp_write_end(). Lines end with LF
 * alone: old clients lose frames that have CRLF. CONNECT, STOMP and CONNECTED are never
 * escaped (1.2, Value Encoding): write their headers with stomp_write_header_plain().
 */
void stomp_write_begin(struct buf *out, enum stomp_command command);

/*
 * Appends a header, escaped for `version`: 1.2 CR LF ':' '\', 1.1 LF ':' '\' (a CR
 * becomes a space), 1.0 nothing (CR and LF become a space each, and so does a ':' in a
 * name). A NUL becomes a space in every version.
 */
void stomp_write_header(struct buf *out, enum stomp_version version, struct slice name,
	struct slice value);

/*
 * Appends a header without escapes, as in version 1.0: for CONNECT, STOMP, CONNECTED
 * and for values that Postern itself has made.
 */
void stomp_write_header_plain(struct buf *out, struct slice name, struct slice value);

/*
 * Appends a header of Postern's own, unchanged: neither name nor value may have a NUL,
 * CR, LF, ':' or '\\'. Nobody looks for these.
 */
void stomp_write_header_made(struct buf *out, struct slice name, struct slice value);

/* The same with the number in decimal. */
void stomp_write_header_number(struct buf *out, struct slice name, uint64_t number);

/*
 * Ends a frame: the empty line, the body, which may be empty, and the NUL. A body with
 * NULs needs a content-length, which the caller writes.
 */
void stomp_write_end(struct buf *out, struct slice body);

#endif
