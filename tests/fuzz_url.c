/* Targets and origins: for any input, the results keep their promises. */
#include "protocol/origin.h"
#include "protocol/url.h"
#include "tests/support/fuzz.h"

static void check_transport(struct slice rest)
{
	struct sockjs_url url = sockjs_url_read(rest);

	if (url.kind != URL_TRANSPORT) {
		assert(url.session.len == 0 && url.transport.len == 0);
		return;
	}
	assert(url.session.len >= 1 && url.session.len <= 128);
	assert(slice_find(url.session, '/') == url.session.len);
	assert(slice_find(url.session, '.') == url.session.len);
	assert(url.transport.len >= 1);
	assert(slice_find(url.transport, '/') == url.transport.len);
}

static void check_target(struct slice target)
{
	struct url url = url_split(target);
	struct slice rest, value;
	struct buf decoded = {0};

	assert(slice_find(url.path, '?') == url.path.len);
	if (url_is_below(url.path, SLICE("/chat"), &rest)) {
		assert(rest.len + strlen("/chat") == url.path.len);
		assert(rest.len == 0 || rest.data[0] == '/');
		check_transport(rest);
	}
	check_transport(url.path);
	if (url_parameter(url.query, SLICE("c"), &value)) {
		assert(slice_find(value, '&') == value.len);
		if (!url_decode(&decoded, value, true))
			assert(decoded.len == 0);
		assert(decoded.len <= value.len);
	}
	buf_finish(&decoded);
}

static void check_origin(struct slice origin)
{
	struct slice ours = SLICE(".shop.example");

	assert(origin_matches(origin, origin));
	assert(origin_matches(origin, SLICE("*")));
	if (origin_matches(origin, SLICE("https://*.shop.example:8443"))) {
		assert(slice_ends_with(origin, SLICE(":8443")));
		origin.len -= strlen(":8443");
		assert(origin.len > strlen("https://") + ours.len);
		assert(slice_equal_nocase(
			slice_from(origin, origin.len - ours.len), ours));
		assert(slice_find(slice_from(origin, strlen("https://")), '/') ==
			origin.len - strlen("https://"));
	}
	if (origin_is_same(origin, SLICE("http"), SLICE("localhost")))
		assert(slice_equal_nocase(origin, SLICE("http://localhost")) ||
			slice_equal_nocase(origin, SLICE("http://localhost:80")) ||
			slice_equal_nocase(origin, SLICE("ws://localhost")) ||
			slice_equal_nocase(origin, SLICE("ws://localhost:80")));
	if (origin_matches(origin, SLICE("http://localhost:*")) &&
		!slice_starts_with(origin, SLICE("http://localhost:*"))) {
		struct slice rest = slice_from(origin, slice_find(origin, ':') + 3);

		assert(slice_equal_nocase(
			slice_first(rest, slice_find(rest, ':')), SLICE("localhost")));
		assert(slice_find(rest, '/') == rest.len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = fuzz_slice(data, size);
	size_t line = slice_find(bytes, '\n');

	check_target(bytes);
	check_origin(bytes);
	/* Two lines are an origin and a pattern, or a Host: any answer will do. */
	origin_matches(slice_first(bytes, line), slice_from(bytes, line + 1));
	origin_is_pattern(bytes);
	origin_is_pattern(slice_from(bytes, line + 1));
	origin_is_same(
		slice_first(bytes, line), SLICE("https"), slice_from(bytes, line + 1));
	return 0;
}
