/*
 * The headers of one frame while they are read: each line is decoded as it comes. Only
 * the parser uses this. A zeroed head is empty.
 */
#ifndef PROTOCOL_STOMP_HEAD_H
#define PROTOCOL_STOMP_HEAD_H

#include "protocol/stomp.h"

struct stomp_head {
	struct buf text; /* every name and value, one after the other */

	/*
	 * Only their lengths are set until stomp_head_resolve(): `text` may still
	 * move.
	 */
	struct stomp_header *headers;
	size_t count, capacity;
};

/* Frees the memory and leaves an empty head; its headers point nowhere afterwards. */
void stomp_head_finish(struct stomp_head *head);

/* Empties the head; frees the memory of a big one. */
void stomp_head_clear(struct stomp_head *head);

/*
 * Copies the header in `line`, without its EOL, after the others. Unescapes its name
 * and value by the rules of `version` and `command`. Call stomp_head_resolve() before
 * you read it. Returns STOMP_FAULT_NONE, or the fault; a bad line adds nothing.
 */
enum stomp_fault stomp_head_add(struct stomp_head *head, enum stomp_version version,
	enum stomp_command command, struct slice line);

/* Makes the headers readable; they stay so until the next line is added. */
void stomp_head_resolve(struct stomp_head *head);

/*
 * The value of the first header of that name in a resolved head, or NULL. It is the
 * head's.
 */
const struct slice *stomp_head_find(const struct stomp_head *head, struct slice name);

#endif
