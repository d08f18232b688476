/*
 * Origins are compared in three parts: scheme, host, port. What does not look
 * like an origin, to the last byte, matches nothing: "https://evil.example/.ours"
 * must not pass for a host below "ours".
 */
#include "protocol/origin.h"

#include "protocol/host.h"

struct origin {
	struct slice scheme, host,
		port; /* the port is filled in when it is not written */
	bool wild;    /* a pattern whose host began with "*.": that star is cut off */
};

static struct slice default_port(struct slice scheme)
{
	if (slice_equal_nocase(scheme, SLICE("http")))
		return SLICE("80");
	if (slice_equal_nocase(scheme, SLICE("https")))
		return SLICE("443");
	return SLICE("");
}

static bool read_authority(
	struct origin *origin, struct slice scheme, struct slice authority)
{
	origin->scheme = scheme;
	origin->wild = false;
	if (!host_split(authority, &origin->host, &origin->port))
		return false;
	if (origin->port.len == 0)
		origin->port = default_port(scheme);
	return true;
}

/* Cuts "scheme://" from the front of *text. */
static bool take_scheme(struct slice *text, struct slice *scheme)
{
	size_t colon = slice_find(*text, ':');
	struct slice behind = slice_from(*text, colon);

	if (!slice_starts_with(behind, SLICE("://")))
		return false;
	*scheme = slice_first(*text, colon);
	*text = slice_from(behind, strlen("://"));
	return true;
}

static bool read_origin(struct origin *origin, struct slice text)
{
	struct slice scheme;

	return take_scheme(&text, &scheme) && read_authority(origin, scheme, text);
}

static bool read_pattern(struct origin *origin, struct slice text)
{
	struct slice scheme;

	if (!take_scheme(&text, &scheme))
		return false;
	bool wild = slice_starts_with(text, SLICE("*."));
	if (!read_authority(origin, scheme, slice_from(text, wild ? 1 : 0)))
		return false;
	origin->wild = wild;
	return true;
}

static bool has_host_below(const struct origin *origin, struct slice below)
{
	struct slice host = origin->host;

	/* The dot belongs to what must stand behind, so one label at least is left. */
	return host.len > below.len && host.data[0] != '.' &&
	       slice_equal_nocase(slice_from(host, host.len - below.len), below);
}

static bool is_match(const struct origin *origin, const struct origin *pattern)
{
	if (!slice_equal_nocase(origin->scheme, pattern->scheme) ||
		!slice_equal(origin->port, pattern->port))
		return false;
	return pattern->wild ? has_host_below(origin, pattern->host)
			     : slice_equal_nocase(origin->host, pattern->host);
}

bool origin_is_same(struct slice origin, struct slice scheme, struct slice host)
{
	struct origin theirs, ours;

	return read_origin(&theirs, origin) && read_authority(&ours, scheme, host) &&
	       is_match(&theirs, &ours);
}

bool origin_matches(struct slice origin, struct slice pattern)
{
	struct origin theirs, allowed;

	if (slice_equal(pattern, SLICE("*")) || slice_equal(origin, pattern))
		return true;
	return read_origin(&theirs, origin) && read_pattern(&allowed, pattern) &&
	       is_match(&theirs, &allowed);
}
