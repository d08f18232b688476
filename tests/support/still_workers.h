/*
 * Some workers for tests: they have no edge and no threads, and their time stands
 * still until still_workers_advance() moves it. Their configuration has the endpoints
 * /stomp, /console (STOMP too), /echo, /reply and /close, each with the handler of
 * that name; clients may SEND to /topic. The endpoint "tcp" is that of the listener for
 * plain STOMP, which may read dead letters. In the tests' JSON, ' stands for ".
 *
 * A test that needs one worker uses the first worker. ctest runs such tests with one
 * worker and with three, where a destination's home is often another worker. The
 * results of both must be equal.
 */
#ifndef TESTS_SUPPORT_STILL_WORKERS_H
#define TESTS_SUPPORT_STILL_WORKERS_H

#include "gateway/session/session.h"

struct chance;
struct engine_share;
struct handler;

/* A configuration of this JSON; fails the test when it has a mistake. */
struct config *config_of(const char *json);

/*
 * As many workers as POSTERN_WORKERS in the environment, else one. The head of a test
 * that calls this must have the tag "workers" (tests/README.md). `members` are added
 * to the configuration above, such as "'www': false"; or "".
 */
struct workers *still_workers_create(const char *members);
struct workers *still_workers_create_of(unsigned count, const char *members);
void still_workers_destroy(struct workers *workers);

/* From now on that handler runs at every endpoint of new workers. */
void still_workers_run(const struct handler *handler);

/* From now on these engines own their shares of new workers (engine.h). */
void still_workers_share(const struct engine_share *shares);

const struct endpoint *still_workers_endpoint(
	const struct workers *workers, const char *path);

/*
 * Opens a session for 192.0.2.1, or 192.0.2.N since still_workers_come_from(N), without
 * Origin. An empty id: it cannot be found.
 */
struct session *still_workers_open(struct worker *worker, const char *path,
	enum session_framing framing, const char *id);

void still_workers_come_from(unsigned char address);

/*
 * Lets little be under way (lanes.h, window.h, credit.h), so that lanes and credits
 * matter, and returns the quantum of an account. All by chance.
 */
unsigned still_workers_narrow(struct workers *workers, struct chance *chance);

/* How many posts wait in lanes. */
size_t still_workers_lanes(const struct workers *workers);

/*
 * The deliveries of all accounts at a home since the turn of an account that waits
 * there: the most at any home.
 */
uint64_t still_workers_longest_wait(const struct workers *workers);

/* Settles; then how many messages the memory engine's queue of that address has. */
uint64_t still_workers_queued(struct workers *workers, const char *address);

/* Runs all workers until no work is left, without moving the time. */
void still_workers_settle(struct workers *workers);

/* Runs one turn of each worker, one after the other. */
void still_workers_turn(struct workers *workers);

/* Moves the time of all workers together; at the end no work is left. */
void still_workers_advance(struct workers *workers, uint64_t milliseconds);

/* The same, as if they had stood still for that time. */
void still_workers_stand_still(struct workers *workers, uint64_t milliseconds);

/* The sum over the brokers of all workers. */
size_t still_workers_topics(const struct workers *workers);
size_t still_workers_audiences(const struct workers *workers);
size_t still_workers_subscriptions(const struct workers *workers);

#endif
