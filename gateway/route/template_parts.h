/*
 * What template.c makes and template_render.c walks along, and the pieces of a
 * string with braces. Nobody else includes this.
 */
#ifndef GATEWAY_ROUTE_TEMPLATE_PARTS_H
#define GATEWAY_ROUTE_TEMPLATE_PARTS_H

#include "gateway/route/template.h"

enum source {
	SOURCE_BODY,
	SOURCE_USER,
	SOURCE_SESSION,
	SOURCE_HEADER,
	SOURCE_VARIABLE,
	SOURCE_NOW,
};

/* What stands for a member or a header that is not there. */
enum fallback {
	FALLBACK_NONE, /* nothing does: the message is refused */
	FALLBACK_NULL, /* {body.x?}: null, and within a string nothing */
	FALLBACK_TEXT, /* {body.x:-text} */
};

struct placeholder {
	enum source source;
	enum fallback fallback;
	struct slice text; /* owned; of the fallback */
	struct slice
		name;  /* owned; of a member (dotted), a header, ...; may be empty */
	bool is_whole; /* it is the whole string, so it keeps its JSON type */
	size_t at;     /* it goes ahead of this byte of the text */
};

struct template
{
	struct buf text; /* the compact JSON without what the placeholders give */
	struct placeholder *placeholders;
	size_t count, capacity;
};

/* Strings with braces are read piece by piece. */
enum piece {
	PIECE_TEXT,        /* a run of text, or one brace that was written twice */
	PIECE_PLACEHOLDER, /* what stands between the braces */
	PIECE_END,
	PIECE_BAD, /* an unbalanced brace */
};

/*
 * Takes the next piece from the front of *rest. A brace that is written twice comes as
 * a text of one brace. After PIECE_BAD *rest means nothing.
 */
enum piece template_piece(struct slice *rest, struct slice *piece);

/* Appends the sentence for a PIECE_BAD, which follows the name of the key. */
void template_refuse_braces(struct buf *error);

/* Appends compact JSON; `value` may be of any type. */
void template_append_json(struct buf *out, const json_t *value);

/* Appends `text` as a JSON string, without its quotes unless `quotes`. */
void template_append_string(struct buf *out, struct slice text, bool quotes);

#endif
