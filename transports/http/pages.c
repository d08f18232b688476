#include "transports/http/pages.h"

#include "gateway/base/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool pages_find(const char *folder, char pages[PATH_MAX])
{
	/* Relative to the binary's folder: in a build, and installed. */
	static const char *const places[] = {"", "../share/postern/"};
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len <= 0)
		return false;
	self[len] = '\0';
	char *name = strrchr(self, '/');
	if (name == NULL)
		return false;
	*name = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		int written =
			snprintf(pages, PATH_MAX, "%s/%s%s", self, places[i], folder);

		if (written < PATH_MAX && access(pages, R_OK | X_OK) == 0)
			return true;
	}
	log_warn("pages: the folder \"%s\" is not installed", folder);
	return false;
}
