/*
 * Shared by the parts of the engine suite only. Three customers, each at another
 * worker if there are enough, and short names for their actions.
 */
#ifndef TESTS_SUPPORT_ENGINE_SUITE_INTERNAL_H
#define TESTS_SUPPORT_ENGINE_SUITE_INTERNAL_H

#include "tests/support/engine_customer.h"
#include "tests/support/engine_suite.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

enum { CUSTOMERS = 3 };

struct engine_stage {
	const struct engine_site *site;
	struct workers *workers;
	struct customer customers[CUSTOMERS];
};

extern struct engine_stage engine_stage;

static struct customer *const ana = &engine_stage.customers[0],
			      *const ben = &engine_stage.customers[1],
			      *const eva = &engine_stage.customers[2];

/* Fixtures: with limits as usual, two rejections or losses; with small limits. */
void engine_setup(void);
void engine_setup_small(void);
void engine_teardown(void);

/* The parts of the suite. */
void engine_suite_add_requests(Suite *suite);
void engine_suite_add_topics(Suite *suite);
void engine_suite_add_queues(Suite *suite);
void engine_suite_add_bounds(Suite *suite);
void engine_suite_add_commits(Suite *suite);
void engine_suite_add_ends(Suite *suite);
void engine_suite_add_life(Suite *suite);

/* A destination of each kind. */
enum { ADDRESSES = 4 };
extern const char *const engine_suite_addresses[ADDRESSES];

static inline void settle_down(void)
{
	engine_stage.site->settle(engine_stage.workers);
}

/* Only a few turns of all workers: requests are under way. */
static inline void run_turns(int turns)
{
	for (; turns > 0; turns--)
		still_workers_turn(engine_stage.workers);
}

/* So many turns are enough for a request and its answer, mostly. */
enum { TURNS = 12 };

/* Like the functions of customers, but each returns after all its effects. */

static inline void subscribe(
	struct customer *customer, const char *id, const char *address)
{
	customer_subscribe(customer, id, address, 10, 0);
	settle_down();
}

static inline void send(
	struct customer *customer, const char *address, const char *body)
{
	customer_send(customer, address, body, 0);
	settle_down();
}

/* Messages "1" to the given number, to the queue. */
static inline void send_numbers(struct customer *customer, int last)
{
	for (int i = 1; i <= last; i++)
		send(customer, "/queue/a", (char[]){(char)('0' + i), '\0'});
}

static inline void settle(
	struct customer *customer, const char *id, size_t count, enum outcome outcome)
{
	customer_settle(customer, id, count, outcome, 0);
	settle_down();
}

/* The deliveries since the last call. */
#define assert_gets(customer, expected)                                                \
	ck_assert_str_eq(memory_outlet_got(&(customer)->outlet), expected)

#define COMMIT(customer, request, ...)                                                 \
	customer_commit(customer, request, (const char *const[]){__VA_ARGS__},         \
		COUNT(((const char *const[]){__VA_ARGS__})))

#endif
