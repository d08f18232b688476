/*
 * The files that are served. Each request checks its file by one stat() (under 2 us
 * for a folder on a local disk), and reads it again if it has changed. So an edit
 * shows with the next request, as does a file that was added or removed.
 *
 * A path of a URL must be plain: no segment is empty or begins with a dot. So it
 * cannot lead upward, and hidden files are not served. A link is followed if it stays
 * within its folder. Only regular files are opened.
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
	bool is_own; /* from the folder in the configuration: the user's own */
};

/*
 * Makes the files that the configuration names, and the ones that iframes load below
 * /sockjs-client/. Holds the configuration. NULL after logging why.
 */
struct files *files_create(const struct config *config);

/* The console, below /console/; no files if it is not installed. */
struct files *files_create_console(void);

/*
 * Frees all kept files. Those that answers hold stay until the answers have left. NULL
 * is fine.
 */
void files_destroy(struct files *files);

/*
 * Serves the files of that configuration, and holds it. If it differs from the one
 * before, drops all kept files.
 */
void files_configure(struct files *files, const struct config *config);

/*
 * The file of a URL's path, or NULL. A "/" at the end stands for "/index.html". Valid
 * until the next call for these files; its content also as long as file_hold() holds
 * it.
 */
const struct file *files_find(struct files *files, struct slice path);

/*
 * Keeps the file's content, even if the file changes, until file_release() gets the
 * result. All answers with a file share its content.
 */
void *file_hold(const struct file *file);

/*
 * Ends file_hold(), which returned `file`; the last one frees the content. Also used
 * as libmicrohttpd's free callback.
 */
void file_release(void *file);

/* True for "/docs" where "/docs/" is a page. */
bool files_has_folder(struct files *files, struct slice path);

#endif
