/*
 * The STOMP parser, fed once with the whole input: a frame keeps the limits, and a
 * frame of 1.1 or 1.2 can be written and parsed again. The first byte of the input
 * selects the version.
 */
#include "protocol/stomp.h"
#include "tests/support/fuzz.h"

/* Small, so that the fuzzer reaches them; but large enough for a written frame. */
static const struct stomp_limits small = {.frame = 200, .headers = 5, .header = 50};
static const struct stomp_limits ample = {.frame = 2000, .headers = 5, .header = 500};

static void check_limits(const struct stomp_frame *frame)
{
	assert(frame->header_count <= small.headers);
	assert(frame->body.len <= small.frame);
	for (size_t i = 0; i < frame->header_count; i++) {
		assert(frame->headers[i].name.len <= small.header);
		assert(frame->headers[i].value.len <= small.header);
	}
}

static void check_equal(
	const struct stomp_frame *frame, const struct stomp_frame *again)
{
	assert(frame->command == again->command);
	assert(frame->header_count == again->header_count);
	for (size_t i = 0; i < frame->header_count; i++) {
		assert(slice_equal(frame->headers[i].name, again->headers[i].name));
		assert(slice_equal(frame->headers[i].value, again->headers[i].value));
	}
	assert(slice_equal(frame->body, again->body));
}

/* Writes the frame as 1.2, in which nothing is lost, and reads it back. */
static void check_writing(const struct stomp_frame *frame)
{
	struct stomp_parser *parser = stomp_parser_create(&ample, NULL);
	struct buf out = {0};
	struct stomp_frame again;

	stomp_write_begin(&out, frame->command);
	for (size_t i = 0; i < frame->header_count; i++)
		stomp_write_header(&out, STOMP_1_2, frame->headers[i].name,
			frame->headers[i].value);
	stomp_write_end(&out, frame->body);

	struct slice input = buf_slice(&out);
	stomp_parser_set(parser, STOMP_1_2, &ample);
	assert(stomp_parse(parser, &input, &again) == STOMP_PARSE_DONE);
	assert(input.len == 0);
	check_equal(frame, &again);
	buf_finish(&out);
	stomp_parser_destroy(parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;

	const enum stomp_version version = (enum stomp_version)(data[0] % 3);
	struct slice stream = fuzz_slice(data + 1, size - 1);
	struct stomp_parser *parser = stomp_parser_create(&small, NULL);
	struct stomp_frame frame;
	enum stomp_parse result;

	stomp_parser_set(parser, version, &small);
	while ((result = stomp_parse(parser, &stream, &frame)) == STOMP_PARSE_DONE) {
		check_limits(&frame);
		/*
		 * 1.0 drops a body where none belongs; the others are written plainly.
		 */
		if (version != STOMP_1_0 && frame.command != STOMP_CONNECT &&
			frame.command != STOMP_STOMP &&
			frame.command != STOMP_CONNECTED)
			check_writing(&frame);
	}
	assert(result == STOMP_PARSE_BAD || stream.len == 0);
	stomp_parser_destroy(parser);
	return 0;
}
