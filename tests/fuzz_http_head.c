/*
 * The first head of a connection: the verdict does not depend on how it arrives; a
 * head that passes once passes again, and the head that is written for an upgrade is
 * valid.
 */
#include "protocol/http_head.h"
#include "tests/support/fuzz.h"

/* Small, so that the fuzzer meets them. */
static const struct http_head_limits limits = {.bytes = 500, .target = 60, .lines = 12};
static const struct http_head_limits ample = {.bytes = 1000, .target = 60, .lines = 12};

static void check_pieces(
	struct slice bytes, enum http_head_parse whole, size_t len, int status)
{
	enum http_head_parse result = HTTP_HEAD_MORE;
	struct http_head head;
	int piece_status = 0;

	for (size_t i = 0; i <= bytes.len && result == HTTP_HEAD_MORE; i++)
		result = http_head_parse(
			slice_first(bytes, i), &limits, &head, &piece_status);
	assert(result == whole);
	assert(piece_status == status);
	assert(result != HTTP_HEAD_DONE || head.len == len);
}

static void check_upgrade(const struct http_head *head)
{
	struct slice stomp = http_upgrade_stomp(head);
	struct http_head written;
	struct buf out = {0};
	int status = 0;

	if (http_upgrade_check(head) != 0)
		return;
	http_upgrade_write(&out, head, 4711, stomp);
	assert(http_head_parse(buf_slice(&out), &ample, &written, &status) ==
		HTTP_HEAD_DONE);
	assert(written.len == out.len);
	assert(slice_equal(written.target, SLICE("/4711")));
	assert(http_upgrade_check(&written) == 0);
	assert(slice_equal(http_upgrade_stomp(&written), stomp));
	buf_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = fuzz_slice(data, size);
	struct http_head head;
	int status = 0;
	enum http_head_parse result = http_head_parse(bytes, &limits, &head, &status);

	assert((result == HTTP_HEAD_BAD) == (status >= 400));
	check_pieces(bytes, result, result == HTTP_HEAD_DONE ? head.len : 0, status);
	if (result == HTTP_HEAD_DONE) {
		assert(head.len <= size);
		assert(head.target.data[0] == '/' ||
			(slice_equal(head.target, SLICE("*")) &&
				slice_equal(head.method, SLICE("OPTIONS"))));
		assert(http_head_check(&head) == 0);
		assert(http_body_length(&head) == 0 || http_has_body(&head));
		assert(head.minor == 0 || http_header(&head, SLICE("host")) != NULL);
		check_upgrade(&head);
	}
	return 0;
}
