/*
 * Some workers for tests: they have no edge and no threads, and their time stands still
 * until still_workers_advance() moves it. Their configuration has the endpoints /stomp,
 * /console (STOMP too), /echo, /reply and /close, each with the handler of that name;
 * clients may SEND to /topic. In JSON that tests write, ' stands for ".
 *
 * A test that needs one worker talks to the first worker. ctest runs such tests
 * with one worker and with three, where a destination's home is often
 * another worker: both must look alike.
 */
#ifndef TESTS_SUPPORT_STILL_WORKERS_H
#define TESTS_SUPPORT_STILL_WORKERS_H

#include "gateway/session/session.h"

struct handler;

/* A configuration of this JSON; fails the test when it has a mistake. */
struct config *config_of(const char *json);

/*
 * Of as many workers as POSTERN_WORKERS in the environment says, else of one. The head
 * of a test that calls this must have the tag "workers" (tests/README.md).
 * `members` come on top of the configuration above, such as "'www': false"; or "".
 */
struct workers *still_workers_create(const char *members);
struct workers *still_workers_create_of(unsigned count, const char *members);
void still_workers_destroy(struct workers *workers);

/* From now on that handler runs at every endpoint of the crews that are made. */
void still_workers_run(const struct handler *handler);

const struct endpoint *still_workers_endpoint(
	const struct workers *workers, const char *path);

/* Opens a session for 192.0.2.1, without Origin. An empty id: it cannot be found. */
struct session *still_workers_open(struct worker *worker, const char *path,
	enum session_framing framing, const char *id);

/* Lets all workers do what is to be done, without moving the time. */
void still_workers_settle(struct workers *workers);

/* Time goes by for all workers together; in the end all is done that is to be done. */
void still_workers_advance(struct workers *workers, uint64_t milliseconds);

/* What the brokers of all workers hold together. */
size_t still_workers_topics(const struct workers *workers);
size_t still_workers_audiences(const struct workers *workers);
size_t still_workers_subscriptions(const struct workers *workers);

#endif
