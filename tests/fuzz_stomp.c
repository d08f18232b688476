/*
 * The STOMP parser: the results do not depend on how a stream is cut. The first byte
 * of the input selects the version and whether it applies from the start or from the
 * second frame. fuzz_stomp_feed.c is its quick sibling.
 */
#include "protocol/stomp.h"
#include "tests/support/fuzz.h"

/* Small, so that the fuzzer meets them. */
static const struct stomp_limits small = {.frame = 200, .headers = 5, .header = 50};

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
	struct stomp_spare spare = {0};
	struct stomp_parser *parser = stomp_parser_create(&small, &spare);
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
	stomp_spare_finish(&spare);
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
	return 0;
}
