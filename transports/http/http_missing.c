/*
 * 404 for a missing file. A browser that opens a page gets a page: 404.html of the
 * folder, or the one that is made here. Other clients get a line of text.
 */
#include "transports/http/http_answer.h"
#include "transports/http/http_internal.h"

#include "transports/http/files.h"

#include <strings.h>

enum { SHOWN_MAX = 80, DEPTH_MAX = 32 };

/* True when Accept names HTML, as every browser sends it to open a page. */
static bool http_request_wants_page(const struct http_request *request)
{
	struct slice list = http_request_header(request, "Accept");
	const struct slice html = SLICE("text/html");

	while (list.len > 0) {
		struct slice one = slice_first(list, slice_find(list, ','));
		struct slice type = slice_trim(
			slice_first(one, slice_find(one, ';')), SLICE_BLANKS);

		if (type.len == html.len &&
			strncasecmp(type.data, html.data, html.len) == 0)
			return true;
		list = slice_from(list, one.len + 1);
	}
	return false;
}

static void http_missing_append_escaped(struct buf *page, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		const char byte = text.data[i];

		if (byte == '<' || byte == '>' || byte == '&' || byte == '"')
			buf_printf(page, "&#%d;", byte);
		else
			buf_append_char(page, byte);
	}
}

/*
 * The front page, relative to the request's path: a proxy may serve us below another
 * path.
 */
static void http_missing_append_way_up(
	struct buf *page, const struct http_request *request)
{
	const struct slice path = request->route.path;
	int depth = 0;

	for (size_t i = 1; i < path.len; i++)
		depth += path.data[i] == '/';
	if (depth > DEPTH_MAX) {
		buf_append_char(page, '/');
		return;
	}
	buf_append(page, SLICE("./"));
	for (; depth > 0; depth--)
		buf_append(page, SLICE("../"));
}

static void http_missing_append_head(
	struct buf *page, const struct http_request *request, const struct file *front)
{
	buf_append(page, SLICE("<!DOCTYPE html>\n"
			       "<html lang=\"en\">\n"
			       "<head>\n"
			       "  <meta charset=\"utf-8\">\n"
			       "  <meta name=\"viewport\" "
			       "content=\"width=device-width, initial-scale=1\">\n"
			       "  <meta name=\"color-scheme\" content=\"light dark\">\n"
			       "  <title>Not found</title>\n"));
	if (front != NULL && !front->is_own) {
		buf_append(page, SLICE("  <link rel=\"stylesheet\" href=\""));
		http_missing_append_way_up(page, request);
		buf_append(page, SLICE("style.css\">\n"));
	}
	buf_append(page, SLICE("</head>\n"));
}

static void http_missing_append_page(
	struct buf *page, const struct http_request *request, const struct file *front)
{
	http_missing_append_head(page, request, front);
	buf_append(page, SLICE("<body class=\"front\">\n"
			       "<header>\n"
			       "  <h1>Not found</h1>\n"
			       "  <p class=\"lead\">There is nothing at <code>"));
	http_missing_append_escaped(page, slice_first(request->route.path, SHOWN_MAX));
	buf_append(page,
		request->route.path.len > SHOWN_MAX ? SLICE("&hellip;") : SLICE(""));
	buf_append(page, SLICE("</code>.</p>\n</header>\n"));
	if (front != NULL) {
		buf_append(page, SLICE("  <p><a href=\""));
		http_missing_append_way_up(page, request);
		buf_append(page, SLICE("\">Front page</a></p>\n"));
	}
	buf_append(page, SLICE("</body>\n</html>\n"));
}

static bool missing_answer_page(struct http_request *request)
{
	struct files *files = http_request_carrier(request)->files;
	const struct file *own = files_find(files, SLICE("/404.html"));
	struct buf page = {0};

	if (own != NULL)
		return http_answer_file(request, own, 404);
	http_missing_append_page(&page, request, files_find(files, SLICE("/")));

	bool good =
		http_answer(request, &(struct answer){.status = 404,
					     .content_type = "text/html; charset=UTF-8",
					     .body = buf_slice(&page),
					     .caching = CACHING_NEVER,
					     .policy = http_page_policy});
	buf_finish(&page);
	return good;
}

bool http_answer_missing(struct http_request *request)
{
	struct buf text = {0};

	if (http_request_is_admin(request) || !http_request_wants_page(request))
		return http_refuse_path(request, REFUSAL_NOT_FOUND);
	/* An ordinary refusal, but a person reads the answer. */
	http_refusal(request,
		&(struct refusal){.kind = REFUSAL_NOT_FOUND,
			.what = SLICE("path"),
			.value = request->route.path},
		&text);
	buf_finish(&text);
	return missing_answer_page(request);
}
