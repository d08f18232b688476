#include "gateway/base/footprint.h"

#include "protocol/number.h"

#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

uint64_t footprint_used(void)
{
	FILE *statm = fopen("/proc/self/statm", "re");
	unsigned long long resident = 0;

	if (statm == NULL)
		return 0;
	if (fscanf(statm, "%*u %llu", &resident) != 1)
		resident = 0;
	fclose(statm);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The number in that file, if there is one and it is less than *limit. */
static void footprint_lower_to(uint64_t *limit, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[32] = "";
	uint64_t number;

	if (file == NULL)
		return;
	/* "max" is not a number: such a group has no limit. */
	if (fgets(line, sizeof(line), file) != NULL &&
		number_read((struct slice){line, strcspn(line, "\n")}, *limit, &number))
		*limit = number;
	fclose(file);
}

/* A line of /proc/self/cgroup: "0::PATH" (version 2), "4:memory:PATH" (version 1). */
static void footprint_lower_to_group(uint64_t *limit, char *line)
{
	const char *controllers = strchr(line, ':');
	char *path = controllers == NULL ? NULL : strchr(controllers + 1, ':');
	char file[2 * PATH_MAX];

	if (path == NULL)
		return;
	*path++ = '\0';
	path[strcspn(path, "\n")] = '\0';
	if (controllers[1] == '\0')
		snprintf(file, sizeof(file), "/sys/fs/cgroup%s/memory.max", path);
	else if (strstr(controllers, "memory") != NULL)
		snprintf(file, sizeof(file),
			"/sys/fs/cgroup/memory%s/memory.limit_in_bytes", path);
	else
		return;
	footprint_lower_to(limit, file);
}

uint64_t footprint_limit(void)
{
	uint64_t limit =
		(uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	FILE *groups = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX];

	/*
	 * In a container the path may be the host's: the container's group is then the
	 * root.
	 */
	footprint_lower_to(&limit, "/sys/fs/cgroup/memory.max");
	footprint_lower_to(&limit, "/sys/fs/cgroup/memory/memory.limit_in_bytes");
	if (groups == NULL)
		return limit;
	while (fgets(line, sizeof(line), groups) != NULL)
		footprint_lower_to_group(&limit, line);
	fclose(groups);
	return limit;
}

void footprint_trim(void)
{
	malloc_trim(0);
}
