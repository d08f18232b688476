#include "protocol/http_head.h"
#include "tests/support/unit.h"
#include "transports/base/refusal.h"

static const struct http_head_limits limits = {
	.bytes = 7168, .target = 4096, .lines = HTTP_HEADERS_MAX};

/* Every head must pass http_head_parse() here; only the upgrade is in question. */
static struct http_head parse(struct slice bytes)
{
	struct http_head head;
	int status = 0;

	ck_assert_int_eq(
		http_head_parse(bytes, &limits, &head, &status), HTTP_HEAD_DONE);
	return head;
}

#define START   "GET /chat HTTP/1.1\r\nHost: a:1\r\n"
#define UPGRADE "Upgrade: websocket\r\n"
#define CONNECT "Connection: keep-alive, Upgrade\r\n"
#define KEY     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"

static const struct {
	struct slice head;
	bool asked;
	int status;
} heads[] = {
	{SLICE_INIT(START UPGRADE CONNECT KEY VERSION "\r\n"), true, 0},
	{SLICE_INIT(
		 START "upgrade: h2c, WebSocket\r\nconnection: upgrade\r\n" KEY VERSION
		       "Content-Length: 0\r\n\r\n"),
		true, 0},
	{SLICE_INIT(START "\r\n"), false, 400},
	{SLICE_INIT(START "Upgrade: h2c\r\n" CONNECT KEY VERSION "\r\n"), false, 400},
	{SLICE_INIT(START "Upgrade: websockets\r\n" CONNECT KEY VERSION "\r\n"), false,
		400},
	{SLICE_INIT(
		 "POST / HTTP/1.1\r\nHost: a\r\n" UPGRADE CONNECT KEY VERSION "\r\n"),
		true, 405},
	{SLICE_INIT("GET / HTTP/1.0\r\nHost: a\r\n" UPGRADE CONNECT KEY VERSION "\r\n"),
		true, 400},
	{SLICE_INIT(START UPGRADE KEY VERSION "\r\n"), true, 400},
	{SLICE_INIT(START UPGRADE "Connection: close\r\n" KEY VERSION "\r\n"), true,
		400},
	{SLICE_INIT(START UPGRADE CONNECT VERSION "\r\n"), true, 400},
	{SLICE_INIT(START UPGRADE CONNECT KEY KEY VERSION "\r\n"), true, 400},
	{SLICE_INIT(START UPGRADE CONNECT VERSION
		 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n\r\n"),
		true, 400},
	{SLICE_INIT(START UPGRADE CONNECT VERSION
		 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQAA\r\n\r\n"),
		true, 400},
	{SLICE_INIT(START UPGRADE CONNECT VERSION
		 "Sec-WebSocket-Key: dGhlIHNhbXBsZS-ub25jZQ==\r\n\r\n"),
		true, 400},
	{SLICE_INIT(START UPGRADE CONNECT KEY "\r\n"), true, 426},
	{SLICE_INIT(START UPGRADE CONNECT KEY "Sec-WebSocket-Version: 8\r\n\r\n"), true,
		426},
	{SLICE_INIT(START UPGRADE CONNECT KEY VERSION VERSION "\r\n"), true, 426},
	{SLICE_INIT(START UPGRADE CONNECT KEY VERSION "Content-Length: 5\r\n\r\n"),
		true, 400},
	{SLICE_INIT(START UPGRADE CONNECT KEY VERSION
		 "Transfer-Encoding: chunked\r\n\r\n"),
		true, 400},
};

/* The edge's status; 0: the upgrade is granted. */
static int status_of(const struct http_head *head)
{
	const enum http_upgrade_fault fault = http_upgrade_check(head);

	return fault == HTTP_UPGRADE_GOOD
		       ? 0
		       : (int)refusal_status(refusal_of_upgrade(head, fault).kind);
}

START_TEST(an_upgrade_is_granted_or_refused_with_its_status)
{
	const struct http_head head = parse(heads[_i].head);

	ck_assert(http_upgrade_is_asked(&head) == heads[_i].asked);
	ck_assert_int_eq(status_of(&head), heads[_i].status);
}
END_TEST

static const struct {
	struct slice offer;
	const char *chosen;
} offers[] = {
	{SLICE_INIT(START "\r\n"), ""},
	{SLICE_INIT(START "Sec-WebSocket-Protocol: chat\r\n\r\n"), ""},
	{SLICE_INIT(START "Sec-WebSocket-Protocol: v10.stomp\r\n\r\n"), "v10.stomp"},
	{SLICE_INIT(START
		 "Sec-WebSocket-Protocol: v10.stomp, v11.stomp,v12.stomp\r\n\r\n"),
		"v12.stomp"},
	{SLICE_INIT(START "Sec-WebSocket-Protocol: v11.stomp, v10.stomp\r\n\r\n"),
		"v11.stomp"},
	{SLICE_INIT(START "Sec-WebSocket-Protocol: v10.stomp\r\n"
			  "Sec-WebSocket-Protocol: v12.stomp\r\n\r\n"),
		"v12.stomp"},
	{SLICE_INIT(START "Sec-WebSocket-Protocol: v13.stomp, xv12.stomp\r\n\r\n"), ""},
};

START_TEST(the_highest_stomp_version_is_chosen)
{
	const struct http_head head = parse(offers[_i].offer);

	ck_assert_slice_eq(http_upgrade_stomp(&head), slice_of(offers[_i].chosen));
}
END_TEST

START_TEST(the_written_head_says_only_what_is_needed)
{
	const struct http_head head = parse(
		SLICE(START UPGRADE CONNECT KEY VERSION "Cookie: a=b\r\nX: y\r\n\r\n"));
	struct buf out = {0};

	http_upgrade_write(&out, &head, 17, SLICE(""));
	ck_assert_slice_eq(buf_slice(&out),
		SLICE("GET /17 HTTP/1.1\r\nHost: ws\r\nUpgrade: websocket\r\n"
		      "Connection: Upgrade\r\n" KEY VERSION "\r\n"));
	buf_finish(&out);
}
END_TEST

START_TEST(the_written_head_can_be_upgraded)
{
	const struct http_head head =
		parse(SLICE(START UPGRADE CONNECT KEY VERSION "\r\n"));
	struct buf out = {0};

	http_upgrade_write(&out, &head, UINT64_MAX, SLICE("v12.stomp"));
	const struct http_head written = parse(buf_slice(&out));
	ck_assert_slice_eq(written.target, SLICE("/18446744073709551615"));
	ck_assert(http_upgrade_is_asked(&written));
	ck_assert_int_eq(http_upgrade_check(&written), 0);
	ck_assert_slice_eq(http_upgrade_stomp(&written), SLICE("v12.stomp"));
	buf_finish(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("http_upgrade");
	TCase *tcase = unit_case(suite, "handshake");

	unit_add_table(tcase, an_upgrade_is_granted_or_refused_with_its_status, heads);
	unit_add_table(tcase, the_highest_stomp_version_is_chosen, offers);
	tcase_add_test(tcase, the_written_head_says_only_what_is_needed);
	tcase_add_test(tcase, the_written_head_can_be_upgraded);
	return unit_run(suite);
}
