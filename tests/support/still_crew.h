/*
 * A crew for tests: it has no edge and no threads, and its time stands still until
 * still_crew_advance() moves it. Its configuration has the endpoints /stomp, /console (STOMP too), /echo,
 * /reply and /close, each with the handler of that name; clients may SEND to
 * /topic. In JSON that tests write, ' stands for ".
 *
 * A test that needs one worker talks to the first of the crew. ctest runs such tests
 * with a crew of one and with one of three, where a destination's home is often
 * another worker: both must look alike.
 */
#ifndef TESTS_SUPPORT_STILL_CREW_H
#define TESTS_SUPPORT_STILL_CREW_H

#include "gateway/session/session.h"

struct handler;

/* A configuration of this JSON; fails the test when it has a mistake. */
struct config *config_of(const char *json);

/*
 * Of as many workers as POSTERN_WORKERS in the environment says, else of one.
 * `members` come on top of the configuration above, such as "'www': false"; or "".
 */
struct crew *still_crew_create(const char *members);
struct crew *still_crew_create_of(unsigned count, const char *members);
void still_crew_destroy(struct crew *crew);

/* From now on that handler runs at every endpoint of the crews that are made. */
void still_crew_run(const struct handler *handler);

const struct endpoint *still_crew_endpoint(const struct crew *crew, const char *path);

/* Opens a session for 192.0.2.1, without Origin. An empty id: it cannot be found. */
struct session *still_crew_open(struct worker *worker, const char *path,
	enum session_framing framing, const char *id);

/* Lets all workers do what is to be done, without moving the time. */
void still_crew_settle(struct crew *crew);

/* Time goes by for all workers together; in the end all is done that is to be done. */
void still_crew_advance(struct crew *crew, uint64_t milliseconds);

/* What the brokers of all workers hold together. */
size_t still_crew_topics(const struct crew *crew);
size_t still_crew_audiences(const struct crew *crew);
size_t still_crew_subscriptions(const struct crew *crew);

#endif
