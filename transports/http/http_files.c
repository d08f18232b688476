/*
 * Requests for files: a path below no endpoint may be the name of a file. Postern's
 * own pages have a policy that forbids foreign scripts; the user's pages have the
 * headers of `www_headers`.
 */
#include "transports/http/http_answer.h"
#include "transports/http/http_internal.h"

#include "protocol/host.h"
#include "transports/http/files.h"

/* Before CSP 3, 'self' does not cover WebSockets. */
const char http_page_policy[] =
	"default-src 'self'; connect-src 'self' ws: wss:; base-uri 'none'; "
	"frame-ancestors 'self'";

#define SOCKJS_CLIENTS SLICE("/sockjs-client/")

/* The files of a version never change: "/sockjs-client/1.6.1/sockjs.min.js". */
static enum caching caching_of(struct slice path)
{
	struct slice rest = slice_from(path, SOCKJS_CLIENTS.len);

	if (!slice_starts_with(path, SOCKJS_CLIENTS) ||
		!config_version(slice_first(rest, slice_find(rest, '/'))))
		return CACHING_CHECK;
	return CACHING_FOREVER;
}

/* True for a client on this machine that uses a loopback name. */
static bool http_request_is_local(const struct http_request *request)
{
	char address[ADDRESS_TEXT_MAX];
	struct slice name, port;

	return host_split(http_request_header(request, "Host"), &name, &port) &&
	       host_is_loopback(name) &&
	       host_is_loopback(address_write(&request->peer.address, address));
}

/*
 * Writes the console's URL for the link on the front page. False when this client
 * cannot reach the console, or when the kernel has chosen its port.
 */
static bool console_find(const struct http_request *request, struct buf *url)
{
	const struct config *config = http_request_config(request);
	const struct slice path = request->route.path;

	if (!slice_equal(path, SLICE("/")) && !slice_equal(path, SLICE("/index.html")))
		return false;
	if (config->admin_listen.len == 0 || !host_is_loopback(config->admin_host) ||
		slice_equal(config->admin_port, SLICE("0")) ||
		!http_request_is_local(request))
		return false;
	buf_printf(url, "http://%.*s/console/", SLICE_ARGS(config->admin_listen));
	buf_append_char(url, '\0');
	return true;
}

bool http_answer_file(
	struct http_request *request, const struct file *file, unsigned status)
{
	struct buf url = {0};
	struct http_header console = {SLICE_INIT("Postern-Console"), {0}};
	const struct page_headers front = {&console, 1};
	struct answer answer = {
		.status = status,
		.content_type = file->content_type,
		.body = file->content,
		.caching = caching_of(request->route.path),
		.etag = status == 200 ? file->etag : NULL,
		.nosniff = true,
	};

	if (file->is_own)
		answer.more = &http_request_config(request)->www_headers;
	else
		answer.policy = http_page_policy;
	if (!file->is_own && console_find(request, &url)) {
		console.value = slice_of(url.data);
		answer.more = &front;
	}
	if (status == 200 && etag_matches(request, file->etag)) {
		answer.status = 304;
		answer.content_type = NULL;
	} else {
		answer.held = file_hold(file);
		answer.release = file_release;
	}

	bool good = http_answer(request, &answer);
	buf_finish(&url);
	return good;
}

/*
 * Redirects to the folder's own URL, so that relative links of its index work. The
 * Location is relative too: a proxy may serve us below a path that we do not know.
 */
static bool http_answer_folder(struct http_request *request)
{
	struct slice name = request->route.path;
	const char *query = strchr(request->target, '?');
	struct buf location = {0};

	while (slice_find(name, '/') < name.len)
		name = slice_from(name, slice_find(name, '/') + 1);
	buf_printf(
		&location, "./%.*s/%s", SLICE_ARGS(name), query == NULL ? "" : query);
	buf_append_char(&location, '\0');

	bool good = http_answer(request, &(struct answer){.status = 302,
						 .location = location.data,
						 .caching = CACHING_CHECK});
	buf_finish(&location);
	return good;
}

/* The files of the listener that the request came to. */
static struct files *http_request_files(const struct http_request *request)
{
	const struct http *http = http_request_carrier(request);

	if (http_request_is_admin(request))
		return http->console;
	files_configure(http->files, http_request_config(request));
	return http->files;
}

bool http_serve_file(struct http_request *request)
{
	if (!http_request_reads(request))
		return http_refuse_method(request, "GET, HEAD");

	struct files *files = http_request_files(request);
	const struct file *file = files_find(files, request->route.path);

	if (file != NULL && request->upgrades)
		return http_refuse_path(request, REFUSAL_NO_WEBSOCKET);
	if (file != NULL)
		return http_answer_file(request, file, 200);
	if (files_has_folder(files, request->route.path))
		return http_answer_folder(request);
	return http_answer_missing(request);
}
