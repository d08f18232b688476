#include "gateway/base/backoff.h"

#include <assert.h>

static uint64_t backoff_doubled(const struct backoff *backoff)
{
	if (backoff->last == 0)
		return backoff->least;
	return backoff->last > backoff->most / 2 ? backoff->most : backoff->last * 2;
}

uint64_t backoff_next(struct backoff *backoff, uint64_t random)
{
	assert(backoff->least > 0 && backoff->least <= backoff->most);
	backoff->last = backoff_doubled(backoff);

	uint64_t quarter = backoff->last / 4;
	return backoff->last - quarter + random % (2 * quarter + 1);
}
