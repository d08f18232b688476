/*
 * A worker for tests: it has no edge and no thread, and its time stands still until
 * loop_advance() moves it. Its configuration has the endpoints /stomp, /echo,
 * /reply and /close, each with the handler of that name; clients may SEND to
 * /topic. In JSON that tests write, ' stands for ".
 */
#ifndef TESTS_LONE_WORKER_H
#define TESTS_LONE_WORKER_H

#include "gateway/session.h"

/* A configuration of this JSON; fails the test when it has a mistake. */
struct config *config_of(const char *json);

/* `members` come on top of the configuration above, such as "'workers': 1"; or "". */
struct worker *lone_worker_create(const char *members);
void lone_worker_destroy(struct worker *worker);

const struct endpoint *lone_worker_endpoint(struct worker *worker, const char *path);

/* Opens a session for 192.0.2.1, without Origin. An empty id: it cannot be found. */
struct session *lone_worker_open(struct worker *worker, const char *path,
	enum session_framing framing, const char *id);

/* Lets the worker do what is to be done, without moving the time. */
void lone_worker_settle(struct worker *worker);

#endif
