/*
 * Shared by template.c and template_render.c only: the placeholders of a template, and
 * the pieces of a string with braces.
 */
#ifndef GATEWAY_ROUTE_TEMPLATE_PARTS_H
#define GATEWAY_ROUTE_TEMPLATE_PARTS_H

#include "gateway/route/template.h"

enum source {
	SOURCE_BODY,
	SOURCE_USER,
	SOURCE_SESSION,
	SOURCE_CLAIM,
	SOURCE_HEADER,
	SOURCE_VARIABLE,
	SOURCE_NOW,
};

/* The replacement for a missing member, header or claim. */
enum fallback {
	FALLBACK_NONE, /* none: the message is refused */
	FALLBACK_NULL, /* {body.x?}: null, and within a string nothing */
	FALLBACK_TEXT, /* {body.x:-text} */
};

struct placeholder {
	enum source source;
	enum fallback fallback;
	struct slice text; /* owned; for the fallback */
	struct slice
		name;  /* owned; of a member (dotted), a header, ...; may be empty */
	size_t member; /* for SOURCE_BODY: an index into the template's members */
	bool is_whole; /* it is the whole string, so it keeps its JSON type */
	size_t at;     /* its value goes before this byte of the text */
};

struct template
{
	struct buf text; /* the compact JSON without the values of the placeholders */
	struct placeholder *placeholders;
	size_t count, capacity;
	/* The paths of the members that it names (template_body.h), each once. */
	struct slice *members; /* owned */
	size_t member_count;
};

/* Strings with braces are read piece by piece. */
enum piece {
	PIECE_TEXT,        /* a run of text, or one doubled brace */
	PIECE_PLACEHOLDER, /* the text between the braces */
	PIECE_END,
	PIECE_BAD, /* an unbalanced brace */
};

/*
 * Takes the next piece from the front of *rest. A doubled brace is a text of one
 * brace. After PIECE_BAD *rest is undefined.
 */
enum piece template_piece(struct slice *rest, struct slice *piece);

/* Appends the sentence for a PIECE_BAD, which follows the name of the key. */
void template_refuse_braces(struct buf *error);

/* The claim of that name; NULL when the client's login has none. */
const struct slice *template_claim_value(
	const struct template_input *input, struct slice name);

/* Appends compact JSON; `value` may be of any type. */
void template_append_json(struct buf *out, const json_t *value);

/* Appends `text` as a JSON string, without its quotes unless `quotes`. */
void template_append_string(struct buf *out, struct slice text, bool quotes);

#endif
