/*
 * An engine that owns all destinations, delivers nothing, and takes or refuses what is
 * asked, by its script. Its answers come with the next turn.
 */
#ifndef TESTS_SUPPORT_SCRIPTED_ENGINE_H
#define TESTS_SUPPORT_SCRIPTED_ENGINE_H

#include "gateway/broker/engine.h"
#include "gateway/worker/refusal.h"

struct scripted_engine {
	enum refusal_kind refuse; /* why; REFUSALS: it takes everything */
	unsigned taken;           /* how many messages */
};

extern struct scripted_engine scripted_engine; /* of all workers */

/* For still_workers_share(). */
extern const struct engine_share scripted_engine_share[];

#endif
