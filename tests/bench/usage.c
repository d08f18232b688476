#include "tests/bench/usage.h"

#include "tests/bench/stream.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t read_clock(clockid_t clock)
{
	struct timespec time;

	if (clock_gettime(clock, &time) == -1)
		die("the server has gone");
	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

uint64_t now_us(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

static uint64_t read_memory(pid_t id)
{
	char path[64];
	unsigned long all, resident;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)id);
	FILE *file = fopen(path, "r");
	if (file == NULL || fscanf(file, "%lu %lu", &all, &resident) != 2)
		die("the server has gone");
	fclose(file);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static bool read_thread(pid_t process, struct thread_usage *thread)
{
	char path[64];
	uint64_t nanoseconds;
	bool done;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", (int)process,
		(int)thread->id);
	FILE *file = fopen(path, "r");
	if (file == NULL)
		return false;
	done = fscanf(file, "%" SCNu64, &nanoseconds) == 1;
	fclose(file);
	thread->cpu = done ? nanoseconds / 1000 : 0;
	return done;
}

static void read_threads(struct usage *usage, pid_t process)
{
	char path[64];
	struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)process);
	DIR *tasks = opendir(path);
	if (tasks == NULL)
		die("the server has gone");
	while ((entry = readdir(tasks)) != NULL && usage->thread_count < THREADS_MAX) {
		struct thread_usage thread = {
			.id = (pid_t)strtol(entry->d_name, NULL, 10),
		};

		if (thread.id > 0 && read_thread(process, &thread))
			usage->threads[usage->thread_count++] = thread;
	}
	closedir(tasks);
}

uint64_t usage_busiest(const struct usage *before, const struct usage *after)
{
	uint64_t most = 0;

	for (size_t i = 0; i < after->thread_count; i++) {
		uint64_t used = after->threads[i].cpu;

		for (size_t j = 0; j < before->thread_count; j++) {
			if (before->threads[j].id == after->threads[i].id)
				used -= before->threads[j].cpu;
		}
		most = used > most ? used : most;
	}
	return most;
}

struct usage usage_read(const struct processes *processes)
{
	struct usage usage = {0};

	for (size_t i = 0; i < processes->count; i++) {
		clockid_t clock; /* utime + stime, without rounding to ticks */

		if (clock_getcpuclockid(processes->ids[i], &clock) != 0)
			die("no process %d", (int)processes->ids[i]);
		usage.cpu += read_clock(clock);
		usage.memory += read_memory(processes->ids[i]);
		read_threads(&usage, processes->ids[i]);
	}
	return usage;
}
