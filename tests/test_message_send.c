/* A message, written as a SEND, makes an equal message again. */
#include "gateway/session/message.h"
#include "tests/support/chance.h"
#include "tests/support/message_sample.h"
#include "tests/support/unit.h"

enum { HEADERS_MAX = 5, TEXT_MAX = 12, MESSAGES = 2000 };

START_TEST(a_send_has_its_destination_and_what_was_made_first)
{
	struct message *message = sample_message("x", "a:b\n", SLICE("b\0c"));
	const struct stomp_header made = {SLICE("x-postern-from"), SLICE("n-1-7")};
	struct buf out = {0};

	message_write_send(message, &out, SLICE("/topic/a.b"), &made, 1);
	ck_assert_slice_eq(buf_slice(&out),
		SLICE("SEND\ndestination:/topic/a.b\nx-postern-from:n-1-7\nx:a\\cb\\n\n"
		      "content-length:3\n\nb\0c\0"));
	buf_finish(&out);
	message_unref(message);
}
END_TEST

/* Escaped characters are frequent; a value may hold any byte but NUL. */
static struct slice random_text(struct chance *chance, char *text, size_t least)
{
	static const char often[] = ":\n\r\\\x01\xc3\xff a";
	const size_t len = chance_below(chance, TEXT_MAX) + least;

	for (size_t i = 0; i < len; i++)
		text[i] = chance_percent(chance, 50)
				  ? often[chance_below(chance, sizeof(often) - 1)]
				  : (char)('a' + (char)chance_below(chance, 26));
	return (struct slice){text, len};
}

static struct message *parsed(struct slice bytes)
{
	const struct stomp_limits limits = {1 << 16, 64, 1 << 12};
	struct stomp_parser *parser = stomp_parser_create(&limits, NULL);
	struct stomp_frame frame;

	stomp_parser_set(parser, STOMP_1_2, &limits);
	ck_assert_int_eq(stomp_parse(parser, &bytes, &frame), STOMP_PARSE_DONE);
	ck_assert_int_eq(frame.command, STOMP_SEND);
	const struct slice *destination = stomp_header(&frame, SLICE("destination"));
	ck_assert_ptr_nonnull(destination);
	struct message *message = message_create(&frame, *destination, *destination);
	stomp_parser_destroy(parser);
	message_set_place(message, (struct place){0x1a, 5}, false);
	return message;
}

START_TEST(it_comes_back_as_it_was)
{
	struct chance chance = {(uint64_t)_i};

	for (int i = 0; i < MESSAGES; i++) {
		char texts[2 * HEADERS_MAX + 2][TEXT_MAX + 1];
		struct stomp_header headers[HEADERS_MAX];
		const unsigned count = chance_below(&chance, HEADERS_MAX + 1);

		for (unsigned j = 0; j < count; j++)
			headers[j] = (struct stomp_header){
				random_text(&chance, texts[2 * j], 1),
				random_text(&chance, texts[2 * j + 1], 0)};
		const struct slice destination =
			random_text(&chance, texts[2 * HEADERS_MAX], 1);
		struct slice body = random_text(&chance, texts[2 * HEADERS_MAX + 1], 0);
		if (body.len > 0)
			texts[2 * HEADERS_MAX + 1][0] = '\0';
		const struct stomp_frame send = {STOMP_SEND, headers, count, body};
		struct message *message =
			message_create(&send, destination, destination);
		const struct view view = {STOMP_1_2, WIRE_OCTETS, NULL, 0, 0};
		struct buf out = {0};

		message_set_place(message, (struct place){0x1a, 5}, false);
		message_write_send(message, &out, destination, NULL, 0);
		struct message *again = parsed(buf_slice(&out));
		ck_assert_slice_eq(message_render(again, &view).bytes,
			message_render(message, &view).bytes);
		message_unref(again);
		message_unref(message);
		buf_finish(&out);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message as a SEND");
	TCase *tcase = unit_case(suite, "send");

	tcase_add_checked_fixture(tcase, sample_setup, sample_teardown);
	tcase_add_test(tcase, a_send_has_its_destination_and_what_was_made_first);
	tcase_add_loop_test(tcase, it_comes_back_as_it_was, 1, 4);
	return unit_run(suite);
}
