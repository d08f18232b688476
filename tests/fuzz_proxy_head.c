/*
 * PROXY headers: the verdict does not depend on how one arrives, none exceeds the
 * longest allowed, and a refused one gives no result.
 */
#include "protocol/proxy_head.h"
#include "tests/support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = fuzz_slice(data, size);
	struct proxy_head head = {.len = 0}, piece = {.len = 0};
	enum proxy_head_parse whole = proxy_head_parse(bytes, &head);
	enum proxy_head_parse result = PROXY_HEAD_MORE;

	for (size_t i = 0; i <= size && result == PROXY_HEAD_MORE; i++)
		result = proxy_head_parse(slice_first(bytes, i), &piece);
	assert(result == whole);
	assert(piece.len == head.len && piece.known == head.known);
	assert(memcmp(&piece.source, &head.source, sizeof(head.source)) == 0);

	assert((whole == PROXY_HEAD_DONE) == (head.len > 0));
	assert(head.len <= size && head.len <= PROXY_HEAD_MAX);
	assert(whole != PROXY_HEAD_MORE || size < PROXY_HEAD_MAX);
	return 0;
}
