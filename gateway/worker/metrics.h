/*
 * The counters of a worker. Only its own thread writes them, with a plain add. A
 * reader sums them over all workers (exposition.h). There is no lock, and no cache
 * line that two threads write.
 *
 * A peer cannot choose the value of a label: destinations, users, paths and headers
 * are counted, but have no labels.
 */
#ifndef GATEWAY_WORKER_METRICS_H
#define GATEWAY_WORKER_METRICS_H

#include "gateway/identity/identity.h"
#include "gateway/worker/ending.h"
#include "gateway/worker/refusal.h"
#include "gateway/worker/transport.h"
#include "protocol/stomp.h"

#include <stdatomic.h>
#include <stdint.h>

struct metrics_endpoints;
struct endpoint;

/* One writer. A gauge falls by adding a negative number. */
struct counter {
	_Atomic uint64_t value;
};

/*
 * Adds to a counter; a negative amount as its complement. Only the counter's worker may
 * add; other threads may read meanwhile. No atomic addition: a load and a store.
 */
static inline void counter_add(struct counter *counter, uint64_t amount)
{
	uint64_t value = atomic_load_explicit(&counter->value, memory_order_relaxed);

	atomic_store_explicit(&counter->value, value + amount, memory_order_relaxed);
}

/*
 * The counter's value now. From any thread. Values of several counters are no snapshot.
 */
static inline uint64_t counter_read(const struct counter *counter)
{
	return atomic_load_explicit(&counter->value, memory_order_relaxed);
}

enum direction {
	DIRECTION_IN,
	DIRECTION_OUT,
	DIRECTIONS,
};

/*
 * A bound that a peer has reached: Postern then refuses, ends or drops something, or
 * lets it wait.
 */
enum bound {
	BOUND_HEAD,
	BOUND_HEAD_TIME,
	BOUND_TARGET,
	BOUND_BODY,
	BOUND_BODY_TIME,
	BOUND_KEEP_ALIVE,
	BOUND_PROGRESS,
	BOUND_CONNECT_TIME,
	BOUND_CONNECT_FRAME,
	BOUND_FRAME,
	BOUND_HEADERS,
	BOUND_HEADER,
	BOUND_KEPT,
	BOUND_MESSAGE,
	BOUND_FRAGMENTS,
	BOUND_QUEUE_BYTES,
	BOUND_QUEUE_MESSAGES,
	BOUND_SUBSCRIPTIONS,
	BOUND_DESTINATION,
	BOUND_DESTINATIONS,
	BOUND_IDLE_TOPICS,
	BOUND_UNACKED,
	BOUND_USER_MESSAGES,
	BOUND_RATE,
	BOUND_TRANSACTIONS,
	BOUND_TRANSACTION,
	BOUND_BACKLOG,
	BOUND_BACKLOG_TOTAL,
	BOUND_INBOX,
	BOUND_LOGINS,
	BOUND_TOKEN,
	BOUND_WAITERS,
	BOUND_DESCRIPTORS, /* the system has no descriptor left, or no memory for one */
	BOUND_CONNECTIONS,
	BOUND_ADDRESS_CONNECTIONS,
	BOUND_ADDRESS_SESSIONS,
	BOUND_ADDRESS_UNKNOWN,
	BOUND_SESSIONS,
	BOUND_SHARE,
	BOUND_ENDED_SESSIONS,
	BOUND_MEMORY,
	BOUNDS,
};

/* What Postern does with the queue of a session whose peer reads too slowly. */
enum slow_policy {
	SLOW_CLOSE,
	SLOW_DROP_OLDEST,
	SLOW_LATEST,
	SLOW_POLICIES,
};

/* Why a message of a queue is dead. */
enum dead_reason {
	DEAD_REJECTED,  /* rejected by consumers, too often */
	DEAD_LOST,      /* lost with consumers, too often */
	DEAD_DISCARDED, /* rejected by a consumer for good */
	DEAD_EXPIRED,   /* too old, as its sender has said */
	DEAD_IDLE,      /* in a queue that nobody has used for too long */
	DEAD_REASONS,
};

/* What a login, or a new token, has come to. */
enum login_result {
	LOGIN_IN,
	LOGIN_EXPIRED, /* its token has */
	LOGIN_REFUSED, /* for any other reason */
	LOGIN_BUSY,    /* a bound of all logins or sessions, or a share of it */
	LOGIN_RESULTS,
};

/* Whether a rule denies it, or no rule and no grant allows it. */
enum denied_by {
	DENIED_BY_RULE,
	DENIED_BY_NONE,
	DENIED_BY,
};

/* The kind of a request: X(NAME, name). Each SockJS link has its own. */
#define REQUEST_LIST(X)                                                                \
	X(REFUSED, refused) /* its head was bad, so its route is unknown */            \
	X(FILE, file)                                                                  \
	X(GREETING, greeting)                                                          \
	X(INFO, info)                                                                  \
	X(IFRAME, iframe)                                                              \
	X(WEBSOCKET, websocket) /* with SockJS framing or without */                   \
	TRANSPORT_LIST(TRANSPORT_SKIP, X, X)                                           \
	X(UNKNOWN, unknown)                                                            \
	X(HEALTH, health)                                                              \
	X(READY, ready)                                                                \
	X(METRICS, metrics)

enum request_kind {
	REQUEST_NONE, /* a description without a kind: a bug of ours */
#define X(NAME, name) REQUEST_##NAME,
	REQUEST_LIST(X)
#undef X
		REQUEST_KINDS,
};

enum {
	STOMP_COMMANDS = STOMP_ERROR + 1,
	STATUS_FIRST = 100,
	STATUSES = 500,        /* of HTTP, all below */
	DELIVERY_BUCKETS = 13, /* besides the one for longer delays */
};

/* Where sessions are, besides the counted endpoints. */
enum {
	ENDPOINTS_NEW, /* endpoints of reloads without a place of their own */
	ENDPOINTS_TCP,
	ENDPOINTS_CONSOLE,
	ENDPOINTS_BESIDE,
};

/* Sessions of one transport at one endpoint. */
struct session_figures {
	struct counter open; /* a gauge */
	struct counter opened;
};

/* All members after the first are counters: metrics_add() depends on this. */
struct metrics {
	size_t endpoints; /* how many are counted, plus ENDPOINTS_BESIDE */
	struct counter closed[TRANSPORTS][ENDINGS];
	struct counter frames[DIRECTIONS][STOMP_COMMANDS];
	struct counter messages; /* taken by destinations */
	struct counter bytes[DIRECTIONS][TRANSPORTS];
	struct counter subscriptions;   /* a gauge */
	struct counter queue_bytes;     /* a gauge: in the queues of all sessions */
	struct counter queue_messages;  /* a gauge: in broker queues */
	struct counter queue_in_flight; /* a gauge: in flight from broker queues */
	struct counter queue_parked;    /* a gauge: dead, and still in their queues */
	struct counter dead[DEAD_REASONS];     /* messages */
	struct counter slow[SLOW_POLICIES];    /* sessions */
	struct counter dropped[SLOW_POLICIES]; /* messages */
	struct counter requests[REQUEST_KINDS][STATUSES];
	struct counter delivered[DELIVERY_BUCKETS + 1];
	struct counter delivery_ms; /* sum of the delays */
	struct counter unknown_sessions;
	struct counter ignored_acks; /* for deliveries that need no ACK */
	struct counter refused[BOUNDS];
	struct counter logins[LOGIN_SOURCES][LOGIN_RESULTS];
	struct counter token_refreshes[LOGIN_RESULTS];
	struct counter denied[ACCESS_ACTIONS][DENIED_BY]; /* by rules */
	struct counter refusals[DOORS][REFUSALS]; /* only refusal_report() counts */
	struct session_figures sessions[][TRANSPORTS]; /* of each endpoint */
};

/*
 * All figures are zero. They have cache lines of their own, so that workers do not
 * slow each other down. Freed by metrics_destroy().
 */
struct metrics *metrics_create(const struct metrics_endpoints *metrics_endpoints);
void metrics_destroy(struct metrics *metrics); /* NULL is fine */

/*
 * Adds another worker's figures to `sum`, which no other thread uses. Both were made
 * for the same endpoints.
 */
void metrics_add(struct metrics *sum, const struct metrics *metrics);

/*
 * The figures of that transport at the endpoint, which live as long as the metrics.
 * All endpoints without a place of their own share one.
 */
struct session_figures *metrics_sessions(struct metrics *metrics,
	const struct metrics_endpoints *metrics_endpoints,
	const struct endpoint *endpoint, enum transport transport);

/*
 * Counts one refusal under the name of the setting that was reached
 * (postern_refused_total).
 */
static inline void metrics_refuse(struct metrics *metrics, enum bound bound)
{
	counter_add(&metrics->refused[bound], 1);
}

/*
 * Counts an answered request under its route and status. If the status means that a
 * bound was reached, counts for that bound, too.
 */
void metrics_answer(struct metrics *metrics, enum request_kind kind, unsigned status);

/* The longest delay of each bucket in milliseconds. */
static const uint64_t delivery_most[DELIVERY_BUCKETS] = {
	1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 10000, 60000};

/*
 * Counts `count` messages that the kernel has taken `age` milliseconds after they were
 * sent.
 */
static inline void metrics_deliver(struct metrics *metrics, uint64_t age, size_t count)
{
	size_t bucket = 0;

	while (bucket < DELIVERY_BUCKETS && age > delivery_most[bucket])
		bucket++;
	counter_add(&metrics->delivered[bucket], count);
	counter_add(&metrics->delivery_ms, age * count);
}

#endif
