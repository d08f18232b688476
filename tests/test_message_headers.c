/* The headers of a SEND that its receivers see, and their form in every version. */
#include "gateway/session/message.h"

#include "tests/support/message_sample.h"
#include "tests/support/unit.h"

static const struct {
	const char *name;
	bool passes;
} headers[] = {
	{"x", true},
	{"content-type", true},
	{"priority", true},
	{"persistent", true},
	{"id", true},
	{"Receipt", true}, /* names have their case */
	{"x-poster", true},
	{"x-postern", true},
	{"receipt", false},
	{"transaction", false},
	{"subscription", false},
	{"message-id", false},
	{"destination", false},
	{"ack", false},
	{"redelivered", false},
	{"x-postern-", false},
	{"x-postern-offset", false},
	/* What some library, or some worker, takes for the same. */
	{"X-Postern-User", false},
	{"x-postern-user ", false},
	{" x-postern-user", false},
	{"\t X-POSTERN-USER", false},
	{"\xc2\xa0x-postern-user", false},
	{"\xef\xbb\xbfx-postern-user", false},
	{" x-poster", true},
	{"-", true},
	{"ax-postern-user", true},
};

START_TEST(a_header_passes_unless_it_is_the_servers)
{
	struct message *message = sample_message(headers[_i].name, "v", SLICE("b"));
	struct buf expected = {0};

	buf_append(&expected, SLICE(SAMPLE_HEAD_1_2));
	if (headers[_i].passes)
		buf_printf(&expected, "%s:v\n", headers[_i].name);
	buf_append(&expected, SLICE("content-length:1\n\nb\0"));
	sample_check(message, STOMP_1_2, WIRE_PLAIN, buf_slice(&expected));
	buf_finish(&expected);
	message_unref(message);
}
END_TEST

/* The sender's content-length, if any, is not trusted. */
static const struct {
	const char *name, *value;
	struct slice body, end;
} lengths[] = {
	{"content-length", "999", SLICE_INIT("a\0c"),
		SLICE_INIT("content-length:3\n\na\0c\0")},
	{"content-length", "", SLICE_INIT(""), SLICE_INIT("content-length:0\n\n\0")},
	{NULL, "", SLICE_INIT("abc"), SLICE_INIT("content-length:3\n\nabc\0")},
	{NULL, "", SLICE_INIT(""), SLICE_INIT("content-length:0\n\n\0")},
	{NULL, "", SLICE_INIT("\xc3\xa9"),
		SLICE_INIT("content-length:2\n\n\xc3\xa9\0")},
};

START_TEST(every_message_has_its_content_length)
{
	struct message *message =
		sample_message(lengths[_i].name, lengths[_i].value, lengths[_i].body);
	struct buf expected = {0};

	buf_append(&expected, SLICE(SAMPLE_HEAD_1_2));
	buf_append(&expected, lengths[_i].end);
	sample_check(message, STOMP_1_2, WIRE_PLAIN, buf_slice(&expected));
	buf_finish(&expected);
	message_unref(message);
}
END_TEST

START_TEST(headers_keep_their_order_and_repeats)
{
	const struct stomp_header list[] = {
		{SLICE("b"), SLICE("1")},
		{SLICE("content-length"), SLICE("0")},
		{SLICE("a"), SLICE("2")},
		{SLICE("b"), SLICE("3")},
	};
	const struct stomp_frame send = {STOMP_SEND, list, COUNT(list), SLICE("")};
	struct message *message =
		message_create(&send, SLICE("/topic/a:b"), SLICE("/topic/a:b"));

	message_set_place(message, (struct place){0x1a, 5}, false);
	sample_check(message, STOMP_1_0, WIRE_PLAIN,
		SLICE(SAMPLE_HEAD_1_0 "b:1\na:2\nb:3\ncontent-length:0\n\n\0"));
	message_unref(message);
}
END_TEST

/* The sender's own headers of ours are dropped; those that were made stay for ever. */
START_TEST(what_was_made_stays_when_a_message_is_forwarded)
{
	const struct stomp_header sent[] = {
		{SLICE("X-Postern-User"), SLICE("root")}, {SLICE("x"), SLICE("1")}};
	const struct stomp_header made = {SLICE("x-postern-user"), SLICE("ana")};
	const struct stomp_header more = {SLICE("x-postern-from"), SLICE("/q")};
	const struct stomp_frame send = {STOMP_SEND, sent, COUNT(sent), SLICE("")};
	const struct slice where = SLICE("/topic/a:b");
	struct message *message = message_create_made(&send, where, where, &made, 1);
	struct message *copies[] = {message_forward(message, where, &more, 1),
		message_rename(message, where), message_copy(message), message};
	const char *const before[] = {"x-postern-from:/q\n", "", "", ""};

	for (size_t i = 0; i < COUNT(copies); i++) {
		struct buf expected = {0};

		message_set_place(copies[i], (struct place){0x1a, 5}, false);
		buf_printf(&expected,
			"%s%sx-postern-user:ana\nx:1\ncontent-length:0\n\n%c",
			SAMPLE_HEAD_1_0, before[i], '\0');
		sample_check(copies[i], STOMP_1_0, WIRE_PLAIN, buf_slice(&expected));
		buf_finish(&expected);
		message_unref(copies[i]);
	}
}
END_TEST

START_TEST(a_message_keeps_copies)
{
	char name[] = "name", value[] = "value", body[] = "body",
	     where[] = "/topic/a:b";
	const struct stomp_header header = {slice_of(name), slice_of(value)};
	const struct stomp_frame send = {STOMP_SEND, &header, 1, slice_of(body)};
	struct message *message =
		message_create(&send, slice_of(where), slice_of(where));

	name[0] = value[0] = body[0] = where[0] = 'X';
	message_set_place(message, (struct place){0x1a, 5}, false);
	sample_check(message, STOMP_1_0, WIRE_PLAIN,
		SLICE(SAMPLE_HEAD_1_0 "name:value\ncontent-length:4\n\nbody\0"));
	ck_assert_slice_eq(message_address(message), SLICE("/topic/a:b"));
	ck_assert_uint_ge(message_size(message), strlen("namevaluebody/topic/a:b"));
	message_unref(message);
}
END_TEST

static const struct {
	enum stomp_version version;
	struct slice rendering;
} versions[] = {
	{STOMP_1_0, SLICE_INIT("MESSAGE\nsubscription:s:1\nmessage-id:1a-5\n"
			       "destination:/topic/a:b\nx:a:b\\c d "
			       "\ncontent-length:4\n\nbody\0")},
	{STOMP_1_1, SLICE_INIT("MESSAGE\nsubscription:s\\c1\nmessage-id:1a-5\n"
			       "destination:/topic/a\\cb\nx:a\\cb\\\\c\\nd "
			       "\ncontent-length:4\n\nbody\0")},
	{STOMP_1_2,
		SLICE_INIT("MESSAGE\nsubscription:s\\c1\nmessage-id:1a-5\n"
			   "destination:/topic/"
			   "a\\cb\nx:a\\cb\\\\c\\nd\\r\ncontent-length:4\n\nbody\0")},
};

START_TEST(headers_are_escaped_for_the_receiver)
{
	struct message *message = sample_message("x", "a:b\\c\nd\r", SLICE("body"));
	struct name *name = name_intern(&sample_names, SLICE("s:1"));
	const struct view view = {versions[_i].version, WIRE_PLAIN, name, 0, 0};

	ck_assert_slice_eq(
		message_render(message, &view).bytes, versions[_i].rendering);
	message_unref(message);
	name_unref(&sample_names, name);
}
END_TEST

static const struct {
	uint16_t attempt;
	struct slice head;
} attempts[] = {
	{0, SLICE_INIT("MESSAGE\nmessage-id:1a-5\ndestination:/topic/a\\cb\n"
		       "ack:1a-5-7\n")},
	{1, SLICE_INIT("MESSAGE\nmessage-id:1a-5\ndestination:/topic/a\\cb\n"
		       "ack:1a-5-7\n")},
	{2, SLICE_INIT("MESSAGE\nmessage-id:1a-5.2\ndestination:/topic/a\\cb\n"
		       "redelivered:true\nack:1a-5-7.2\n")},
	{UINT16_MAX, SLICE_INIT("MESSAGE\nmessage-id:1a-5.65535\n"
				"destination:/topic/a\\cb\n"
				"redelivered:true\nack:1a-5-7.65535\n")},
};

START_TEST(the_ids_of_a_redelivery_end_in_its_attempt)
{
	struct message *message = sample_message(NULL, "", SLICE("body"));
	const struct view view = {STOMP_1_2, WIRE_PLAIN, NULL, 7, attempts[_i].attempt};
	const struct slice frame = message_render(message, &view).bytes;

	ck_assert_slice_eq(
		slice_first(frame, attempts[_i].head.len), attempts[_i].head);
	message_unref(message);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message headers");
	TCase *head = unit_case(suite, "headers");

	tcase_add_checked_fixture(head, sample_setup, sample_teardown);
	unit_add_table(head, a_header_passes_unless_it_is_the_servers, headers);
	unit_add_table(head, every_message_has_its_content_length, lengths);
	tcase_add_test(head, headers_keep_their_order_and_repeats);
	tcase_add_test(head, what_was_made_stays_when_a_message_is_forwarded);
	tcase_add_test(head, a_message_keeps_copies);
	unit_add_table(head, the_ids_of_a_redelivery_end_in_its_attempt, attempts);
	unit_add_table(head, headers_are_escaped_for_the_receiver, versions);
	return unit_run(suite);
}
