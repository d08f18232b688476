/*
 * The receivers' form of a message on every wire, its remembered renderings, and its
 * copy.
 */
#include "gateway/session/message.h"

#include "protocol/xmalloc.h"
#include "tests/support/message_sample.h"
#include "tests/support/unit.h"

#include <stdio.h>

/* Wires */

static const struct {
	struct slice text;
	enum payload payload;
	struct slice plain, sockjs, percent;
	bool is_text;
} texts[] = {
	{SLICE_INIT("a\"b"), PAYLOAD_TEXT, SLICE_INIT("a\"b"), SLICE_INIT("\"a\\\"b\""),
		SLICE_INIT("\"a\\\"b\""), true},
	{SLICE_INIT(""), PAYLOAD_TEXT, SLICE_INIT(""), SLICE_INIT("\"\""),
		SLICE_INIT("\"\""), true},
	{SLICE_INIT("100%\n"), PAYLOAD_TEXT, SLICE_INIT("100%\n"),
		SLICE_INIT("\"100%\\n\""), SLICE_INIT("\"100%25\\n\""), true},
	{SLICE_INIT("\xc3\xa9\0"), PAYLOAD_TEXT, SLICE_INIT("\xc3\xa9\0"),
		SLICE_INIT("\"\xc3\xa9\\u0000\""), SLICE_INIT("\"\xc3\xa9\\u0000\""),
		true},
	/* half of a surrogate pair, which only SockJS can carry */
	{SLICE_INIT("a\xed\xa0\x80"), PAYLOAD_TEXT, SLICE_INIT("a\xef\xbf\xbd"),
		SLICE_INIT("\"a\\ud800\""), SLICE_INIT("\"a\\ud800\""), true},
	/* U+FFFD would make these longer or shorter */
	{SLICE_INIT("a\xff"), PAYLOAD_TEXT, SLICE_INIT("a\xff"),
		SLICE_INIT("\"a\\ufffd\""), SLICE_INIT("\"a\\ufffd\""), false},
	{SLICE_INIT("bytes"), PAYLOAD_BINARY, SLICE_INIT("bytes"),
		SLICE_INIT("\"bytes\""), SLICE_INIT("\"bytes\""), false},
};

START_TEST(a_text_is_written_for_each_wire)
{
	struct message *message =
		message_create_text(texts[_i].text, texts[_i].payload);
	struct rendering plain = message_render(
		message, &(struct view){STOMP_1_0, WIRE_PLAIN, NULL, 0, 0});

	ck_assert_slice_eq(plain.bytes, texts[_i].plain);
	ck_assert(plain.is_text == texts[_i].is_text);
	sample_check(message, STOMP_1_0, WIRE_SOCKJS, texts[_i].sockjs);
	sample_check(message, STOMP_1_0, WIRE_PERCENT, texts[_i].percent);
	sample_check(message, STOMP_1_0, WIRE_OCTETS, texts[_i].text);
	message_unref(message);
}
END_TEST

static const struct {
	struct slice body, plain;
	bool is_text;
} bodies[] = {
	{SLICE_INIT("text"), SLICE_INIT("text"), true},
	{SLICE_INIT("\0\0"), SLICE_INIT("\0\0"), true},
	{SLICE_INIT("\xed\xbf\xbf"), SLICE_INIT("\xef\xbf\xbd"), true},
	{SLICE_INIT("\xed\xa0\x80\xed\xb0\x80"), /* a pair in six bytes */
		SLICE_INIT("\xed\xa0\x80\xed\xb0\x80"), false},
	{SLICE_INIT("\xed\xa0\x80\xff"), SLICE_INIT("\xed\xa0\x80\xff"), false},
	{SLICE_INIT("\x80"), SLICE_INIT("\x80"), false},
};

START_TEST(a_frame_is_text_when_all_of_it_is_and_stays_as_long)
{
	struct message *message =
		sample_message("content-length", "1", bodies[_i].body);
	struct rendering got = message_render(
		message, &(struct view){STOMP_1_0, WIRE_PLAIN, NULL, 0, 0});
	struct buf expected = {0};

	buf_printf(&expected, SAMPLE_HEAD_1_0 "content-length:%zu\n\n",
		bodies[_i].body.len);
	buf_append(&expected, bodies[_i].plain);
	buf_append_char(&expected, '\0');
	ck_assert_slice_eq(got.bytes, buf_slice(&expected));
	ck_assert(got.is_text == bodies[_i].is_text);
	buf_finish(&expected);
	message_unref(message);
}
END_TEST

START_TEST(a_frame_of_octets_has_the_body_as_it_was_sent)
{
	struct message *message =
		sample_message("content-length", "1", bodies[_i].body);
	struct buf expected = {0};

	buf_printf(&expected, SAMPLE_HEAD_1_0 "content-length:%zu\n\n",
		bodies[_i].body.len);
	buf_append(&expected, bodies[_i].body);
	buf_append_char(&expected, '\0');
	sample_check(message, STOMP_1_0, WIRE_OCTETS, buf_slice(&expected));
	buf_finish(&expected);
	message_unref(message);
}
END_TEST

/* The number of octets of a body that a SockJS client decodes. */
static const struct {
	struct slice body;
	size_t len;
	const char *quoted;
} seen[] = {
	{SLICE_INIT("caf\xc3\xa9"), 5, "caf\xc3\xa9"},
	{SLICE_INIT("caf\xe9"), 6, "caf\\ufffd"}, /* Latin-1 */
	{SLICE_INIT("\xff\xfe\x80"), 9, "\\ufffd\\ufffd\\ufffd"},
	{SLICE_INIT("\xe2\x82"), 6, "\\ufffd\\ufffd"}, /* cut inside of a character */
	{SLICE_INIT("\xc0\x80"), 6, "\\ufffd\\ufffd"}, /* overlong */
	{SLICE_INIT("\xed\xa0\x80"), 3, "\\ud800"},
	{SLICE_INIT("\xed\xa0\xbd\xed\xb8\x80"), 4, "\\ud83d\\ude00"}, /* a pair */
	{SLICE_INIT("\xf0\x9f\x98\x80"), 4, "\xf0\x9f\x98\x80"},
	{SLICE_INIT("\xe2\x80\xa8"), 3, "\\u2028"},
	{SLICE_INIT("a\0\n\""), 4, "a\\u0000\\n\\\""},
};

START_TEST(a_content_length_on_sockjs_counts_what_is_seen)
{
	static const enum wire wires[] = {WIRE_SOCKJS, WIRE_PERCENT};
	struct message *message = sample_message("content-length", "1", seen[_i].body);

	for (size_t i = 0; i < COUNT(wires); i++) {
		struct buf expected = {0};

		buf_printf(&expected,
			"\"MESSAGE\\nmessage-id:1a-5\\ndestination:/topic/a:b\\n"
			"content-length:%zu\\n\\n%s\\u0000\"",
			seen[_i].len, seen[_i].quoted);
		sample_check(message, STOMP_1_0, wires[i], buf_slice(&expected));
		buf_finish(&expected);
	}
	message_unref(message);
}
END_TEST

START_TEST(a_frame_is_one_string_on_sockjs)
{
	struct message *message = sample_message("x", "50%", SLICE("\xff"));

	sample_check(message, STOMP_1_0, WIRE_SOCKJS,
		SLICE("\"MESSAGE\\nmessage-id:1a-5\\ndestination:/topic/a:b\\n"
		      "x:50%\\ncontent-length:3\\n\\n\\ufffd\\u0000\""));
	sample_check(message, STOMP_1_0, WIRE_PERCENT,
		SLICE("\"MESSAGE\\nmessage-id:1a-5\\ndestination:/topic/a:b\\n"
		      "x:50%25\\ncontent-length:3\\n\\n\\ufffd\\u0000\""));
	ck_assert(message_render(
		message, &(struct view){STOMP_1_0, WIRE_SOCKJS, NULL, 0, 0})
			  .is_text);
	message_unref(message);
}
END_TEST

/* Remembering */

START_TEST(what_was_rendered_is_remembered_for_eight_views)
{
	struct message *message = sample_message(NULL, "", SLICE("b"));
	struct name *subscriptions[12];
	const char *rendered[12];

	for (int i = 0; i < 12; i++) {
		char text[8];

		snprintf(text, sizeof(text), "s%d", i);
		subscriptions[i] = name_intern(&sample_names, slice_of(text));
		const struct view view = {
			STOMP_1_2, WIRE_PLAIN, subscriptions[i], 0, 0};
		rendered[i] = message_render(message, &view).bytes.data;
		/* the eight latest, and that one is really of its own */
		for (int j = i < 7 ? 0 : i - 7; j <= i; j++) {
			const struct view old = {
				STOMP_1_2, WIRE_PLAIN, subscriptions[j], 0, 0};
			ck_assert_ptr_eq(
				message_render(message, &old).bytes.data, rendered[j]);
		}
	}
	const struct view first = {STOMP_1_2, WIRE_PLAIN, subscriptions[0], 0, 0};
	ck_assert_slice_eq(message_render(message, &first).bytes,
		SLICE("MESSAGE\nsubscription:s0\nmessage-id:1a-5\n"
		      "destination:/topic/a\\cb\ncontent-length:1\n\nb\0"));
	for (int i = 0; i < 12; i++)
		name_unref(&sample_names, subscriptions[i]);
	message_unref(message);
}
END_TEST

START_TEST(a_name_that_comes_later_has_its_own_rendering)
{
	struct message *message = sample_message(NULL, "", SLICE("b"));

	/* The later one may well stand where the earlier did. */
	for (const char *text = "st"; *text != '\0'; text++) {
		struct name *name = name_intern(&sample_names, (struct slice){text, 1});
		struct slice bytes = message_render(
			message, &(struct view){STOMP_1_2, WIRE_PLAIN, name, 0, 0})
					     .bytes;
		const char line[] = {'n', ':', *text, '\n'};

		ck_assert_ptr_nonnull(
			memmem(bytes.data, bytes.len, line, sizeof(line)));
		name_unref(&sample_names, name);
	}
	message_unref(message);
}
END_TEST

START_TEST(a_frame_differs_by_version_subscription_and_wire_only)
{
	struct name *name = name_intern(&sample_names, SLICE(""));
	const struct view views[] = {
		{STOMP_1_0, WIRE_PLAIN, NULL, 0, 0},
		{STOMP_1_1, WIRE_PLAIN, NULL, 0, 0},
		{STOMP_1_1, WIRE_PLAIN, name, 0, 0}, /* an empty id is one */
		{STOMP_1_1, WIRE_SOCKJS, NULL, 0, 0},
	};
	struct message *message = sample_message(NULL, "", SLICE("b"));

	for (size_t i = 0; i < COUNT(views); i++) {
		for (size_t j = 0; j < i; j++)
			ck_assert_ptr_ne(message_render(message, &views[i]).bytes.data,
				message_render(message, &views[j]).bytes.data);
	}
	name_unref(&sample_names, name);
	message_unref(message);
}
END_TEST

START_TEST(a_text_looks_alike_to_everybody)
{
	struct name *name = name_intern(&sample_names, SLICE("s"));
	struct message *message = message_create_text(SLICE("x"), PAYLOAD_TEXT);
	const struct view one = {STOMP_1_0, WIRE_SOCKJS, NULL, 0, 0},
			  two = {STOMP_1_2, WIRE_SOCKJS, name, 0, 0};

	ck_assert_ptr_eq(message_render(message, &one).bytes.data,
		message_render(message, &two).bytes.data);
	name_unref(&sample_names, name);
	message_unref(message);
}
END_TEST

START_TEST(a_message_lives_until_its_last_reference)
{
	struct message *message = message_create_text(SLICE("x"), PAYLOAD_TEXT);

	ck_assert_ptr_eq(message_ref(message), message);
	message_unref(message);
	sample_check(message, STOMP_1_0, WIRE_PLAIN, SLICE("x"));
	message_unref(message);
	message_unref(NULL);
}
END_TEST

/* Large renderings. */

enum { LARGE = 1 << 20, SOME = 6 };

static struct message *large_message(void)
{
	static char body[LARGE];

	return message_create_text((struct slice){body, LARGE}, PAYLOAD_TEXT);
}

static const struct view octets = {STOMP_1_2, WIRE_OCTETS, NULL, 0, 0};

static void render_large(struct renderings *renderings, struct message *message)
{
	const struct rendering rendering = message_render(message, &octets);

	ck_assert_uint_eq(rendering.bytes.len, LARGE);
	renderings_note(renderings, message, &rendering);
}

START_TEST(of_large_renderings_those_used_latest_are_remembered)
{
	struct renderings renderings;
	struct message *messages[SOME];

	renderings_init(&renderings);
	for (int i = 0; i < SOME; i++) {
		messages[i] = large_message();
		render_large(&renderings, messages[i]);
		if (i > 0) /* the first is used again and again */
			render_large(&renderings, messages[0]);
	}
	ck_assert_uint_le(renderings.bytes, 4 << 20);
	ck_assert_uint_ge(message_share(messages[0]), 2 * LARGE);
	ck_assert_uint_lt(message_share(messages[1]), 2 * LARGE);
	ck_assert_uint_ge(message_share(messages[SOME - 1]), 2 * LARGE);
	render_large(&renderings, messages[1]);
	for (int i = 0; i < SOME; i++)
		message_unref(messages[i]);
	ck_assert_uint_eq(renderings.bytes, 0);
	renderings_finish(&renderings);
}
END_TEST

/* Bytes that each wire lengthens; those that are not UTF-8; lone surrogates. */
static const struct slice costly[] = {SLICE_INIT("x"), SLICE_INIT("\x01"),
	SLICE_INIT("<"), SLICE_INIT("%"), SLICE_INIT("\""), SLICE_INIT("\xff"),
	SLICE_INIT("\xed\xa0\x80")};

START_TEST(a_rendering_costs_no_more_than_was_said)
{
	enum { TIMES = 70000 };
	static const enum wire wires[] = {
		WIRE_PLAIN, WIRE_SOCKJS, WIRE_PERCENT, WIRE_SCRIPT, WIRE_OCTETS};
	struct buf body = {0};

	for (int i = 0; i < TIMES; i++)
		buf_append(&body, costly[_i]);
	for (size_t i = 0; i < COUNT(wires); i++) {
		struct message *message =
			sample_message("a\nb", "\n:\x01<%", buf_slice(&body));
		const struct view view = {STOMP_1_2, wires[i], NULL, 0, 0};
		const size_t cost = message_rendering_cost(message, &view);
		const int64_t before = xmalloc_bytes();
		const size_t len = message_render(message, &view).bytes.len;
		const int64_t grown = xmalloc_bytes() - before;

		ck_assert_uint_ge(cost, len);
		ck_assert_int_ge((int64_t)cost, grown);
		ck_assert_uint_eq(message_rendering_cost(message, &view), 0);
		message_unref(message);
	}
	buf_finish(&body);
}
END_TEST

START_TEST(a_message_may_outlive_what_remembers_large_renderings)
{
	struct renderings renderings;
	struct message *message = large_message();

	renderings_init(&renderings);
	render_large(&renderings, message);
	renderings_finish(&renderings);
	ck_assert_uint_eq(renderings.bytes, 0);
	ck_assert_uint_lt(message_share(message), 2 * LARGE);
	message_ref(message);
	ck_assert_uint_le(message_share(message), LARGE);
	message_unref(message);
	message_unref(message);
}
END_TEST

/* Copies */

static const struct {
	const char *header; /* NULL: none */
	struct slice body;
} copied[] = {
	{NULL, SLICE_INIT("")}, {NULL, SLICE_INIT("body")}, {"x", SLICE_INIT("")},
	{"content-length", SLICE_INIT("a\0b")},
	{"receipt", SLICE_INIT("\xff")}, /* does not pass */
};

/* The copy has renderings of its own, with the same content. */
static void check_alike(struct message *message, struct message *copy)
{
	struct name *name = name_intern(&sample_names, SLICE("s:1"));
	const struct view views[] = {
		{STOMP_1_0, WIRE_PLAIN, NULL, 0, 0},
		{STOMP_1_2, WIRE_PLAIN, name, 0, 0},
		{STOMP_1_1, WIRE_SOCKJS, name, 0, 0},
		{STOMP_1_1, WIRE_PERCENT, NULL, 0, 0},
	};

	for (size_t i = 0; i < COUNT(views); i++) {
		struct rendering one = message_render(message, &views[i]);
		struct rendering two = message_render(copy, &views[i]);

		ck_assert_slice_eq(two.bytes, one.bytes);
		ck_assert(two.is_text == one.is_text);
		ck_assert(one.bytes.len == 0 || one.bytes.data != two.bytes.data);
	}
	ck_assert_slice_eq(message_address(copy), message_address(message));
	ck_assert_uint_eq(message_size(copy), message_size(message));
	name_unref(&sample_names, name);
}

START_TEST(a_copy_says_the_same)
{
	struct message *message =
		sample_message(copied[_i].header, "v", copied[_i].body);
	struct message *copy = message_copy(message);

	check_alike(message, copy);
	message_unref(message);
	message_unref(copy);
}
END_TEST

START_TEST(a_copy_of_a_text_is_as_binary)
{
	struct message *message =
		message_create_text(texts[_i].text, texts[_i].payload);
	struct message *copy = message_copy(message);

	check_alike(message, copy);
	message_unref(message);
	message_unref(copy);
}
END_TEST

START_TEST(a_copy_outlives_the_message_and_its_renderings)
{
	struct message *message = sample_message("x", "v", SLICE("body"));

	message_ref(message);
	sample_check(message, STOMP_1_0, WIRE_PLAIN,
		SLICE(SAMPLE_HEAD_1_0 "x:v\ncontent-length:4\n\nbody\0"));
	struct message *copy = message_copy(message);
	message_unref(message);
	message_unref(message);
	sample_check(copy, STOMP_1_0, WIRE_PLAIN,
		SLICE(SAMPLE_HEAD_1_0 "x:v\ncontent-length:4\n\nbody\0"));
	ck_assert_slice_eq(message_address(copy), SLICE("/topic/a:b"));

	struct message *again = message_copy(copy);
	message_unref(copy);
	sample_check(again, STOMP_1_2, WIRE_SOCKJS,
		SLICE("\"MESSAGE\\nmessage-id:1a-5\\ndestination:/topic/a\\\\cb\\n"
		      "x:v\\ncontent-length:4\\n\\nbody\\u0000\""));
	message_unref(again);
}
END_TEST

START_TEST(a_copy_has_the_hash_of_the_address)
{
	const struct hash_key key = {1, 2}, other = {3, 4};
	const struct stomp_frame send = {.command = STOMP_SEND, .body = SLICE("x")};
	struct message *message = message_create(
		&send, SLICE("/user/queue/a"), SLICE("user:1:b/queue/a"));
	const uint64_t hash = hash_slice(&key, SLICE("user:1:b/queue/a"));

	ck_assert_uint_eq(message_hash(message, &key), hash);
	struct message *copy = message_copy(message);
	ck_assert_uint_eq(message_hash(copy, &other), hash); /* it is remembered */
	message_unref(message);
	message_unref(copy);
}
END_TEST

START_TEST(a_copy_has_one_reference)
{
	struct message *message = sample_message(NULL, "", SLICE("b"));

	message_ref(message);
	struct message *copy = message_copy(message);
	message_unref(message);
	message_unref(copy); /* a second one would be a leak */
	message_unref(message);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message");
	TCase *wires = unit_case(suite, "wires");
	TCase *remembering = unit_case(suite, "remembering");
	TCase *copies = unit_case(suite, "copies");

	tcase_add_checked_fixture(wires, sample_setup, sample_teardown);
	unit_add_table(wires, a_text_is_written_for_each_wire, texts);
	unit_add_table(
		wires, a_frame_is_text_when_all_of_it_is_and_stays_as_long, bodies);
	unit_add_table(wires, a_frame_of_octets_has_the_body_as_it_was_sent, bodies);
	unit_add_table(wires, a_content_length_on_sockjs_counts_what_is_seen, seen);
	tcase_add_test(wires, a_frame_is_one_string_on_sockjs);

	tcase_add_checked_fixture(remembering, sample_setup, sample_teardown);
	tcase_add_test(remembering, what_was_rendered_is_remembered_for_eight_views);
	tcase_add_test(remembering, a_name_that_comes_later_has_its_own_rendering);
	tcase_add_test(
		remembering, a_frame_differs_by_version_subscription_and_wire_only);
	tcase_add_test(remembering, a_text_looks_alike_to_everybody);
	tcase_add_test(remembering, a_message_lives_until_its_last_reference);
	unit_add_table(remembering, a_rendering_costs_no_more_than_was_said, costly);
	tcase_add_test(
		remembering, of_large_renderings_those_used_latest_are_remembered);
	tcase_add_test(
		remembering, a_message_may_outlive_what_remembers_large_renderings);

	tcase_add_checked_fixture(copies, sample_setup, sample_teardown);
	unit_add_table(copies, a_copy_says_the_same, copied);
	unit_add_table(copies, a_copy_of_a_text_is_as_binary, texts);
	tcase_add_test(copies, a_copy_outlives_the_message_and_its_renderings);
	tcase_add_test(copies, a_copy_has_the_hash_of_the_address);
	tcase_add_test(copies, a_copy_has_one_reference);
	return unit_run(suite);
}
