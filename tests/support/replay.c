/*
 * Feeds files to a fuzz target without libFuzzer, so that the ordinary tests replay
 * the corpus: replay FILE-OR-DIRECTORY... It fails when there was no file, since such
 * a test would test nothing.
 */
#include "protocol/buf.h"
#include "tests/support/fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static bool read_file(struct buf *content, const char *path)
{
	enum { STEP = 65536 };
	FILE *file = fopen(path, "rb");

	if (file == NULL)
		return false;
	for (;;) {
		size_t count = fread(buf_reserve(content, STEP), 1, STEP, file);

		if (count == 0)
			break;
		content->len += count;
	}
	bool complete = ferror(file) == 0;
	fclose(file);
	return complete;
}

/* Feeds one file, from memory of exactly its size. Returns 0 or -1. */
static int replay_file(const char *path)
{
	struct buf content = {0};
	int result = -1;

	if (read_file(&content, path)) {
		uint8_t *exact = malloc(content.len > 0 ? content.len : 1);

		assert(exact != NULL);
		if (content.len > 0)
			memcpy(exact, content.data, content.len);
		LLVMFuzzerTestOneInput(exact, content.len);
		free(exact);
		result = 0;
	} else {
		fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
	}
	buf_finish(&content);
	return result;
}

/* Feeds every file that lies directly in the directory. Returns how many, or -1. */
static int replay_directory(DIR *directory, const char *path)
{
	const struct dirent *entry;
	int fed = 0;

	while ((entry = readdir(directory)) != NULL) {
		struct buf name = {0};
		int result = 0;

		if (entry->d_name[0] == '.')
			continue;
		buf_printf(&name, "%s/%s%c", path, entry->d_name, '\0');
		result = replay_file(name.data);
		buf_finish(&name);
		if (result == -1)
			return -1;
		fed++;
	}
	return fed;
}

static int replay(const char *path)
{
	DIR *directory = opendir(path);

	if (directory == NULL)
		return replay_file(path) == 0 ? 1 : -1;
	int fed = replay_directory(directory, path);
	closedir(directory);
	return fed;
}

int main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		int fed = replay(argv[i]);

		if (fed == -1)
			return EXIT_FAILURE;
		total += fed;
	}
	if (total == 0) {
		fprintf(stderr, "replay: no files\n");
		return EXIT_FAILURE;
	}
	printf("replay: %d files\n", total);
	return EXIT_SUCCESS;
}
