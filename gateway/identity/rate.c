#include "gateway/identity/rate.h"

enum { NS_PER_MS = 1000000 };

/* Between two messages. */
static int64_t rate_interval(const struct rate *rate)
{
	return (int64_t)(rate->per * NS_PER_MS / rate->messages);
}

/*
 * The time that the next message gets: after a pause, that of the first of a burst. The
 * clock may have begun only just before, so 0 is no time: the bucket is full.
 */
static int64_t rate_slot(int64_t next, const struct rate *rate, int64_t now)
{
	const int64_t earliest =
		now - (int64_t)(rate_burst(rate) - 1) * rate_interval(rate);

	return next != 0 && next > earliest ? next : earliest;
}

static uint64_t rate_ask(struct rate_bucket *bucket, const struct rate *rate,
	uint64_t milliseconds, bool may_wait)
{
	const int64_t now = (int64_t)milliseconds * NS_PER_MS;
	int64_t next = atomic_load_explicit(&bucket->next, memory_order_relaxed);

	for (;;) {
		const int64_t slot = rate_slot(next, rate, now);
		const uint64_t wait =
			slot > now ? (uint64_t)(slot - now) / NS_PER_MS : 0;

		if (wait > 0 && !may_wait)
			return wait;
		if (atomic_compare_exchange_weak_explicit(&bucket->next, &next,
			    slot + rate_interval(rate), memory_order_relaxed,
			    memory_order_relaxed))
			return wait;
	}
}

uint64_t rate_take(struct rate_bucket *bucket, const struct rate *rate, uint64_t now)
{
	return rate_ask(bucket, rate, now, true);
}

uint64_t rate_try(struct rate_bucket *bucket, const struct rate *rate, uint64_t now)
{
	return rate_ask(bucket, rate, now, false);
}

void rate_give(struct rate_bucket *bucket, const struct rate *rate)
{
	atomic_fetch_sub_explicit(
		&bucket->next, rate_interval(rate), memory_order_relaxed);
}
