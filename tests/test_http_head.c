#include "protocol/http_head.h"
#include "tests/support/unit.h"

static const struct http_head_limits limits = {.bytes = 200, .target = 30, .lines = 5};

#define X10 "xxxxxxxxxx"
#define X40 X10 X10 X10 X10

/* The status of a head's answer; 0 when it passes. */
static const struct {
	struct slice head;
	int status;
} heads[] = {
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0},
	{SLICE_INIT("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0},
	{SLICE_INIT("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0},
	{SLICE_INIT("GET / HTTP/1.0\r\n\r\n"), 0},
	{SLICE_INIT("HEAD /a HTTP/1.1\r\nhost:a\r\n\r\n"), 0},
	{SLICE_INIT("POST /a?b=%20%41+~ HTTP/1.1\r\nHOST:\t a:80 \t\r\n\r\n"), 0},
	{SLICE_INIT("OPTIONS /a HTTP/1.1\r\nHost: a\r\nEmpty:\r\n\r\n"), 0},

	/* The request line */
	{SLICE_INIT("\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT(" GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET /  HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET /\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET\r\n\r\n"), 400},
	{SLICE_INIT("GET / http/1.1\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.11\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("G@T / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), 505},
	{SLICE_INIT("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505},
	{SLICE_INIT("GET / HTTP/0.9\r\nHost: a\r\n\r\n"), 505},
	{SLICE_INIT("PUT / HTTP/1.1\r\nHost: a\r\n\r\n"), 405},
	{SLICE_INIT("DELETE / HTTP/1.1\r\nHost: a\r\n\r\n"), 405},
	{SLICE_INIT("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"), 405},
	{SLICE_INIT("get / HTTP/1.1\r\nHost: a\r\n\r\n"), 501},
	{SLICE_INIT("BREW / HTTP/1.1\r\nHost: a\r\n\r\n"), 501},
	{SLICE_INIT("PRI * HTTP/2.0\r\n\r\n"), 501},

	/* Targets */
	{SLICE_INIT("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), 0},
	{SLICE_INIT("GET * HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("OPTIONS ** HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 0},
	{SLICE_INIT("GET HTTPS://A:80/b?c HTTP/1.1\r\nHost: a:80\r\n\r\n"), 0},
	{SLICE_INIT("GET http://[::1]/ HTTP/1.1\r\nHost: [::1]\r\n\r\n"), 0},
	{SLICE_INIT("GET http://a HTTP/1.1\r\nHost: a\r\n\r\n"), 0},
	{SLICE_INIT("GET ws://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 0},
	{SLICE_INIT("GET wss://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 0},
	{SLICE_INIT("GET http://a/ HTTP/1.0\r\n\r\n"), 0},
	{SLICE_INIT("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n"), 0},
	{SLICE_INIT("GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET http://a@b/ HTTP/1.1\r\nHost: b\r\n\r\n"), 400},
	{SLICE_INIT("GET http://a/ HTTP/1.1\r\n\r\n"), 400},
	{SLICE_INIT("GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET http:a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET http://a?b HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET http://a/%00 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET /%4 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET /?% HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET /%g1 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET /" X10 X10 "xxxxxxxxx HTTP/1.1\r\nHost: a\r\n\r\n"), 0},
	{SLICE_INIT("GET /" X10 X10 X10 " HTTP/1.1\r\nHost: a\r\n\r\n"), 414},

	/* Lines */
	{SLICE_INIT("GET / HTTP/1.1\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a\n\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\n\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: \x1b\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: \xe4\tb c\r\n\r\n"), 0},
	{SLICE_INIT("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb: c\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\nX(: a\r\n\r\n"), 400},

	/* Host */
	{SLICE_INIT("GET / HTTP/1.1\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: :80\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a-b_c.example:65535\r\n\r\n"), 0},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n"), 0},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: [::ffff:1.2.3.4]:80\r\n\r\n"), 0},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: []\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: [x]\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: [::1]80\r\n\r\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: ::1\r\n\r\n"), 400},

	/* The body's length */
	{SLICE_INIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"), 0},
	{SLICE_INIT("POST / HTTP/1.1\r\nHost: a\r\n"
		    "Content-Length: 18446744073709551615\r\n\r\n"),
		0},
	{SLICE_INIT("POST / HTTP/1.1\r\nHost: a\r\n"
		    "Content-Length: 18446744073709551616\r\n\r\n"),
		400},
	{SLICE_INIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 007\r\n\r\n"), 0},
	{SLICE_INIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1 1\r\n\r\n"), 400},
	{SLICE_INIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n"), 400},
	{SLICE_INIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"), 400},
	{SLICE_INIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1,1\r\n\r\n"), 400},
	{SLICE_INIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\n"), 400},
	{SLICE_INIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n"), 400},
	{SLICE_INIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
		    "content-length: 1\r\n\r\n"),
		400},
	{SLICE_INIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n"),
		400},
	{SLICE_INIT("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"),
		0},
	{SLICE_INIT("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"),
		400},
	{SLICE_INIT("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"),
		501},
	{SLICE_INIT("POST / HTTP/1.1\r\nHost: a\r\n"
		    "Transfer-Encoding: gzip, chunked\r\n\r\n"),
		501},
	{SLICE_INIT("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n"),
		501},
	{SLICE_INIT("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n"), 501},

	/* Expect */
	{SLICE_INIT("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n"), 0},
	{SLICE_INIT("POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n"), 417},
	{SLICE_INIT("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
		    "Expect: x\r\n\r\n"),
		417},

	/* Limits: 200 bytes and 5 lines pass, one more does not. */
	{SLICE_INIT(
		 "GET / HTTP/1.1\r\nHost: a\r\nX: " X40 X40 X40 X40 "12345678\r\n\r\n"),
		0},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: " X40 X40 X40 X40
		    "123456789\r\n\r\n"),
		431},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: " X40 X40 X40 X40 X40), 431},
	{SLICE_INIT("GET /" X40 X40 X40 X40 X40), 414},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\na:1\r\nb:2\r\nc:3\r\nd:4\r\n\r\n"),
		0},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\na:1\r\nb:2\r\nc:3\r\nd:4\r\n"
		    "e:5\r\n\r\n"),
		431},

	/* Bytes that are not HTTP at all are refused before a line is whole. */
	{SLICE_INIT("\x16\x03\x01\x02"), 400},
};

/* Parses memory of its own size, so that reading beyond the end is noticed. */
static enum http_head_parse parse(
	struct slice bytes, struct http_head *head, char **copy, int *status)
{
	*copy = malloc(bytes.len > 0 ? bytes.len : 1);
	ck_assert_ptr_nonnull(*copy);
	memcpy(*copy, bytes.data, bytes.len);
	return http_head_parse((struct slice){*copy, bytes.len}, &limits, head, status);
}

static enum http_head_parse parse_only(struct slice bytes, size_t *len, int *status)
{
	struct http_head head;
	char *copy;
	enum http_head_parse result = parse(bytes, &head, &copy, status);

	if (result == HTTP_HEAD_DONE)
		*len = head.len;
	free(copy);
	return result;
}

START_TEST(a_head_passes_or_is_refused_with_its_status)
{
	int status = 0;
	size_t len = 0;
	enum http_head_parse result = parse_only(heads[_i].head, &len, &status);

	ck_assert_int_eq(status, heads[_i].status);
	if (status == 0)
		ck_assert_uint_eq(len, heads[_i].head.len);
	ck_assert_int_eq(result, status == 0 ? HTTP_HEAD_DONE : HTTP_HEAD_BAD);
}
END_TEST

START_TEST(a_head_that_comes_in_pieces_is_judged_alike)
{
	struct slice head = heads[_i].head;
	enum http_head_parse result = HTTP_HEAD_MORE;
	int status = 0;
	size_t len = 0;

	/* Only the first verdict counts: no caller asks again after it. */
	for (size_t i = 1; i <= head.len && result == HTTP_HEAD_MORE; i++)
		result = parse_only(slice_first(head, i), &len, &status);
	ck_assert_int_eq(status, heads[_i].status);
	ck_assert_int_eq(result, status == 0 ? HTTP_HEAD_DONE : HTTP_HEAD_BAD);
}
END_TEST

START_TEST(what_follows_a_head_is_left_alone)
{
	struct buf bytes = {0};
	int status = 0;
	size_t len = 0;

	buf_append(&bytes, heads[_i].head);
	if (heads[_i].status == 0) {
		buf_append(&bytes, SLICE("\0\n body or next request\r\n\r\n"));
		ck_assert_int_eq(
			parse_only(buf_slice(&bytes), &len, &status), HTTP_HEAD_DONE);
		ck_assert_uint_eq(len, heads[_i].head.len);
	}
	buf_finish(&bytes);
}
END_TEST

START_TEST(the_parts_of_a_head_are_found)
{
	struct http_head head;
	char *copy;
	int status = 0;

	ck_assert_int_eq(parse(SLICE("\r\nPOST /a?b HTTP/1.0\r\nX: \t one two "
				     "\r\nx:2\r\nY:\r\n\r\nz"),
				 &head, &copy, &status),
		HTTP_HEAD_DONE);
	ck_assert_slice_eq(head.method, SLICE("POST"));
	ck_assert_slice_eq(head.target, SLICE("/a?b"));
	ck_assert_int_eq(head.minor, 0);
	ck_assert_uint_eq(head.header_count, 3);
	ck_assert_slice_eq(head.headers[0].name, SLICE("X"));
	ck_assert_slice_eq(*http_header(&head, SLICE("x")), SLICE("one two"));
	ck_assert_slice_eq(*http_header(&head, SLICE("y")), SLICE(""));
	ck_assert_ptr_null(http_header(&head, SLICE("Host")));
	ck_assert_uint_eq(head.len, 48);
	free(copy);
}
END_TEST

static const struct {
	struct slice head;
	struct slice target;
} absolute[] = {
	{SLICE_INIT("GET http://a/b?c HTTP/1.1\r\nHost: a\r\n\r\n"),
		SLICE_INIT("/b?c")},
	{SLICE_INIT("GET https://a HTTP/1.1\r\nHost: a\r\n\r\n"), SLICE_INIT("/")},
	{SLICE_INIT("OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n"), SLICE_INIT("*")},
	{SLICE_INIT("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), SLICE_INIT("*")},
	{SLICE_INIT("GET /http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"),
		SLICE_INIT("/http://b/")},
};

START_TEST(an_absolute_target_is_its_path)
{
	struct http_head head;
	char *copy;
	int status = 0;

	ck_assert_int_eq(
		parse(absolute[_i].head, &head, &copy, &status), HTTP_HEAD_DONE);
	ck_assert_slice_eq(head.target, absolute[_i].target);
	free(copy);
}
END_TEST

START_TEST(a_token_is_found_in_any_list_of_its_name)
{
	const struct http_head head = {
		.headers = {{SLICE("Connection"), SLICE("keep-alive ,\tUpgrade")},
			{SLICE("connection"), SLICE(",, close,")},
			{SLICE("Other"), SLICE("token")}},
		.header_count = 3,
	};
	const struct slice name = SLICE("Connection");

	ck_assert(http_header_has_token(&head, name, SLICE("upgrade")));
	ck_assert(http_header_has_token(&head, name, SLICE("keep-alive")));
	ck_assert(http_header_has_token(&head, name, SLICE("CLOSE")));
	ck_assert(!http_header_has_token(&head, name, SLICE("keep")));
	ck_assert(!http_header_has_token(&head, name, SLICE("token")));
	ck_assert(!http_header_has_token(&head, SLICE("Missing"), SLICE("token")));
}
END_TEST

static const struct {
	struct slice first, second; /* the lines */
	struct slice value;         /* of the cookie ID; empty: there is none */
} cookies[] = {
	{SLICE_INIT("ID=a"), SLICE_INIT(""), SLICE_INIT("a")},
	{SLICE_INIT("a=b; ID=c.d; e=f"), SLICE_INIT(""), SLICE_INIT("c.d")},
	{SLICE_INIT(" a=b;ID=c\t;"), SLICE_INIT(""), SLICE_INIT("c")},
	{SLICE_INIT("a=b"), SLICE_INIT("ID=c"), SLICE_INIT("c")},
	{SLICE_INIT("ID=a; ID=b"), SLICE_INIT("ID=c"), SLICE_INIT("a")},
	{SLICE_INIT("ID=a=b=="), SLICE_INIT(""), SLICE_INIT("a=b==")},
	{SLICE_INIT("ID=\"a b\""), SLICE_INIT(""), SLICE_INIT("a b")},
	{SLICE_INIT("ID=\""), SLICE_INIT(""), SLICE_INIT("\"")},
	{SLICE_INIT("ID=\"\""), SLICE_INIT(""), SLICE_INIT("")},
	{SLICE_INIT("ID="), SLICE_INIT("ID=b"), SLICE_INIT("")},
	{SLICE_INIT("ID"), SLICE_INIT("; ;=;"), SLICE_INIT("")},
	{SLICE_INIT("id=a; XID=a; IDX=a"), SLICE_INIT(""), SLICE_INIT("")},
	{SLICE_INIT("a=ID=b"), SLICE_INIT("a; b=ID"), SLICE_INIT("")},
};

START_TEST(a_cookie_is_found_in_any_line)
{
	const struct http_head head = {
		.headers = {{SLICE("Host"), SLICE("ID=host")},
			{SLICE("Cookie"), cookies[_i].first},
			{SLICE("cookie"), cookies[_i].second}},
		.header_count = 3,
	};

	ck_assert(slice_equal(http_cookie(&head, SLICE("ID")), cookies[_i].value));
}
END_TEST

static const struct {
	struct slice name, value;
	uint64_t length;
} lengths[] = {
	{SLICE_INIT("Content-Length"), SLICE_INIT("0"), 0},
	{SLICE_INIT("content-length"), SLICE_INIT("0120"), 120},
	{SLICE_INIT("Content-Length"), SLICE_INIT("18446744073709551615"), UINT64_MAX},
	{SLICE_INIT("Transfer-Encoding"), SLICE_INIT("chunked"), 0},
	{SLICE_INIT("X"), SLICE_INIT("1"), 0},
};

START_TEST(the_declared_length_of_a_body_is_read)
{
	const struct http_head head = {
		.headers = {{lengths[_i].name, lengths[_i].value}},
		.header_count = 1,
	};

	ck_assert_uint_eq(http_body_length(&head), lengths[_i].length);
}
END_TEST

/* Heads that another parser has let through. */
static struct {
	struct http_head head;
	int status;
} parsed[] = {
	{{.method = SLICE_INIT("GET"), .target = SLICE_INIT("/"), .minor = 0}, 0},
	{{.method = SLICE_INIT("GET"), .target = SLICE_INIT("/"), .minor = 1}, 400},
	{{.method = SLICE_INIT("PUT"), .target = SLICE_INIT("/"), .minor = 0}, 405},
	{{.method = SLICE_INIT("X"), .target = SLICE_INIT("/"), .minor = 0}, 501},
	{{.method = SLICE_INIT(""), .target = SLICE_INIT("/"), .minor = 0}, 400},
	{{.method = SLICE_INIT("GET"), .target = SLICE_INIT("/%00"), .minor = 0}, 400},
	{{.method = SLICE_INIT("GET"), .target = SLICE_INIT("http://a/"), .minor = 0},
		0},
	{{.method = SLICE_INIT("GET"), .target = SLICE_INIT("*"), .minor = 0}, 400},
	{{.method = SLICE_INIT("OPTIONS"), .target = SLICE_INIT("*"), .minor = 0}, 0},
	{{.method = SLICE_INIT("GET"),
		 .target = SLICE_INIT("http://b/"),
		 .minor = 1,
		 .headers = {{SLICE_INIT("Host"), SLICE_INIT("a")}},
		 .header_count = 1},
		400},
	{{.method = SLICE_INIT("GET"), .target = SLICE_INIT(""), .minor = 0}, 400},
	{{.method = SLICE_INIT("GET"),
		 .target = SLICE_INIT("/"),
		 .minor = 1,
		 .headers = {{SLICE_INIT("Host"), SLICE_INIT("a")},
			 {SLICE_INIT("Content-Length "), SLICE_INIT("1")}},
		 .header_count = 2},
		400},
	{{.method = SLICE_INIT("POST"),
		 .target = SLICE_INIT("/"),
		 .minor = 1,
		 .headers = {{SLICE_INIT("Host"), SLICE_INIT("a")},
			 {SLICE_INIT("Content-Length"), SLICE_INIT("1")},
			 {SLICE_INIT("Content-Length"), SLICE_INIT("2")}},
		 .header_count = 3},
		400},
	{{.method = SLICE_INIT("GET"),
		 .target = SLICE_INIT("/"),
		 .minor = 1,
		 .headers = {{SLICE_INIT("Host"), SLICE_INIT("a")},
			 {SLICE_INIT("X"), SLICE_INIT("folded\r\n line")}},
		 .header_count = 2},
		400},
};

START_TEST(a_later_head_obeys_the_same_rules)
{
	ck_assert_int_eq(http_head_check(&parsed[_i].head), parsed[_i].status);
}
END_TEST

START_TEST(a_head_that_passed_passes_again)
{
	struct http_head head;
	char *copy;
	int status = 0;

	if (parse(heads[_i].head, &head, &copy, &status) == HTTP_HEAD_DONE)
		ck_assert_int_eq(http_head_check(&head), 0);
	free(copy);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("http_head");
	TCase *tcase = unit_case(suite, "heads");

	unit_add_table(tcase, a_head_passes_or_is_refused_with_its_status, heads);
	unit_add_table(tcase, a_head_that_comes_in_pieces_is_judged_alike, heads);
	unit_add_table(tcase, what_follows_a_head_is_left_alone, heads);
	tcase_add_test(tcase, the_parts_of_a_head_are_found);
	unit_add_table(tcase, an_absolute_target_is_its_path, absolute);
	tcase_add_test(tcase, a_token_is_found_in_any_list_of_its_name);
	unit_add_table(tcase, a_cookie_is_found_in_any_line, cookies);
	unit_add_table(tcase, the_declared_length_of_a_body_is_read, lengths);
	unit_add_table(tcase, a_later_head_obeys_the_same_rules, parsed);
	unit_add_table(tcase, a_head_that_passed_passes_again, heads);
	return unit_run(suite);
}
