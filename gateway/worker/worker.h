/*
 * A worker is a thread with one loop. It owns its sessions, its destinations, its
 * subscription index and its inbox. No other thread touches them, so the core has no
 * locks. Workers communicate only by posts.
 */
#ifndef GATEWAY_WORKER_WORKER_H
#define GATEWAY_WORKER_WORKER_H

#include "gateway/base/inbox.h"
#include "gateway/base/list.h"
#include "gateway/base/loop.h"
#include "gateway/base/name.h"
#include "gateway/base/registry.h"
#include "gateway/worker/workers.h"
#include "protocol/buf.h"
#include "protocol/stomp.h"

struct broker;
struct logins;
struct metrics;
struct resident;
struct sessions;

struct worker {
	struct workers *workers;
	unsigned index;              /* among the workers */
	const struct config *config; /* held; another one after a reload */
	unsigned configured;         /* how many it has had after the first */
	struct hash_key key;         /* the workers' */
	struct loop *loop;
	struct metrics *metrics; /* other threads only read them */
	_Atomic int cpu_clock;   /* its thread's, for clock_gettime(); 0: no thread */

	struct inbox inbox;
	struct post_batch *batches; /* this turn's posts for each other worker */
	int64_t posts, bytes;       /* posted less run since the last report */
	int64_t busy_told;          /* the last report of how busy it is */
	size_t spent;               /* work done in this turn */
	size_t work_per_turn;
	uint64_t turn_ns;      /* how long a turn may last */
	uint64_t turn_over;    /* when the turn's time is over, by loop_clock() */
	uint64_t reading_ns;   /* how long a period of reading may last */
	uint64_t reading_over; /* when it is over; 0: it has not begun */
	bool backpressured;    /* publishers are not read */

	/* Added by the code that makes the workers (resident.h). */
	struct list residents;
	struct sessions *sessions;
	struct broker *broker;
	struct logins *logins;

	struct names names;
	struct stomp_spare spare; /* for the parsers of its sessions */
	struct list flush_first;  /* a resident's: no post runs unless it is empty */
	struct list broadcast;    /* of the handler `broadcast`, at any endpoint */
	uint64_t broadcasts;      /* that have begun here */
	uint64_t live_sessions;   /* not freed yet */

	const struct edge_ops *edge_ops;
	struct edge *edge;    /* NULL before its start and after its end */
	uint64_t connections; /* of the edge, in whatever state */
	/*
	 * Connections that still have something to deliver, and sessions that have
	 * ended whose subscriptions have not.
	 */
	uint64_t owing;

	/*
	 * Set by the code that makes the workers: true when new clients may come. Else
	 * appends a short reason to *why.
	 */
	bool (*is_ready)(const struct worker *worker, struct buf *why);

	bool stopping; /* no new sessions */
	bool killed;   /* the edge accepts nothing more */
	struct timer stop_timer;
};

/*
 * A worker without residents and edge, and its loop. It holds the workers'
 * configuration. `count` is how many workers there will be. NULL after the loop has
 * logged why.
 */
struct worker *worker_create(struct workers *workers, unsigned index, unsigned count);

/*
 * The worker owns the resident from now on, and ends it by its destroy(). It calls its
 * residents in the order of these calls.
 */
void worker_add_resident(struct worker *worker, struct resident *resident);

/*
 * True when new clients may come to this worker. Else appends a short reason, without a
 * line end, to *why: it stops, or waits for something outside.
 */
bool worker_is_ready(const struct worker *worker, struct buf *why);

/*
 * Makes the worker's edge by `ops`, which must be static. -1 after the edge has logged
 * why; the worker then has none.
 */
int worker_start(struct worker *worker, const struct edge_ops *ops);

/*
 * Runs the loop on the calling thread until workers_end(), or until times.drain is over
 * after a stop.
 */
void worker_run(struct worker *worker);

/*
 * Holds that configuration and uses it from now on. Existing objects keep their
 * copies: running timers, the endpoints of sessions, the limits of queues.
 */
void worker_configure(struct worker *worker, const struct config *config);

/*
 * Refuses new sessions from now on, and lets the residents end politely. The loop ends
 * after the drain time.
 */
void worker_stop(struct worker *worker);

/*
 * The first step of a worker's end, when no loop runs any more: kills its residents,
 * so sessions end without waiting for their peers.
 */
void worker_kill(struct worker *worker);

/*
 * The second step: destroys the carriers with their connections. workers_settle()
 * still delivers the posts that this makes.
 */
void worker_drop_edge(struct worker *worker);

/*
 * The last step, after all workers have dropped their edges, since posts may name any
 * of them. NULL is fine.
 */
void worker_destroy(struct worker *worker);

/*
 * Starts backpressure, counted and logged, when the inboxes are full. True while it
 * lasts: the carriers must not read from clients that send.
 */
bool worker_apply_backpressure(struct worker *worker);

/*
 * The index of the worker that is the home of that name. The hash is keyed, so peers
 * cannot choose names of one home. The result is the same on all workers.
 */
unsigned worker_home(const struct worker *worker, struct slice name);

/* The same for a name whose hash_slice() by the worker's key is known. */
unsigned worker_home_of_hash(const struct worker *worker, uint64_t hash);

/*
 * Takes the post over, for worker `to`, which may be the worker itself. Posts of one
 * worker to another run there in the order of posting, in a later turn.
 */
void worker_post(struct worker *worker, unsigned to, struct post *post);

/* As worker_post(), with a copy of the post and of its texts (inbox.h, post_copy()). */
void worker_post_copy(struct worker *worker, unsigned to, const struct post *post,
	size_t size, struct slice *const texts[]);

/*
 * The post that runs next, still in its place, or NULL. For a post that can do the
 * work of both.
 */
const struct post *worker_next_post(const struct worker *worker);

/*
 * Takes the oldest post out, uncounted; the caller runs or frees it. NULL when there
 * is none.
 */
struct post *worker_take_post(struct worker *worker);

/*
 * Takes back the post that runs: it has more to do than a turn allows, and runs next.
 * Only its own run() calls this, and then does not free it.
 */
void worker_return_post(struct worker *worker, struct post *post);

/*
 * A post that has arrived is kept outside of the inbox, and still counts as waiting
 * there; or is kept no longer.
 */
void worker_keep_post(struct worker *worker, const struct post *post);
void worker_release_post(struct worker *worker, const struct post *post);

/*
 * Counts `amount` pieces of work (deliveries) of a post: a turn does a bounded amount
 * before it looks at the sockets again.
 */
void worker_spend(struct worker *worker, size_t amount);

/*
 * How many more deliveries and posts this turn may do, 0 or more. Report the work done
 * by worker_spend().
 */
size_t worker_allowance(const struct worker *worker);

/*
 * A new period of reading begins with the next worker_reading_is_over(). The worker
 * does this before and after its turn; a carrier does it before it reads on.
 */
void worker_begin_reading(struct worker *worker);

/*
 * True when input was read for as long as a period allows. Code that has read some of
 * a peer's input, or run some of its frames, then leaves the rest to a later turn.
 */
bool worker_reading_is_over(struct worker *worker);

/*
 * True when the turn has used its time. Code that has done some work then leaves the
 * rest to the next turn.
 */
bool worker_turn_is_over(const struct worker *worker);

#endif
