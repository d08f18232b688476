#include "transports/pages.h"

#include "gateway/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool pages_find(char pages[PATH_MAX])
{
	/* From the binary's folder: in a build, and installed. */
	static const char *const places[] = {"www", "../share/postern/www"};
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
		int written = snprintf(pages, PATH_MAX, "%s/%s", self, places[i]);

		if (written < PATH_MAX && access(pages, R_OK | X_OK) == 0)
			return true;
	}
	log_warn("pages: those that come with the binary are not installed");
	return false;
}
