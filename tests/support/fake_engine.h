/*
 * An engine for tests, apart from the built-in one: a model of a remote broker, which
 * has one state for all workers and cannot reserve room for a COMMIT. A line leads
 * from each worker to it: requests go up, answers and deliveries come down, each in
 * their order. The script below decides how long they take, and what is refused.
 */
#ifndef TESTS_SUPPORT_FAKE_ENGINE_H
#define TESTS_SUPPORT_FAKE_ENGINE_H

#include "gateway/broker/engine.h"
#include "gateway/worker/refusal.h"
#include "tests/support/chance.h"

#include <stdbool.h>

/* Zeroed: takes everything, and answers with the next turn. */
struct fake_engine {
	/*
	 * The script. Each request takes so many turns to arrive after the one before
	 * it, and so does whatever comes back.
	 */
	unsigned turns;
	bool is_random; /* 0 to `turns`, by `chance` */
	struct chance chance;
	bool is_away; /* nothing moves on the lines: all of it follows afterwards */

	size_t refusals; /* fake_engine_refuse() */
	enum refusal_kind refuse;
	bool decides_within; /* a COMMIT is taken or refused within the call */
	const char *unready; /* why; NULL: it is ready */

	/* What it has got. */
	unsigned taken; /* messages */
	unsigned asked; /* COMMITs */
};

/* Of all workers. A test sets it before it makes workers. */
extern struct fake_engine fake_engine;

extern const struct engine_life fake_engine_life;

/* For still_workers_share(): it owns everything. */
extern const struct engine_share fake_engine_owns_all[];

/*
 * Refuses so many SUBSCRIBE, SEND, COMMIT and settlements that arrive next. All others
 * it takes.
 */
void fake_engine_refuse(size_t requests, enum refusal_kind why);

/*
 * A SUBSCRIBE that it has refused as FAILED stays. From now on it serves all of these,
 * or gives them up. The next turns show it.
 */
void fake_engine_serve_failed(void);
void fake_engine_give_up_failed(void);

#endif
