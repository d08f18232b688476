#include "transports/http/files.h"

#include "gateway/base/list.h"
#include "gateway/base/log.h"
#include "gateway/base/table.h"
#include "gateway/config/config.h"
#include "protocol/hash.h"
#include "protocol/xmalloc.h"
#include "transports/http/content_type.h"
#include "transports/http/file_place.h"
#include "transports/http/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	BYTES_MAX = FILE_BYTES_MAX, /* of all kept files */
	READS_MAX = 3,              /* of a file that changes during the read */

	/*
	 * A change within the same tick of the file system's clock is invisible, so a
	 * file that has changed just now is read each time.
	 */
	FRESH_S = 2,
};

/* A file in memory. */
struct page {
	struct table_node node; /* its key points to `name` */
	struct list use;        /* in files->by_use */
	char *name;
	unsigned holders; /* `files` and answers under way */
	struct stat about;
	bool is_fresh; /* changed shortly before it was read */
	struct buf content;
	struct file file;
};

struct files {
	const struct config *config; /* held; NULL: the console's files */
	struct file_place *places;   /* the first that has a file serves it */
	size_t place_count;
	struct table by_name;
	struct list by_use;    /* the least recently used first */
	size_t bytes;          /* of all contents together */
	struct buf path, name; /* scratch */
};

static const struct hash_key etag_key = {0x504f535445524e21, 0x66696c6573};

/* Pages. */

static void page_unref(struct page *page)
{
	if (--page->holders > 0)
		return;
	buf_finish(&page->content);
	free(page->name);
	free(page);
}

void *file_hold(const struct file *file)
{
	struct page *page = container_of((void *)(uintptr_t)file, struct page, file);

	page->holders++;
	return &page->file;
}

void file_release(void *file)
{
	page_unref(container_of(file, struct page, file));
}

static void files_drop(struct files *files, struct page *page)
{
	table_remove(&files->by_name, &page->node);
	list_remove(&page->use);
	files->bytes -= page->content.len;
	page_unref(page);
}

static bool stat_is_same(const struct stat *one, const struct stat *other)
{
	return one->st_ino == other->st_ino && one->st_dev == other->st_dev &&
	       one->st_size == other->st_size &&
	       one->st_mtim.tv_sec == other->st_mtim.tv_sec &&
	       one->st_mtim.tv_nsec == other->st_mtim.tv_nsec &&
	       one->st_ctim.tv_sec == other->st_ctim.tv_sec &&
	       one->st_ctim.tv_nsec == other->st_ctim.tv_nsec;
}

static bool stat_is_fresh(const struct stat *about)
{
	const time_t now = time(NULL);

	return about->st_mtim.tv_sec + FRESH_S > now ||
	       about->st_ctim.tv_sec + FRESH_S > now;
}

/* Reads the whole file, or the rest when another process shortens it. */
static int page_read_once(struct page *page, int fd)
{
	size_t size = (size_t)page->about.st_size;
	ssize_t got;

	page->content.len = 0;
	buf_reserve(&page->content, size + 1);
	while (page->content.len < size) {
		got = pread(fd, page->content.data + page->content.len,
			size - page->content.len, (off_t)page->content.len);
		if (got == -1)
			return -1;
		if (got == 0)
			break;
		page->content.len += (size_t)got;
	}
	return 0;
}

/*
 * Reads again, a few times, while another process writes the file. The last reading
 * counts; the file is fresh then, so the next request reads it again.
 */
static int page_read(struct page *page, int fd)
{
	struct stat after;

	for (int i = 0; i < READS_MAX; i++) {
		if (page_read_once(page, fd) == -1 || fstat(fd, &after) == -1)
			return -1;
		if (stat_is_same(&page->about, &after) ||
			after.st_size > FILE_BYTES_MAX)
			break;
		page->about = after;
	}
	page->is_fresh = stat_is_fresh(&page->about);
	return 0;
}

/* Keeps the page. The least recently used pages make room. */
static void files_add(
	struct files *files, const struct file_place *place, struct page *page)
{
	const struct slice content = buf_slice(&page->content);

	while (files->bytes + content.len > BYTES_MAX) /* a page never has more */
		files_drop(files, container_of(files->by_use.next, struct page, use));
	files->bytes += content.len;
	list_append(&files->by_use, &page->use);
	table_insert(&files->by_name, &page->node, slice_of(page->name));
	page->file.content_type = content_type_of(slice_of(page->name));
	page->file.content = content;
	page->file.is_own = place->is_own;
	snprintf(page->file.etag, sizeof(page->file.etag), "\"%016llx\"",
		(unsigned long long)hash_slice(&etag_key, content));
}

static struct page *files_read(
	struct files *files, const struct file_place *place, const char *name)
{
	struct stat about;
	int fd = file_place_open(place, name, &about);

	if (fd == -1)
		return NULL;

	struct page *page = xcalloc(1, sizeof(*page));
	page->about = about;
	page->holders = 1;
	page->name = xstrdup(slice_of(name));
	if (page_read(page, fd) == 0) {
		files_add(files, place, page);
	} else {
		log_warn("files: cannot read %s: %s", name, strerror(errno));
		page_unref(page);
		page = NULL;
	}
	close(fd);
	return page;
}

/* Finding. */

/* The present file of that name, from memory or from the disk; or NULL. */
static struct page *files_look(
	struct files *files, const struct file_place *place, const char *name)
{
	struct table_node *node = table_find(&files->by_name, slice_of(name));
	struct page *page = node == NULL ? NULL : container_of(node, struct page, node);
	struct stat about;
	bool exists = stat(name, &about) == 0 && S_ISREG(about.st_mode);

	if (page != NULL && exists && !page->is_fresh &&
		stat_is_same(&page->about, &about)) {
		list_remove(&page->use);
		list_append(&files->by_use, &page->use);
		return page;
	}
	if (page != NULL)
		files_drop(files, page);
	return exists ? files_read(files, place, name) : NULL;
}

const struct file *files_find(struct files *files, struct slice path)
{
	files->path.len = 0;
	if (!file_path_read(path, &files->path))
		return NULL;
	for (size_t i = 0; i < files->place_count; i++) {
		const struct file_place *place = &files->places[i];
		const char *name =
			file_place_name(place, buf_slice(&files->path), &files->name);
		const struct page *page =
			name == NULL ? NULL : files_look(files, place, name);

		if (page != NULL)
			return &page->file;
	}
	return NULL;
}

bool files_has_folder(struct files *files, struct slice path)
{
	struct buf longer = {0};

	buf_append(&longer, path);
	buf_append_char(&longer, '/');
	bool has = files_find(files, buf_slice(&longer)) != NULL;
	buf_finish(&longer);
	return has;
}

/* Places. */

static struct file_place *files_add_place(
	struct files *files, struct slice path, struct slice name, bool is_file)
{
	struct buf whole = {0};

	files->places = xrealloc(
		files->places, (files->place_count + 1) * sizeof(*files->places));
	buf_append(&whole, name);
	if (!is_file && !slice_ends_with(name, SLICE("/")))
		buf_append_char(&whole, '/');
	struct file_place *place = &files->places[files->place_count++];
	*place = (struct file_place){
		xstrdup(path), xstrdup(buf_slice(&whole)), is_file, false};
	buf_finish(&whole);
	return place;
}

static void files_add_client(struct files *files, const struct sockjs_client *client)
{
	struct buf path = {0};

	buf_printf(&path, "/sockjs-client/%.*s/sockjs.min.js",
		SLICE_ARGS(client->version));
	files_add_place(files, buf_slice(&path), client->file, true);
	buf_finish(&path);
}

/* The loader, and the versions of sockjs-client that come with the binary. */
static void files_add_clients(struct files *files, struct slice bundled)
{
	struct buf folder = {0};

	buf_append(&folder, bundled);
	buf_append(&folder, SLICE("/sockjs-client/"));
	files_add_place(files, SLICE("/sockjs-client/"), buf_slice(&folder), false);
	buf_finish(&folder);
}

/* -1, and logged, when the folder does not exist. */
static int files_check_folder(const char *name)
{
	int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1) {
		log_error("files: %s: %s", name, strerror(errno));
		return -1;
	}
	close(fd);
	return 0;
}

static int files_add_pages(
	struct files *files, const struct config *config, struct slice bundled)
{
	struct slice folder = config->www_bundled ? bundled : config->www;

	if (folder.len == 0)
		return 0;

	struct file_place *place = files_add_place(files, SLICE("/"), folder, false);
	place->is_own = !config->www_bundled;
	return files_check_folder(place->name);
}

/* -1, and logged, when the folder of the pages is not there. */
static int files_add_places(struct files *files, const struct config *config)
{
	char pages[PATH_MAX];
	struct slice bundled = pages_find("www", pages) ? slice_of(pages) : SLICE("");

	for (size_t i = 0; i < config->sockjs_client_count; i++)
		files_add_client(files, &config->sockjs_clients[i]);
	int result = files_add_pages(files, config, bundled);
	if (bundled.len > 0)
		files_add_clients(files, bundled);
	files->config = config_ref(config);
	return result;
}

static void files_forget(struct files *files)
{
	struct table_node *node;

	while ((node = table_any(&files->by_name)) != NULL)
		files_drop(files, container_of(node, struct page, node));
	for (size_t i = 0; i < files->place_count; i++) {
		free(files->places[i].path);
		free(files->places[i].name);
	}
	free(files->places);
	files->places = NULL;
	files->place_count = 0;
	config_unref(files->config);
	files->config = NULL;
}

static struct files *files_create_empty(void)
{
	struct files *files = xcalloc(1, sizeof(*files));

	table_init(&files->by_name, &etag_key);
	list_init(&files->by_use);
	return files;
}

struct files *files_create(const struct config *config)
{
	struct files *files = files_create_empty();

	if (files_add_places(files, config) == 0)
		return files;
	files_destroy(files);
	return NULL;
}

struct files *files_create_console(void)
{
	struct files *files = files_create_empty();
	char pages[PATH_MAX];

	if (pages_find("console", pages))
		files_add_place(files, SLICE("/console/"), slice_of(pages), false);
	return files;
}

void files_destroy(struct files *files)
{
	if (files == NULL)
		return;
	files_forget(files);
	table_finish(&files->by_name);
	buf_finish(&files->path);
	buf_finish(&files->name);
	free(files);
}

void files_configure(struct files *files, const struct config *config)
{
	if (files->config == config)
		return;
	files_forget(files);
	files_add_places(files, config);
}
