#include "transports/http/file_place.h"

#include "gateway/base/log.h"
#include "protocol/url.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static size_t file_place_count_slashes(struct slice path)
{
	size_t count = 0;

	for (size_t i = 0; i < path.len; i++)
		count += path.data[i] == '/';
	return count;
}

static bool path_is_plain(struct slice path)
{
	for (size_t i = 0; i < path.len; i++) {
		const char byte = path.data[i];
		const char next = i + 1 < path.len ? path.data[i + 1] : '\0';

		if ((unsigned char)byte < ' ' || byte == 0x7f || byte == '\\' ||
			(byte == '/' && (next == '/' || next == '.')))
			return false;
	}
	return slice_starts_with(path, SLICE("/"));
}

bool file_path_read(struct slice path, struct buf *plain)
{
	return url_decode(plain, path, false) && path_is_plain(buf_slice(plain)) &&
	       file_place_count_slashes(buf_slice(plain)) ==
		       file_place_count_slashes(path);
}

const char *file_place_name(
	const struct file_place *place, struct slice path, struct buf *name)
{
	const struct slice own = slice_of(place->path);

	if (place->is_file ? !slice_equal(path, own) : !slice_starts_with(path, own))
		return NULL;
	name->len = 0;
	buf_append(name, slice_of(place->name));
	buf_append(name, slice_from(path, own.len));
	if (!place->is_file && slice_ends_with(path, SLICE("/")))
		buf_append(name, SLICE("index.html"));
	buf_append_char(name, '\0');
	return name->data;
}

/* The file's own name, with every link in it followed. False when it is unknown. */
static bool file_place_read_real_name(int fd, char real[PATH_MAX])
{
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t len = readlink(link, real, PATH_MAX);
	if (len <= 0 || len == PATH_MAX)
		return false;
	real[len] = '\0';
	return true;
}

/* True when no link has led out of the folder. */
static bool place_holds(const struct file_place *place, int fd)
{
	char folder[PATH_MAX], real[PATH_MAX];
	int root = open(place->name, O_PATH | O_CLOEXEC);
	bool known = root != -1 && file_place_read_real_name(root, folder);

	if (root != -1)
		close(root);
	if (!known || !file_place_read_real_name(fd, real))
		return false;
	struct slice rest = slice_from(slice_of(real), strlen(folder));
	return slice_starts_with(slice_of(real), slice_of(folder)) &&
	       (slice_starts_with(rest, SLICE("/")) ||
		       slice_equal(slice_of(folder), SLICE("/")));
}

/* True when the opened file may be served; else the reason is logged. */
static bool place_allows(const struct file_place *place, int fd, const char *name,
	const struct stat *about)
{
	if (!place->is_file && !place_holds(place, fd)) {
		log_warn("files: %s leads out of %s: not served", name, place->name);
		return false;
	}
	if (about->st_size > FILE_BYTES_MAX) {
		log_warn("files: %s has %lld bytes, more than %d: not served", name,
			(long long)about->st_size, FILE_BYTES_MAX);
		return false;
	}
	return true;
}

/*
 * First opens only the name (O_PATH), which has no effect on the file: to open a pipe
 * or a device has one.
 */
int file_place_open(
	const struct file_place *place, const char *name, struct stat *about)
{
	char link[64];
	int name_fd = open(name, O_PATH | O_CLOEXEC);
	int fd = -1;

	if (name_fd == -1)
		return -1;
	if (fstat(name_fd, about) == 0 && S_ISREG(about->st_mode) &&
		place_allows(place, name_fd, name, about)) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", name_fd);
		fd = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd == -1)
			log_warn("files: %s: %s", name, strerror(errno));
	}
	close(name_fd);
	return fd;
}
