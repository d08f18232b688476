/*
 * The files that are served. Each is looked at when it is asked for, by one stat()
 * (under 2 us where the folder is on a local disk), and read again when it is not the
 * one that was read: an edit shows with the next request, and so does a file that has
 * come or gone.
 *
 * A path of a URL must be plain: no segment of it is empty or begins with a dot, so it
 * cannot lead upward, and hidden files are not served. A link is followed as long as
 * it stays within its folder. Only regular files are opened.
 */
#ifndef TRANSPORTS_HTTP_FILES_H
#define TRANSPORTS_HTTP_FILES_H

#include "protocol/slice.h"

struct config;
struct files;

struct file {
	const char *content_type;
	char etag[20]; /* quoted */
	struct slice content;
	bool is_own; /* of the folder that the configuration names: the user's own */
};

/*
 * Makes the files that the configuration names, which it holds, and what iframes load
 * below /sockjs-client/. NULL after logging why.
 */
struct files *files_create(const struct config *config);

/* The console, below /console/; no file at all where it is not installed. */
struct files *files_create_console(void);

/*
 * Frees what is kept of files. Those that answers hold stay until they have left. NULL
 * is fine.
 */
void files_destroy(struct files *files);

/*
 * Serves what that configuration names, which is held. When it is another one than
 * before, forgets all files.
 */
void files_configure(struct files *files, const struct config *config);

/*
 * The file that a URL's path names, "/" at its end standing for "/index.html", or NULL.
 * Valid until the next call for these files; its content also as long as file_hold()
 * holds it.
 */
const struct file *files_find(struct files *files, struct slice path);

/*
 * Keeps the file's content, also when the file changes, until file_release() gets the
 * result. All answers with a file share its content.
 */
void *file_hold(const struct file *file);

/*
 * Ends file_hold(), which gave `file`; the last one frees the content. For
 * libmicrohttpd's free callback, too.
 */
void file_release(void *file);

/* True for "/docs" where "/docs/" is a page. */
bool files_has_folder(struct files *files, struct slice path);

#endif
