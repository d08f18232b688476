/* Addresses to listen at, as they are written: "host:port", "[v6]:port", ":port". */
#include "gateway/config/config.h"

#include "protocol/number.h"

#include <ctype.h>

static bool port_is_valid(struct slice port)
{
	uint64_t number;

	return number_read(port, UINT16_MAX, &number);
}

static bool host_is_valid(struct slice host, const char *also)
{
	for (size_t i = 0; i < host.len; i++) {
		unsigned char byte = (unsigned char)host.data[i];

		if (!isalnum(byte) && (byte == '\0' || strchr(also, byte) == NULL))
			return false;
	}
	return true;
}

bool config_listen(struct slice value, struct slice *host, struct slice *port)
{
	bool is_v6 = slice_starts_with(value, SLICE("["));
	size_t end = slice_find(value, is_v6 ? ']' : ':');
	struct slice name = slice_from(slice_first(value, end), is_v6);
	struct slice rest = slice_from(value, end + is_v6);
	struct slice number = slice_from(rest, 1);

	if (!slice_starts_with(rest, SLICE(":")) || !port_is_valid(number) ||
		!host_is_valid(name, is_v6 ? ":.%" : ".-_") || (is_v6 && name.len == 0))
		return false;
	*host = name;
	*port = number;
	return true;
}
