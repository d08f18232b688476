/*
 * Memory is short: the heaviest sessions of the heaviest account end. That takes three
 * passes over all sessions, and a look at one that has much queued takes microseconds.
 * So a turn does a part: the first session of the list is looked at and moved last,
 * and a pass is over when as many were moved as there were at its beginning.
 */
#include "gateway/session/session_internal.h"

#include "gateway/worker/account.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

enum {
	SHED_LEAST = 16384, /* bytes; it is not worth it to end a lighter session */
	LOOKS_LEAST = 16,   /* in a turn, and between two looks at the clock */
};

/*
 * Bytes that the end of the session would set free soon: its part of the messages that
 * are queued. Asks a sample of them, since a session may have thousands, and this is
 * asked of all sessions.
 */
static uint64_t session_weight(const struct session *session)
{
	enum { SAMPLE = 32 };
	const struct outbound *queue = &session->queue;
	const size_t step = queue->count / SAMPLE + 1;
	uint64_t bytes = 0;

	if (session->state >= SESSION_OVERFLOWED || queue->count == 0)
		return 0;
	for (size_t i = 0; i < queue->count; i += step)
		bytes += message_share(outbound_item(queue, i)->message);
	return bytes * step + queue->capacity * sizeof(struct delivery);
}

/* Finds the account whose sessions, those that are worth it, weigh most. */
static void shedding_sum(
	struct shedding *shedding, const struct session *session, uint64_t weight)
{
	uint64_t *sums = shedding->sums;

	if (weight < SHED_LEAST)
		return;
	sums[session->account] += weight;
	if (sums[session->account] > sums[shedding->account])
		shedding->account = session->account;
}

/* Ends sessions of about the same weight too, so that few passes suffice. */
static void shedding_end(
	struct shedding *shedding, struct session *session, uint64_t weight)
{
	if (weight < SHED_LEAST || weight <= shedding->heaviest / 2)
		return;
	shedding->bytes -= weight < shedding->bytes ? weight : shedding->bytes;
	session_overflow(session, BOUND_MEMORY);
}

static void shedding_look(struct shedding *shedding, struct session *session)
{
	const uint64_t weight = session_weight(session);

	switch (shedding->pass) {
	case SHEDDING_SUMS:
		shedding_sum(shedding, session, weight);
		return;
	case SHEDDING_HEAVIEST:
		if (session->account == shedding->account &&
			weight > shedding->heaviest)
			shedding->heaviest = weight;
		return;
	case SHEDDING_ENDS:
		if (session->account == shedding->account)
			shedding_end(shedding, session, weight);
		return;
	}
}

static void shedding_stop(struct shedding *shedding)
{
	shedding->bytes = 0;
	free(shedding->sums);
	shedding->sums = NULL;
}

static void shedding_begin_pass(struct sessions *sessions, enum shedding_pass pass)
{
	sessions->shedding.pass = pass;
	sessions->shedding.left = sessions->worker->live_sessions;
}

static void shedding_next_pass(struct sessions *sessions)
{
	struct shedding *shedding = &sessions->shedding;

	switch (shedding->pass) {
	case SHEDDING_SUMS:
		shedding_begin_pass(sessions, SHEDDING_HEAVIEST);
		return;
	case SHEDDING_HEAVIEST:
		shedding_begin_pass(sessions, SHEDDING_ENDS);
		return;
	case SHEDDING_ENDS:
		shedding_stop(shedding);
		return;
	}
}

void sessions_shed(struct sessions *sessions, uint64_t bytes)
{
	struct shedding *shedding = &sessions->shedding;

	if (shedding->bytes > 0)
		return;
	shedding->bytes = bytes;
	shedding->account = ACCOUNT_HOUSE;
	shedding->heaviest = 0;
	shedding->sums = xcalloc(ACCOUNTS, sizeof(*shedding->sums));
	shedding_begin_pass(sessions, SHEDDING_SUMS);
}

/* So many looks, or fewer if the pass ends or enough has been shed. */
static void shedding_look_at_some(struct sessions *sessions, unsigned looks)
{
	struct shedding *shedding = &sessions->shedding;

	/* Sessions may have gone since the pass began. */
	for (; looks > 0 && shedding->bytes > 0 && shedding->left > 0 &&
		!list_is_empty(&sessions->all);
		looks--, shedding->left--) {
		struct session *session = sessions_first(sessions);

		shedding_look(shedding, session);
		sessions_move_last(sessions, session);
	}
}

void sessions_shed_some(struct sessions *sessions)
{
	struct shedding *shedding = &sessions->shedding;

	if (shedding->bytes == 0)
		return;

	const uint64_t over = loop_clock() + shedding->turn_ns;

	do {
		shedding_look_at_some(sessions, LOOKS_LEAST);
		if (shedding->bytes == 0)
			shedding_stop(shedding);
		else if (shedding->left == 0 || list_is_empty(&sessions->all))
			shedding_next_pass(sessions);
	} while (shedding->bytes > 0 && loop_clock() < over);
}
