/*
 * Origins are compared in three parts: scheme, host, port. A text that is not exactly
 * an origin matches nothing: "https://evil.example/.ours" must not pass for a host
 * below "ours".
 */
#include "protocol/origin.h"

#include "protocol/address.h"
#include "protocol/ascii.h"
#include "protocol/host.h"
#include "protocol/number.h"

struct origin {
	struct slice scheme, host, port; /* a missing port is filled in */
	bool wild;     /* a pattern whose host began with "*."; the star is cut off */
	bool any_port; /* a pattern that ended with ":*" */
};

enum { PORT_MAX = 65535 };

static struct slice origin_plain_scheme(struct slice scheme)
{
	if (slice_equal_nocase(scheme, SLICE("ws")))
		return SLICE("http");
	if (slice_equal_nocase(scheme, SLICE("wss")))
		return SLICE("https");
	return scheme;
}

static struct slice origin_default_port(struct slice scheme)
{
	if (slice_equal_nocase(scheme, SLICE("http")))
		return SLICE("80");
	if (slice_equal_nocase(scheme, SLICE("https")))
		return SLICE("443");
	return SLICE("");
}

static bool origin_read_authority(
	struct origin *origin, struct slice scheme, struct slice authority)
{
	*origin = (struct origin){.scheme = origin_plain_scheme(scheme)};
	if (!host_split(authority, &origin->host, &origin->port))
		return false;
	if (origin->port.len == 0)
		origin->port = origin_default_port(origin->scheme);
	return true;
}

/* Cuts "scheme://" from the front of *text. */
static bool origin_take_scheme(struct slice *text, struct slice *scheme)
{
	size_t colon = slice_find(*text, ':');
	struct slice behind = slice_from(*text, colon);

	if (!slice_starts_with(behind, SLICE("://")))
		return false;
	*scheme = slice_first(*text, colon);
	*text = slice_from(behind, strlen("://"));
	return true;
}

static bool origin_read_origin(struct origin *origin, struct slice text)
{
	struct slice scheme;

	if (!origin_take_scheme(&text, &scheme))
		return false;
	if (text.len > 0)
		return origin_read_authority(origin, scheme, text);
	*origin =
		(struct origin){.scheme = origin_plain_scheme(scheme)}; /* "file://" */
	return true;
}

static bool origin_read_pattern(struct origin *origin, struct slice text)
{
	const bool any_port = slice_ends_with(text, SLICE(":*"));
	struct slice scheme, rest = text;

	if (any_port)
		rest.len -= strlen(":*");
	if (!origin_take_scheme(&rest, &scheme))
		return false;
	bool wild = slice_starts_with(rest, SLICE("*."));
	if (!wild && !any_port)
		return origin_read_origin(origin, text);
	rest = slice_from(rest, wild ? 1 : 0);
	if (!origin_read_authority(origin, scheme, rest))
		return false;
	/* Both a port and ":*" are a mistake. */
	if (any_port && origin->host.len < rest.len)
		return false;
	origin->wild = wild;
	origin->any_port = any_port;
	return true;
}

static bool origin_has_host_below(const struct origin *origin, struct slice below)
{
	struct slice host = origin->host;

	/* `below` begins with the dot, so at least one label must stand before it. */
	return host.len > below.len && host.data[0] != '.' &&
	       slice_equal_nocase(slice_from(host, host.len - below.len), below);
}

static bool origin_is_match(const struct origin *origin, const struct origin *pattern)
{
	if (!slice_equal_nocase(origin->scheme, pattern->scheme) ||
		(!pattern->any_port && !slice_equal(origin->port, pattern->port)) ||
		(origin->host.len == 0) != (pattern->host.len == 0))
		return false;
	return pattern->wild ? origin_has_host_below(origin, pattern->host)
			     : slice_equal_nocase(origin->host, pattern->host);
}

bool origin_is_same(struct slice origin, struct slice scheme, struct slice host)
{
	struct origin theirs, ours;

	return origin_read_origin(&theirs, origin) &&
	       origin_read_authority(&ours, scheme, host) &&
	       origin_is_match(&theirs, &ours);
}

bool origin_matches(struct slice origin, struct slice pattern)
{
	struct origin theirs, allowed;

	if (slice_equal(pattern, SLICE("*")) || slice_equal(origin, pattern))
		return true;
	return origin_read_origin(&theirs, origin) &&
	       origin_read_pattern(&allowed, pattern) &&
	       origin_is_match(&theirs, &allowed);
}

/* Patterns that can match. */

static bool origin_is_scheme(struct slice scheme)
{
	for (size_t i = 0; i < scheme.len; i++) {
		char byte = scheme.data[i];

		if (!ascii_is_alphanumeric(byte) && byte != '+' && byte != '-' &&
			byte != '.')
			return false;
	}
	return scheme.len > 0 && !ascii_is_digit(scheme.data[0]);
}

/* As browsers write it: no leading zero. */
static bool origin_is_port(struct slice port)
{
	uint64_t number;

	return port.len == 0 ||
	       (number_read_canonical(port, PORT_MAX, &number) && number > 0);
}

/* An IPv6 address in the browsers' form. */
static bool origin_is_canonical(struct slice bracketed)
{
	struct slice text = {bracketed.data + 1, bracketed.len - 2};
	char written[ADDRESS_TEXT_MAX];
	struct address address;

	return address_parse(text, &address) &&
	       slice_equal_nocase(address_write(&address, written), text);
}

static bool origin_is_host(const struct origin *pattern)
{
	struct slice host = slice_from(pattern->host, pattern->wild ? 1 : 0);

	if (slice_starts_with(host, SLICE("[")))
		return !pattern->wild && origin_is_canonical(host);
	while (host.len > 0) {
		size_t dot = slice_find(host, '.');

		if (dot == 0)
			return false;
		host = slice_from(host, dot + 1);
	}
	return pattern->host.len > (pattern->wild ? 1 : 0);
}

/* Apps have schemes and hosts of their own: "app://.". */
static bool origin_is_app(struct slice scheme, struct slice host)
{
	static const struct slice never = SLICE_INIT("/?#@,\"\\*");

	if (origin_default_port(origin_plain_scheme(scheme)).len > 0)
		return false;
	for (size_t i = 0; i < host.len; i++) {
		if (host.data[i] <= 0x20 || host.data[i] >= 0x7f ||
			slice_find(never, host.data[i]) < never.len)
			return false;
	}
	return true;
}

bool origin_is_pattern(struct slice text)
{
	struct origin pattern;
	struct slice scheme, host = text;

	if (slice_equal(text, SLICE("*")) || slice_equal(text, SLICE("null")))
		return true;
	if (!origin_take_scheme(&host, &scheme) || !origin_is_scheme(scheme))
		return false;
	if (origin_is_app(scheme, host))
		return true;
	return origin_read_pattern(&pattern, text) && origin_is_port(pattern.port) &&
	       origin_is_host(&pattern);
}
