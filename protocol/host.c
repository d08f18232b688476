/*
 * Hosts, read strictly: letters, digits, '-', '.' and '_', or an IPv6 address in
 * brackets. Other characters that a URL allows here serve only to deceive.
 */
#include "protocol/host.h"

#include "protocol/address.h"
#include "protocol/ascii.h"
#include "protocol/number.h"

enum {
	HOST_MAX = 255, /* RFC 1035: the longest name */
	PORT_DIGITS_MAX = 5,
};

static bool host_is_name(struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		char byte = name.data[i];

		if (!ascii_is_alphanumeric(byte) && byte != '-' && byte != '.' &&
			byte != '_')
			return false;
	}
	return name.len > 0;
}

static bool host_is_address(struct slice address)
{
	for (size_t i = 0; i < address.len; i++) {
		char byte = address.data[i];

		if (ascii_hex_value(byte) == -1 && byte != ':' && byte != '.')
			return false;
	}
	return address.len > 0;
}

static bool host_is_port(struct slice port)
{
	uint64_t number;

	return port.len <= PORT_DIGITS_MAX && number_read(port, UINT64_MAX, &number);
}

/* Cuts off the host, with its brackets. False when a bracket is not closed. */
static bool host_cut(struct slice text, struct slice *host, struct slice *rest)
{
	const bool is_bracketed = slice_starts_with(text, SLICE("["));
	const size_t end = slice_find(text, is_bracketed ? ']' : ':');

	if (is_bracketed && end == text.len)
		return false;
	*host = slice_first(text, end + is_bracketed);
	*rest = slice_from(text, host->len);
	return true;
}

/* The host without its brackets, if it has any. */
static struct slice host_inside(struct slice host)
{
	if (!slice_starts_with(host, SLICE("[")) || !slice_ends_with(host, SLICE("]")))
		return host;
	return slice_from(slice_first(host, host.len - 1), 1);
}

bool host_split(struct slice text, struct slice *host, struct slice *port)
{
	struct slice name, rest;

	if (!host_cut(text, &name, &rest) || name.len > HOST_MAX ||
		!(slice_starts_with(name, SLICE("["))
				? host_is_address(host_inside(name))
				: host_is_name(name)))
		return false;
	if (rest.len > 0 && (rest.data[0] != ':' || !host_is_port(slice_from(rest, 1))))
		return false;
	*host = name;
	*port = slice_from(rest, 1);
	return true;
}

static bool host_is_listening_host(struct slice host, struct slice also)
{
	for (size_t i = 0; i < host.len; i++) {
		if (!ascii_is_alphanumeric(host.data[i]) &&
			slice_find(also, host.data[i]) == also.len)
			return false;
	}
	return true;
}

bool host_split_listening(struct slice text, struct slice *host, struct slice *port)
{
	struct slice name, rest;
	uint64_t number;

	if (!host_cut(text, &name, &rest) || !slice_starts_with(rest, SLICE(":")) ||
		!number_read(slice_from(rest, 1), UINT16_MAX, &number))
		return false;

	const bool is_v6 = slice_starts_with(name, SLICE("["));
	const struct slice inside = host_inside(name);
	if (!host_is_listening_host(inside, is_v6 ? SLICE(":.%") : SLICE(".-_")) ||
		(is_v6 && inside.len == 0))
		return false;
	*host = inside;
	*port = slice_from(rest, 1);
	return true;
}

bool host_split_server(struct slice text, struct slice *host, struct slice *port)
{
	struct slice name, digits;
	uint64_t number;

	if (!host_split_listening(text, &name, &digits) || name.len == 0 ||
		name.len > HOST_MAX || !number_read(digits, UINT16_MAX, &number) ||
		number == 0)
		return false;
	*host = name;
	*port = digits;
	return true;
}

bool host_is_loopback(struct slice host)
{
	struct address address;

	host = host_inside(host);
	if (slice_equal(host, SLICE("localhost")))
		return true;
	if (!address_parse(host, &address))
		return false;
	if (address_is_v4(&address))
		return address.bytes[ADDRESS_V4_AT] == 127;
	for (size_t i = 0; i + 1 < ADDRESS_BYTES; i++) {
		if (address.bytes[i] != 0)
			return false;
	}
	return address.bytes[ADDRESS_BYTES - 1] == 1; /* ::1 */
}

/* Patterns. */

/* Cuts the star off; the dot behind it stays with the host. */
static bool host_cut_star(struct slice *text)
{
	const bool is_wild = slice_starts_with(*text, SLICE("*."));

	*text = slice_from(*text, is_wild ? 1 : 0);
	return is_wild;
}

static bool host_is_below(struct slice host, struct slice domain)
{
	return host.len > domain.len && host.data[0] != '.' &&
	       slice_equal_nocase(slice_from(host, host.len - domain.len), domain);
}

static bool host_has_port(struct slice port, struct slice wanted)
{
	if (port.len > 0 || wanted.len == 0)
		return wanted.len == 0 || slice_equal(port, wanted);
	return slice_equal(wanted, SLICE("80")) || slice_equal(wanted, SLICE("443"));
}

bool host_matches(struct slice host, struct slice pattern)
{
	const bool is_wild = host_cut_star(&pattern);
	struct slice name, port, wanted_name, wanted_port;

	if (!host_split(host, &name, &port) ||
		!host_split(pattern, &wanted_name, &wanted_port) ||
		!host_has_port(port, wanted_port))
		return false;
	return is_wild ? host_is_below(name, wanted_name)
		       : slice_equal_nocase(name, wanted_name);
}

/* A name without an empty label. */
static bool host_has_labels(struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (name.data[i] == '.' &&
			(i == 0 || i + 1 == name.len || name.data[i + 1] == '.'))
			return false;
	}
	return name.len > 0;
}

bool host_is_pattern(struct slice text)
{
	const bool is_wild = host_cut_star(&text);
	struct slice name, port;
	struct address address;
	uint64_t number;

	if (!host_split(text, &name, &port) ||
		(port.len > 0 && (!number_read_canonical(port, UINT16_MAX, &number) ||
					 number == 0)))
		return false;
	if (slice_starts_with(name, SLICE("[")))
		return !is_wild && address_parse(host_inside(name), &address);
	return host_has_labels(slice_from(name, is_wild ? 1 : 0));
}
