/*
 * The STOMP parser: however a stream is cut, the same comes out; and what is
 * parsed can be written and parsed again. The first byte of the input chooses
 * the version and whether it is in force from the start or from the second frame on.
 */
#include "protocol/stomp.h"
#include "tests/fuzz.h"

/* Small, so that the fuzzer meets them; and what a written frame surely fits in. */
static const struct stomp_limits small = {.frame = 200, .headers = 5, .header = 50};
static const struct stomp_limits ample = {.frame = 2000, .headers = 5, .header = 500};

enum { CUTS_MAX = 64 };

struct way {
	enum stomp_version version;
	bool at_once;
	size_t first, step; /* bytes of the first piece, and of the later ones */
};

static void note(struct buf *notes, struct slice bytes)
{
	buf_append_number(notes, bytes.len);
	buf_append_char(notes, ':');
	buf_append(notes, bytes);
}

static void note_frame(struct buf *notes, const struct stomp_frame *frame)
{
	note(notes, stomp_command_name(frame->command));
	for (size_t i = 0; i < frame->header_count; i++) {
		note(notes, frame->headers[i].name);
		note(notes, frame->headers[i].value);
	}
	note(notes, frame->body);
}

/* The frames of the stream and how it ends, in one text. */
static struct buf notes_of(const struct way *way, struct slice stream)
{
	struct stomp_parser *parser = stomp_parser_create(&small);
	struct buf notes = {0};
	size_t len = way->first;
	enum stomp_parse result;

	if (way->at_once)
		stomp_parser_set(parser, way->version, &small);
	do {
		struct slice piece = slice_first(stream, len);
		struct stomp_frame frame;

		stream = slice_from(stream, len);
		while ((result = stomp_parse(parser, &piece, &frame)) ==
			STOMP_PARSE_DONE) {
			note_frame(&notes, &frame);
			stomp_parser_set(parser, way->version, &small);
		}
		assert(result == STOMP_PARSE_BAD || piece.len == 0);
		len = way->step;
	} while (stream.len > 0 && result == STOMP_PARSE_MORE);

	note(&notes, stomp_parser_is_inside(parser) ? SLICE("inside") : SLICE(""));
	note(&notes, stomp_parser_receipt(parser));
	note(&notes, slice_of(stomp_parser_error(parser)));
	stomp_parser_destroy(parser);
	return notes;
}

static void check_way(const struct way *way, struct slice stream, struct slice expected)
{
	struct buf notes = notes_of(way, stream);

	assert(slice_equal(buf_slice(&notes), expected));
	buf_finish(&notes);
}

static void check_cuts(struct way way, struct slice stream)
{
	/* Long streams are cut at some places only: fuzzing must stay fast. */
	size_t apart = stream.len / CUTS_MAX + 1;

	way.first = way.step = SIZE_MAX;
	struct buf whole = notes_of(&way, stream);
	way.first = way.step = 1;
	check_way(&way, stream, buf_slice(&whole));
	way.first = way.step = 7;
	check_way(&way, stream, buf_slice(&whole));
	way.step = SIZE_MAX;
	for (way.first = 1; way.first < stream.len; way.first += apart)
		check_way(&way, stream, buf_slice(&whole));
	buf_finish(&whole);
}

/* Writes the frame as 1.2, in which nothing is lost, and reads it back. */
static void check_writing(const struct stomp_frame *frame)
{
	struct stomp_parser *parser = stomp_parser_create(&ample);
	struct buf out = {0}, before = {0}, after = {0};
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
	note_frame(&before, frame);
	note_frame(&after, &again);
	assert(slice_equal(buf_slice(&before), buf_slice(&after)));
	buf_finish(&out);
	buf_finish(&before);
	buf_finish(&after);
	stomp_parser_destroy(parser);
}

static void check_round_trips(struct slice stream)
{
	struct stomp_parser *parser = stomp_parser_create(&small);
	struct stomp_frame frame;

	stomp_parser_set(parser, STOMP_1_2, &small);
	while (stomp_parse(parser, &stream, &frame) == STOMP_PARSE_DONE) {
		if (frame.command != STOMP_CONNECT && frame.command != STOMP_STOMP &&
			frame.command != STOMP_CONNECTED)
			check_writing(&frame);
	}
	stomp_parser_destroy(parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;

	const struct way way = {
		.version = (enum stomp_version)(data[0] % 3),
		.at_once = data[0] / 3 % 2 == 0,
	};
	struct slice stream = fuzz_slice(data + 1, size - 1);

	check_cuts(way, stream);
	check_round_trips(stream);
	return 0;
}
