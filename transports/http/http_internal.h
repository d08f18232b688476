/*
 * Shared by the files of the HTTP carrier. A connection lives from its hand-over by the
 * door until Postern closes it, or libmicrohttpd does while it has it. A request lives
 * from its first line until its answer has left or its connection broke.
 */
#ifndef TRANSPORTS_HTTP_HTTP_INTERNAL_H
#define TRANSPORTS_HTTP_HTTP_INTERNAL_H

#include "gateway/base/list.h"
#include "gateway/base/loop.h"
#include "gateway/config/config.h"
#include "gateway/worker/refusal.h"
#include "gateway/worker/worker.h"
#include "transports/base/peek.h"
#include "transports/base/peer.h"
#include "transports/http/fair_queue.h"
#include "transports/http/http.h"
#include "transports/http/intake.h"
#include "transports/sockjs/route.h"

#include <sys/types.h>
#include <time.h>

struct MHD_Connection;
struct MHD_Daemon;
struct file;
struct files;

enum { HTTP_DAEMONS = 64 }; /* at most: http_create() */

/* One libmicrohttpd daemon with its share of the connections. */
struct http_daemon {
	struct http *http;
	struct MHD_Daemon *mhd;
	size_t pool; /* bytes that it has for each connection */
	struct watch watch;
	struct fair_queue_entry due;
};

struct http {
	struct worker *worker;
	struct ws *ws;
	struct http_daemon daemons[HTTP_DAEMONS];
	size_t daemon_count;      /* of these are used */
	struct http_daemon admin; /* for operators; started on worker 0 only */
	size_t next_daemon;
	struct fair_queue due; /* daemons and connections that have work */
	uint64_t runs_ns; /* how long those that run in any turn may take together */
	struct list connections;
	struct list lingering; /* sockets whose clients still send (http_linger.c) */
	size_t lingering_count;
	struct list paused;       /* requests that wait for the end of backpressure */
	struct registry requests; /* requests that another worker may answer */
	struct table feeds; /* of this worker's sessions, by their receivers' handles */
	struct files *files;
	struct files *console;             /* for operators; NULL except on worker 0 */
	struct buf scratch;                /* frames before they are in a response */
	struct sockjs_messages messages;   /* of the request that is being read */
	struct peeked peeked;              /* its head is the next request's */
	struct http_connection *returning; /* libmicrohttpd is just taking it */
	time_t dated;
	char date[32]; /* in HTTP's format, made at `dated` */
	bool stopping;
};

enum http_phase {
	HTTP_IDLE,      /* between requests: keep_alive */
	HTTP_READING,   /* a request comes in: body */
	HTTP_WAITING,   /* for frames, for the inbox: no deadline of ours */
	HTTP_ANSWERING, /* an answer leaves: progress */
};

struct http_connection {
	struct http *http;
	struct http_daemon *daemon;
	struct MHD_Connection *mhd; /* NULL: libmicrohttpd does not have it */
	void **slot;                /* libmicrohttpd's pointer to this */
	struct list link;
	struct io io;
	struct watch watch; /* of its descriptor */
	struct timer timer;
	struct http_request *request; /* NULL between requests */
	enum http_phase phase;
	uint64_t acked; /* HTTP_ANSWERING: bytes that the peer had at the last look */
	int64_t read;   /* bytes of the socket in requests, while `mhd` is set */
	struct fair_queue_entry due; /* while `mhd` is NULL */
	uint32_t account;            /* of http_adopt_once(); else ACCOUNT_HOUSE */
	bool once;                   /* it ends after its first answer */
	bool pooled;                 /* its account is charged for the daemon's pool */
	bool suspended;
	bool readable; /* bytes have come since the last look at its socket */
	bool gone;     /* the peer has shut down its side */
	struct address peer;
	unsigned address_slot; /* from peer_came() */
};

struct receiver;

/* The answer that http_keep.c writes. */
enum http_reply_state {
	HTTP_REPLY_NONE,
	HTTP_REPLY_LEAVING, /* the rest is in the request's body */
	HTTP_REPLY_WHOLE,   /* written; another request may follow */
	HTTP_REPLY_LAST,    /* written, or broken: the connection closes */
};

/* The progress of a request before its route serves it. It only goes forward. */
enum http_request_state {
	HTTP_REQUEST_NEW,     /* its head has not come */
	HTTP_REQUEST_BEGUN,   /* its head was read; its body may still come */
	HTTP_REQUEST_WRONG,   /* the same; answer `wrong` when its body has come */
	HTTP_REQUEST_REFUSED, /* the refusal was sent: the connection closes */
};

/*
 * The refusal of a request whose body must come first. Rare, so it is allocated apart.
 */
struct http_wrong {
	struct refusal refusal; /* its texts are the head's, except for */
	struct buf hint;        /* this one */
	uint64_t delay;         /* ms until it is answered */
	struct timer timer;     /* runs meanwhile */
	struct http_request *request;
};

struct http_request {
	struct http_connection *connection;
	enum http_request_state state;
	unsigned missing; /* bytes of its body that http_body.c waits for */
	char *target;

	/*
	 * These belong to its head: libmicrohttpd's memory, or http->peeked, as long
	 * as that is kept.
	 */
	struct slice method;
	struct peer peer;      /* for the session; before its head, the connection's */
	struct slice affinity; /* the load balancer's cookie; empty: none */
	char *kept;            /* owned bytes of those that are kept, or NULL */

	struct http_route route; /* of its valid head; its endpoint is held */
	int minor;               /* of HTTP/1.x */
	bool keeps_alive;        /* another request may follow its answer */
	bool upgrades;           /* it asks for a WebSocket */

	struct http_wrong *wrong; /* owned; NULL: nothing is wrong so far */

	bool expects; /* waits for "100 Continue" before its body */
	bool unknown; /* brings messages to an unknown session */
	bool looking; /* the session's home is asked whether the session exists */
	bool keeps_body;
	bool is_form;   /* its Content-Type is a form's */
	bool is_abroad; /* from a page of another site, over https */
	bool answered;  /* the session's home has answered: */
	enum intake intake;
	enum http_reply_state reply;
	struct buf body;
	uint64_t charged;          /* bytes of the body that its account is charged */
	uint64_t received;         /* bytes of the body that libmicrohttpd has read */
	struct list paused;        /* in http->paused */
	struct waiter waiter;      /* its session is on this worker, and paused */
	struct entry entry;        /* in http->requests, if it has a number */
	struct receiver *receiver; /* http_receive.c's */
};

/*
 * The HTTP carrier of the worker that has the connection; the request's session may
 * live on another worker.
 */
static inline struct http *http_request_carrier(const struct http_request *request)
{
	return request->connection->http;
}

/*
 * The latest configuration of that worker; the route's endpoint may be of an older one.
 */
static inline const struct config *http_request_config(
	const struct http_request *request)
{
	return request->connection->http->worker->config;
}

/*
 * True for a connection to the listener for operators, which has its own routes and
 * checks.
 */
static inline bool http_request_is_admin(const struct http_request *request)
{
	return request->connection->daemon == &http_request_carrier(request)->admin;
}

/*
 * The index of the worker of the session that the URL names, whether the session
 * exists or not.
 */
static inline unsigned http_request_home(const struct http_request *request)
{
	return session_home(http_request_carrier(request)->worker,
		request->route.endpoint, request->route.session);
}

/*
 * The request as posts name it, after http_request_give_number(). A post does nothing
 * after the request has ended.
 */
static inline struct handle http_request_handle(const struct http_request *request)
{
	return (struct handle){
		http_request_carrier(request)->worker->index, request->entry.number};
}

/* http_daemon.c */

/*
 * Puts the daemon in http->due, because it has work. Does nothing if it is there
 * already.
 */
void http_daemon_mark(struct http_daemon *daemon);

/* The same, before all that is not fresh: it has a new connection. */
void http_daemon_mark_fresh(struct http_daemon *daemon);

/* Starts the daemon and watches it. Returns 0, or -1 after logging why. */
int http_daemon_start(struct http_daemon *daemon, struct http *http);

/* Stops a daemon that runs; none of its connections may be suspended. */
void http_daemon_stop(struct http_daemon *daemon);

/* http_connection.c */

/*
 * For a connection that the door has handed over: takes its io, watches its socket and
 * counts it for its worker and address. Its first bytes have come. It is ours until
 * http_connection_return(), to that daemon.
 */
struct http_connection *http_connection_create(
	struct http_daemon *daemon, struct io io, const struct address *peer);

/*
 * Frees the connection. Its socket is closed, or libmicrohttpd closes it. It must have
 * no request.
 */
void http_connection_destroy(struct http_connection *connection);

/*
 * Ends the request, if any, of a connection that is ours; closes the socket and frees
 * the connection.
 */
void http_connection_close(struct http_connection *connection);

/*
 * The connection's io is about to be closed. If its client still sends, a duplicate
 * keeps it open for a while, so that the client can read the answer; the connection has
 * only the descriptor then. The duplicate counts for the client's address.
 */
void http_linger(struct http_connection *connection);

/* The worker ends: closes what still lingers. */
void http_end_lingering(struct http *http);

/*
 * The connection rests until http_connection_resume(); its request is served again
 * then. If the connection is ours, http_keep_run() runs it in its turn.
 */
void http_connection_suspend(struct http_connection *connection);

/*
 * Ends http_connection_suspend(). The request is served in the connection's next turn,
 * not within this call.
 */
void http_connection_resume(struct http_connection *connection);

/*
 * The client has sent more behind its waiting request. If that fills the socket, the
 * client's end could not arrive: it counts as gone if the same is so after
 * times.disconnect.
 */
void http_connection_note_unread(struct http_connection *connection);

/*
 * Watches the socket edge-triggered, since libmicrohttpd does not look at resting
 * connections. -1 after logging why: treat the peer as gone.
 */
int http_connection_watch(struct http_connection *connection);

/*
 * Sets the phase and the deadline that goes with it (times.keep_alive, times.body,
 * times.progress), and counts whether the worker owes the peer an answer.
 */
void http_connection_set_phase(
	struct http_connection *connection, enum http_phase phase);

/*
 * http_request.c: libmicrohttpd calls it for each request line, with the struct http.
 * Returns the request, which libmicrohttpd keeps.
 */
void *http_on_target(void *http, const char *target, struct MHD_Connection *mhd);

/*
 * A request line has come. Copies the target. The connection owns the request and has
 * no other one.
 */
struct http_request *http_request_create(
	struct http_connection *connection, struct slice target);

/*
 * Frees the request. `completed`: its whole answer has left; else a receiver loses the
 * frames under way. Its number, if it has one, is no longer found.
 */
void http_request_destroy(struct http_request *request, bool completed);

/*
 * Reads a head that has passed the door's rules into the request: route, origin,
 * cookies, the client's address. Holds the route's endpoint, borrows the head's
 * memory. Marks an invalid request for refusal after its body.
 */
void http_request_read(struct http_request *request, const struct http_head *head);

/*
 * The request has come with its body, or its connection is resumed: its route serves
 * it. False: the connection is closed without an answer, or is ours.
 */
bool http_request_serve(struct http_request *request);

/* The most bytes of the request's body, as it comes. */
uint64_t http_request_body_max(const struct http_request *request);

/*
 * Gives the request a number by which answers from other workers find it. Once for
 * each request.
 */
void http_request_give_number(struct http_request *request);

/* The request of that number, or NULL when it has ended. */
struct http_request *http_request_find(struct http *http, uint64_t number);

/* True when the request's method is this one, with case. */
bool http_request_is(const struct http_request *request, const char *method);

/* True for GET and HEAD. */
bool http_request_reads(const struct http_request *request);

/* http_leave.c */

/*
 * Takes the connection, whose answer Postern will write, out of libmicrohttpd. The
 * caller must make libmicrohttpd close it, which does not close our duplicate of the
 * socket. False when it must stay. True when libmicrohttpd does not have it anyway.
 */
bool http_leave(struct http_request *request);

/*
 * Call it before the memory of the request's head is freed. Copies the fields that are
 * still needed: the origin and the affinity cookie; of a request that brings messages,
 * also the method and the endpoint's cookie. The rest is empty afterwards.
 */
void http_request_keep(struct http_request *request);

/*
 * GET of an endpoint's own URL: "Welcome to SockJS!". Each http_serve function serves
 * one kind of route, when the request has come with its body or its connection is
 * resumed. False: the connection is closed without an answer, or has left
 * libmicrohttpd.
 */
bool http_serve_greeting(struct http_request *request);

/*
 * GET /info of SockJS: which transports the client may try. Its entropy is new each
 * time (SockJS 0.3.3, Info).
 */
bool http_serve_info(struct http_request *request);

/*
 * The page that loads the SockJS client into an iframe (/iframe...html). One year in
 * caches, with an ETag over its content.
 */
bool http_serve_iframe(struct http_request *request);

/* An OPTIONS of CORS: always 204 with the methods of `allow`. */
bool http_serve_preflight(struct http_request *request, const char *allow);

/*
 * A downlink of SockJS. The first call makes a receiver, which asks the session's
 * home; later calls continue with the home's output.
 */
bool http_serve_receive(struct http_request *request);

/*
 * An uplink of SockJS. During backpressure, the request rests with its body and is
 * served again later.
 */
bool http_serve_send(struct http_request *request);

/* A page, for GET and HEAD. /docs redirects to /docs/ if that is a page; else 404. */
bool http_serve_file(struct http_request *request);

/* 200 while the process runs, also when it is full or drains. */
bool http_serve_health(struct http_request *request);

/* 200, or 503 after SIGTERM, so that load balancers send no new clients. */
bool http_serve_ready(struct http_request *request);

/* The present sums of all workers, in Prometheus's text format. GET and HEAD. */
bool http_serve_metrics(struct http_request *request);

/*
 * http_refuse.c: answers the request by request->wrong, now that its body has come, or
 * later.
 */
bool http_refuse_wrong(struct http_request *request);
void http_wrong_destroy(struct http_wrong *wrong); /* NULL is fine */

/*
 * http_admin.c: route_find() for the listener for operators, which has its own routes.
 */
struct http_route admin_route(
	const struct config *config, struct slice target, bool upgrade);

/*
 * Checks a request to the listener for operators, whose head is `head`. Refuses by
 * http_refuse_later(): without an admin.token, a Host that does not name this machine;
 * with one, /metrics without the token, late if that happens often. /health and /ready
 * are always served; CONNECT checks the console's token.
 */
void admin_check(struct http_request *request, const struct http_head *head);

/*
 * http_send.c: a request that brings messages begins. Looks for its session before its
 * body comes, of which `length` bytes are declared.
 */
void http_send_begin(struct http_request *request, uint64_t length);

/*
 * http_send.c: true when the request brings messages, is valid so far, its body has a
 * short length that its head declares, and its session is known, as far as this worker
 * can tell.
 */
bool http_send_is_asked(struct http_request *request, const struct http_head *head);

/*
 * http_send.c: the session's home answers the request of that number. The first
 * answer, while the body still comes, says whether the session exists; the second,
 * what happened to the messages. Does nothing when the request has ended.
 */
void http_send_answered(struct http *http, uint64_t number, enum intake intake);

/* http_receive.c */

/*
 * The receiver's peer has shut down, or the socket broke. The connection ends in its
 * next turn; the session's home is then notified that the frames under way are lost.
 */
void http_receiver_gone(struct http_request *request);

/*
 * The receiver's socket takes bytes again: writes the rest. Does nothing before the
 * head is written or when no bytes are left.
 */
void http_receiver_writable(struct http_request *request);

/*
 * Frees the request's receiver, since the request ends. `completed`: a poll's answer
 * has left, so its messages leave the session's queue; else the home is notified that
 * they are lost.
 */
void http_receiver_destroy(struct http_request *request, bool completed);
bool http_receiver_is_done(const struct http_request *request); /* all written */
bool http_receiver_is_over(const struct http_request *request); /* done, or broken */

/* True when the request asks for frames, and is valid so far. */
bool http_receive_is_asked(const struct http_request *request);

/*
 * http_upgrade.c: hands a duplicate of the socket to the WebSocket carrier and returns
 * true; the caller then lets libmicrohttpd close its own. False if the request stays:
 * it is refused later, or gets a 405 with its body.
 */
bool http_upgrade(struct http_request *request, const struct http_head *head);

/* http_files.c */
extern const char http_page_policy[]; /* of Postern's own pages */

/*
 * Answers with the file, or 304 if the peer has it and `status` is 200. Holds the file
 * until it has left. The user's files get the configured headers, Postern's own get
 * http_page_policy.
 */
bool http_answer_file(
	struct http_request *request, const struct file *file, unsigned status);

/* http_missing.c: 404 for a missing file; a browser that wants a page gets a page. */
bool http_answer_missing(struct http_request *request);

#endif
