/*
 * Parses the first request head of a connection strictly: any byte that two parsers
 * might read differently ends it.
 *
 * The rules are separate from the parsing, since they also apply to heads that
 * libmicrohttpd has parsed. Lines are checked in their order, and each one only when
 * it is whole. So a head in pieces is refused like a head in one piece.
 */
#include "protocol/http_head.h"

#include "protocol/ascii.h"
#include "protocol/host.h"
#include "protocol/number.h"
#include "protocol/origin.h"

#include <assert.h>

enum { EMPTY_LINES_MAX = 2 }; /* before a request */

/* RFC 9110, 5.6.2 */
static bool http_head_is_token(struct slice text)
{
	static const struct slice marks = SLICE_INIT("!#$%&'*+-.^_`|~");

	for (size_t i = 0; i < text.len; i++) {
		if (!ascii_is_alphanumeric(text.data[i]) &&
			slice_find(marks, text.data[i]) == marks.len)
			return false;
	}
	return text.len > 0;
}

/* True when the text has no control character but the tab. */
static bool http_head_is_printable(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.data[i];

		if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
			return false;
	}
	return true;
}

static bool http_head_is_in(struct slice text, const struct slice *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_equal(text, list[i]))
			return true;
	}
	return false;
}

/* Remembers the fault, and returns the status. */
static int head_fault(
	struct http_head *head, int status, const char *fault, struct slice value)
{
	head->fault = fault;
	head->fault_value = value;
	return status;
}

static int http_head_check_method(struct slice method)
{
	static const struct slice served[] = {SLICE_INIT("GET"), SLICE_INIT("HEAD"),
		SLICE_INIT("POST"), SLICE_INIT("OPTIONS")};
	static const struct slice known[] = {SLICE_INIT("PUT"), SLICE_INIT("DELETE"),
		SLICE_INIT("PATCH"), SLICE_INIT("TRACE"), SLICE_INIT("CONNECT")};

	if (!http_head_is_token(method))
		return 400;
	if (http_head_is_in(method, served, sizeof(served) / sizeof(*served)))
		return 0;
	return http_head_is_in(method, known, sizeof(known) / sizeof(*known)) ? 405
									      : 501;
}

/* "http://host" at the start of an absolute target; empty when there is none. */
static struct slice http_head_find_site(struct slice target)
{
	static const struct slice schemes[] = {SLICE_INIT("http://"),
		SLICE_INIT("https://"), SLICE_INIT("ws://"), SLICE_INIT("wss://")};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		size_t len = schemes[i].len;

		if (slice_equal_nocase(slice_first(target, len), schemes[i]))
			return slice_first(
				target, len + slice_find(slice_from(target, len), '/'));
	}
	return SLICE("");
}

/* RFC 9112, 3.2.2 and 3.2.4: a target in absolute form becomes a path. */
static void http_head_cut_target(struct http_head *head)
{
	struct slice site = http_head_find_site(head->target);

	if (site.len == 0)
		return;
	head->site = site;
	head->target = slice_from(head->target, site.len);
	if (head->target.len == 0)
		head->target = slice_equal(head->method, SLICE("OPTIONS")) ? SLICE("*")
									   : SLICE("/");
}

static int http_head_check_target(struct slice target, struct slice method)
{
	if (slice_equal(target, SLICE("*")))
		return slice_equal(method, SLICE("OPTIONS")) ? 0 : 400;
	if (target.len == 0 || target.data[0] != '/')
		return 400;
	for (size_t i = 0; i < target.len; i++) {
		if (target.data[i] <= 0x20 || target.data[i] >= 0x7f)
			return 400;
		if (target.data[i] != '%')
			continue;
		/*
		 * A valid percent code, but not the one of NUL, which would end a C
		 * string.
		 */
		struct slice code = slice_first(slice_from(target, i + 1), 2);
		if (code.len < 2 || ascii_hex_value(code.data[0]) == -1 ||
			ascii_hex_value(code.data[1]) == -1 ||
			slice_equal(code, SLICE("00")))
			return 400;
	}
	return 0;
}

static bool http_head_header_is_good(const struct http_header *header)
{
	return http_head_is_token(header->name) &&
	       http_head_is_printable(header->value);
}

static size_t http_head_header_count(const struct http_head *head, struct slice name)
{
	size_t count = 0;

	for (size_t i = 0; i < head->header_count; i++)
		count += slice_equal_nocase(head->headers[i].name, name);
	return count;
}

/* Two answers to the length of the body would allow request smuggling. */
static int http_head_check_framing(struct http_head *head)
{
	const struct slice *length = http_header(head, SLICE("Content-Length"));
	const struct slice *coding = http_header(head, SLICE("Transfer-Encoding"));
	uint64_t bytes;

	if (length != NULL &&
		(coding != NULL || !number_read(*length, UINT64_MAX, &bytes) ||
			http_head_header_count(head, SLICE("Content-Length")) > 1))
		return head_fault(head, 400, "header Content-Length", *length);
	if (coding == NULL)
		return 0;
	if (head->minor == 0)
		return head_fault(head, 400, "header Transfer-Encoding", *coding);
	if (http_head_header_count(head, SLICE("Transfer-Encoding")) > 1 ||
		!slice_equal_nocase(*coding, SLICE("chunked")))
		return head_fault(head, 501, "header Transfer-Encoding", *coding);
	return 0;
}

/* An absolute target must name the site that Host names, in 1.0 any. */
static bool site_is(struct slice site, const struct slice *host)
{
	size_t colon = slice_find(site, ':');
	struct slice named = slice_from(site, colon + strlen("://"));

	return origin_is_same(
		site, slice_first(site, colon), host == NULL ? named : *host);
}

/* The rules that need the whole head. */
static int http_head_check_headers(struct http_head *head)
{
	const struct slice *host = http_header(head, SLICE("Host"));
	struct slice name, port;

	if (host == NULL ? head->minor > 0
			 : http_head_header_count(head, SLICE("Host")) > 1 ||
				   !host_split(*host, &name, &port))
		return head_fault(head, 400, "header Host",
			host == NULL ? (struct slice){NULL, 0} : *host);
	if (head->site.len > 0 && !site_is(head->site, host))
		return head_fault(head, 400, "target", head->site);

	int status = http_head_check_framing(head);
	if (status != 0)
		return status;
	for (size_t i = 0; i < head->header_count; i++) {
		const struct http_header *header = &head->headers[i];

		if (slice_equal_nocase(header->name, SLICE("Expect")) &&
			!slice_equal_nocase(header->value, SLICE("100-continue")))
			return head_fault(head, 417, "header Expect", header->value);
	}
	return 0;
}

/* "METHOD target HTTP/1.x": two single spaces, and no other blanks. */
static int http_head_read_request_line(struct slice line,
	const struct http_head_limits *limits, struct http_head *head)
{
	size_t space = slice_find(line, ' ');
	struct slice behind = slice_from(line, space + 1);
	size_t second = slice_find(behind, ' ');
	struct slice version = slice_from(behind, second + 1);

	head->method = slice_first(line, space);
	head->target = slice_first(behind, second);
	if (version.len != strlen("HTTP/1.1") ||
		!slice_starts_with(version, SLICE("HTTP/")) ||
		!ascii_is_digit(version.data[5]) || version.data[6] != '.' ||
		!ascii_is_digit(version.data[7]))
		return head_fault(head, 400, "request line", line);

	int status = http_head_check_method(head->method);
	if (status != 0)
		return head_fault(head, status, "method", head->method);
	if (head->target.len > limits->target)
		return head_fault(head, 414, "target", head->target);
	http_head_cut_target(head);
	status = http_head_check_target(head->target, head->method);
	if (status != 0)
		return head_fault(head, status, "target", head->target);
	if (version.data[5] != '1' || version.data[7] > '1')
		return head_fault(head, 505, "version", version);
	head->minor = version.data[7] - '0';
	return 0;
}

/* "Name: value". A folded line fails, too: no name begins with a blank. */
static int http_head_read_header(struct slice line,
	const struct http_head_limits *limits, struct http_head *head)
{
	size_t colon = slice_find(line, ':');
	struct http_header header = {slice_first(line, colon),
		slice_trim(slice_from(line, colon + 1), SLICE_BLANKS)};

	if (head->header_count == limits->lines)
		return head_fault(head, 431, "header line", line);
	if (colon == line.len || !http_head_header_is_good(&header))
		return head_fault(head, 400, "header line", line);
	head->headers[head->header_count++] = header;
	return 0;
}

enum line {
	LINE_WHOLE,
	LINE_MORE,
	LINE_BAD, /* a control character, or a lone CR or LF */
};

/* Takes a line from the front of *bytes; its CR LF is not part of *line. */
static enum line http_head_take_line(struct slice *bytes, struct slice *line)
{
	size_t end = slice_find(*bytes, '\n');
	struct slice text = slice_first(*bytes, end);
	bool ended = text.len > 0 && text.data[text.len - 1] == '\r';

	if (ended)
		text.len--;
	if (!http_head_is_printable(text))
		return LINE_BAD;
	if (end == bytes->len)
		return LINE_MORE;
	if (!ended)
		return LINE_BAD;
	*line = text;
	*bytes = slice_from(*bytes, end + 1);
	return LINE_WHOLE;
}

/* Reads the lines of `bytes`. Writes *status when they are bad. */
static enum http_head_parse http_head_read_lines(struct slice bytes,
	const struct http_head_limits *limits, struct http_head *head, int *status)
{
	struct slice rest = bytes, line;
	bool begun = false;

	for (int i = 0; i < EMPTY_LINES_MAX; i++) {
		if (slice_starts_with(rest, SLICE("\r\n")))
			rest = slice_from(rest, 2);
	}
	for (;;) {
		enum line taken = http_head_take_line(&rest, &line);
		int wrong = 0;

		if (taken == LINE_BAD)
			wrong = head_fault(head, 400, "line",
				slice_first(rest, slice_find(rest, '\n')));
		if (taken == LINE_MORE)
			return HTTP_HEAD_MORE;
		if (wrong == 0 && !begun)
			wrong = http_head_read_request_line(line, limits, head);
		else if (wrong == 0 && line.len > 0)
			wrong = http_head_read_header(line, limits, head);
		else if (wrong == 0)
			break;
		if (wrong != 0) {
			*status = wrong;
			return HTTP_HEAD_BAD;
		}
		begun = true;
	}
	head->len = bytes.len - rest.len;
	return HTTP_HEAD_DONE;
}

enum http_head_parse http_head_parse(struct slice bytes,
	const struct http_head_limits *limits, struct http_head *head, int *status)
{
	struct slice seen = slice_first(bytes, limits->bytes);

	assert(limits->lines <= HTTP_HEADERS_MAX);
	head->method = head->target = head->site = SLICE("");
	head->fault = NULL;
	head->fault_value = (struct slice){NULL, 0};
	head->header_count = 0;
	enum http_head_parse result = http_head_read_lines(seen, limits, head, status);
	if (result == HTTP_HEAD_MORE && seen.len == limits->bytes) {
		/* Without a method the request line was too long, else the headers. */
		*status = head->method.len == 0 ? 414 : 431;
		return HTTP_HEAD_BAD;
	}
	if (result != HTTP_HEAD_DONE)
		return result;

	int wrong = http_head_check_headers(head);
	if (wrong != 0) {
		*status = wrong;
		return HTTP_HEAD_BAD;
	}
	return HTTP_HEAD_DONE;
}

int http_head_check(struct http_head *head)
{
	int status = http_head_check_method(head->method);

	if (status != 0)
		return head_fault(head, status, "method", head->method);
	http_head_cut_target(head);
	status = http_head_check_target(head->target, head->method);
	if (status != 0)
		return head_fault(head, status, "target", head->target);
	for (size_t i = 0; i < head->header_count; i++) {
		if (!http_head_header_is_good(&head->headers[i]))
			return head_fault(
				head, 400, "header line", head->headers[i].name);
	}
	return http_head_check_headers(head);
}

const struct slice *http_header(const struct http_head *head, struct slice name)
{
	for (size_t i = 0; i < head->header_count; i++) {
		if (slice_equal_nocase(head->headers[i].name, name))
			return &head->headers[i].value;
	}
	return NULL;
}

static bool http_head_list_has(struct slice list, struct slice token)
{
	while (list.len > 0) {
		size_t end = slice_find(list, ',');

		if (slice_equal_nocase(
			    slice_trim(slice_first(list, end), SLICE_BLANKS), token))
			return true;
		list = slice_from(list, end + 1);
	}
	return false;
}

bool http_header_has_token(
	const struct http_head *head, struct slice name, struct slice token)
{
	for (size_t i = 0; i < head->header_count; i++) {
		if (slice_equal_nocase(head->headers[i].name, name) &&
			http_head_list_has(head->headers[i].value, token))
			return true;
	}
	return false;
}

bool http_has_body(const struct http_head *head)
{
	const struct slice *length = http_header(head, SLICE("Content-Length"));

	return http_header(head, SLICE("Transfer-Encoding")) != NULL ||
	       (length != NULL && !slice_equal(*length, SLICE("0")));
}

uint64_t http_body_length(const struct http_head *head)
{
	const struct slice *length = http_header(head, SLICE("Content-Length"));
	uint64_t bytes = 0;

	if (length != NULL)
		number_read(*length, UINT64_MAX, &bytes);
	return bytes;
}

static struct slice http_head_unquote(struct slice value)
{
	if (value.len < 2 || !slice_starts_with(value, SLICE("\"")) ||
		!slice_ends_with(value, SLICE("\"")))
		return value;
	return (struct slice){value.data + 1, value.len - 2};
}

/* False when the line has no such cookie. */
static bool http_head_line_cookie(
	struct slice line, struct slice name, struct slice *value)
{
	while (line.len > 0) {
		size_t end = slice_find(line, ';');
		struct slice pair = slice_trim(slice_first(line, end), SLICE_BLANKS);
		size_t equals = slice_find(pair, '=');

		if (equals < pair.len && slice_equal(slice_first(pair, equals), name)) {
			*value = http_head_unquote(slice_from(pair, equals + 1));
			return true;
		}
		line = slice_from(line, end + 1);
	}
	return false;
}

struct slice http_cookie(const struct http_head *head, struct slice name)
{
	struct slice value = SLICE("");

	for (size_t i = 0; i < head->header_count; i++) {
		if (slice_equal_nocase(head->headers[i].name, SLICE("Cookie")) &&
			http_head_line_cookie(head->headers[i].value, name, &value))
			break;
	}
	return value;
}
