/*
 * Cookies: the first line is the cookie's name in the configuration, each other one a
 * Cookie header. The result is the whole value of the first cookie of that name; it is
 * empty if there is none, or if that value is empty.
 */
#include "gateway/config/config_values.h"
#include "protocol/http_head.h"
#include "tests/support/fuzz.h"

enum { LINES_MAX = 4 };

static bool byte_is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

/* The text between two places, without quotes around it. */
static struct slice unquoted(const char *from, const char *to)
{
	if (to - from >= 2 && *from == '"' && to[-1] == '"') {
		from++;
		to--;
	}
	return (struct slice){from, (size_t)(to - from)};
}

/* Byte by byte, and from each place that a cookie may begin at. */
static bool line_has(struct slice line, struct slice name, struct slice *value)
{
	const char *const end = line.data + line.len;

	for (const char *at = line.data; at < end; at++) {
		const char *from = at, *to = at;

		if (at > line.data && at[-1] != ';')
			continue;
		while (to < end && *to != ';')
			to++;
		while (from < to && byte_is_blank(*from))
			from++;
		while (from < to && byte_is_blank(to[-1]))
			to--;
		if ((size_t)(to - from) > name.len && from[name.len] == '=' &&
			memcmp(from, name.data, name.len) == 0) {
			*value = unquoted(from + name.len + 1, to);
			return true;
		}
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = fuzz_slice(data, size), expected = SLICE("");
	const struct slice name = fuzz_line(&rest);
	struct http_head head = {.header_count = 0};
	bool is_there = false;

	if (name.len == 0 || config_value_cookie(name) != NULL)
		return 0;
	while (rest.len > 0 && head.header_count < LINES_MAX) {
		const struct slice line = fuzz_line(&rest);

		head.headers[head.header_count++] =
			(struct http_header){SLICE("cookie"), line};
		is_there = is_there || line_has(line, name, &expected);
	}
	const struct slice found = http_cookie(&head, name);
	assert(slice_equal(found, expected));
	assert(slice_find(found, ';') == found.len);
	return 0;
}
