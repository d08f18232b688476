/*
 * The patterns of rules: segments with '?' and '*' (route/glob.h), a segment "**" for
 * any number of segments, also none, and variables, which stand for one whole segment:
 * {user}, {group}, {claim.NAME}. Other {names} are "*". Segments begin at '/', and at
 * '.' too if that is the pattern's separator. A segment matches only one that begins
 * alike. "**" after a '/' is nothing, or a '/' and all that follows, whatever
 * separators that has. "**" after a '.' is nothing, or a '.' and what follows up to the
 * next '/'.
 *
 * A client's "**" takes only segments with its own separator (broker/pattern.h), so
 * what a client receives by a pattern of the same text is never more.
 *
 * A rule is asked about one destination, or about the pattern that a client subscribes
 * to. Then two questions replace the match: does the rule cover it (every destination
 * of the client's pattern is the rule's), and do they meet (some destination may be
 * both's)? In doubt a rule does not cover, and does meet.
 */
#ifndef GATEWAY_IDENTITY_ACCESS_PATTERN_H
#define GATEWAY_IDENTITY_ACCESS_PATTERN_H

#include "protocol/buf.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct identity;

enum { ACCESS_SEGMENTS_MAX = 32 };

struct access_pattern {
	struct slice text;  /* borrowed */
	struct slice front; /* what every destination of it begins with */
	uint64_t front_end; /* its last 8 octets, if it has so many */
	struct access_segment *segments;
	size_t count;
	char separator;
};

/*
 * Compiles `text`, which must outlive the pattern. False, with the mistake appended to
 * *mistake, when it does not begin with '/', has more than ACCESS_SEGMENTS_MAX
 * segments, shares a segment with "**" or a brace, has an empty or unknown variable, or
 * writes "**" as other brokers do ('#', '>').
 */
bool access_pattern_init(struct access_pattern *pattern, struct slice text,
	char separator, struct buf *mistake);
void access_pattern_finish(struct access_pattern *pattern);

/*
 * True when the destination is one of the pattern's, filled in for that identity.
 * `in_doubt`: also when it may be, by a claim that is unknown. Rules that deny ask so.
 */
bool access_pattern_matches(const struct access_pattern *pattern,
	const struct identity *identity, struct slice destination, bool in_doubt);

/*
 * False for most destinations that are not the pattern's, at the price of a comparison:
 * of many rules, most are about something else.
 */
static inline bool access_pattern_may_match(
	const struct access_pattern *pattern, struct slice destination)
{
	const size_t front = pattern->front.len;
	uint64_t end;

	if (destination.len < front)
		return false;
	if (front < sizeof(end))
		return true;
	memcpy(&end, destination.data + front - sizeof(end), sizeof(end));
	return end == pattern->front_end;
}

/*
 * The name of the claim that its segment `index` is, below `count`; empty for another
 * segment. Points into the pattern's text.
 */
struct slice access_pattern_claim(const struct access_pattern *pattern, size_t index);

/* A pattern of a client, cut into segments. */
struct access_wish {
	struct slice segments[ACCESS_SEGMENTS_MAX]; /* each with its separator */
	size_t count;
};

/* False when it has too many segments. The segments point into `text`. */
bool access_wish_init(struct access_wish *wish, struct slice text, char separator);

/*
 * Whether the pattern, filled with the identity, contains all destinations of the wish
 * (covers), or may contain one of them (meets). The wish is cut at the pattern's
 * separator. Errs on the safe side only: covers() may be false, and meets() true,
 * without need. Time: segments * segments.
 */
bool access_pattern_covers(const struct access_pattern *pattern,
	const struct identity *identity, const struct access_wish *wish);
bool access_pattern_meets(const struct access_pattern *pattern,
	const struct identity *identity, const struct access_wish *wish);

#endif
