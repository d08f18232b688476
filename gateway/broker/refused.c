/*
 * SUBSCRIBEs that were refused while their session continued. A name may have 8 KiB,
 * and nothing but its UNSUBSCRIBE ever needs it, so only its hash is kept, the oldest
 * first.
 */
#include "gateway/broker/refused.h"

#include "gateway/broker/internal.h"
#include "gateway/session/session.h"
#include "gateway/worker/metrics.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

enum { REFUSED_LEAST = 8 }; /* these find memory always */

/* Neither name is equal to the other kind's. */
static uint64_t refused_hash(const struct broker *broker, const struct slice *id,
	const struct slice *destination)
{
	const uint64_t hash =
		hash_slice(&broker->worker->key, id != NULL ? *id : *destination);

	return hash << 1 | (id != NULL);
}

/* The count when it is not there. */
static uint32_t refused_find(const struct participant *participant, uint64_t hash)
{
	uint32_t i = 0;

	while (i < participant->refused_count && participant->refused[i] != hash)
		i++;
	return i;
}

static void refused_remove(struct participant *participant, uint32_t index)
{
	uint64_t *one = participant->refused + index;

	participant->refused_count--;
	memmove(one, one + 1, (participant->refused_count - index) * sizeof(*one));
}

static void refused_resize(struct participant *participant, uint32_t capacity)
{
	const int64_t change =
		(int64_t)capacity - (int64_t)participant->refused_capacity;

	session_hold(
		participant->session, change * (int64_t)sizeof(*participant->refused));
	participant->refused_capacity = capacity;
	participant->refused = xrealloc(
		participant->refused, capacity * sizeof(*participant->refused));
}

/* There is room for one more afterwards. */
static void refused_make_room(struct broker *broker, struct participant *participant)
{
	const uint64_t most = broker->worker->config->limits.subscriptions;
	const uint32_t capacity = participant->refused_capacity;
	const bool is_whole = participant->refused_count >= most;

	if (!is_whole && participant->refused_count < capacity)
		return;
	if (!is_whole &&
		(capacity == 0 || session_may_hold(participant->session,
					  capacity * sizeof(*participant->refused)))) {
		refused_resize(
			participant, capacity == 0 ? REFUSED_LEAST : 2 * capacity);
		return;
	}
	metrics_refuse(
		broker->worker->metrics, is_whole ? BOUND_SUBSCRIPTIONS : BOUND_MEMORY);
	refused_remove(participant, 0);
}

void refused_remember(struct broker *broker, struct participant *participant,
	const struct slice *id, struct slice destination)
{
	const uint64_t hash = refused_hash(broker, id, &destination);

	if (refused_find(participant, hash) < participant->refused_count)
		return;
	refused_make_room(broker, participant);
	participant->refused[participant->refused_count++] = hash;
}

bool refused_forget(struct broker *broker, struct participant *participant,
	const struct slice *id, const struct slice *destination)
{
	if (participant->refused_count == 0 || (id == NULL && destination == NULL))
		return false;
	const uint32_t index =
		refused_find(participant, refused_hash(broker, id, destination));
	const bool is_there = index < participant->refused_count;

	if (is_there)
		refused_remove(participant, index);
	return is_there;
}

void refused_drop(struct participant *participant)
{
	if (participant->refused_capacity == 0)
		return;
	session_hold(participant->session, -(int64_t)(participant->refused_capacity *
						      sizeof(*participant->refused)));
	free(participant->refused);
	participant->refused = NULL;
	participant->refused_count = participant->refused_capacity = 0;
}
