/*
 * The sessions of one worker. In each turn they wake the outlets that have output:
 * first those with an answer, then those with much output, then all others.
 */
#ifndef GATEWAY_SESSION_SESSIONS_H
#define GATEWAY_SESSION_SESSIONS_H

#include <stdbool.h>
#include <stdint.h>

struct handler;
struct sessions;
struct worker;

/*
 * Makes the sessions of that worker, none yet, for worker->sessions. They are a
 * resident: the worker owns and destroys them. `handlers` has one entry for each enum
 * handler_kind and must outlive them.
 */
struct sessions *sessions_create(
	struct worker *worker, const struct handler *const *handlers);

/*
 * Memory is short: ends sessions as slow consumers, until their queues had `bytes`
 * together. They are of the account for whose sessions most is queued here, its
 * heaviest ones first; a session with less than 16 KiB stays. A message that many have
 * queued weighs for each its part. That takes several turns if there are many sessions;
 * a call meanwhile does nothing.
 */
void sessions_shed(struct sessions *sessions, uint64_t bytes);

/*
 * At a stop: closes up to `count` sessions politely; their handlers may finish their
 * work. False when no session is left to close. It looks at those that it has closed
 * once more, when it finds no others.
 */
bool sessions_close_some(struct sessions *sessions, uint64_t count);

/*
 * When no loop runs any more: ends all sessions with ENDING_GOING_AWAY, without waiting
 * for their peers.
 */
void sessions_kill(struct sessions *sessions);

#endif
