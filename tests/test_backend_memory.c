/* The backend that is built in owes the broker what every backend owes it. */
#include "tests/support/backend_suite.h"
#include "tests/support/still_crew.h"
#include "tests/support/unit.h"

static struct crew *start(const char *members)
{
	return still_crew_create(members);
}

static const struct backend_site site = {
	.name = "memory backend",
	.backend = &memory_backend,
	.start = start,
	.settle = still_crew_settle,
	.stop = still_crew_destroy,
};

int main(void)
{
	return unit_run(backend_suite(&site));
}
