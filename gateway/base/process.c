#include "gateway/base/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static bool process_read_file(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return false;
	size_t len = fread(text, 1, size - 1, file);
	fclose(file);
	text[len] = '\0';
	return len > 0;
}

/* Seconds since 1970 at which the machine was started; 0 when unknown. */
static uint64_t process_boot_time(void)
{
	char line[256];
	unsigned long long seconds = 0;
	FILE *file = fopen("/proc/stat", "re");

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "btime %llu", &seconds) == 1)
			break;
	}
	if (file != NULL)
		fclose(file);
	return seconds;
}

/* The open directory has a descriptor itself, which is not counted. */
static uint64_t process_count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	uint64_t count = 0;

	if (folder == NULL)
		return 0;
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count - 1;
}

bool process_read(struct process *process)
{
	const uint64_t ticks = (uint64_t)sysconf(_SC_CLK_TCK);
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	unsigned long long user, kernel, threads, start, virtual_bytes, resident;
	struct rlimit limit = {0};
	char text[1024];

	if (!process_read_file("/proc/self/stat", text, sizeof(text)))
		return false;
	/* The name, in parentheses, may contain any character. See proc(5). */
	const char *behind = strrchr(text, ')');
	if (behind == NULL ||
		sscanf(behind,
			") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d "
			"%*d %*d %*d %llu %*d %llu %llu %llu",
			&user, &kernel, &threads, &start, &virtual_bytes,
			&resident) != 6)
		return false;
	getrlimit(RLIMIT_NOFILE, &limit);
	*process = (struct process){
		.cpu_ms = (user + kernel) * 1000 / ticks,
		.start_ms = process_boot_time() * 1000 + start * 1000 / ticks,
		.virtual_bytes = virtual_bytes,
		.resident_bytes = resident * page,
		.threads = threads,
		.open_fds = process_count_descriptors(),
		.max_fds = limit.rlim_cur,
	};
	return true;
}

void process_open_standard(void)
{
	int fd;

	/* open() returns the lowest number that is free. */
	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd != -1 && fd <= STDERR_FILENO);
	if (fd != -1)
		close(fd);
}
