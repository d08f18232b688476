#include "gateway/base/log.h"

#include "tests/support/unit.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const struct {
	const char *name;
	bool known;
	enum log_level level;
} names[] = {
	{"debug", true, LOG_DEBUG},
	{"info", true, LOG_INFO},
	{"warn", true, LOG_WARN},
	{"error", true, LOG_ERROR},
	{"", false, LOG_INFO},
	{"Debug", false, LOG_INFO},
	{"warning", false, LOG_INFO},
	{"inf", false, LOG_INFO},
	{"info ", false, LOG_INFO},
};

START_TEST(a_level_has_one_name)
{
	enum log_level level = LOG_INFO;

	ck_assert(log_level_parse(slice_of(names[_i].name), &level) == names[_i].known);
	ck_assert_int_eq(level, names[_i].level);
}
END_TEST

/* The output on stderr, which is a pipe from now on. */
static const char *read_log(int pipe_out)
{
	static char text[4096];
	ssize_t len = read(pipe_out, text, sizeof(text) - 1);

	text[len > 0 ? len : 0] = '\0';
	return text;
}

static int redirect(void)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_ne(dup2(ends[1], STDERR_FILENO), -1);
	close(ends[1]);
	return ends[0];
}

START_TEST(lines_below_the_level_are_dropped)
{
	int out = redirect();

	log_set_level(LOG_WARN);
	log_debug("one");
	log_info("two");
	log_warn("%s", "three");
	const char *text = read_log(out);
	ck_assert_ptr_null(strstr(text, "one"));
	ck_assert_ptr_null(strstr(text, "two"));
	ck_assert_ptr_nonnull(strstr(text, " warn  three\n"));
	close(out);
}
END_TEST

START_TEST(what_a_peer_said_cannot_forge_a_line)
{
	int out = redirect();

	log_info("name \"%s\"", "a\nb\r\x1b[31m\x7f");
	ck_assert_ptr_nonnull(strstr(read_log(out), "Z info  name \"a?b??[31m?\"\n"));
	close(out);
}
END_TEST

START_TEST(a_long_line_is_cut)
{
	char line[3000];
	int out = redirect();

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	log_error("%s", line);
	const char *text = read_log(out);
	ck_assert_uint_lt(strlen(text), 1200);
	ck_assert_int_eq(text[strlen(text) - 1], '\n');
	close(out);
}
END_TEST

/* Waits for the next second to begin, so that the next lines share one second. */
static void begin_second(void)
{
	time_t now = time(NULL);

	while (time(NULL) == now)
		usleep(1000);
}

START_TEST(of_lines_that_differ_in_details_a_few_are_written_in_a_second)
{
	int out = redirect();

	log_set_most(3);
	for (int round = 0; round < 2; round++) {
		begin_second();
		for (int i = 0; i < 10; i++)
			log_info("peer %d of %d", i, round);
		log_info("something else");
		const char *text = read_log(out);
		ck_assert_ptr_nonnull(strstr(text, "peer 2 of"));
		ck_assert_ptr_null(strstr(text, "peer 3 of"));
		ck_assert_ptr_nonnull(strstr(text, "something else"));
		ck_assert((strstr(text, "(and 7 others like it before)") != NULL) ==
			  (round == 1));
	}
	close(out);
}
END_TEST

/* The number in "(and N WHAT before)"; 0 without that. */
static unsigned long count_noted(const char *text, const char *what)
{
	const char *found = strstr(text, what);

	if (found == NULL)
		return 0;
	while (found[-1] != '(')
		found--;
	return strtoul(found + strlen("and "), NULL, 10);
}

/* Of each place there are as many equal lines as different ones. */
static void log_a_burst(int lines)
{
	for (int i = 0; i < lines; i++)
		log_info("peer %d", i % 2 == 0 ? 0 : i);
}

START_TEST(each_dropped_line_is_counted_and_noted_once)
{
	enum { MOST = 4, LINES = 40 };
	int out = redirect();

	log_set_most(MOST);
	begin_second();
	const uint64_t before = log_unwritten();
	log_a_burst(LINES);
	log_info("an end");
	const uint64_t dropped = log_unwritten() - before;
	const char *text = read_log(out);
	ck_assert_uint_eq(dropped, LINES - MOST);
	ck_assert_ptr_nonnull(strstr(text, "an end"));
	ck_assert_ptr_null(strstr(text, "before)"));

	begin_second();
	log_info("peer %d", 0);
	text = read_log(out);
	ck_assert_uint_eq(count_noted(text, " times before)") +
				  count_noted(text, " others like it before)"),
		dropped);
	close(out);
}
END_TEST

START_TEST(a_line_below_the_level_counts_for_nothing)
{
	int out = redirect();

	log_set_most(1);
	const uint64_t before = log_unwritten();
	for (int i = 0; i < 10; i++)
		log_debug("peer %d", i);
	ck_assert_uint_eq(log_unwritten(), before);
	close(out);
}
END_TEST

START_TEST(events_are_bounded_as_lines_are)
{
	int out = redirect();

	log_set_most(2);
	begin_second();
	const uint64_t before = log_unwritten();
	for (uint64_t i = 0; i < 10; i++)
		log_event(LOG_INFO, "session ended",
			&(struct log_field){.name = "code", .number = i}, 1);
	ck_assert_uint_eq(log_unwritten() - before, 8);
	const char *text = read_log(out);
	ck_assert_ptr_nonnull(strstr(text, "code=1\n"));
	ck_assert_ptr_null(strstr(text, "code=2\n"));
	close(out);
}
END_TEST

/* A line of 3,000 bytes and more, of a kind of its own. */
static void log_from(const char *address, const char *event)
{
	static char padding[3000];

	memset(padding, 'x', sizeof(padding));
	const struct log_field fields[] = {
		{.name = "padding", .text = {padding, sizeof(padding)}},
		{.name = "address", .text = slice_of(address)},
	};
	log_event(LOG_INFO, event, fields, COUNT(fields));
}

/* The addresses of the one that has written its share, and of others. */
static const struct {
	const char *noisy, *same, *other;
} shares[] = {
	{"203.0.113.1", "203.0.113.1", "203.0.113.2"},
	{"2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"},
};

START_TEST(an_address_writes_its_share_and_no_more)
{
	static const char *const events[] = {"one", "two", "three", "four"};
	int out = redirect();

	log_set_most(1); /* 10,000 bytes, and 20 in a second */
	for (size_t i = 0; i < COUNT(events); i++) {
		log_from(shares[_i].noisy, events[i]);
		ck_assert_ptr_nonnull(strstr(read_log(out), events[i]));
	}
	const uint64_t before = log_unwritten();
	log_from(shares[_i].same, "five");
	ck_assert_uint_eq(log_unwritten(), before + 1);
	log_from(shares[_i].other, "six");
	const char *text = read_log(out);
	ck_assert_ptr_null(strstr(text, "five"));
	ck_assert_ptr_nonnull(strstr(text, "six"));
	log_info("a line about no peer");
	ck_assert_ptr_nonnull(strstr(read_log(out), "a line about no peer"));
	close(out);
}
END_TEST

static void log_the_end(struct slice reason)
{
	const struct log_field fields[] = {
		{.name = "code", .number = 1000},
		{.name = "transport", .text = SLICE("xhr")},
		{.name = "reason", .text = reason},
	};

	log_event(LOG_INFO, "session ended", fields, COUNT(fields));
}

static const struct {
	struct slice reason;
	const char *text, *json;
} events[] = {
	{SLICE_INIT("Goodbye"), "reason=Goodbye\n", "\"reason\":\"Goodbye\"}\n"},
	{SLICE_INIT(""), "reason=\"\"\n", "\"reason\":\"\"}\n"},
	{SLICE_INIT("Go away"), "reason=\"Go away\"\n", "\"reason\":\"Go away\"}\n"},
	{SLICE_INIT("a\"b\\"), "reason=\"a\\\"b\\\\\"\n",
		"\"reason\":\"a\\\"b\\\\\"}\n"},
	{SLICE_INIT("a\nlevel=error"), "reason=\"a?level=error\"\n",
		"\"reason\":\"a\\u000alevel=error\"}\n"},
	{SLICE_INIT("\x1b[31m\xc2\x85"), "reason=\"?[31m??\"\n",
		"\"reason\":\"\\u001b[31m\\u0085\"}\n"},
	{SLICE_INIT("\xff"), "reason=\"\xff\"\n", "\"reason\":\"\xef\xbf\xbd\"}\n"},
};

START_TEST(an_event_says_its_fields_and_nothing_else)
{
	int out = redirect();

	log_the_end(events[_i].reason);
	const char *text = read_log(out);
	const char *fields = strstr(text, "Z info  session ended: code=1000 "
					  "transport=xhr ");
	ck_assert_msg(fields != NULL, "%s", text);
	ck_assert_str_eq(strstr(fields, "reason="), events[_i].text);
	close(out);
}
END_TEST

START_TEST(as_json_a_line_is_an_object)
{
	static const char rest[] =
		"Z\",\"level\":\"info\",\"message\":\"session ended\","
		"\"code\":1000,\"transport\":\"xhr\",";
	int out = redirect();

	log_set_format(LOG_JSON);
	log_the_end(events[_i].reason);
	const char *text = read_log(out), *found = strstr(text, rest);
	ck_assert_msg(found != NULL, "%s", text);
	ck_assert_int_eq(strncmp(text, "{\"time\":\"20", 11), 0);
	ck_assert_str_eq(found + strlen(rest), events[_i].json);
	close(out);
}
END_TEST

static void log_a_refusal(struct slice kind)
{
	const struct log_field fields[] = {
		{.name = "kind", .text = kind},
		{.name = "message", .text = SLICE("Bad login or passcode")},
	};

	log_event(LOG_INFO, "refused at stomp", fields, COUNT(fields));
}

START_TEST(as_json_a_field_called_message_stands_alone_under_that_key)
{
	int out = redirect();

	log_a_refusal(SLICE("bad_login"));
	ck_assert_ptr_nonnull(
		strstr(read_log(out), "info  refused at stomp: kind=bad_login "
				      "message=\"Bad login or passcode\"\n"));
	close(out);
	out = redirect();
	log_set_format(LOG_JSON);
	log_a_refusal(SLICE("no_login")); /* the same line would be dropped */
	ck_assert_ptr_nonnull(strstr(read_log(out),
		"\"level\":\"info\",\"event\":\"refused at stomp\","
		"\"kind\":\"no_login\",\"message\":\"Bad login or passcode\"}\n"));
	close(out);
}
END_TEST

START_TEST(a_plain_line_is_an_object_too)
{
	int out = redirect();

	log_set_format(LOG_JSON);
	log_warn("name \"%s\"", "a\nb");
	ck_assert_ptr_nonnull(strstr(read_log(out),
		",\"level\":\"warn\",\"message\":\"name \\\"a\\u000ab\\\"\"}\n"));
	close(out);
}
END_TEST

START_TEST(a_format_is_text_or_json_or_what_suits)
{
	enum log_format format = LOG_TEXT;
	int out = redirect();

	ck_assert(log_format_parse(SLICE("json"), &format));
	ck_assert_int_eq(format, LOG_JSON);
	ck_assert(log_format_parse(SLICE("text"), &format));
	ck_assert_int_eq(format, LOG_TEXT);
	ck_assert(log_format_parse(SLICE("auto"), &format));
	ck_assert_int_eq(format, LOG_JSON); /* a pipe is not a terminal */
	ck_assert(!log_format_parse(SLICE("xml"), &format));
	close(out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log");
	TCase *tcase = unit_case(suite, "log");

	unit_add_table(tcase, a_level_has_one_name, names);
	tcase_add_test(tcase, lines_below_the_level_are_dropped);
	tcase_add_test(tcase, what_a_peer_said_cannot_forge_a_line);
	tcase_add_test(tcase, a_long_line_is_cut);
	tcase_add_test(
		tcase, of_lines_that_differ_in_details_a_few_are_written_in_a_second);
	tcase_add_test(tcase, each_dropped_line_is_counted_and_noted_once);
	tcase_add_test(tcase, a_line_below_the_level_counts_for_nothing);
	tcase_add_test(tcase, events_are_bounded_as_lines_are);
	unit_add_table(tcase, an_address_writes_its_share_and_no_more, shares);
	unit_add_table(tcase, an_event_says_its_fields_and_nothing_else, events);
	unit_add_table(tcase, as_json_a_line_is_an_object, events);
	tcase_add_test(
		tcase, as_json_a_field_called_message_stands_alone_under_that_key);
	tcase_add_test(tcase, a_plain_line_is_an_object_too);
	tcase_add_test(tcase, a_format_is_text_or_json_or_what_suits);
	return unit_run(suite);
}
