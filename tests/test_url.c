#include "protocol/url.h"
#include "tests/support/unit.h"

START_TEST(a_target_is_cut_at_its_first_question_mark)
{
	struct url url = url_split(SLICE("/chat/info?t=1?2"));

	ck_assert_slice_eq(url.path, SLICE("/chat/info"));
	ck_assert_slice_eq(url.query, SLICE("t=1?2"));
	url = url_split(SLICE("/chat"));
	ck_assert_slice_eq(url.path, SLICE("/chat"));
	ck_assert_slice_eq(url.query, SLICE(""));
	ck_assert_slice_eq(url_split(SLICE("/chat?")).query, SLICE(""));
}
END_TEST

static const struct {
	const char *path, *prefix;
	const char *rest; /* NULL: not below */
} paths[] = {
	{"/chat", "/chat", ""},
	{"/chat/", "/chat", "/"},
	{"/chat/info", "/chat", "/info"},
	{"/chatter", "/chat", NULL},
	{"/cha", "/chat", NULL},
	{"/Chat", "/chat", NULL},
	{"/chat%2finfo", "/chat", NULL},
	{"//chat", "/chat", NULL},
	{"/a/b/c", "/a/b", "/c"},
	{"/", "/", "/"},
	{"/info", "/", "/info"},
};

START_TEST(a_prefix_ends_at_a_slash)
{
	struct slice rest = SLICE("untouched");
	bool below = url_is_below(
		slice_of(paths[_i].path), slice_of(paths[_i].prefix), &rest);

	ck_assert(below == (paths[_i].rest != NULL));
	ck_assert_slice_eq(rest, slice_of(below ? paths[_i].rest : "untouched"));
}
END_TEST

static const struct {
	struct slice encoded;
	bool form, valid;
	struct slice decoded;
} codes[] = {
	{SLICE_INIT(""), false, true, SLICE_INIT("")},
	{SLICE_INIT("plain"), false, true, SLICE_INIT("plain")},
	{SLICE_INIT("%41%7a%7A%00%ff"), false, true, SLICE_INIT("Azz\0\xff")},
	{SLICE_INIT("a+b%2Bc"), true, true, SLICE_INIT("a b+c")},
	{SLICE_INIT("a+b%2Bc"), false, true, SLICE_INIT("a+b+c")},
	{SLICE_INIT("%5B%22a%22%5D"), true, true, SLICE_INIT("[\"a\"]")},
	{SLICE_INIT("100%"), false, false, SLICE_INIT("")},
	{SLICE_INIT("100%4"), false, false, SLICE_INIT("")},
	{SLICE_INIT("%4g"), false, false, SLICE_INIT("")},
	{SLICE_INIT("%g4"), false, false, SLICE_INIT("")},
	{SLICE_INIT("%%41"), false, false, SLICE_INIT("")},
};

START_TEST(percent_codes_are_decoded_or_refused_whole)
{
	struct buf out = {0};

	ck_assert(
		url_decode(&out, codes[_i].encoded, codes[_i].form) == codes[_i].valid);
	ck_assert_slice_eq(buf_slice(&out), codes[_i].decoded);
	buf_finish(&out);
}
END_TEST

static const struct {
	const char *query, *name;
	const char *value; /* NULL: absent */
} parameters[] = {
	{"c=callback", "c", "callback"},
	{"a=1&c=%63b&d=2", "c", "%63b"},
	{"c=1&c=2", "c", "1"},
	{"c", "c", ""},
	{"c=", "c", ""},
	{"c=a=b", "c", "a=b"},
	{"&&c=1&", "c", "1"},
	{"", "c", NULL},
	{"cc=1&C=2&=3", "c", NULL},
	{"x=c", "c", NULL},
};

START_TEST(a_parameter_is_found_by_its_name)
{
	struct slice value = SLICE("untouched");
	bool found = url_parameter(
		slice_of(parameters[_i].query), slice_of(parameters[_i].name), &value);

	ck_assert(found == (parameters[_i].value != NULL));
	ck_assert_slice_eq(value, slice_of(found ? parameters[_i].value : "untouched"));
}
END_TEST

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
	const char *rest;
	enum url_kind kind;
	const char *session, *transport;
} urls[] = {
	{"", URL_GREETING, "", ""},
	{"/", URL_GREETING, "", ""},
	{"/info", URL_INFO, "", ""},
	{"/info/", URL_INFO, "", ""},
	{"/websocket", URL_WEBSOCKET, "", ""},
	{"/websocket/", URL_WEBSOCKET, "", ""},
	{"/iframe.html/", URL_IFRAME, "", ""},
	{"/a/b/xhr/", URL_TRANSPORT, "b", "xhr"},
	{"/a/b/websocket/", URL_TRANSPORT, "b", "websocket"},
	{"/iframe.html", URL_IFRAME, "", ""},
	{"/iframe-a.html", URL_IFRAME, "", ""},
	{"/iframe-0.1.2abc-dirty_2.html", URL_IFRAME, "", ""},
	{"/iframe-.html", URL_IFRAME, "", ""},
	{"/000/abc/xhr", URL_TRANSPORT, "abc", "xhr"},
	{"/_/%20/xhr_send", URL_TRANSPORT, "%20", "xhr_send"},
	{"/a-b/c_d/websocket", URL_TRANSPORT, "c_d", "websocket"},
	{"/a/b/anything", URL_TRANSPORT, "b", "anything"},
	{"/0/" X64 X64 "/xhr", URL_TRANSPORT, X64 X64, "xhr"},

	{"/0/" X64 X64 "x/xhr", URL_UNKNOWN, "", ""},
	{"//", URL_UNKNOWN, "", ""},
	{"/infos", URL_UNKNOWN, "", ""},
	{"/info//", URL_UNKNOWN, "", ""},
	{"/websocket//", URL_UNKNOWN, "", ""},
	{"/iframe.html//", URL_UNKNOWN, "", ""},
	{"/iframe", URL_UNKNOWN, "", ""},
	{"/iframe.htm", URL_UNKNOWN, "", ""},
	{"/IFRAME.HTML", URL_UNKNOWN, "", ""},
	{"/iframe.xml", URL_UNKNOWN, "", ""},
	{"/iframe-/.html", URL_UNKNOWN, "", ""},
	{"/iframe-%41.html", URL_UNKNOWN, "", ""},
	{"/iframe-html", URL_UNKNOWN, "", ""},
	{"/a", URL_UNKNOWN, "", ""},
	{"/a/", URL_UNKNOWN, "", ""},
	{"/a/b", URL_UNKNOWN, "", ""},
	{"/a/b/", URL_UNKNOWN, "", ""},
	{"//b/xhr", URL_UNKNOWN, "", ""},
	{"/a//xhr", URL_UNKNOWN, "", ""},
	{"///", URL_UNKNOWN, "", ""},
	{"/a/b/xhr//", URL_UNKNOWN, "", ""},
	{"/a/b/c/xhr", URL_UNKNOWN, "", ""},
	{"/a./b/xhr", URL_UNKNOWN, "", ""},
	{"/a/../xhr", URL_UNKNOWN, "", ""},
	{"/a/b.c/xhr", URL_UNKNOWN, "", ""},
};

START_TEST(what_follows_the_endpoint_is_read)
{
	struct sockjs_url url = sockjs_url_read(slice_of(urls[_i].rest));

	ck_assert_int_eq(url.kind, urls[_i].kind);
	ck_assert_slice_eq(url.session, slice_of(urls[_i].session));
	ck_assert_slice_eq(url.transport, slice_of(urls[_i].transport));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("url");
	TCase *tcase = unit_case(suite, "targets");

	tcase_add_test(tcase, a_target_is_cut_at_its_first_question_mark);
	unit_add_table(tcase, a_prefix_ends_at_a_slash, paths);
	unit_add_table(tcase, percent_codes_are_decoded_or_refused_whole, codes);
	unit_add_table(tcase, a_parameter_is_found_by_its_name, parameters);
	unit_add_table(tcase, what_follows_the_endpoint_is_read, urls);
	return unit_run(suite);
}
