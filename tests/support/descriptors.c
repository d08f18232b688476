#include "tests/support/descriptors.h"

#include "tests/support/unit.h"

#include <dirent.h>

int descriptors_count(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = 0;

	ck_assert_ptr_nonnull(directory);
	while (readdir(directory) != NULL)
		count++;
	closedir(directory);
	return count;
}
