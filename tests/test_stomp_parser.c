/*
 * Every row is a stream and the resulting frames: COMMAND {name=value}... [body], then
 * "!error" and "(receipt)" when it turns bad, or "..." when it ends inside a frame.
 * Each stream is fed whole, byte by byte and in two pieces at every place, and must
 * always give the same result.
 */
#include "protocol/stomp.h"
#include "tests/support/unit.h"

static const struct stomp_limits small = {.frame = 120, .headers = 4, .header = 40};

#define X10 "xxxxxxxxxx"
#define X40 X10 X10 X10 X10

static const struct {
	enum stomp_version version;
	struct slice stream;
	const char *expected;
} streams[] = {
	/* Frames */
	{STOMP_1_2, SLICE_INIT(""), ""},
	{STOMP_1_2, SLICE_INIT("SEND\ndestination:/a\n\nhello\0"),
		"SEND{destination=/a}[hello]"},
	{STOMP_1_2, SLICE_INIT("SEND\r\ndestination:/a\r\n\r\nhello\r\n\0"),
		"SEND{destination=/a}[hello\r\n]"},
	{STOMP_1_1, SLICE_INIT("SEND\r\na:b\r\n\r\n\0"), "SEND{a=b}[]"},
	{STOMP_1_0, SLICE_INIT("SEND\r\na:b\r\n\r\n\0"), "SEND{a=b}[]"},
	{STOMP_1_2, SLICE_INIT("BEGIN\ntransaction:t\n\n\0"), "BEGIN{transaction=t}[]"},
	{STOMP_1_2,
		SLICE_INIT("CONNECT\n\n\0STOMP\n\n\0SUBSCRIBE\n\n\0UNSUBSCRIBE\n\n\0"),
		"CONNECT[]STOMP[]SUBSCRIBE[]UNSUBSCRIBE[]"},
	{STOMP_1_2, SLICE_INIT("ACK\n\n\0NACK\n\n\0BEGIN\n\n\0COMMIT\n\n\0ABORT\n\n\0"),
		"ACK[]NACK[]BEGIN[]COMMIT[]ABORT[]"},
	{STOMP_1_2,
		SLICE_INIT("DISCONNECT\n\n\0CONNECTED\n\n\0MESSAGE\n\n\0"
			   "RECEIPT\n\n\0ERROR\n\n\0"),
		"DISCONNECT[]CONNECTED[]MESSAGE[]RECEIPT[]ERROR[]"},

	/* Between frames */
	{STOMP_1_2, SLICE_INIT("\n\r\n\0\nSEND\n\n1\0\n\n\r\n\0\0SEND\n\n2\0\n"),
		"SEND[1]SEND[2]"},
	{STOMP_1_0, SLICE_INIT("\n\nCONNECT\n\n\0\n"), "CONNECT[]"},
	{STOMP_1_2, SLICE_INIT("\n"), ""},
	{STOMP_1_2, SLICE_INIT(" SEND\n\n\0"), "!unknown command()"},

	/* Unfinished frames */
	{STOMP_1_2, SLICE_INIT("SEN"), "..."},
	{STOMP_1_2, SLICE_INIT("SEND\na:b\n"), "..."},
	{STOMP_1_2, SLICE_INIT("SEND\na:b\n\nbody"), "..."},
	{STOMP_1_2, SLICE_INIT("SEND\n\n\0SEND\ncontent-length:4\n\nbody"),
		"SEND[]..."},

	/* Commands */
	{STOMP_1_2, SLICE_INIT("send\n\n\0"), "!unknown command()"},
	{STOMP_1_2, SLICE_INIT("SENDX\n\n\0"), "!unknown command()"},
	{STOMP_1_2, SLICE_INIT("SEND \n\n\0"), "!unknown command()"},
	{STOMP_1_2, SLICE_INIT("SEND\r\r\n\n\0"), "!unknown command()"},
	{STOMP_1_2, SLICE_INIT("UNSUBSCRIBES\n\n\0"), "!unknown command()"},
	{STOMP_1_2, SLICE_INIT(X40 X40), "!unknown command()"},
	{STOMP_1_2, SLICE_INIT("SEND\0\n\n\0"), "!NUL byte among the headers()"},

	/* Headers */
	{STOMP_1_2, SLICE_INIT("SEND\na:1\nb:2\na:3\n\n\0"), "SEND{a=1}{b=2}{a=3}[]"},
	{STOMP_1_2, SLICE_INIT("SEND\na:b:c\n\n\0"), "SEND{a=b:c}[]"},
	{STOMP_1_2, SLICE_INIT("SEND\na:\n\n\0"), "SEND{a=}[]"},
	{STOMP_1_2, SLICE_INIT("SEND\na: b \r\n\n\0"), "SEND{a= b }[]"},
	{STOMP_1_1, SLICE_INIT("SEND\na: b \n\n\0"), "SEND{a= b }[]"},
	{STOMP_1_0, SLICE_INIT("SEND\na: b \n\n\0"), "SEND{a=b }[]"},
	{STOMP_1_2, SLICE_INIT("SEND\na:b\rc\n\n\0"), "SEND{a=b\rc}[]"},
	{STOMP_1_2, SLICE_INIT("SEND\n\\c:\\r\\n\\c\\\\\n\n\0"), "SEND{:=\r\n:\\}[]"},
	{STOMP_1_0, SLICE_INIT("SEND\na:\\c\n\n\0"), "SEND{a=\\c}[]"},
	{STOMP_1_2, SLICE_INIT("CONNECT\na:\\c\\q\n\n\0"), "CONNECT{a=\\c\\q}[]"},
	{STOMP_1_1, SLICE_INIT("SEND\nreceipt:7\na:\\r\n\n\0"),
		"!undefined escape in a header(7)"},
	{STOMP_1_2, SLICE_INIT("SEND\nreceipt:7\na\n\n\0"),
		"!header line without a colon(7)"},
	{STOMP_1_2, SLICE_INIT("SEND\n:a\n\n\0"), "!header line with an empty name()"},
	{STOMP_1_2, SLICE_INIT("SEND\nreceipt:7\nreceipt:8\n\0\n"),
		"!NUL byte among the headers(7)"},
	{STOMP_1_2, SLICE_INIT("SEND\na:b\0c\n\n\0"), "!NUL byte among the headers()"},

	/* Bodies */
	{STOMP_1_2, SLICE_INIT("SEND\ncontent-length:5\n\na\0\n\0b\0SEND\n\n\0"),
		"SEND{content-length=5}[a\\0\n\\0b]SEND[]"},
	{STOMP_1_2, SLICE_INIT("SEND\ncontent-length:0\n\n\0"),
		"SEND{content-length=0}[]"},
	{STOMP_1_2, SLICE_INIT("SEND\ncontent-length:002\n\nab\0"),
		"SEND{content-length=002}[ab]"},
	{STOMP_1_2, SLICE_INIT("SEND\ncontent-length:1\ncontent-length:x\n\na\0"),
		"SEND{content-length=1}{content-length=x}[a]"},
	{STOMP_1_0, SLICE_INIT("SEND\ncontent-length: 1\n\na\0"),
		"SEND{content-length=1}[a]"},
	{STOMP_1_1, SLICE_INIT("SEND\ncontent-length: 1\n\na\0"),
		"!content-length is not a number()"},
	{STOMP_1_2, SLICE_INIT("SEND\ncontent-length:\n\na\0"),
		"!content-length is not a number()"},
	{STOMP_1_2, SLICE_INIT("SEND\ncontent-length:-1\nreceipt:7\n\na\0"),
		"!content-length is not a number(7)"},
	{STOMP_1_2, SLICE_INIT("SEND\ncontent-length:+1\n\na\0"),
		"!content-length is not a number()"},
	{STOMP_1_2, SLICE_INIT("SEND\ncontent-length:99999999999999999999999x\n\na\0"),
		"!content-length is not a number()"},
	{STOMP_1_2, SLICE_INIT("SEND\ncontent-length:1.0\n\na\0"),
		"!content-length is not a number()"},
	{STOMP_1_2, SLICE_INIT("SEND\ncontent-length:2\n\na\0\n"),
		"!no NUL where content-length ends the body()"},
	{STOMP_1_2, SLICE_INIT("SEND\ncontent-length:0\n\na\0"),
		"!no NUL where content-length ends the body()"},
	{STOMP_1_2, SLICE_INIT("ACK\nid:1\n\nbody\0"), "!ACK frame has a body()"},
	{STOMP_1_1, SLICE_INIT("SUBSCRIBE\nreceipt:7\ncontent-length:1\n\n\0\0"),
		"!SUBSCRIBE frame has a body(7)"},
	{STOMP_1_2, SLICE_INIT("ACK\ncontent-length:0\n\n\0"),
		"ACK{content-length=0}[]"},
	{STOMP_1_0,
		SLICE_INIT(
			"BEGIN\n\nbody\0BEGIN\ncontent-length:2\n\n\0a\0ABORT\n\n\0"),
		"BEGIN[]BEGIN{content-length=2}[]ABORT[]"},
	{STOMP_1_2, SLICE_INIT("MESSAGE\n\nm\0ERROR\n\ne\0"), "MESSAGE[m]ERROR[e]"},

	/* Limits: a frame of exactly 120 bytes, and of one more */
	{STOMP_1_2, SLICE_INIT("SEND\n\n" X40 X40 X10 X10 X10 "xxx\0"),
		"SEND[" X40 X40 X10 X10 X10 "xxx]"},
	{STOMP_1_2, SLICE_INIT("SEND\nreceipt:7\n\n" X40 X40 X10 X10 "xxxx\0"),
		"!frame is larger than 120 bytes(7)"},
	{STOMP_1_2, SLICE_INIT("SEND\ncontent-length:95\n\n" X40 X40 X10 "xxxxx\0"),
		"SEND{content-length=95}[" X40 X40 X10 "xxxxx]"},
	{STOMP_1_2, SLICE_INIT("SEND\ncontent-length:96\n\n"),
		"!frame is larger than 120 bytes()"},
	{STOMP_1_2, SLICE_INIT("SEND\ncontent-length:18446744073709551616\n\n"),
		"!frame is larger than 120 bytes()"},
	{STOMP_1_2, SLICE_INIT("SEND\ncontent-length:99999999999999999999999\n\n"),
		"!frame is larger than 120 bytes()"},
	{STOMP_1_2,
		SLICE_INIT("SEND\na:" X10 X10 X10 "\nb:" X10 X10 X10 "\nc:" X10 X10 X10
			   "\nd:" X10 "xx\n\n\0"),
		"!frame is larger than 120 bytes()"},
	{STOMP_1_2, SLICE_INIT("SEND\na:1\nb:2\nc:3\nd:4\n\n\0"),
		"SEND{a=1}{b=2}{c=3}{d=4}[]"},
	{STOMP_1_2, SLICE_INIT("SEND\na:1\nreceipt:7\nc:3\nd:4\ne:5\n\n\0"),
		"!frame has more than 4 headers(7)"},
	{STOMP_1_2, SLICE_INIT("SEND\na:" X10 X10 X10 "12345678\r\n\n\0"),
		"SEND{a=" X10 X10 X10 "12345678}[]"},
	{STOMP_1_2, SLICE_INIT("SEND\na:" X10 X10 X10 "123456789\n\n\0"),
		"!header line is longer than 40 bytes()"},
	{STOMP_1_2, SLICE_INIT("SEND\nreceipt:7\na:" X40 X10),
		"!header line is longer than 40 bytes(7)"},
};

/* NULs are shown as \0, so that expectations can be C strings. */
static void note(struct buf *notes, struct slice bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		if (bytes.data[i] == '\0')
			buf_append(notes, SLICE("\\0"));
		else
			buf_append_char(notes, bytes.data[i]);
	}
}

static void note_frame(struct buf *notes, const struct stomp_frame *frame)
{
	note(notes, stomp_command_name(frame->command));
	for (size_t i = 0; i < frame->header_count; i++) {
		buf_append_char(notes, '{');
		note(notes, frame->headers[i].name);
		buf_append_char(notes, '=');
		note(notes, frame->headers[i].value);
		buf_append_char(notes, '}');
	}
	buf_append_char(notes, '[');
	note(notes, frame->body);
	buf_append_char(notes, ']');
}

/* Feeds one piece from memory of its own, so that reading beyond it is noticed. */
static enum stomp_parse feed(
	struct stomp_parser *parser, struct slice piece, struct buf *notes)
{
	char *copy = malloc(piece.len > 0 ? piece.len : 1);
	struct slice input = {copy, piece.len};
	struct stomp_frame frame;
	enum stomp_parse result;

	ck_assert_ptr_nonnull(copy);
	if (piece.len > 0)
		memcpy(copy, piece.data, piece.len);
	while ((result = stomp_parse(parser, &input, &frame)) == STOMP_PARSE_DONE)
		note_frame(notes, &frame);
	if (result == STOMP_PARSE_MORE)
		ck_assert_uint_eq(input.len, 0);
	free(copy);
	return result;
}

/*
 * The result of a stream that arrives as a piece of `first` bytes and then in pieces
 * of `step`.
 */
static struct buf notes_of(
	enum stomp_version version, struct slice stream, size_t first, size_t step)
{
	struct stomp_spare spare = {0};
	struct stomp_parser *parser = stomp_parser_create(&small, &spare);
	struct buf notes = {0};
	size_t len = first;
	enum stomp_parse result;

	stomp_parser_set(parser, version, &small);
	do {
		result = feed(parser, slice_first(stream, len), &notes);
		stream = slice_from(stream, len);
		len = step;
	} while (stream.len > 0 && result == STOMP_PARSE_MORE);

	if (result == STOMP_PARSE_BAD) {
		buf_printf(&notes, "!%s(", stomp_parser_error(parser));
		note(&notes, stomp_parser_receipt(parser));
		buf_append_char(&notes, ')');
	} else if (stomp_parser_is_inside(parser)) {
		buf_append(&notes, SLICE("..."));
	}
	stomp_parser_destroy(parser);
	stomp_spare_finish(&spare);
	return notes;
}

static void check_cut(int row, size_t first, size_t step)
{
	struct buf notes =
		notes_of(streams[row].version, streams[row].stream, first, step);

	ck_assert_slice_eq(buf_slice(&notes), slice_of(streams[row].expected));
	buf_finish(&notes);
}

START_TEST(a_stream_fed_whole_gives_its_frames)
{
	check_cut(_i, SIZE_MAX, SIZE_MAX);
}
END_TEST

START_TEST(byte_by_byte_the_same_frames_come_out)
{
	check_cut(_i, 1, 1);
}
END_TEST

START_TEST(cut_anywhere_the_same_frames_come_out)
{
	for (size_t cut = 1; cut < streams[_i].stream.len; cut++)
		check_cut(_i, cut, SIZE_MAX);
}
END_TEST

START_TEST(in_small_pieces_the_same_frames_come_out)
{
	for (size_t step = 2; step < 12; step++)
		check_cut(_i, step, step);
}
END_TEST

static const struct {
	struct slice stream;
	enum stomp_fault fault;
	const char *culprit;
} culprits[] = {
	{SLICE_INIT("SENDD\n"), STOMP_FAULT_COMMAND, "SENDD"},
	{SLICE_INIT("[\"CONNECT\\nlogin:a\"]\n"), STOMP_FAULT_COMMAND,
		"[\"CONNECT\\nlo"},
	{SLICE_INIT("SEND\na:b\nno colon\r\n"), STOMP_FAULT_NO_COLON, "no colon"},
	{SLICE_INIT("SEND\n:b\n"), STOMP_FAULT_NO_NAME, ":b"},
	{SLICE_INIT("SEND\na:\\t\n"), STOMP_FAULT_ESCAPE, "a:\\t"},
	{SLICE_INIT("SEND\nab\0"), STOMP_FAULT_NUL, ""},
	{SLICE_INIT("SEND\ncontent-length:1x\n\n"), STOMP_FAULT_LENGTH, "1x"},
	{SLICE_INIT("SEND\ncontent-length:1\n\nxy"), STOMP_FAULT_NO_NUL, ""},
	{SLICE_INIT("ACK\n\nx"), STOMP_FAULT_BODY, ""},
	{SLICE_INIT("SEND\ncontent-length:999\n\n"), STOMP_FAULT_FRAME_SIZE, ""},
	{SLICE_INIT("SEND\na:1\nb:1\nc:1\nd:1\ne:1\n"), STOMP_FAULT_HEADERS, ""},
	{SLICE_INIT("SEND\na:" X40 "\n"), STOMP_FAULT_HEADER_SIZE, "a:" X40},
};

/* Fed byte by byte and whole: the fault is the same. */
START_TEST(what_is_at_fault_is_known_however_it_came)
{
	for (size_t step = 1; step <= culprits[_i].stream.len; step++) {
		struct stomp_parser *parser = stomp_parser_create(&small, NULL);
		struct slice rest = culprits[_i].stream;
		enum stomp_parse result = STOMP_PARSE_MORE;
		struct stomp_frame frame;

		stomp_parser_set(parser, STOMP_1_2, &small);
		while (rest.len > 0 && result == STOMP_PARSE_MORE) {
			struct slice piece = slice_first(rest, step);

			rest = slice_from(rest, step);
			result = stomp_parse(parser, &piece, &frame);
		}
		ck_assert_int_eq(result, STOMP_PARSE_BAD);
		ck_assert_int_eq(stomp_parser_fault(parser), culprits[_i].fault);
		ck_assert_slice_eq(
			stomp_parser_culprit(parser), slice_of(culprits[_i].culprit));
		stomp_parser_destroy(parser);
	}
}
END_TEST

START_TEST(what_misses_its_body_says_how_much)
{
	struct stomp_parser *parser = stomp_parser_create(&small, NULL);
	struct slice input = SLICE("SEND\ncontent-length:9\n\n");
	struct stomp_frame frame;
	size_t length, taken;

	ck_assert(!stomp_parser_misses_body(parser, &length, &taken));
	ck_assert_int_eq(stomp_parse(parser, &input, &frame), STOMP_PARSE_MORE);
	ck_assert(stomp_parser_misses_body(parser, &length, &taken));
	ck_assert_uint_eq(taken, 0);
	input = SLICE("abc");
	ck_assert_int_eq(stomp_parse(parser, &input, &frame), STOMP_PARSE_MORE);
	ck_assert(stomp_parser_misses_body(parser, &length, &taken));
	ck_assert_uint_eq(length, 9);
	ck_assert_uint_eq(taken, 3);
	stomp_parser_destroy(parser);
}
END_TEST

START_TEST(a_new_version_holds_from_the_next_frame_on)
{
	const struct stomp_limits larger = {.frame = 200, .headers = 5, .header = 100};
	struct stomp_parser *parser = stomp_parser_create(&small, NULL);
	struct stomp_frame frame;

	struct slice input = SLICE("CONNECT\na: \\c\n\n\0SEND\nb:");
	ck_assert_int_eq(stomp_parse(parser, &input, &frame), STOMP_PARSE_DONE);
	ck_assert_slice_eq(frame.headers[0].value, SLICE("\\c"));
	stomp_parser_set(parser, STOMP_1_2, &larger);
	ck_assert_int_eq(stomp_parse(parser, &input, &frame), STOMP_PARSE_MORE);

	/* The second frame has begun: it stays under 1.2, whatever is set now. */
	stomp_parser_set(parser, STOMP_1_0, &small);
	input = SLICE(" \\c" X40 "\n\n\0SEND\nc: \\c\n\n\0");
	ck_assert_int_eq(stomp_parse(parser, &input, &frame), STOMP_PARSE_DONE);
	ck_assert_slice_eq(frame.headers[0].value, SLICE(" :" X40));
	ck_assert_int_eq(stomp_parse(parser, &input, &frame), STOMP_PARSE_DONE);
	ck_assert_slice_eq(frame.headers[0].value, SLICE("\\c"));
	stomp_parser_destroy(parser);
}
END_TEST

START_TEST(once_bad_it_stays_bad)
{
	struct stomp_parser *parser = stomp_parser_create(&small, NULL);
	struct stomp_frame frame;
	struct slice input = SLICE("GET / HTTP/1.1\n"), good = SLICE("SEND\n\n\0");

	ck_assert_int_eq(stomp_parse(parser, &input, &frame), STOMP_PARSE_BAD);
	ck_assert_int_eq(stomp_parse(parser, &good, &frame), STOMP_PARSE_BAD);
	ck_assert_str_eq(stomp_parser_error(parser), "unknown command");
	ck_assert(!stomp_parser_is_inside(parser));
	stomp_parser_destroy(parser);
}
END_TEST

START_TEST(it_is_inside_from_a_frames_first_byte_to_its_last)
{
	static const struct slice stream = SLICE_INIT("\nSEND\na:b\n\nbody\0\n");
	struct stomp_parser *parser = stomp_parser_create(&small, NULL);
	struct stomp_frame frame;

	for (size_t i = 0; i < stream.len; i++) {
		struct slice byte = {stream.data + i, 1};

		stomp_parse(parser, &byte, &frame);
		ck_assert(stomp_parser_is_inside(parser) ==
			  (i >= 1 && i < stream.len - 2));
	}
	stomp_parser_destroy(parser);
}
END_TEST

START_TEST(parsers_that_share_a_spare_frame_do_not_disturb_each_other)
{
	static const struct slice both[] = {
		SLICE_INIT("SEND\na:b\n\nbody\0BEGIN\n\n\0SEND\nc:d\n\ne\0"),
		SLICE_INIT("BEGIN\nlonger:value\n\n\0SEND\n\nanother\0"),
	};
	struct stomp_spare spare = {0};
	struct stomp_parser *parsers[2];
	struct buf notes[2] = {{0}};

	for (int i = 0; i < 2; i++)
		parsers[i] = stomp_parser_create(&small, &spare);
	for (size_t at = 0; at < both[0].len; at++) {
		for (int i = 0; i < 2; i++)
			feed(parsers[i], slice_first(slice_from(both[i], at), 1),
				&notes[i]);
	}
	for (int i = 0; i < 2; i++) {
		struct buf alone = notes_of(STOMP_1_0, both[i], SIZE_MAX, SIZE_MAX);

		ck_assert_slice_eq(buf_slice(&notes[i]), buf_slice(&alone));
		stomp_parser_destroy(parsers[i]);
		buf_finish(&notes[i]);
		buf_finish(&alone);
	}
	stomp_spare_finish(&spare);
}
END_TEST

START_TEST(a_whole_body_is_not_copied)
{
	static const struct slice stream = SLICE_INIT("SEND\n\nbody\0");
	struct stomp_parser *parser = stomp_parser_create(&small, NULL);
	struct stomp_frame frame;
	struct slice input = stream;

	ck_assert_int_eq(stomp_parse(parser, &input, &frame), STOMP_PARSE_DONE);
	ck_assert_ptr_eq(frame.body.data, stream.data + 6);
	stomp_parser_destroy(parser);
}
END_TEST

START_TEST(large_bodies_in_pieces_come_out_whole)
{
	const struct stomp_limits large = {.frame = 100100, .headers = 4, .header = 40};
	struct stomp_parser *parser = stomp_parser_create(&large, NULL);
	struct buf stream = {0};
	int frames = 0;

	for (int i = 0; i < 3; i++) {
		buf_append(&stream, SLICE("SEND\ncontent-length:100000\n\n"));
		memset(buf_reserve(&stream, 100000), 'a' + i, 100000);
		stream.len += 100000;
		buf_append_char(&stream, '\0');
	}
	for (size_t at = 0; at < stream.len; at += 1460) {
		struct slice piece =
			slice_first(slice_from(buf_slice(&stream), at), 1460);
		struct stomp_frame frame;

		while (stomp_parse(parser, &piece, &frame) == STOMP_PARSE_DONE) {
			ck_assert_uint_eq(frame.body.len, 100000);
			ck_assert_int_eq(frame.body.data[0], 'a' + frames);
			ck_assert_int_eq(frame.body.data[99999], 'a' + frames);
			frames++;
		}
	}
	ck_assert_int_eq(frames, 3);
	buf_finish(&stream);
	stomp_parser_destroy(parser);
}
END_TEST

START_TEST(a_parser_that_never_was_can_be_destroyed)
{
	stomp_parser_destroy(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stomp_parser");
	TCase *cuts = unit_case(suite, "streams");
	TCase *rules = unit_case(suite, "rules");

	unit_add_table(cuts, a_stream_fed_whole_gives_its_frames, streams);
	unit_add_table(cuts, byte_by_byte_the_same_frames_come_out, streams);
	unit_add_table(cuts, cut_anywhere_the_same_frames_come_out, streams);
	unit_add_table(cuts, in_small_pieces_the_same_frames_come_out, streams);
	tcase_add_test(rules, a_new_version_holds_from_the_next_frame_on);
	tcase_add_test(rules, once_bad_it_stays_bad);
	unit_add_table(rules, what_is_at_fault_is_known_however_it_came, culprits);
	tcase_add_test(rules, what_misses_its_body_says_how_much);
	tcase_add_test(rules, it_is_inside_from_a_frames_first_byte_to_its_last);
	tcase_add_test(
		rules, parsers_that_share_a_spare_frame_do_not_disturb_each_other);
	tcase_add_test(rules, a_whole_body_is_not_copied);
	tcase_add_test(rules, large_bodies_in_pieces_come_out_whole);
	tcase_add_test(rules, a_parser_that_never_was_can_be_destroyed);
	return unit_run(suite);
}
