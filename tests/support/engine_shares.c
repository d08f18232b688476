#include "tests/support/engine_shares.h"

#include "tests/support/fake_engine.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

static const struct engine_share nothing[] = {{SLICE_INIT(""), NULL}};

static const struct engine_share topics[] = {
	{SLICE_INIT("/topic/"), &fake_engine_life}, {SLICE_INIT(""), NULL}};

static const struct engine_share queues[] = {
	{SLICE_INIT("/queue/"), &fake_engine_life}, {SLICE_INIT(""), NULL}};

static const struct engine_share some[] = {{SLICE_INIT("/queue/1"), &fake_engine_life},
	{SLICE_INIT("/queue/a"), &fake_engine_life},
	{SLICE_INIT("user:"), &fake_engine_life}, {SLICE_INIT(""), NULL}};

static const struct engine_share dead_letters[] = {
	{SLICE_INIT("/queue/dead"), &fake_engine_life},
	{SLICE_INIT("/topic/"), &fake_engine_life}, {SLICE_INIT(""), NULL}};

void engine_shares_choose(struct chance *chance, bool is_far)
{
	static const struct engine_share *const shares[] = {
		fake_engine_owns_all, topics, queues, some, dead_letters};

	fake_engine = (struct fake_engine){.turns = 0};
	still_workers_share(nothing);
	if (!is_far)
		return;
	fake_engine.turns = chance_below(chance, 4);
	fake_engine.is_random = chance_percent(chance, 50);
	fake_engine.chance.state = chance_next(chance);
	still_workers_share(shares[chance_below(chance, COUNT(shares))]);
}
