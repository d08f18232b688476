#include "protocol/wsreader.h"
#include "tests/support/unit.h"

/*
 * Frames in the order in which they came, "opcode:payload ", a "|" where a message
 * ends.
 */
static enum wsread read_on(
	struct wsreader *reader, struct slice bytes, struct buf *told)
{
	char copy[512];
	struct wsinput input = {copy, bytes.len};
	struct wspiece piece;

	memcpy(copy, bytes.data, bytes.len);
	for (;;) {
		enum wsread what = wsreader_next(reader, &input, &piece);

		switch (what) {
		case WSREAD_MORE:
			ck_assert_uint_eq(input.len, 0);
			return what;
		case WSREAD_DATA:
			buf_append(told, piece.payload);
			if (piece.ends_message)
				buf_append(told, piece.opcode == WSFRAME_TEXT
							 ? SLICE("|text ")
							 : SLICE("|binary "));
			break;
		case WSREAD_CONTROL:
			buf_append_number(told, piece.opcode);
			buf_append_char(told, ':');
			buf_append(told, piece.payload);
			buf_append_char(told, ' ');
			break;
		case WSREAD_BAD:
			buf_append(told, piece.payload);
			return what;
		}
	}
}

/* Masked by "abcd": a letter c is c ^ 'a' in the first place, and so on. */
#define MASK "abcd"

static void append_masked(struct buf *out, struct slice payload)
{
	static const char mask[] = MASK;

	buf_append(out, SLICE(MASK));
	for (size_t i = 0; i < payload.len; i++)
		buf_append_char(out, (char)(payload.data[i] ^ mask[i % 4]));
}

static void append_client_frame(struct buf *out, unsigned first, struct slice payload)
{
	char head[WSFRAME_HEAD_MAX];
	size_t len = wsframe_head(head, WSFRAME_TEXT, payload.len);

	head[0] = (char)first;
	head[1] = (char)(head[1] | 0x80);
	buf_append(out, (struct slice){head, len});
	append_masked(out, payload);
}

struct frame {
	unsigned first; /* octet */
	struct slice payload;
};

static const struct {
	struct frame frames[6];
	const char *told;
} streams[] = {
	{{{0x81, SLICE_INIT("Hello")}}, "Hello|text "},
	{{{0x82, SLICE_INIT("\x01\x02")}}, "\x01\x02|binary "},
	{{{0x81, SLICE_INIT("")}}, "|text "},
	{{{0x01, SLICE_INIT("Hel")}, {0x80, SLICE_INIT("lo")}}, "Hello|text "},
	{{{0x01, SLICE_INIT("")}, {0x00, SLICE_INIT("")}, {0x80, SLICE_INIT("")}},
		"|text "},
	{{{0x02, SLICE_INIT("a")}, {0x00, SLICE_INIT("b")}, {0x80, SLICE_INIT("c")},
		 {0x81, SLICE_INIT("d")}},
		"abc|binary d|text "},
	{{{0x89, SLICE_INIT("ping")}, {0x8a, SLICE_INIT("")}, {0x88, SLICE_INIT("xy")}},
		"9:ping 10: 8:xy "},
	{{{0x81, SLICE_INIT("a")}, {0x89, SLICE_INIT("p")}, {0x89, SLICE_INIT("q")},
		 {0x81, SLICE_INIT("b")}},
		"a|text 9:p 9:q b|text "},
	{{{0x81, SLICE_INIT("an octet behind eight, and four")}},
		"an octet behind eight, and four|text "},
	{{{0xc1, SLICE_INIT("x")}}, "A reserved bit is set"},
	{{{0x83, SLICE_INIT("x")}}, "Unknown opcode"},
	{{{0x8b, SLICE_INIT("x")}}, "Unknown opcode"},
	{{{0x09, SLICE_INIT("x")}}, "A control frame is fragmented"},
	{{{0x80, SLICE_INIT("x")}}, "Nothing is to be continued"},
	{{{0x81, SLICE_INIT("x")}, {0x80, SLICE_INIT("y")}},
		"x|text Nothing is to be continued"},
};

static struct buf stream_bytes(int row)
{
	struct buf bytes = {0};

	for (size_t i = 0; i < COUNT(streams[row].frames); i++) {
		if (streams[row].frames[i].payload.data != NULL)
			append_client_frame(&bytes, streams[row].frames[i].first,
				streams[row].frames[i].payload);
	}
	return bytes;
}

START_TEST(frames_are_the_same_wherever_the_stream_is_cut)
{
	struct buf bytes = stream_bytes(_i);
	struct slice all = buf_slice(&bytes);

	for (size_t cut = 0; cut <= all.len; cut++) {
		struct wsreader reader = {.left = 0};
		struct buf told = {0};

		if (read_on(&reader, slice_first(all, cut), &told) == WSREAD_MORE)
			read_on(&reader, slice_from(all, cut), &told);
		ck_assert_slice_eq(buf_slice(&told), slice_of(streams[_i].told));
		buf_finish(&told);
		wsreader_finish(&reader);
	}
	buf_finish(&bytes);
}
END_TEST

START_TEST(frames_are_the_same_octet_by_octet)
{
	struct buf bytes = stream_bytes(_i);
	struct slice all = buf_slice(&bytes);
	struct wsreader reader = {.left = 0};
	struct buf told = {0};
	enum wsread what = WSREAD_MORE;

	for (size_t i = 0; i < all.len && what == WSREAD_MORE; i++)
		what = read_on(&reader, slice_first(slice_from(all, i), 1), &told);
	ck_assert_slice_eq(buf_slice(&told), slice_of(streams[_i].told));
	buf_finish(&told);
	wsreader_finish(&reader);
	buf_finish(&bytes);
}
END_TEST

START_TEST(a_control_frame_between_fragments_may_be_cut_too)
{
	struct buf bytes = {0};

	append_client_frame(&bytes, 0x01, SLICE("\xf0\x9f"));
	append_client_frame(&bytes, 0x8a, SLICE("\xff\xfe"));
	append_client_frame(&bytes, 0x80, SLICE("\x98\x80"));
	for (size_t cut = 0; cut <= bytes.len; cut++) {
		struct wsreader reader = {.left = 0};
		struct buf told = {0};

		read_on(&reader, slice_first(buf_slice(&bytes), cut), &told);
		read_on(&reader, slice_from(buf_slice(&bytes), cut), &told);
		/* The cut into pieces varies; so does the text between them. */
		ck_assert(slice_find(buf_slice(&told), '|') < told.len);
		ck_assert_uint_eq(told.len, strlen("\xf0\x9f"
						   "10:\xff\xfe "
						   "\x98\x80|text "));
		buf_finish(&told);
		wsreader_finish(&reader);
	}
	buf_finish(&bytes);
}
END_TEST

/* Heads alone: a frame that is refused need not come. */
static const struct {
	struct slice head;
	const char *breach; /* NULL: more is to come */
	uint64_t left;
} heads[] = {
	{SLICE_INIT("\x81\x85" MASK), NULL, 5},
	{SLICE_INIT("\x81\xfe\x12\x34" MASK), NULL, 0x1234},
	{SLICE_INIT("\x81\xff\0\0\0\x01\0\0\0\0" MASK), NULL, 0x100000000},
	{SLICE_INIT("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff" MASK), NULL, INT64_MAX},
	{SLICE_INIT("\x81\xff\x80\0\0\0\0\0\0\0" MASK), "The length is malformed", 0},
	{SLICE_INIT("\x81\x05"), "A frame is not masked", 0},
	{SLICE_INIT("\x89\xfe\0\x7e" MASK), "A control frame is too long", 0},
	{SLICE_INIT("\x88\xff\0\0\0\0\0\0\0\x01" MASK), NULL, 1},
};

START_TEST(a_head_tells_how_much_comes)
{
	struct wsreader reader = {.left = 0};
	struct buf told = {0};
	enum wsread what = read_on(&reader, heads[_i].head, &told);

	if (heads[_i].breach != NULL) {
		ck_assert_int_eq(what, WSREAD_BAD);
		ck_assert_slice_eq(buf_slice(&told), slice_of(heads[_i].breach));
	} else {
		ck_assert_int_eq(what, WSREAD_MORE);
		ck_assert_uint_eq(reader.left, heads[_i].left);
	}
	buf_finish(&told);
	wsreader_finish(&reader);
}
END_TEST

START_TEST(a_reader_is_inside_until_a_message_has_ended)
{
	struct wsreader reader = {.left = 0};
	struct buf bytes = {0}, told = {0};

	append_client_frame(&bytes, 0x01, SLICE("Hel"));
	append_client_frame(&bytes, 0x89, SLICE("ping"));
	append_client_frame(&bytes, 0x80, SLICE("lo"));
	const struct slice all = buf_slice(&bytes);

	ck_assert(!wsreader_is_inside(&reader));
	for (size_t i = 0; i < all.len; i++) {
		read_on(&reader, slice_first(slice_from(all, i), 1), &told);
		ck_assert(wsreader_is_inside(&reader) == (i + 1 < all.len));
	}
	buf_finish(&bytes);
	buf_finish(&told);
	wsreader_finish(&reader);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wsreader");
	TCase *tcase = unit_case(suite, "frames");

	unit_add_table(tcase, frames_are_the_same_wherever_the_stream_is_cut, streams);
	unit_add_table(tcase, frames_are_the_same_octet_by_octet, streams);
	tcase_add_test(tcase, a_control_frame_between_fragments_may_be_cut_too);
	tcase_add_test(tcase, a_reader_is_inside_until_a_message_has_ended);
	unit_add_table(tcase, a_head_tells_how_much_comes, heads);
	return unit_run(suite);
}
