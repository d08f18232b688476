/*
 * The SockJS wire: writes frames, reads arrays of strings. jansson cannot do this (it
 * refuses lone surrogates and writes upper-case escapes), so Postern has its own
 * codec. Text inside the process is WTF-8 (protocol/utf8.h).
 */
#ifndef PROTOCOL_SOCKJS_H
#define PROTOCOL_SOCKJS_H

#include "protocol/buf.h"

/*
 * Appends `text` as a JSON string with its quotes. The protocol's tests compare byte
 * for byte, so it escapes, in lower case: `"` `\`, U+0000-001F (with the short forms
 * \b \t \n \f \r), U+200C-200F, U+2028-202F, U+2060-206F, U+FFF0-FFFF and lone
 * surrogates. A byte that is not WTF-8 becomes \ufffd. Clean runs are copied whole.
 */
void sockjs_quote(struct buf *out, struct slice text);

/* How many bytes sockjs_quote() appends. */
size_t sockjs_quoted_len(struct slice text);

/* Appends `frame` with % as %25, CR as %0D, LF as %0A, NUL as %00: EventSource. */
void sockjs_percent(struct buf *out, struct slice frame);

/*
 * Appends `frame` in the form for the quotes of a JavaScript string: \" and \\ for
 * quote and backslash, and \u003c for '<', since a </script> in it would end the
 * script. Quoted messages and frames have no control characters.
 */
void sockjs_script(struct buf *out, struct slice frame);

/*
 * Appends SockJS's close frame c[code,"reason"]; the reason is escaped as
 * sockjs_quote() does.
 */
void sockjs_close_frame(struct buf *out, unsigned code, struct slice reason);

enum sockjs_decode {
	SOCKJS_DECODE_DONE,
	SOCKJS_DECODE_BROKEN,   /* not JSON: "Broken JSON encoding." */
	SOCKJS_DECODE_NO_ARRAY, /* empty, or JSON other than an array of strings */
	SOCKJS_DECODE_TOO_BIG,  /* one message, or all together */
};

/* Bytes of JSON that one byte of text may become: \u0001. */
enum { SOCKJS_ESCAPED_MAX = 6 };

/* Bytes of an array besides its messages: brackets, quotes, and blanks. */
enum { SOCKJS_FRAMING_MAX = 64 };

/* The decoded messages. Zeroed is empty; message i is sockjs_message(&messages, i). */
struct sockjs_messages {
	struct buf text; /* all messages, one after the other */
	size_t *ends;    /* the end of each in `text` */
	size_t count, capacity;
	bool too_big;
};

/* Frees the memory and leaves the messages empty. NULL is fine. */
void sockjs_messages_finish(struct sockjs_messages *messages);

/* Frees the memory if it has more than `most` bytes. */
void sockjs_messages_shrink(struct sockjs_messages *messages, size_t most);

/*
 * Message `index`, counted from 0 and below `count`. The bytes live until the next
 * sockjs_decode() into the same messages; they are WTF-8 and may have NULs.
 */
struct slice sockjs_message(const struct sockjs_messages *messages, size_t index);

/*
 * Decodes ["a","b"] into *messages, replacing the previous ones; all or nothing. With
 * `string_too` a single "a" counts as ["a"] (WebSocket). Whitespace that JSON allows
 * may surround the values. Escaped surrogate pairs become one code point; lone ones
 * are kept (WTF-8), and so is \u0000. What is no array of strings is broken if it is
 * nested deeper than 512, or has more than 64 KiB.
 *
 * `most` bounds the decoded text of one message. All messages together weigh at most
 * twice as much: their text, and 32 bytes for each. The caller has bounded `json`
 * itself; the time is linear, and nothing recurses.
 */
enum sockjs_decode sockjs_decode(struct sockjs_messages *messages, struct slice json,
	bool string_too, size_t most);

#endif
