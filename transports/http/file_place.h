/*
 * A place that files come from: a folder, or one file, and what URLs call it. How a
 * path becomes the name of a file stands here, and what of the disk may be opened at
 * all.
 */
#ifndef TRANSPORTS_HTTP_FILE_PLACE_H
#define TRANSPORTS_HTTP_FILE_PLACE_H

#include "protocol/buf.h"

#include <sys/stat.h>

enum { FILE_BYTES_MAX = 64 << 20 }; /* pages, not downloads */

struct file_place {
	char *path; /* what URLs call it: "/docs/", or of one file its whole path */
	char *name; /* its folder, with a slash at the end, or that one file */
	bool is_file;
	bool is_own; /* as struct file has it (files.h) */
};

/*
 * Decodes the path of a URL into *plain, which must be empty. False when it cannot name
 * a file: a segment is empty (the last one may be) or begins with a dot, a slash is
 * encoded, a code is broken, or there is a backslash or a control character in it.
 */
bool file_path_read(struct slice path, struct buf *plain);

/*
 * Overwrites *name with the name of the file, and a NUL, that a plain path has in the
 * place; a path that ends with a slash gets the index. Returns name->data. NULL, with
 * *name as it was, when the path lies elsewhere.
 */
const char *file_place_name(
	const struct file_place *place, struct slice path, struct buf *name);

/*
 * The file of that name, open to be read, which the caller closes; *about is its
 * fstat(). -1 when it is not served. Why a file that is there is not served is logged:
 * a link leads out of the folder, it is too large, it cannot be read.
 */
int file_place_open(
	const struct file_place *place, const char *name, struct stat *about);

#endif
