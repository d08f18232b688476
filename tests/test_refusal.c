#include "gateway/worker/refusal.h"

#include "gateway/worker/metrics.h"
#include "tests/support/unit.h"

#include <unistd.h>

static struct metrics metrics;
static struct buf text;
static int log_end; /* the reading end of the log */
static char log_text[4096];

static void setup(void)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_ne(dup2(ends[1], STDERR_FILENO), -1);
	close(ends[1]);
	log_end = ends[0];
	log_set_level(LOG_DEBUG);
	memset(&metrics, 0, sizeof(metrics));
}

static void teardown(void)
{
	buf_finish(&text);
	close(log_end);
}

static void report(const struct refusal *refusal)
{
	refusal_report(&metrics, refusal, &text);
	buf_append_char(&text, '\0');

	ssize_t len = read(log_end, log_text, sizeof(log_text) - 1);
	log_text[len > 0 ? len : 0] = '\0';
}

#define A80                                                                            \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaa"

static const struct {
	const char *what, *value, *hint; /* NULL: none */
	bool is_of_connect;
	const char *text;    /* after the sentence */
	const char *logged;  /* stands in the line */
	const char *unknown; /* stands nowhere; NULL: nothing to look for */
} shown[] = {
	{NULL, NULL, NULL, false, ".", "kind=unknown_command", "what="},
	{NULL, NULL, "Say it again.", false, ". Say it again.",
		"hint=\"Say it again.\"", "what="},
	{"header", NULL, NULL, false, ": header.", "what=header", "value="},
	{"destination", "/topic/a", NULL, false, ": destination \"/topic/a\".",
		"what=destination value=/topic/a", NULL},
	{"destination", "", NULL, false, ": destination \"\".", "value=\"\"", NULL},
	{NULL, "word", NULL, false, ": \"word\".", "value=word", NULL},
	/* Blanks at the ends can be seen. */
	{"destination", " /topic/a", NULL, false, ": destination \" /topic/a\".",
		"value=\" /topic/a\"", NULL},
	{"id", "a\"b\\c", NULL, false, ": id \"a\\\"b\\\\c\".", "value=\"a\\\"b\\\\c\"",
		NULL},
	/* No line is forged, no terminal driven. */
	{"id", "a\r\nb\x1b[2J\x7f\xc2\x9b", NULL, false, ": id \"a??b?[2J??\".",
		"value=a??b?[2J??", "\x1b"},
	{"id", "caf\xe9", NULL, false, ": id \"caf\xef\xbf\xbd\".",
		"value=\"caf\xef\xbf\xbd\"", "\xe9"},
	{"id", "\xc3\xa9t\xc3\xa9", NULL, false, ": id \"\xc3\xa9t\xc3\xa9\".",
		"value=\"\xc3\xa9t\xc3\xa9\"", NULL},
	/* No more than 80 octets, and no half of a character. */
	{"id", A80, NULL, false, ": id \"" A80 "\".", A80, "..."},
	{"id", A80 "b", NULL, false, ": id \"" A80 "...\".", A80 "...", "ab"},
	{"id", "b" A80, NULL, false, NULL, "...", A80},
	{"id", "\xf0\x9f\x98\x80" A80, NULL, false, NULL, "...", A80},
	{A80 "b", "c", NULL, false, ": " A80 "... \"c\".", A80 "...", "ab"},
	/* Secrets. */
	{"target", "/chat/info?token=abc", NULL, false, ": target \"/chat/info\".",
		"value=/chat/info", "abc"},
	{"target", "/chat#abc?def", NULL, false, ": target \"/chat\".", "value=/chat",
		"abc"},
	{"target", "?abc", NULL, false, ": target \"\".", "value=\"\"", "abc"},
	{"destination", "/topic/?.b", NULL, false, ": destination \"/topic/?.b\".",
		"value=/topic/?.b", NULL},
	{"header Authorization", "abc", NULL, false, ": header Authorization.",
		"what=\"header Authorization\"", "abc"},
	{"X-Token", "abc", NULL, false, ": X-Token.", "what=X-Token", "abc"},
	{"header cookie", "abc", NULL, false, ": header cookie.", "cookie", "abc"},
	{"passcode", "abc", NULL, false, ": passcode.", "what=passcode", "abc"},
	{"header line", "Passcode abc", NULL, false, ": header line.",
		"what=\"header line\"", "abc"},
	{"header line", "destination /topic/a", NULL, false,
		": header line \"destination /topic/a\".", "destination /topic/a",
		NULL},
	{"x-id", "eyJhbGciOiJIUzI1NiJ9.abc", NULL, false, ": x-id.", "what=x-id",
		"eyJ"},
	{"target", "/chat/eyJhbGciOiJIUzI1NiJ9.abc/info", NULL, false, ": target.",
		"what=target", "eyJ"},
	{"header heart-beat", "abc", NULL, true, ": header heart-beat.",
		"what=\"header heart-beat\"", "abc"},
	{"command", "[\"CONNECT\\npasscode:abc", NULL, false,
		": command \"[\\\"CONNECT\".", "CONNECT", "abc"},
	{"command", "GET /?token=abc HTTP/1.1", NULL, false, ": command \"GET\".",
		"value=GET", "abc"},
	{"command", "passcode:abc", NULL, false, ": command \"passcode\".",
		"value=passcode", "abc"},
};

START_TEST(what_is_refused_is_quoted_and_no_secret_is)
{
	const struct refusal refusal = {
		.door = DOOR_STOMP,
		.kind = REFUSAL_UNKNOWN_COMMAND,
		.what = slice_of(shown[_i].what != NULL ? shown[_i].what : ""),
		.value = shown[_i].value == NULL ? (struct slice){NULL, 0}
						 : slice_of(shown[_i].value),
		.is_of_connect = shown[_i].is_of_connect,
		.hint = slice_of(shown[_i].hint != NULL ? shown[_i].hint : ""),
	};
	const struct slice sentence = refusal_sentence(REFUSAL_UNKNOWN_COMMAND);

	report(&refusal);
	ck_assert_slice_eq(slice_first(slice_of(text.data), sentence.len), sentence);
	if (shown[_i].text != NULL)
		ck_assert_str_eq(text.data + sentence.len, shown[_i].text);
	ck_assert_msg(strstr(log_text, shown[_i].logged) != NULL, "%s", log_text);
	if (shown[_i].unknown != NULL) {
		ck_assert_ptr_null(strstr(text.data, shown[_i].unknown));
		ck_assert_ptr_null(strstr(log_text, shown[_i].unknown));
	}
	ck_assert_ptr_eq(strchr(log_text, '\n'), log_text + strlen(log_text) - 1);
}
END_TEST

START_TEST(a_line_says_who_was_refused_and_the_peer_is_not_told)
{
	report(&(struct refusal){.door = DOOR_STOMP,
		.kind = REFUSAL_UNKNOWN_COMMAND,
		.what = SLICE("command"),
		.value = SLICE("SENDD"),
		.session = SLICE("0-17"),
		.user = SLICE("ana\nb"),
		.address = address_of_v4("\xc0\0\2\1")});
	ck_assert_ptr_nonnull(
		strstr(log_text, " info  refused at stomp: kind=unknown_command "
				 "message=\"unknown command\" what=command value=SENDD "
				 "session=0-17 user=\"ana?b\" address=192.0.2.1\n"));
	ck_assert_ptr_null(strstr(text.data, "192.0.2.1"));
}
END_TEST

START_TEST(each_refusal_is_counted_where_it_happened)
{
	const struct refusal refusal = {.door = DOOR_ADMIN, .kind = REFUSAL_NOT_FOUND};

	refusal_report(&metrics, &refusal, NULL); /* without a peer to answer */
	refusal_report(&metrics, &refusal, NULL);
	ck_assert_uint_eq(
		counter_read(&metrics.refusals[DOOR_ADMIN][REFUSAL_NOT_FOUND]), 2);
	ck_assert_uint_eq(
		counter_read(&metrics.refusals[DOOR_HTTP][REFUSAL_NOT_FOUND]), 0);
}
END_TEST

START_TEST(each_kind_is_told_apart)
{
	const enum refusal_kind kind = (enum refusal_kind)_i;
	const struct slice name = slice_of(refusal_name(kind));
	const struct slice sentence = refusal_sentence(kind);
	unsigned at = 0;

	ck_assert_uint_gt(name.len, 0);
	for (size_t i = 0; i < name.len; i++)
		ck_assert_msg((name.data[i] >= 'a' && name.data[i] <= 'z') ||
				      (name.data[i] >= '0' && name.data[i] <= '9') ||
				      name.data[i] == '_',
			"%s", name.data);
	ck_assert_uint_gt(sentence.len, 0);
	ck_assert_msg(!slice_ends_with(sentence, SLICE(".")), "%s", sentence.data);
	for (enum refusal_door door = 0; door < DOORS; door++)
		at += refusal_is_at(kind, door);
	ck_assert_msg(at > 0, "%s is refused nowhere", name.data);
	if (refusal_status(kind) != 0)
		ck_assert_msg(refusal_status(kind) >= 400 && refusal_status(kind) < 600,
			"%s", name.data);
	for (enum refusal_kind other = 0; other < kind; other++)
		ck_assert_str_ne(refusal_name(other), name.data);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("refusal");
	TCase *tcase = unit_case(suite, "refusal");

	tcase_add_checked_fixture(tcase, setup, teardown);
	unit_add_table(tcase, what_is_refused_is_quoted_and_no_secret_is, shown);
	tcase_add_test(tcase, a_line_says_who_was_refused_and_the_peer_is_not_told);
	tcase_add_test(tcase, each_refusal_is_counted_where_it_happened);
	tcase_add_loop_test(tcase, each_kind_is_told_apart, 0, REFUSALS);
	return unit_run(suite);
}
