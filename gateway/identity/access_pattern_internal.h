/* What access_pattern.c and access_wish.c share: the segments of a rule's pattern. */
#ifndef GATEWAY_IDENTITY_ACCESS_PATTERN_INTERNAL_H
#define GATEWAY_IDENTITY_ACCESS_PATTERN_INTERNAL_H

#include "gateway/identity/access_pattern.h"

enum segment_kind {
	SEGMENT_LITERAL,
	SEGMENT_GLOB,
	SEGMENT_ANY,
	SEGMENT_DEEP, /* "**" */
	SEGMENT_USER,
	SEGMENT_GROUP,
	SEGMENT_CLAIM,
};

struct access_segment {
	enum segment_kind kind;
	char separator;    /* before it */
	struct slice text; /* without the separator; the name of a claim */
};

/*
 * True when `text`, a segment with its separator before it, is one of the segment's,
 * filled in for that identity; `in_doubt`: or may be. Not for SEGMENT_DEEP, which is
 * more than one.
 */
bool access_segment_matches(const struct access_segment *segment,
	const struct identity *identity, struct slice text, bool in_doubt);

#endif
