/* Who owns the destinations of random schedules. */
#ifndef TESTS_SUPPORT_ENGINE_SHARES_H
#define TESTS_SUPPORT_ENGINE_SHARES_H

#include "tests/support/chance.h"

/*
 * From now on the memory engine owns all destinations of new workers. Or, if `is_far`,
 * a fake engine, which answers late by chance, owns all, the topics, the queues, one
 * queue and the users, or the topics and the dead letters.
 */
void engine_shares_choose(struct chance *chance, bool is_far);

#endif
