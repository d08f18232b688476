/*
 * STOMP 1.0, 1.1 and 1.2 frames: an incremental, bounded parser and a writer.
 *
 * The parser takes an unframed stream of bytes, cut anywhere, and gives whole
 * frames. Headers come out unescaped (a value may hold CR, LF and ':'), in
 * order, repeated ones included: stomp_header() finds the first, which is the
 * one that counts (STOMP 1.2, Repeated Header Entries).
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
	STOMP_CONNECTED, /* from here on: what servers say; a relay reads them */
	STOMP_MESSAGE,
	STOMP_RECEIPT,
	STOMP_ERROR,
};

/*
 * The command as it stands on the wire: "SEND". Static. An assert catches a number that
 * is no command.
 */
struct slice stomp_command_name(enum stomp_command command);

/* The version as accept-version has it: "1.2". Static. */
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
	size_t frame;   /* bytes of a whole frame as it is on the wire */
	size_t headers; /* header lines in a frame */
	size_t header;  /* bytes of one header line as it is on the wire */
};

enum stomp_parse {
	STOMP_PARSE_DONE, /* *frame is filled */
	STOMP_PARSE_MORE, /* all input is taken; more bytes are needed */
	STOMP_PARSE_BAD,  /* no frame can follow; stomp_parser_error() says why */
};

struct stomp_parser;
struct stomp_reading;

/*
 * What a parser needs only while a frame is under way. Parsers of one thread that share
 * a spare one allocate next to nothing, and hold nothing while they are idle. Zeroed:
 * there is none yet.
 */
struct stomp_spare {
	struct stomp_reading *reading;
};

/*
 * Frees what the latest idle parser has left here. All parsers that share it must be
 * destroyed before.
 */
void stomp_spare_finish(struct stomp_spare *spare);

/*
 * Starts as every connection does: by version 1.0's rules, with a copy of these limits.
 * `spare` must outlive the parser; NULL: it shares none.
 */
struct stomp_parser *stomp_parser_create(
	const struct stomp_limits *limits, struct stomp_spare *spare);
void stomp_parser_destroy(struct stomp_parser *parser); /* NULL is fine */

/*
 * From the next frame on: the escaping and trimming of `version`, and a copy of these
 * limits.
 */
void stomp_parser_set(struct stomp_parser *parser, enum stomp_version version,
	const struct stomp_limits *limits);

/*
 * Takes bytes from the front of *input up to the end of the next frame; EOLs and
 * NULs between frames are skipped. The frame's slices live until the next call
 * and may point into the input. Frames come out alike however the bytes are cut.
 * Call until MORE: that call frees what a big frame took. Once BAD, always BAD.
 */
enum stomp_parse stomp_parse(
	struct stomp_parser *parser, struct slice *input, struct stomp_frame *frame);

/*
 * After BAD: a short sentence for the peer, without internals. Lives as long as the
 * parser.
 */
const char *stomp_parser_error(const struct stomp_parser *parser);

/* After BAD: what is wrong. */
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
 * After BAD: the beginning of what is at fault, however the bytes were cut: of the
 * command, the header line, or the value of content-length; empty for the other faults.
 * Lives as long as the parser.
 */
struct slice stomp_parser_culprit(const struct stomp_parser *parser);

/*
 * After BAD: the receipt header of the frame that is at fault if it was read, else
 * empty. Lives as long as the parser.
 */
struct slice stomp_parser_receipt(const struct stomp_parser *parser);

/* True while part of a frame has been taken. */
bool stomp_parser_is_inside(const struct stomp_parser *parser);

/*
 * True while the body of a frame with content-length is being read: *length is that
 * length, and *taken is how much of it has come.
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
 * Appends a header, escaped as `version` does: 1.2 CR LF ':' '\', 1.1 LF ':' '\' (a CR
 * becomes a space), 1.0 nothing (CR and LF become a space each, and so does a ':' in a
 * name). A NUL is a space everywhere.
 */
void stomp_write_header(struct buf *out, enum stomp_version version, struct slice name,
	struct slice value);

/*
 * Appends a header as version 1.0 has it, for CONNECT, STOMP, CONNECTED and for values
 * that Postern itself has made.
 */
void stomp_write_header_plain(struct buf *out, struct slice name, struct slice value);

/*
 * Appends a header with the number in decimal. `name` is not escaped: it must be plain
 * letters.
 */
void stomp_write_header_number(struct buf *out, struct slice name, uint64_t number);

/*
 * Ends a frame: the empty line, the body, which may be empty, and the NUL. A body with
 * NULs needs a content-length, which the caller writes.
 */
void stomp_write_end(struct buf *out, struct slice body);

#endif
