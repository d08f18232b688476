#include "gateway/route/template.h"

#include "tests/support/unit.h"

static const struct variables variables = {
	.items = {{SLICE_INIT("room"), SLICE_INIT("7")},
		{SLICE_INIT("odd"), SLICE_INIT("a\"\xff\n")},
		{SLICE_INIT("dotted"), SLICE_INIT("a.b%2Fc.")}},
	.count = 3,
};

static const struct claim claims[] = {
	{SLICE_INIT("tenant"), SLICE_INIT("acme")},
	{SLICE_INIT("quoted"), SLICE_INIT("a\"b")},
	{SLICE_INIT("path"), SLICE_INIT("a/b.c*?%{x} d")},
	{SLICE_INIT("up"), SLICE_INIT("..")},
	{SLICE_INIT("here"), SLICE_INIT(".")},
	{SLICE_INIT("empty"), SLICE_INIT("")},
};

static const struct stomp_header headers[] = {
	{SLICE_INIT("destination"), SLICE_INIT("/app/chat")},
	{SLICE_INIT("x.y"), SLICE_INIT("first")},
	{SLICE_INIT("x.y"), SLICE_INIT("second")},
};

/* As config_parse() would read it: no NULs. */
static struct template *make(const char *json, struct buf *error)
{
	json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);

	ck_assert_msg(value != NULL, "%s", json);
	struct template *template = template_create(value, &variables, error);
	json_decref(value);
	return template;
}

static struct template_input input_of(const struct stomp_frame *send)
{
	return (struct template_input){.send = send,
		.variables = &variables,
		.user = SLICE("ada"),
		.session = SLICE("s1"),
		.claims = claims,
		.claim_count = COUNT(claims),
		.now = 951782400 + 3 * 3600 + 4 * 60 + 5}; /* 2000-02-29 */
}

static bool render(const struct template *template, struct slice body, struct buf *out,
	struct buf *error)
{
	const struct stomp_frame send = {.command = STOMP_SEND,
		.headers = headers,
		.header_count = COUNT(headers),
		.body = body};
	const struct template_input input = input_of(&send);

	return template_render(template, &input, out, error);
}

static const struct {
	const char *json, *body, *rendered;
} fillings[] = {
	/* a text without placeholders stays, in compact form */
	{"{ \"a\" : [1, 2.5, true, null, \"x\"], \"b\": {} }", "",
		"{\"a\":[1,2.5,true,null,\"x\"],\"b\":{}}"},
	{"{\"z\": 1, \"a\": 2}", "", "{\"z\":1,\"a\":2}"},
	{"[]", "", "[]"},
	{"\"\"", "", "\"\""},
	{"7", "", "7"},
	{"{\"{user}\": \"\xc3\xa9\\\"\\\\\\n\"}", "",
		"{\"{user}\":\"\xc3\xa9\\\"\\\\\\n\"}"},

	/* a placeholder that is the whole string keeps the type */
	{"\"{body.x}\"", "{\"x\":5}", "5"},
	{"\"{body.x}\"", "{\"x\":\"5\"}", "\"5\""},
	{"\"{body.x}\"", "{\"x\": {\"a\": [true, null]}}", "{\"a\":[true,null]}"},
	{"[\"{body.x}\",\"{body.x}\"]", "{\"x\":null}", "[null,null]"},
	{"\"{body}\"", "{\"x\":5}", "{\"x\":5}"},
	{"\"{body}\"", " \"text\" ", "\"text\""},
	{"\"{body}\"", "17", "17"},
	{"\"{body.a.b}\"", "{\"a\":{\"b\":1}}", "1"},
	{"\"{body.x}\"", "{\"x\":\"a\\u0000b\"}", "\"a\\u0000b\""},
	{"\"{body.x}\"", "{\"x\":1,\"x\":2}", "2"},
	{"\"{body.x}\"", "{\"x\":\"\\ud83d\\ude00\"}", "\"\xf0\x9f\x98\x80\""},

	{"\"{body.x}\"", "{\"x\":0.1}", "0.1"},
	{"\"{body.x}\"", "{\"x\":-1.50}", "-1.50"},
	{"\"{body.x}\"", "{\"x\":1.0}", "1.0"},
	{"\"{body.x}\"", "{\"x\":0.30000000000000004}", "0.30000000000000004"},
	{"{\"a\":0.1}", "", "{\"a\":0.1}"},

	/* a value is written compactly, with the digits of its numbers */
	{"\"{body.x}\"", "{\"x\": [ 1E5 , -0, 1e-999, 9223372036854775807 ] }",
		"[1E5,-0,1e-999,9223372036854775807]"},
	{"\"{body.x}\"", "{\"x\":{\"a b\" : \"\\u0041\\/ \\u001f\\n\"}}",
		"{\"a b\":\"A/ \\u001F\\n\"}"},
	{"\"{body.x}\"", "{\"x\":[[],{ },\"\",[ ]]}", "[[],{},\"\",[]]"},

	/* names are compared as text; the last of one name counts, with what it has */
	{"\"{body.x}\"", "{\"\\u0078\":5}", "5"},
	{"\"{body.a\\\"b}\"", "{\"a\\\"b\":5}", "5"},
	{"\"{body.a\\\"b}\"", "{\"a\\u0022b\":5}", "5"},
	{"\"{body.a.b}\"", "{\"a\":1,\"a\":{\"b\":2}}", "2"},
	{"\"{body.a.b:-no}\"", "{\"a\":{\"b\":1},\"a\":{\"c\":2}}", "\"no\""},
	{"\"{body.a.b:-no}\"", "{\"a\":{\"b\":1},\"a\":[{\"b\":2}]}", "\"no\""},
	{"\"{body.a.b:-no}\"", "{\"c\":{\"a\":{\"b\":1}}}", "\"no\""},
	{"\"{body.a.b:-no}\"", "[{\"a\":{\"b\":1}}]", "\"no\""},
	{"\"{body.b:-no}\"", "{\"a\":{\"b\":1}}", "\"no\""},
	{"[\"{body.a.b}\",\"{body.a}\",\"{body}\",\"{body.c}\"]",
		"{\"a\": {\"b\":[1],\"d\":2}, \"c\":3}",
		"[[1],{\"b\":[1],\"d\":2},{\"a\":{\"b\":[1],\"d\":2},\"c\":3},3]"},
	{"\"{body.a.b}{body.a.b}{body.a.c}\"", "{\"a\":{\"b\":1,\"c\":2}}", "\"112\""},

	/* half of a surrogate pair, escaped or raw, is U+FFFD */
	{"\"{body.x}\"", "{\"x\":\"\\ud83d b\"}", "\"\xef\xbf\xbd b\""},
	{"\"{body.x}\"", "{\"x\":\"\\ude00\\ud83d\"}", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
	{"\"{body.x}\"", "{\"x\":\"\\ud83d\\ud83d\\uDE00\"}",
		"\"\xef\xbf\xbd\xf0\x9f\x98\x80\""},
	{"\"{body.x}\"", "{\"x\":\"\\\\ud83d\"}", "\"\\\\ud83d\""},
	{"\"{body.x}\"", "{\"x\":\"\xed\xa0\xbd\"}", "\"\xef\xbf\xbd\""},

	/* within a string, everything is text */
	{"\"for {body.x}\"", "{\"x\":19.99}", "\"for 19.99\""},
	{"\"-{body.x}-\"", "{\"x\":5}", "\"-5-\""},
	{"\"-{body.x}-\"", "{\"x\":\"a\\\"b\"}", "\"-a\\\"b-\""},
	{"\"-{body.x}-\"", "{\"x\":{\"a\":1}}", "\"-{\\\"a\\\":1}-\""},
	{"\"{user}{session}\"", "", "\"adas1\""},

	/* an inserted value is never read as a template */
	{"\"{body.x}!\"", "{\"x\":\"{user}\"}", "\"{user}!\""},

	{"\"{user}\"", "", "\"ada\""},
	{"\"{session}\"", "", "\"s1\""},
	{"\"{claim.tenant}\"", "", "\"acme\""},
	{"\"<{claim.quoted}>\"", "", "\"<a\\\"b>\""},
	{"\"{claim.none?}\"", "", "null"},
	{"\"{claim.none:-free}\"", "", "\"free\""},
	{"\"{claim.tenant:-free}\"", "", "\"acme\""},
	{"\"{header.destination}\"", "", "\"/app/chat\""},
	{"\"{header.x.y}\"", "", "\"first\""},
	{"\"room {var.room}\"", "", "\"room 7\""},
	{"\"{var.room}\"", "", "\"7\""},
	{"\"{var.odd}\"", "", "\"a\\\"\xef\xbf\xbd\\n\""},

	{"\"{{user}}\"", "", "\"{user}\""},
	{"\"{{{user}}}\"", "", "\"{ada}\""},
	{"\"{{\"", "", "\"{\""},

	{"\"{now:%H:%M}\"", "", "\"03:04\""},
	{"\"at {now:%Y-%m-%d %H:%M:%S}\"", "", "\"at 2000-02-29 03:04:05\""},
	{"\"{now:%FT%T%z}\"", "", "\"2000-02-29T03:04:05+0000\""},
	{"\"{now:%e|%j|%I%p|%a|%A|%b|%B|%u|%V|%R|%%}\"", "",
		"\"29|060|03AM|Tue|Tuesday|Feb|February|2|09|03:04|%\""},
	{"\"{now:%s}\"", "", "\"951793445\""},
	{"\"{now:plain}\"", "", "\"plain\""},

	/* optional members */
	{"\"{body.x?}\"", "{\"x\":5}", "5"},
	{"\"{body.x?}\"", "{}", "null"},
	{"\"{body.x?}\"", "[1]", "null"},
	{"\"{body.x.y?}\"", "{\"x\":1}", "null"},
	{"\"-{body.x?}-\"", "{}", "\"--\""},
	{"\"-{body.x?}-\"", "{\"x\":null}", "\"-null-\""},
	{"\"{body.x:-none}\"", "{\"x\":5}", "5"},
	{"\"{body.x:-none}\"", "{\"x\":null}", "null"},
	{"\"{body.x:-none}\"", "{}", "\"none\""},
	{"\"{body.x:-7}\"", "{}", "\"7\""},
	{"\"{body.x:-}\"", "{}", "\"\""},
	{"\"{body.x:-a:-b?}\"", "{}", "\"a:-b?\""},
	{"\"-{body.x:-say \\\"no\\\"}-\"", "{}", "\"-say \\\"no\\\"-\""},
	{"\"{body.x:y}\"", "{\"x:y\":1}", "1"},
	{"\"{header.nope?}\"", "", "null"},
	{"\"-{header.nope?}-\"", "", "\"--\""},
	{"\"{header.nope:-none}\"", "", "\"none\""},
	{"\"{header.x.y:-none}\"", "", "\"first\""},
	{"\"{now:%H?}\"", "", "\"03?\""},
};

START_TEST(a_template_is_filled_in)
{
	struct buf out = {0}, error = {0};
	struct template *template = make(fillings[_i].json, &error);

	ck_assert_msg(template != NULL, "%s: %.*s", fillings[_i].json,
		SLICE_ARGS(buf_slice(&error)));
	ck_assert(render(template, slice_of(fillings[_i].body), &out, &error));
	ck_assert_slice_eq(buf_slice(&out), slice_of(fillings[_i].rendered));
	ck_assert_uint_eq(error.len, 0);
	template_destroy(template);
	buf_finish(&out);
	buf_finish(&error);
}
END_TEST

static const struct {
	const char *json, *error;
} mistakes[] = {
	{"\"{bdy.x}\"", "{bdy.x} is none of {body}, {body.NAME}, {user}, {session}, "
			"{claim.NAME}, "
			"{header.NAME}, {var.NAME}, {now:FORMAT}"},
	{"{\"a\":[\"{}\"]}", "{} is none of {body}, {body.NAME}, {user}, {session}, "
			     "{claim.NAME}, "
			     "{header.NAME}, {var.NAME}, {now:FORMAT}"},
	{"\"{user.x}\"", "{user.x} is none of {body}, {body.NAME}, {user}, {session}, "
			 "{claim.NAME}, "
			 "{header.NAME}, {var.NAME}, {now:FORMAT}"},
	{"\"{header.}\"",
		"{header.} is none of {body}, {body.NAME}, {user}, {session}, "
		"{claim.NAME}, "
		"{header.NAME}, {var.NAME}, {now:FORMAT}"},
	{"\"{body.a..b}\"", "{body.a..b} has an empty name"},
	{"\"{body.a.}\"", "{body.a.} has an empty name"},
	{"\"{body.a.?}\"", "{body.a.?} has an empty name"},
	{"\"{body.a.:-x}\"", "{body.a.:-x} has an empty name"},
	{"\"{var.rom}\"", "{var.rom} is no variable of the pattern"},
	{"\"{user\"", "has an unbalanced brace (\"{{\" and \"}}\" are braces)"},
	{"\"user}\"", "has an unbalanced brace (\"{{\" and \"}}\" are braces)"},
	{"\"x{a{user}\"", "has an unbalanced brace (\"{{\" and \"}}\" are braces)"},
	{"\"{now:%Q}\"", "{now:%Q} has no time format we know"},
	{"\"{now:%Ey}\"", "{now:%Ey} has no time format we know"},
	{"\"{now:%1000Y}\"", "{now:%1000Y} has no time format we know"},
	{"\"{now:%H%}\"", "{now:%H%} has no time format we know"},
};

START_TEST(a_wrong_template_is_refused_with_the_reason)
{
	struct buf error = {0};

	ck_assert_ptr_null(make(mistakes[_i].json, &error));
	ck_assert_slice_eq(buf_slice(&error), slice_of(mistakes[_i].error));
	buf_finish(&error);
}
END_TEST

START_TEST(a_time_format_has_at_most_64_bytes)
{
	struct buf json = {0}, error = {0};

	buf_printf(&json, "\"{now:%065d}\"%c", 0, 0);
	ck_assert_ptr_null(make(json.data, &error));
	buf_clear(&json);
	buf_clear(&error);
	buf_printf(&json, "\"{now:%064d}\"%c", 0, 0);
	template_destroy(make(json.data, &error));
	ck_assert_uint_eq(error.len, 0);
	buf_finish(&json);
	buf_finish(&error);
}
END_TEST

static char *nested(int depth)
{
	struct buf json = {0};

	for (int i = 0; i < depth; i++)
		buf_append_char(&json, '[');
	for (int i = 0; i < depth; i++)
		buf_append_char(&json, ']');
	buf_append_char(&json, '\0');
	return json.data;
}

START_TEST(a_template_is_nested_at_most_64_deep)
{
	struct buf error = {0};
	char *deep = nested(65), *deeper = nested(66);
	struct template *template = make(deep, &error);

	ck_assert_ptr_nonnull(template);
	ck_assert_ptr_null(make(deeper, &error));
	ck_assert_slice_eq(buf_slice(&error), SLICE("is nested more than 64 deep"));
	template_destroy(template);
	free(deep);
	free(deeper);
	buf_finish(&error);
}
END_TEST

static const struct {
	const char *json, *body, *error;
} complaints[] = {
	{"\"{body.x}\"", "", "the body is not JSON"},
	{"\"{body.x}\"", "hello", "the body is not JSON"},
	{"\"{body.x}\"", "{\"x\":1} more", "the body is not JSON"},
	{"\"{body.x}\"", "{\"x\":\"\xff\"}", "the body is not JSON"},
	{"\"{body}\"", "{", "the body is not JSON"},
	{"\"{body.x}\"", "{\"x\":1,\"y\":9223372036854775808}",
		"the body has a number that is too large"},
	{"\"{body.x}\"", "{\"x\":1,\"y\":-9223372036854775809}",
		"the body has a number that is too large"},
	{"\"{body.x}\"", "{\"x\":1,\"y\":[{\"z\":12345678901234567890}]}",
		"the body has a number that is too large"},
	{"\"{body.x}\"", "{\"x\":1,\"y\":[}", "the body is not JSON"},
	{"\"{body.x}\"", "{\"x\":\"\\ud83\"}", "the body is not JSON"},
	{"\"{body.x}\"", "{\"x\":1,\"y\":1e999}",
		"the body has a number that is too large"},
	{"\"{body.x}\"", "{\"y\":1}", "the body has no member \"x\""},
	{"\"{body.x}\"", "[1]", "the body has no member \"x\""},
	{"\"{body.x}\"", "\"x\"", "the body has no member \"x\""},
	{"\"{body.x.y}\"", "{\"x\":1}", "the body has no member \"x.y\""},
	{"[\"{body.x}\",\"{body.z}\"]", "{\"x\":1}", "the body has no member \"z\""},
	{"\"{body.x?}\"", "no JSON", "the body is not JSON"},
	{"[\"{body.x?}\",\"{body.y}\"]", "{}", "the body has no member \"y\""},
	{"\"{header.nope}\"", "", "the frame has no header \"nope\""},
};

START_TEST(a_body_that_does_not_fit_is_the_senders_error)
{
	struct buf out = {0}, error = {0};
	struct template *template = make(complaints[_i].json, &error);

	buf_append(&out, SLICE("before"));
	ck_assert(!render(template, slice_of(complaints[_i].body), &out, &error));
	ck_assert_slice_eq(buf_slice(&error), slice_of(complaints[_i].error));
	ck_assert_slice_eq(buf_slice(&out), SLICE("before"));
	template_destroy(template);
	buf_finish(&out);
	buf_finish(&error);
}
END_TEST

START_TEST(a_body_that_is_not_needed_may_be_anything)
{
	struct buf out = {0}, error = {0};
	struct template *template = make("{\"who\":\"{user}\"}", &error);

	ck_assert(render(template, SLICE("no \0 JSON"), &out, &error));
	ck_assert_slice_eq(buf_slice(&out), SLICE("{\"who\":\"ada\"}"));
	template_destroy(template);
	buf_finish(&out);
}
END_TEST

START_TEST(a_deeply_nested_body_ends_in_an_error)
{
	struct buf out = {0}, error = {0};
	struct template *template = make("\"{body}\"", &error);
	char *bodies[] = {nested(2000), nested(500000)};

	ck_assert(render(template, slice_of(bodies[0]), &out, &error));
	ck_assert_slice_eq(buf_slice(&out), slice_of(bodies[0]));
	ck_assert(!render(template, slice_of(bodies[1]), &out, &error));
	ck_assert_slice_eq(buf_slice(&error), SLICE("the body is not JSON"));
	template_destroy(template);
	free(bodies[0]);
	free(bodies[1]);
	buf_finish(&out);
	buf_finish(&error);
}
END_TEST

#define TARGET_NAMES ", and none of {user}, {session}, {claim.NAME}"

static const struct {
	const char *text, *rendered, *error; /* not rendered: refused */
} texts[] = {
	{"/topic/messages", "/topic/messages", ""},
	{"/topic/{room}", "/topic/7", ""},
	{"/topic/{var.room}/x", "/topic/7/x", ""},
	{"/topic/{{x}}", "/topic/{x}", ""},
	{"/topic/{user}", "/topic/ada", ""},
	{"/topic/{session}/{user}", "/topic/s1/ada", ""},
	{"/topic/{claim.tenant}/x", "/topic/acme/x", ""},
	{"/topic/{rom}", NULL, "{rom} is no variable of the pattern" TARGET_NAMES},
	{"/topic/{body}", NULL, "{body} is no variable of the pattern" TARGET_NAMES},
	{"/t/{claim.}", NULL, "{claim.} is no variable of the pattern" TARGET_NAMES},
	{"/topic/{room", NULL,
		"has an unbalanced brace (\"{{\" and \"}}\" are braces)"},
	{"/topic/{}", NULL, "{} is no variable of the pattern" TARGET_NAMES},
};

START_TEST(a_target_is_filled_in_or_refused)
{
	const struct template_input input = input_of(NULL);
	struct slice text = slice_of(texts[_i].text);
	struct buf out = {0}, error = {0}, ignored = {0};
	bool fine = texts[_i].rendered != NULL;

	buf_append_char(&out, '>');
	ck_assert(template_check_target(text, &variables, &error) == fine);
	ck_assert_slice_eq(buf_slice(&error), slice_of(texts[_i].error));
	ck_assert(template_render_target(text, &input, '/', &out, &ignored) == fine);
	ck_assert_slice_eq(slice_from(buf_slice(&out), 1),
		slice_of(fine ? texts[_i].rendered : ""));
	buf_finish(&out);
	buf_finish(&error);
	buf_finish(&ignored);
}
END_TEST

/* A value of a login fills exactly one segment, or the message is refused. */
static const struct {
	const char *text;
	char separator;
	const char *rendered, *error; /* not rendered: refused */
} segments[] = {
	{"/t/{claim.path}/x", '/', "/t/a%2Fb.c%2A%3F%25%7Bx%7D%20d/x", ""},
	{"/t/{claim.path}/x", '.', "/t/a%2Fb%2Ec%2A%3F%25%7Bx%7D%20d/x", ""},
	{"/t/{room}", '.', "/t/7", ""},
	{"/t/{var.dotted}/{dotted}", '/', "/t/a.b%2Fc./a.b%2Fc.", ""},
	{"/t/{var.dotted}.{dotted}", '.', "/t/a%2Eb%2Fc%2E.a%2Eb%2Fc%2E", ""},
	{"/t/{claim.up}", '/', NULL, "{claim.up} is no name of a segment"},
	{"/t/{claim.here}", '.', NULL, "{claim.here} is no name of a segment"},
	{"/t/{claim.empty}", '/', NULL, "{claim.empty} has no value"},
	{"/t/{user}/{claim.none}", '/', NULL, "{claim.none} has no value"},
	{"/t/{claim.tenant?}", '/', NULL, "{claim.tenant?} has no value"},
};

START_TEST(a_value_of_a_login_fills_one_segment)
{
	const struct template_input input = input_of(NULL);
	struct buf out = {0}, error = {0};
	const bool fine = segments[_i].rendered != NULL;

	ck_assert(template_render_target(slice_of(segments[_i].text), &input,
			  segments[_i].separator, &out, &error) == fine);
	ck_assert_slice_eq(
		buf_slice(&out), slice_of(fine ? segments[_i].rendered : ""));
	ck_assert_slice_eq(buf_slice(&error), slice_of(segments[_i].error));
	buf_finish(&out);
	buf_finish(&error);
}
END_TEST

START_TEST(nobody_fills_no_target)
{
	const struct template_input nobody = {
		.variables = &variables, .user = SLICE(""), .session = SLICE("")};
	const char *const targets[] = {"/t/{user}", "/t/{session}", "/t/{claim.x}"};

	for (size_t i = 0; i < COUNT(targets); i++) {
		struct buf out = {0}, error = {0};

		ck_assert(!template_render_target(
			slice_of(targets[i]), &nobody, '/', &out, &error));
		ck_assert_uint_eq(out.len, 0);
		ck_assert(slice_ends_with(buf_slice(&error), SLICE("has no value")));
		buf_finish(&out);
		buf_finish(&error);
	}
}
END_TEST

START_TEST(a_name_of_the_pattern_and_of_the_login_is_ambiguous)
{
	const struct variables own = {{{SLICE("user"), SLICE("x")}}, 1};
	struct buf error = {0};

	ck_assert(!template_check_target(SLICE("/t/{user}"), &own, &error));
	ck_assert_slice_eq(buf_slice(&error),
		SLICE("{user} is the client's, and a variable of the pattern: write "
		      "{var.user} for the pattern's, or rename that"));
	ck_assert(template_check_target(SLICE("/t/{var.user}"), &own, &error));
	buf_finish(&error);
}
END_TEST

START_TEST(the_claims_that_are_named_are_known)
{
	struct slice rest = SLICE("/a/{claim.one}/{room}/{{claim.no}}/{claim.two.x}");
	struct buf error = {0};
	struct template *template =
		make("[\"{claim.one}\", {\"a\": \"{user} {claim.two?}\"}]", &error);
	size_t at = 0;

	ck_assert_slice_eq(template_next_target_claim(&rest), SLICE("one"));
	ck_assert_slice_eq(template_next_target_claim(&rest), SLICE("two.x"));
	ck_assert_slice_eq(template_next_target_claim(&rest), SLICE(""));
	ck_assert_slice_eq(template_next_claim(template, &at), SLICE("one"));
	ck_assert_slice_eq(template_next_claim(template, &at), SLICE("two"));
	ck_assert_slice_eq(template_next_claim(template, &at), SLICE(""));
	at = 0;
	ck_assert_slice_eq(template_next_claim(NULL, &at), SLICE(""));
	template_destroy(template);
	buf_finish(&error);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("template");
	TCase *create = unit_case(suite, "create");
	TCase *fill = unit_case(suite, "render");

	setenv("TZ", "UTC", 1);
	unit_add_table(create, a_wrong_template_is_refused_with_the_reason, mistakes);
	tcase_add_test(create, a_time_format_has_at_most_64_bytes);
	tcase_add_test(create, a_template_is_nested_at_most_64_deep);
	unit_add_table(fill, a_template_is_filled_in, fillings);
	unit_add_table(fill, a_body_that_does_not_fit_is_the_senders_error, complaints);
	tcase_add_test(fill, a_body_that_is_not_needed_may_be_anything);
	tcase_add_test(fill, a_deeply_nested_body_ends_in_an_error);
	unit_add_table(fill, a_target_is_filled_in_or_refused, texts);
	unit_add_table(fill, a_value_of_a_login_fills_one_segment, segments);
	tcase_add_test(fill, nobody_fills_no_target);
	tcase_add_test(fill, a_name_of_the_pattern_and_of_the_login_is_ambiguous);
	tcase_add_test(fill, the_claims_that_are_named_are_known);
	return unit_run(suite);
}
