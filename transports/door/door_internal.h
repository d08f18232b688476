/*
 * Shared by door.c and pending.c only. The door has the listeners and counts; a
 * pending connection waits for its first head, or is being refused.
 */
#ifndef TRANSPORTS_DOOR_DOOR_INTERNAL_H
#define TRANSPORTS_DOOR_DOOR_INTERNAL_H

#include "gateway/base/list.h"
#include "gateway/base/registry.h"
#include "gateway/config/config.h"
#include "gateway/worker/worker.h"
#include "gateway/worker/workers.h"
#include "transports/base/peek.h"
#include "transports/base/refusal.h"
#include "transports/door/door.h"
#include "transports/door/handover.h"

struct address;
struct listener;
struct pending_connection;

struct door {
	struct worker *worker;
	struct listener *listener;
	struct listener *tcp;   /* for plain STOMP; NULL: none */
	struct listener *admin; /* for operators; NULL: none */
	struct list pending;
	struct list silent;     /* pending, in the reserve, and without a head so far */
	struct list refused;    /* pending, and answered: the oldest first */
	uint64_t refused_count; /* of these */
	struct registry asking; /* pending, whose session's home is asked */
	uint64_t connections;   /* pending and handed over, until closed */
	int64_t *handed;        /* to each worker */
	uint64_t descriptors;   /* that connections may have, whatever is configured */
	struct peeked peeked;   /* the head that is looked at now */
};

/* The loop of worker 0, where the door lives. */
static inline struct loop *door_loop(struct door *door)
{
	return door->worker->loop;
}

/*
 * The limits of addresses that all workers share: the same counts as in carriers and
 * /metrics.
 */
static inline struct address_limits *door_address_limits(const struct door *door)
{
	return door->worker->workers->address_limits;
}

/*
 * The limits of the latest configuration. Do not keep them beyond the turn: a reload
 * frees them.
 */
static inline const struct limits *door_limits(const struct door *door)
{
	return &door->worker->config->limits;
}

/* door.c */

/*
 * The index of the worker that has the fewest of the door's connections; of several,
 * the lowest index.
 */
unsigned door_least_loaded(const struct door *door);

/*
 * Counts a connection for that worker until door_count_closed(). The worker gets it, or
 * has it, by the caller.
 */
void door_count_handed(struct door *door, unsigned to);

/*
 * Posts the connection to that worker and counts it there until door_count_closed().
 * The io is no longer the door's.
 */
void door_hand_over(struct door *door, unsigned to, const struct handover *handover);

/*
 * True, logged and counted, when the address has as many connections as
 * limits.address_connections.
 */
bool door_note_crowded_address(const struct door *door, const struct address *address);

/*
 * Counts and logs that limits.connections is reached, or what limits.reserve leaves of
 * it. The caller refuses the connection.
 */
void door_note_full(const struct door *door);

/*
 * Counts one more connection of the reserve for that account, until its end. False, and
 * nothing is counted, when the account has more of them than are left: so one client
 * cannot take more than half. An exempt address can.
 */
bool door_take_reserved(const struct door *door, uint32_t account);

/* pending.c */

/*
 * For a connection that the listener of that kind has accepted. The door owns it and
 * holds its io. It counts for its address, is looked at when its first bytes come, and
 * has times.head for them. NULL when it had to be closed.
 */
struct pending_connection *pending_create(struct door *door, enum handover_kind kind,
	struct io io, const struct sockaddr_storage *address, socklen_t address_len);

/*
 * Counts, logs and answers the refusal in the protocol of the connection's port. Reads
 * for a moment, then closes it. `refusal` needs no door; without a hint it gets the
 * kind's.
 */
void pending_refuse(struct pending_connection *pending, const struct refusal *refusal);

/*
 * The door has no objection to the connection. Plain STOMP has no head, so it is
 * handed over immediately. Any other connection waits for its head.
 */
void pending_admit(struct pending_connection *pending);

/*
 * As pending_admit() for HTTP, but the connection takes one of the reserve: the request
 * must name a session that exists, or ask for the server's health. Else it is refused
 * when that is known. The connection ends after its first answer.
 */
void pending_admit_to_reserve(struct pending_connection *pending);

/*
 * Refuses the connection that has been silent in the reserve for the longest time.
 * False when there is none.
 */
bool pending_refuse_silent(struct door *door);

/* Closes the connection that was refused first, if there is one. */
void pending_close_refused(struct door *door);

/* What a session's home answers to reserve_ask(). */
struct reserve_answer {
	unsigned home;
	bool exists;
	uint32_t account; /* of the session */
};

/*
 * reserve.c has asked for the session of the pending connection of that number. Does
 * nothing when the connection has ended.
 */
void pending_answered(
	struct door *door, uint64_t number, const struct reserve_answer *answer);

/* Closes the sockets of all pending connections, without an answer. */
void pending_close_all(struct door *door);

#endif
