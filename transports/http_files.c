/*
 * The pages: every file below the www directory, read once at the start. A
 * request names one of them exactly or it does not; no path is ever put together
 * from what a peer says.
 *
 * Whatever pages there are, iframes find the loader and the versions of
 * sockjs-client below /sockjs-client/. What is read first stays: the files that the
 * configuration names, its directory, what comes with the binary.
 */
#include "transports/http_internal.h"

#include "gateway/log.h"
#include "gateway/table.h"
#include "protocol/hash.h"
#include "protocol/xmalloc.h"
#include "transports/pages.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	DEPTH_MAX = 16,
	BYTES_MAX = 64 << 20, /* of all files together: pages, not downloads */
};

struct file {
	struct table_node node; /* its key points to `path` */
	char *path;             /* "/chat.html"; a directory's index is at "/" too */
	const char *content_type;
	enum caching caching;
	char etag[20];
	struct buf content;
};

struct files {
	struct table by_path;
	size_t bytes;
};

/* In engines of the years before CSP 3, 'self' does not cover WebSockets. */
static const char page_policy[] =
	"default-src 'self'; connect-src 'self' ws: wss:; base-uri 'none'; "
	"frame-ancestors 'self'";

#define SOCKJS_CLIENTS SLICE("/sockjs-client/")

static const struct hash_key etag_key = {0x504f535445524e21, 0x66696c6573};

static const char *content_type_of(struct slice path)
{
	static const struct {
		struct slice ending;
		const char *type;
	} types[] = {
		{SLICE_INIT(".html"), "text/html; charset=UTF-8"},
		{SLICE_INIT(".js"), "text/javascript; charset=UTF-8"},
		{SLICE_INIT(".mjs"), "text/javascript; charset=UTF-8"},
		{SLICE_INIT(".css"), "text/css; charset=UTF-8"},
		{SLICE_INIT(".json"), "application/json; charset=UTF-8"},
		{SLICE_INIT(".map"), "application/json; charset=UTF-8"},
		{SLICE_INIT(".md"), "text/plain; charset=UTF-8"},
		{SLICE_INIT(".txt"), "text/plain; charset=UTF-8"},
		{SLICE_INIT(".svg"), "image/svg+xml"},
		{SLICE_INIT(".png"), "image/png"},
		{SLICE_INIT(".ico"), "image/x-icon"},
		{SLICE_INIT(".woff2"), "font/woff2"},
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (slice_ends_with(path, types[i].ending))
			return types[i].type;
	}
	return "application/octet-stream";
}

/* A version never changes: "/sockjs-client/1.6.1/sockjs.min.js". */
static enum caching caching_of(struct slice path)
{
	struct slice rest = slice_from(path, SOCKJS_CLIENTS.len);

	if (!slice_starts_with(path, SOCKJS_CLIENTS) ||
		!config_version(slice_first(rest, slice_find(rest, '/'))))
		return CACHING_CHECK;
	return CACHING_FOREVER;
}

static void files_insert(
	struct files *files, const char *path, const char *type, struct slice content)
{
	if (table_find(&files->by_path, slice_of(path)) != NULL)
		return;

	struct file *file = xcalloc(1, sizeof(*file));

	file->path = xstrdup(slice_of(path));
	file->content_type = type;
	file->caching = caching_of(slice_of(path));
	buf_append(&file->content, content);
	snprintf(file->etag, sizeof(file->etag), "\"%016llx\"",
		(unsigned long long)hash_slice(&etag_key, content));
	table_insert(&files->by_path, &file->node, slice_of(file->path));
}

static int files_read(struct files *files, const char *path, int fd, size_t size)
{
	const char *type = content_type_of(slice_of(path));
	struct buf content = {0};
	int result = -1;

	files->bytes += size;
	if (files->bytes > BYTES_MAX) {
		log_error("files: more than %d bytes in all at %s", BYTES_MAX, path);
		goto out;
	}
	buf_reserve(&content, size + 1);
	while (content.len < size) {
		ssize_t got = read(fd, content.data + content.len, size - content.len);

		if (got <= 0) {
			log_error("files: cannot read %s: %s", path, strerror(errno));
			goto out;
		}
		content.len += (size_t)got;
	}
	files_insert(files, path, type, buf_slice(&content));
	if (slice_ends_with(slice_of(path), SLICE("/index.html"))) {
		char *shorter = xstrdup(slice_first(
			slice_of(path), strlen(path) - strlen("index.html")));

		files_insert(files, shorter, type, buf_slice(&content));
		free(shorter);
	}
	result = 0;
out:
	buf_finish(&content);
	return result;
}

/* Takes the descriptor over. `path` is what URLs call the directory. */
static int files_walk(struct files *files, int directory, const char *path, int depth)
{
	DIR *stream = fdopendir(directory);
	const struct dirent *entry;
	int result = 0;

	if (stream == NULL || depth > DEPTH_MAX) {
		log_error("files: cannot look into %s", path);
		if (stream != NULL)
			closedir(stream);
		else
			close(directory);
		return -1;
	}
	while (result == 0 && (entry = readdir(stream)) != NULL) {
		struct buf name = {0};
		struct stat about;

		if (entry->d_name[0] == '.')
			continue;
		int fd = openat(dirfd(stream), entry->d_name,
			O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd == -1 || fstat(fd, &about) == -1) {
			log_error("files: %s%s: %s", path, entry->d_name,
				strerror(errno));
			result = -1;
		} else if (S_ISDIR(about.st_mode)) {
			buf_printf(&name, "%s%s/", path, entry->d_name);
			buf_append_char(&name, '\0');
			result = files_walk(files, fd, name.data, depth + 1);
			fd = -1;
		} else if (S_ISREG(about.st_mode)) {
			buf_printf(&name, "%s%s", path, entry->d_name);
			buf_append_char(&name, '\0');
			result =
				files_read(files, name.data, fd, (size_t)about.st_size);
		}
		if (fd != -1)
			close(fd);
		buf_finish(&name);
	}
	closedir(stream);
	return result;
}

/* `path` is what URLs call the directory, "/" or "/name/". */
static int files_add_directory(struct files *files, const char *name, const char *path)
{
	int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1) {
		log_error("files: %s: %s", name, strerror(errno));
		return -1;
	}
	return files_walk(files, fd, path, 0);
}

static int files_add_pages(struct files *files, struct slice folder)
{
	if (folder.len == 0)
		return 0;

	char *name = xstrdup(folder);
	int result = files_add_directory(files, name, "/");

	if (result == 0)
		log_info("files: %zu pages from %s", files->by_path.count, name);
	free(name);
	return result;
}

/* The loader, and the versions of sockjs-client that come with the binary. */
static int files_add_bundled(struct files *files, struct slice bundled)
{
	struct buf name = {0};

	if (bundled.len == 0)
		return 0;
	buf_append(&name, bundled);
	buf_append(&name, SLICE("/sockjs-client"));
	buf_append_char(&name, '\0');

	int result = files_add_directory(files, name.data, "/sockjs-client/");
	buf_finish(&name);
	return result;
}

static int files_add_client(struct files *files, const struct sockjs_client *client)
{
	struct buf path = {0};
	struct stat about;
	char *name = xstrdup(client->file);
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	int result = -1;

	buf_append(&path, SOCKJS_CLIENTS);
	buf_append(&path, client->version);
	buf_append(&path, SLICE("/sockjs.min.js"));
	buf_append_char(&path, '\0');
	if (fd == -1 || fstat(fd, &about) == -1)
		log_error("files: %s: %s", name, strerror(errno));
	else
		result = files_read(files, path.data, fd, (size_t)about.st_size);
	if (fd != -1)
		close(fd);
	free(name);
	buf_finish(&path);
	return result;
}

struct files *files_create(const struct config *config)
{
	struct files *files = xcalloc(1, sizeof(*files));
	char pages[PATH_MAX];
	struct slice bundled = pages_find("www", pages) ? slice_of(pages) : SLICE("");
	int result = 0;

	table_init(&files->by_path, &etag_key);
	for (size_t i = 0; result == 0 && i < config->sockjs_client_count; i++)
		result = files_add_client(files, &config->sockjs_clients[i]);
	if (result == -1 ||
		files_add_pages(files, config->www_bundled ? bundled : config->www) ==
			-1 ||
		files_add_bundled(files, bundled) == -1) {
		files_destroy(files);
		return NULL;
	}
	return files;
}

struct files *files_create_console(void)
{
	struct files *files = xcalloc(1, sizeof(*files));
	char pages[PATH_MAX];

	table_init(&files->by_path, &etag_key);
	if (pages_find("console", pages) &&
		files_add_directory(files, pages, "/console/") == -1) {
		files_destroy(files);
		return NULL;
	}
	return files;
}

void files_destroy(struct files *files)
{
	struct table_node *node;

	if (files == NULL)
		return;
	while ((node = table_any(&files->by_path)) != NULL) {
		struct file *file = container_of(node, struct file, node);

		table_remove(&files->by_path, node);
		buf_finish(&file->content);
		free(file->path);
		free(file);
	}
	table_finish(&files->by_path);
	free(files);
}

bool http_serve_file(struct http_request *request)
{
	const struct http *http = request_http(request);
	const struct files *files =
		request_is_admin(request) ? http->console : http->files;
	struct table_node *node = table_find(&files->by_path, request->route.path);

	if (!request_is(request, "GET") && !request_is(request, "HEAD"))
		return http_answer_method(request, "GET, HEAD");
	if (node == NULL)
		return http_answer_text(request, 404, SLICE("Not found\n"));
	if (request->upgrades)
		return http_answer_upgrade(request);

	const struct file *file = container_of(node, struct file, node);
	struct answer answer = {
		.status = 200,
		.content_type = file->content_type,
		.body = buf_slice(&file->content),
		.caching = file->caching,
		.etag = file->etag,
		.policy = page_policy,
	};
	if (etag_matches(request, file->etag)) {
		answer.status = 304;
		answer.content_type = NULL;
	}
	return http_answer(request, &answer);
}
