/*
 * Hosts, strictly: letters, digits, '-', '.' and '_', or an IPv6 address in
 * brackets. Whatever else a URL could have here would only ever deceive somebody.
 */
#include "protocol/host.h"

#include "protocol/address.h"
#include "protocol/ascii.h"
#include "protocol/number.h"

enum {
	HOST_MAX = 255, /* RFC 1035: no name is longer */
	PORT_DIGITS_MAX = 5,
};

static bool is_name(struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		char byte = name.data[i];

		if (!ascii_is_alphanumeric(byte) && byte != '-' && byte != '.' &&
			byte != '_')
			return false;
	}
	return name.len > 0;
}

static bool is_address(struct slice address)
{
	for (size_t i = 0; i < address.len; i++) {
		char byte = address.data[i];

		if (ascii_hex_value(byte) == -1 && byte != ':' && byte != '.')
			return false;
	}
	return address.len > 0;
}

static bool is_port(struct slice port)
{
	uint64_t number;

	return port.len <= PORT_DIGITS_MAX && number_read(port, UINT64_MAX, &number);
}

bool host_split(struct slice text, struct slice *host, struct slice *port)
{
	bool bracketed = text.len > 0 && text.data[0] == '[';
	size_t bracket = bracketed ? slice_find(text, ']') : 0;
	size_t end = slice_find(text, ':');

	if (bracketed) {
		if (bracket == text.len ||
			!is_address(slice_from(slice_first(text, bracket), 1)))
			return false;
		end = bracket + 1;
	} else if (!is_name(slice_first(text, end))) {
		return false;
	}

	if (end > HOST_MAX)
		return false;
	struct slice rest = slice_from(text, end);
	if (rest.len > 0 && (rest.data[0] != ':' || !is_port(slice_from(rest, 1))))
		return false;
	*host = slice_first(text, end);
	*port = slice_from(rest, 1);
	return true;
}

bool host_is_loopback(struct slice host)
{
	struct address address;

	if (slice_starts_with(host, SLICE("[")) && slice_ends_with(host, SLICE("]")))
		host = slice_from(slice_first(host, host.len - 1), 1);
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
