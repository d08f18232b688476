/* Every SockJS transport: its responses and requests, to the byte. */
#include "transports/sockjs/link.h"

#include "tests/support/unit.h"

static const struct {
	const char *path, *method, *content_type;
	enum wire wire;
	bool streams;
	size_t prelude_len;
	const char *prelude_end; /* how it ends */
	const char *frame;       /* how the frame a["x"] stands in the response */
} downlinks[] = {
	{"xhr", "POST", "application/javascript; charset=UTF-8", WIRE_SOCKJS, false, 0,
		"", "a[\"x\"]\n"},
	{"poll", "POST", "application/javascript; charset=UTF-8", WIRE_SOCKJS, false, 0,
		"", "a[\"x\"]\n"},
	{"xhr_streaming", "POST", "application/javascript; charset=UTF-8", WIRE_SOCKJS,
		true, 2049, "hhhh\n", "a[\"x\"]\n"},
	{"eventsource", "GET", "text/event-stream", WIRE_PERCENT, true, 2, "\r\n",
		"data: a[\"x\"]\r\n\r\n"},
	{"htmlfile", "GET", "text/html; charset=UTF-8", WIRE_SCRIPT, true, 1028,
		" \r\n\r\n", "<script>\np(\"a[\"x\"]\");\n</script>\r\n"},
	{"jsonp", "GET", "application/javascript; charset=UTF-8", WIRE_SCRIPT, false, 0,
		"", "/**/parent._jp.a1(\"a[\"x\"]\");\r\n"},
};

START_TEST(a_downlink_describes_its_responses)
{
	const struct downlink *link = downlink_find(slice_of(downlinks[_i].path));
	struct buf prelude = {0}, body = {0};

	ck_assert_ptr_nonnull(link);
	ck_assert_slice_eq(link->path, slice_of(downlinks[_i].path));
	ck_assert_str_eq(link->method, downlinks[_i].method);
	ck_assert_str_eq(link->content_type, downlinks[_i].content_type);
	ck_assert_int_eq(link->wire, downlinks[_i].wire);
	ck_assert(link->streams == downlinks[_i].streams);

	ck_assert((link->begin != NULL) == link->streams);
	if (link->begin != NULL)
		link->begin(&prelude, SLICE("parent._jp.a1"));
	ck_assert_uint_eq(prelude.len, downlinks[_i].prelude_len);
	ck_assert(slice_ends_with(
		buf_slice(&prelude), slice_of(downlinks[_i].prelude_end)));

	downlink_begin_frame(link, SLICE("parent._jp.a1"), &body);
	buf_append(&body, SLICE("a[\"x\"]"));
	buf_append(&body, link->after);
	ck_assert_slice_eq(buf_slice(&body), slice_of(downlinks[_i].frame));
	buf_finish(&prelude);
	buf_finish(&body);
}
END_TEST

/* Every link of the list: a new one is checked without a line here. */
static const struct {
	const struct downlink *link;
	const char *name;
	enum transport transport;
	enum request_kind kind;
} listed_downlinks[] = {
#define X(NAME, name) {&name##_downlink, #name, TRANSPORT_##NAME, REQUEST_##NAME},
	TRANSPORT_LIST(TRANSPORT_SKIP, X, TRANSPORT_SKIP)
#undef X
};

static const struct {
	const struct uplink *link;
	const char *name;
	enum request_kind kind;
} listed_uplinks[] = {
#define X(NAME, name) {&name##_uplink, #name, REQUEST_##NAME},
	TRANSPORT_LIST(TRANSPORT_SKIP, TRANSPORT_SKIP, X)
#undef X
};

static void check_path_and_family(
	struct slice path, const char *name, enum link_family family)
{
	ck_assert_slice_eq(path, slice_of(name));
	ck_assert_int_eq(family,
		slice_starts_with(path, SLICE("jsonp")) ? FAMILY_JSONP : FAMILY_XHR);
}

START_TEST(a_listed_downlink_leaves_no_field_out)
{
	const struct downlink *link = listed_downlinks[_i].link;
	const char *name = listed_downlinks[_i].name;

	check_path_and_family(link->path, name, link->family);
	ck_assert_ptr_eq(downlink_find(slice_of(name)), link);
	ck_assert(
		strcmp(link->method, "GET") == 0 || strcmp(link->method, "POST") == 0);
	ck_assert_uint_gt(strlen(link->content_type), 0);
	ck_assert_int_ne(link->transport, TRANSPORT_NONE);
	ck_assert_int_eq(link->transport, listed_downlinks[_i].transport);
	ck_assert_str_eq(transport_name(link->transport), name);
	ck_assert(!transport_is_raw(link->transport));
	ck_assert_int_ne(link->kind, REQUEST_NONE);
	ck_assert_int_eq(link->kind, listed_downlinks[_i].kind);
	ck_assert(link->wire != WIRE_PLAIN && link->wire != WIRE_OCTETS);
	ck_assert(link->calls == (link->called.len > 0 || link->wire == WIRE_SCRIPT));
	ck_assert(!(link->at_once && link->streams));
	ck_assert((link->begin != NULL) == link->streams);
	ck_assert_uint_gt(link->after.len, 0);
}
END_TEST

START_TEST(a_listed_uplink_leaves_no_field_out)
{
	const struct uplink *link = listed_uplinks[_i].link;
	const char *name = listed_uplinks[_i].name;

	check_path_and_family(link->path, name, link->family);
	ck_assert_ptr_eq(uplink_find(slice_of(name)), link);
	ck_assert_int_ne(link->kind, REQUEST_NONE);
	ck_assert_int_eq(link->kind, listed_uplinks[_i].kind);
	ck_assert_ptr_nonnull(link->decode);
	ck_assert_uint_gt(link->inflation, 0);
	ck_assert(link->status == 200 || link->status == 204);
	ck_assert((link->answer.len > 0) == (link->status == 200));
	ck_assert_uint_gt(strlen(link->content_type), 0);
}
END_TEST

static const struct {
	const char *path;
	unsigned status;
	const char *content_type, *answer;
} uplinks[] = {
	{"xhr_send", 204, "text/plain; charset=UTF-8", ""},
	{"jsonp_send", 200, "text/plain; charset=UTF-8", "ok"},
};

START_TEST(an_uplink_describes_its_answers)
{
	const struct uplink *link = uplink_find(slice_of(uplinks[_i].path));

	ck_assert_ptr_nonnull(link);
	ck_assert_slice_eq(link->path, slice_of(uplinks[_i].path));
	ck_assert_uint_eq(link->status, uplinks[_i].status);
	ck_assert_str_eq(link->content_type, uplinks[_i].content_type);
	ck_assert_slice_eq(link->answer, slice_of(uplinks[_i].answer));
}
END_TEST

#define FORTY "0123456789012345678901234567890123456789"

enum { BOUND = 40 }; /* bytes of a message */

static const struct {
	const char *path, *body;
	enum sockjs_decode outcome;
	size_t count;
	bool form;
} requests[] = {
	{"xhr_send", "[\"one\",\"two\"]", SOCKJS_DECODE_DONE, 2, false},
	{"xhr_send", "[]", SOCKJS_DECODE_DONE, 0, false},
	{"xhr_send", "\"one\"", SOCKJS_DECODE_NO_ARRAY, 0, false},
	{"xhr_send", "", SOCKJS_DECODE_NO_ARRAY, 0, false},
	{"xhr_send", "[\"one\"", SOCKJS_DECODE_BROKEN, 0, false},
	{"xhr_send", "[\"" FORTY "\"]", SOCKJS_DECODE_DONE, 1, false},
	{"xhr_send", "[\"" FORTY "a\"]", SOCKJS_DECODE_TOO_BIG, 0, false},
	{"jsonp_send", "d=[\"%5Cu0001%5Cu0001\"]", SOCKJS_DECODE_DONE, 1, true},
	{"jsonp_send", "d=[\"" FORTY "a\"]", SOCKJS_DECODE_TOO_BIG, 0, true},
	{"xhr_send", "[\"labelled\"]", SOCKJS_DECODE_DONE, 1, true},
	{"jsonp_send", "[\"raw\"]", SOCKJS_DECODE_DONE, 1, false},
	{"jsonp_send", "d=%5B%22a+b%22%2C%22c%22%5D", SOCKJS_DECODE_DONE, 2, true},
	{"jsonp_send", "x=1&d=[\"a\"]", SOCKJS_DECODE_DONE, 1, true},
	{"jsonp_send", "d=", SOCKJS_DECODE_NO_ARRAY, 0, true},
	{"jsonp_send", "", SOCKJS_DECODE_NO_ARRAY, 0, true},
	{"jsonp_send", "e=%5B%5D", SOCKJS_DECODE_NO_ARRAY, 0, true},
	{"jsonp_send", "d=%zz", SOCKJS_DECODE_BROKEN, 0, true},
	{"jsonp_send", "d=%5B%22a", SOCKJS_DECODE_BROKEN, 0, true},
};

START_TEST(an_uplink_finds_the_messages)
{
	const struct uplink *link = uplink_find(slice_of(requests[_i].path));
	struct sockjs_messages messages = {.count = 0};

	ck_assert_int_eq(link->decode(&messages, slice_of(requests[_i].body),
				 requests[_i].form, BOUND),
		requests[_i].outcome);
	if (requests[_i].outcome == SOCKJS_DECODE_DONE)
		ck_assert_uint_eq(messages.count, requests[_i].count);
	sockjs_messages_finish(&messages);
}
END_TEST

static const char *const nobody[] = {"", "xhr_", "XHR", "xhr/", "websocket", "info"};

START_TEST(what_is_no_transport_is_not_found)
{
	ck_assert_ptr_null(downlink_find(slice_of(nobody[_i])));
	ck_assert_ptr_null(uplink_find(slice_of(nobody[_i])));
}
END_TEST

START_TEST(no_path_is_both_up_and_down)
{
	for (size_t i = 0; i < COUNT(listed_downlinks); i++)
		ck_assert_ptr_null(uplink_find(listed_downlinks[i].link->path));
	for (size_t i = 0; i < COUNT(listed_uplinks); i++)
		ck_assert_ptr_null(downlink_find(listed_uplinks[i].link->path));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("links");
	TCase *tcase = unit_case(suite, "links");

	unit_add_table(tcase, a_downlink_describes_its_responses, downlinks);
	unit_add_table(tcase, a_listed_downlink_leaves_no_field_out, listed_downlinks);
	unit_add_table(tcase, a_listed_uplink_leaves_no_field_out, listed_uplinks);
	unit_add_table(tcase, an_uplink_describes_its_answers, uplinks);
	unit_add_table(tcase, an_uplink_finds_the_messages, requests);
	unit_add_table(tcase, what_is_no_transport_is_not_found, nobody);
	tcase_add_test(tcase, no_path_is_both_up_and_down);
	return unit_run(suite);
}
