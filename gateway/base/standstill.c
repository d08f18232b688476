#include "gateway/base/standstill.h"

#include "protocol/xmalloc.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
	LATE_MS = 500, /* a turn that is less late is an ordinary one */
	/*
	 * After it what peers have sent is read, over several turns if it is much, and
	 * may still go to another loop by a post.
	 */
	CATCH_UP_MS = 500,
	/*
	 * So much passes between two standstills that follow closely, whatever is lost:
	 * a loop that is late again and again has read what was there in each of its
	 * turns, and a peer that is gone must end some time.
	 */
	BETWEEN_MS = 250,
	CACHE_LINE = 64,
};

/* Its loop writes it in each turn, so no two of them share a cache line. */
struct standstill_loop {
	_Atomic uint64_t expected;
	uint64_t number; /* of the latest standstill in which it came late */
	char room[CACHE_LINE - sizeof(_Atomic uint64_t) - sizeof(uint64_t)];
};

struct standstill {
	pthread_mutex_t lock;  /* taken only when a loop is late */
	uint64_t counted;      /* until then; loops often stand still together */
	uint64_t number;       /* of the latest standstill, from 1 */
	uint64_t ended;        /* then a loop turned again */
	_Atomic uint64_t lost; /* written under the lock */
	unsigned count;
	struct standstill_loop loops[];
};

struct standstill *standstill_create(unsigned loops)
{
	struct standstill *standstill = xcalloc(
		1, sizeof(*standstill) + loops * sizeof(struct standstill_loop));

	pthread_mutex_init(&standstill->lock, NULL);
	standstill->count = loops;
	standstill->number = 1;
	for (unsigned i = 0; i < loops; i++)
		atomic_init(&standstill->loops[i].expected, UINT64_MAX);
	return standstill;
}

void standstill_destroy(struct standstill *standstill)
{
	if (standstill == NULL)
		return;
	pthread_mutex_destroy(&standstill->lock);
	free(standstill);
}

void standstill_expect(struct standstill *standstill, unsigned loop, uint64_t at)
{
	atomic_store_explicit(
		&standstill->loops[loop].expected, at, memory_order_release);
}

static bool standstill_is_late(
	struct standstill *standstill, unsigned loop, uint64_t now, uint64_t *since)
{
	*since = atomic_load_explicit(
		&standstill->loops[loop].expected, memory_order_acquire);
	return now >= LATE_MS && *since <= now - LATE_MS;
}

/* Counts the time from `since` to `until`, except what was counted before. */
static void standstill_count(
	struct standstill *standstill, uint64_t since, uint64_t until)
{
	if (since < standstill->counted)
		since = standstill->counted;
	if (since < until) {
		atomic_fetch_add(&standstill->lost, until - since);
		standstill->counted = until;
	}
}

/*
 * Loops that stand still together come late once each. A loop that does so for the
 * second time does it in another standstill.
 */
static void standstill_end(struct standstill *standstill, unsigned loop, uint64_t since)
{
	if (standstill->loops[loop].number == standstill->number) {
		standstill->number++;
		if (since < standstill->ended + CATCH_UP_MS + BETWEEN_MS)
			standstill->counted += BETWEEN_MS;
	}
	standstill->loops[loop].number = standstill->number;
}

bool standstill_turn(struct standstill *standstill, unsigned loop, uint64_t now)
{
	uint64_t since;

	if (!standstill_is_late(standstill, loop, now, &since))
		return false;
	pthread_mutex_lock(&standstill->lock);
	standstill_end(standstill, loop, since);
	standstill->ended = now;
	standstill_count(standstill, since, now + CATCH_UP_MS);
	pthread_mutex_unlock(&standstill->lock);
	/* Who finds it in time again also finds the time that it has lost. */
	standstill_expect(standstill, loop, now);
	return true;
}

void standstill_look(struct standstill *standstill, uint64_t now)
{
	uint64_t since;

	for (unsigned i = 0; i < standstill->count; i++) {
		if (!standstill_is_late(standstill, i, now, &since))
			continue;
		pthread_mutex_lock(&standstill->lock);
		standstill_count(standstill, since, now);
		pthread_mutex_unlock(&standstill->lock);
	}
}

uint64_t standstill_lost(const struct standstill *standstill)
{
	return atomic_load_explicit(&standstill->lost, memory_order_acquire);
}
