/*
 * The members of a message's body that a template names, found where they stand. One
 * pass checks the whole body and remembers their places. Nothing is copied: a megabyte
 * of many small values costs a few milliseconds and no memory.
 */
#ifndef GATEWAY_ROUTE_TEMPLATE_BODY_H
#define GATEWAY_ROUTE_TEMPLATE_BODY_H

#include "protocol/buf.h"

struct body_member {
	/*
	 * Names between dots, each written as the inside of a JSON string
	 * (json_text_append_escaped()). Empty: the whole body.
	 */
	struct slice path;
	/* Its JSON within the body; data is NULL when the body lacks it. */
	struct slice value;
	/* Private: the depth of the object that may have its next name. */
	size_t depth;
	size_t open_at; /* private: the depth of an array or object as value, or 0 */
	enum {
		BODY_MEMBER_WAITS,  /* private: the next value is nothing to it, */
		BODY_MEMBER_ENTERS, /* has its next name, */
		BODY_MEMBER_IS,     /* or is it */
	} next;
};

/*
 * Finds the values of `count` members, whose paths the caller has set; all else is
 * zeroed. Of repeated names the last one counts. Text that is UTF-8 but for halves of
 * surrogate pairs, as old browsers send it, gets U+FFFD for them in *clean, which then
 * is the text of the values. False, with a sentence in *error, when the body is not
 * JSON or has a number that is too large.
 */
bool template_body_find(struct slice body, struct body_member *members, size_t count,
	struct buf *clean, struct buf *error);

#endif
