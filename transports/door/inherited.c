#include "transports/door/inherited.h"

#include "gateway/base/notify.h"
#include "protocol/slice.h"

#include <stdlib.h>
#include <unistd.h>

enum { FIRST_FD = 3 };

static const char *const ours[] = {"http", "tcp", "admin"};
enum {
	OURS = sizeof(ours) / sizeof(*ours),
	BY_PLACE = 2, /* the first two; the admin listener only by its name */
};

/* The name at that place of "one:two:three"; empty when there is none. */
static struct slice inherited_name_at(struct slice names, size_t place)
{
	for (size_t i = 0; i < place; i++)
		names = slice_from(names, slice_find(names, ':') + 1);
	return slice_first(names, slice_find(names, ':'));
}

/* True when the socket at that place has the name `wanted`, or stands for it. */
static bool inherited_is_called(size_t place, struct slice wanted)
{
	const char *names = getenv("LISTEN_FDNAMES");
	struct slice name =
		inherited_name_at(slice_of(names == NULL ? "" : names), place);

	for (size_t i = 0; i < OURS; i++) {
		if (slice_equal(name, slice_of(ours[i])))
			return slice_equal(name, wanted);
	}
	return place < BY_PLACE && slice_equal(slice_of(ours[place]), wanted);
}

int inherited_find(const char *name)
{
	/* The sockets may be meant for the parent process. */
	if (notify_number("LISTEN_PID") != (uint64_t)getpid())
		return -1;
	for (size_t i = 0; i < notify_number("LISTEN_FDS"); i++) {
		if (inherited_is_called(i, slice_of(name)))
			return FIRST_FD + (int)i;
	}
	return -1;
}
