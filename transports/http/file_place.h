/*
 * A source of files: a folder, or one file, and its URL. This file turns a path into
 * the name of a file, and decides which files on the disk may be opened at all.
 */
#ifndef TRANSPORTS_HTTP_FILE_PLACE_H
#define TRANSPORTS_HTTP_FILE_PLACE_H

#include "protocol/buf.h"

#include <sys/stat.h>

enum { FILE_BYTES_MAX = 64 << 20 }; /* pages, not downloads */

struct file_place {
	char *path; /* its URL: "/docs/", or the whole path of one file */
	char *name; /* its folder, with a slash at the end, or that one file */
	bool is_file;
	bool is_own; /* see struct file (files.h) */
};

/*
 * Decodes the path of a URL into *plain, which must be empty. False when it cannot name
 * a file: a segment is empty (the last one may be) or begins with a dot, a slash is
 * encoded, a code is broken, or there is a backslash or a control character in it.
 */
bool file_path_read(struct slice path, struct buf *plain);

/*
 * Overwrites *name with the file name of a plain path in this place, and a NUL; a path
 * that ends with a slash gets the index. Returns name->data. NULL, with *name
 * unchanged, when the path lies elsewhere.
 */
const char *file_place_name(
	const struct file_place *place, struct slice path, struct buf *name);

/*
 * Opens the file of that name for reading; the caller closes it. *about is its
 * fstat(). -1 when it is not served. If the file exists, the reason is logged: a link
 * leads out of the folder, the file is too large, or it cannot be read.
 */
int file_place_open(
	const struct file_place *place, const char *name, struct stat *about);

#endif
