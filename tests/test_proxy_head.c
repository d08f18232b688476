#include "protocol/proxy_head.h"
#include "tests/support/unit.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define TCP4      "\xcb\0\x71\x09\xc6\x33\x64\x07\xc0\0\x01\xbb"
#define TCP6                                                                           \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09"                                   \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\xc0\0\x01\xbb"
#define TEN(x) x x x x x x x x x x

static const struct {
	struct slice bytes;
	const char *source; /* "": no client; NULL: it is refused */
	unsigned port;
} heads[] = {
	{SLICE_INIT("PROXY TCP4 203.0.113.9 198.51.100.7 49152 443\r\n"), "203.0.113.9",
		49152},
	{SLICE_INIT("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"),
		"255.255.255.255", 65535},
	{SLICE_INIT("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n"), "0.0.0.0", 0},
	{SLICE_INIT("PROXY TCP6 2001:db8::9 2001:db8::7 49152 443\r\n"), "2001:db8::9",
		49152},
	{SLICE_INIT("PROXY TCP6 ::ffff:203.0.113.9 ::1 1 2\r\n"), "203.0.113.9", 1},
	{SLICE_INIT("PROXY UNKNOWN\r\n"), "", 0},
	{SLICE_INIT("PROXY UNKNOWN ffff::1 what ever\r\n"), "", 0},
	/* 107 bytes, the longest possible; then one more */
	{SLICE_INIT("PROXY UNKNOWN " TEN("123456789") "1\r\n"), "", 0},
	{SLICE_INIT("PROXY UNKNOWN " TEN("123456789") "12\r\n"), NULL, 0},

	{SLICE_INIT("PROXY TCP4 203.0.113.9 198.51.100.7 49152 443\n"), NULL, 0},
	{SLICE_INIT("PROXY TCP4 203.0.113.9 198.51.100.7 49152 443 \r\n"), NULL, 0},
	{SLICE_INIT("PROXY TCP4 203.0.113.9 198.51.100.7 49152 443\r\r\n"), NULL, 0},
	{SLICE_INIT("PROXY TCP4 203.0.113.9 198.51.100.7 49152\r\n"), NULL, 0},
	{SLICE_INIT("PROXY TCP4  203.0.113.9 198.51.100.7 49152 443\r\n"), NULL, 0},
	{SLICE_INIT("PROXY TCP4\t203.0.113.9 198.51.100.7 49152 443\r\n"), NULL, 0},
	{SLICE_INIT("PROXY TCP4 203.0.113.9 198.51.100.7 49152 443 1\r\n"), NULL, 0},
	{SLICE_INIT("PROXY TCP4 2001:db8::9 198.51.100.7 49152 443\r\n"), NULL, 0},
	{SLICE_INIT("PROXY TCP4 203.0.113.9 2001:db8::7 49152 443\r\n"), NULL, 0},
	{SLICE_INIT("PROXY TCP6 203.0.113.9 2001:db8::7 49152 443\r\n"), NULL, 0},
	{SLICE_INIT("PROXY TCP4 203.0.113.09 198.51.100.7 49152 443\r\n"), NULL, 0},
	{SLICE_INIT("PROXY TCP4 203.0.113.9 198.51.100.7 65536 443\r\n"), NULL, 0},
	{SLICE_INIT("PROXY TCP4 203.0.113.9 198.51.100.7 049 443\r\n"), NULL, 0},
	{SLICE_INIT("PROXY TCP4 203.0.113.9 198.51.100.7 -1 443\r\n"), NULL, 0},
	{SLICE_INIT("PROXY TCP4 203.0.113.9 198.51.100.7 0 443\r\n"), "203.0.113.9", 0},
	{SLICE_INIT("PROXY TCP4 203.0.113.9 198.51.100.7 00 443\r\n"), NULL, 0},
	{SLICE_INIT("PROXY TCP4 203.0.113.9 198.51.100.7 4294967297 443\r\n"), NULL, 0},
	{SLICE_INIT("PROXY TCP4 203.0.113.9 198.51.100.7 1 \r\n"), NULL, 0},
	{SLICE_INIT("PROXY UDP4 203.0.113.9 198.51.100.7 1 2\r\n"), NULL, 0},
	{SLICE_INIT("PROXY tcp4 203.0.113.9 198.51.100.7 1 2\r\n"), NULL, 0},
	{SLICE_INIT("PROXY \r\n"), NULL, 0},
	{SLICE_INIT("proxy UNKNOWN\r\n"), NULL, 0},
	{SLICE_INIT("GET / HTTP/1.1\r\n"), NULL, 0},
	{SLICE_INIT("POST / HTTP/1.1\r\n"), NULL, 0},
	{SLICE_INIT("\r\nGET / HTTP/1.1\r\n"), NULL, 0},
	{SLICE_INIT("\x16\x03\x01\x02"), NULL, 0},

	{SLICE_INIT(SIGNATURE "\x21\x11\0\x0c" TCP4), "203.0.113.9", 49152},
	{SLICE_INIT(SIGNATURE "\x21\x21\0\x24" TCP6), "2001:db8::9", 49152},
	/* an extension: its type, its length, its bytes */
	{SLICE_INIT(SIGNATURE "\x21\x11\0\x11" TCP4 "\x02\0\x02"
			      "ab"),
		"203.0.113.9", 49152},
	{SLICE_INIT(SIGNATURE "\x21\x11\0\x0f" TCP4 "\x04\0\0"), "203.0.113.9", 49152},
	{SLICE_INIT(SIGNATURE "\x20\0\0\0"), "", 0},
	{SLICE_INIT(SIGNATURE "\x20\x11\0\x0c" TCP4), "", 0},
	{SLICE_INIT(SIGNATURE "\x20\xff\0\x03xyz"), "", 0}, /* local: whatever it is */
	{SLICE_INIT(SIGNATURE "\x21\0\0\x03xyz"), "", 0},
	{SLICE_INIT(SIGNATURE "\x21\x31\0\xd8" TEN(TEN("ab")) TEN("a") "abcdef"), "",
		0}, /* paths of a Unix socket */

	{SLICE_INIT(SIGNATURE "\x21\x12\0\x0c" TCP4), NULL, 0}, /* a datagram */
	{SLICE_INIT(SIGNATURE "\x21\x22\0\x24" TCP6), NULL, 0},
	{SLICE_INIT(SIGNATURE "\x21\x41\0\x0c" TCP4), NULL, 0},
	{SLICE_INIT(SIGNATURE "\x22\x11\0\x0c" TCP4), NULL, 0},
	{SLICE_INIT(SIGNATURE "\x11\x11\0\x0c" TCP4), NULL, 0},
	{SLICE_INIT(SIGNATURE "\x21\x11\0\x0b\xcb\0\x71\x09\xc6\x33\x64\x07\xc0\0\x01"),
		NULL, 0},
	{SLICE_INIT(SIGNATURE "\x21\x11\0\x0d" TCP4 "\x02"), NULL, 0},
	{SLICE_INIT(SIGNATURE "\x21\x11\0\x10" TCP4 "\x02\0\x02"
			      "a"),
		NULL, 0},
	{SLICE_INIT(SIGNATURE "\x21\x11\x0f\xf1"), NULL, 0}, /* 4,097 bytes */
	{SLICE_INIT("\r\n\r\n\0\r\nQUIT\r"), NULL, 0},
};

/* Parses memory of its own size, so that reading beyond the end is noticed. */
static enum proxy_head_parse parse(struct slice bytes, struct proxy_head *head)
{
	char *copy = malloc(bytes.len > 0 ? bytes.len : 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, bytes.data, bytes.len);
	enum proxy_head_parse result =
		proxy_head_parse((struct slice){copy, bytes.len}, head);
	free(copy);
	return result;
}

static void check_head(int row, enum proxy_head_parse result, struct proxy_head *head)
{
	char text[ADDRESS_TEXT_MAX];

	ck_assert_int_eq(
		result, heads[row].source == NULL ? PROXY_HEAD_BAD : PROXY_HEAD_DONE);
	if (heads[row].source == NULL)
		return;
	ck_assert_uint_eq(head->len, heads[row].bytes.len);
	ck_assert(head->known == (*heads[row].source != '\0'));
	ck_assert_uint_eq(head->port, heads[row].port);
	if (head->known)
		ck_assert_slice_eq(address_write(&head->source, text),
			slice_of(heads[row].source));
}

START_TEST(a_header_says_whose_the_connection_is_or_is_refused)
{
	struct proxy_head head = {.len = 0};

	check_head(_i, parse(heads[_i].bytes, &head), &head);
}
END_TEST

START_TEST(a_header_that_comes_in_pieces_is_judged_alike)
{
	enum proxy_head_parse result = PROXY_HEAD_MORE;
	struct proxy_head head = {.len = 0};
	struct slice bytes = heads[_i].bytes;

	for (size_t i = 0; i <= bytes.len && result == PROXY_HEAD_MORE; i++)
		result = parse(slice_first(bytes, i), &head);
	check_head(_i, result, &head);
}
END_TEST

START_TEST(what_follows_a_header_is_left_alone)
{
	struct proxy_head head = {.len = 0};
	struct buf bytes = {0};

	buf_append(&bytes, heads[_i].bytes);
	if (heads[_i].source != NULL) {
		buf_append(&bytes, SLICE("PROXY GET / HTTP/1.1\r\n\r\n"));
		check_head(_i, parse(buf_slice(&bytes), &head), &head);
	}
	buf_finish(&bytes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("proxy_head");
	TCase *tcase = unit_case(suite, "headers");

	unit_add_table(
		tcase, a_header_says_whose_the_connection_is_or_is_refused, heads);
	unit_add_table(tcase, a_header_that_comes_in_pieces_is_judged_alike, heads);
	unit_add_table(tcase, what_follows_a_header_is_left_alone, heads);
	return unit_run(suite);
}
