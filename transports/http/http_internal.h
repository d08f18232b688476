/*
 * What the files of the HTTP carrier share. A connection lives from its hand-over
 * by the door until libmicrohttpd closes it; a request from its first line until
 * its answer has left or its connection broke. libmicrohttpd tells when.
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

enum { HTTP_DAEMONS = 64 };

/* One libmicrohttpd daemon with its share of the connections. */
struct http_daemon {
	struct http *http;
	struct MHD_Daemon *mhd;
	struct watch watch;
	struct fair_queue_entry due;
};

struct http {
	struct worker *worker;
	struct ws *ws;
	struct http_daemon daemons[HTTP_DAEMONS];
	struct http_daemon admin; /* of operators; started on worker 0 only */
	size_t next_daemon;
	struct fair_queue due; /* daemons and connections that have something to do */
	struct list connections;
	struct list paused; /* requests that wait until publishers are read again */
	struct registry requests; /* that another worker may answer */
	struct table feeds; /* of the sessions here, by their receivers' handles */
	struct files *files;
	struct files *console;             /* of operators; NULL but on worker 0 */
	struct buf scratch;                /* frames on their way into a response */
	struct sockjs_messages messages;   /* of the request that is being read */
	struct peeked peeked;              /* its head is the next request's */
	struct http_connection *returning; /* libmicrohttpd is just taking it back */
	time_t dated;
	char date[32]; /* as answers say it, at `dated` */
	bool stopping;
};

enum http_phase {
	HTTP_IDLE,      /* between requests: keep_alive */
	HTTP_READING,   /* a request comes in: body */
	HTTP_WAITING,   /* for frames, for the inbox: no time of ours */
	HTTP_ANSWERING, /* an answer leaves: progress */
};

struct http_connection {
	struct http *http;
	struct http_daemon *daemon;
	struct MHD_Connection *mhd; /* NULL: it has left libmicrohttpd */
	void **slot;                /* where libmicrohttpd has its pointer to this */
	struct list link;
	struct watch watch;
	struct timer timer;
	struct http_request *request; /* NULL between requests */
	enum http_phase phase;
	union {                   /* by its phase */
		uint64_t acked;   /* bytes that the peer had when last looked at */
		uint64_t idle_at; /* since when it waits for a request, or did */
	};
	int64_t read; /* bytes of the socket that its requests were made of */
	struct fair_queue_entry due; /* while it has left libmicrohttpd */
	bool is_rare; /* it had waited long for its request, and may so again */
	bool suspended;
	bool readable; /* something has come since its socket was last looked at */
	bool gone;     /* the peer has shut down its side */
	struct address peer;
	unsigned address_slot; /* of peer_came() */
};

struct receiver;

/* How far a request is, until its route serves it. It only goes forward. */
enum http_request_state {
	HTTP_REQUEST_NEW,   /* its head is not here */
	HTTP_REQUEST_BEGUN, /* its head has been read; its body may be coming */
	HTTP_REQUEST_WRONG, /* the same; `wrong` is the answer when its body is here */
	HTTP_REQUEST_REFUSED, /* the refusal has been sent: the connection closes */
};

/* Why a request is refused when its body is here. Few are, so it stands apart. */
struct http_wrong {
	struct refusal refusal; /* its texts are the head's, but for */
	struct buf hint;        /* this one */
};

struct http_request {
	struct http_connection *connection;
	enum http_request_state state;
	char *target;

	/*
	 * Of its head: libmicrohttpd's memory, or http->peeked, as long as that is
	 * kept.
	 */
	struct slice method;
	struct slice origin;   /* empty: none was sent */
	struct slice cookie;   /* the endpoint's bind_cookie; empty: none */
	struct slice affinity; /* by which load balancers pin the session; the same */
	char *kept;            /* then the bytes of `origin` and `affinity` */

	struct slice address; /* of the client, as trusted proxies say */
	char address_text[ADDRESS_TEXT_MAX];
	struct http_route route; /* what its good head asks for; its endpoint is held */
	int minor;               /* of HTTP/1.x */
	bool keeps_alive;        /* another request may follow its response */
	bool upgrades;           /* it asks for a WebSocket */

	struct http_wrong *wrong; /* owned; NULL: nothing is wrong so far */

	bool expects; /* it waits for "100 Continue" before it sends its body */
	bool unknown; /* it brings messages to a session that is not there */
	bool looking; /* its session's home is asked whether it is */
	bool whole;   /* its answer was written by http_keep_answer(), to the end */
	bool keeps_body;
	bool is_abroad; /* a page of another site asks, over https */
	struct buf body;
	uint64_t received;         /* bytes of the body so far */
	struct list paused;        /* in http->paused */
	struct waiter waiter;      /* its session, which is here, is paused */
	struct entry entry;        /* in http->requests, if it has a number */
	struct receiver *receiver; /* http_receive.c's */
	bool answered;             /* its session's home has said: */
	enum intake intake;
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

/* The request's peer, as session_create() wants it. Borrowed from the request. */
static inline struct peer http_request_peer(const struct http_request *request)
{
	return (struct peer){request->address, request->origin, request->cookie};
}

/*
 * True for a connection to the listener for operators, which has routes and checks of
 * its own.
 */
static inline bool http_request_is_admin(const struct http_request *request)
{
	return request->connection->daemon == &http_request_carrier(request)->admin;
}

/*
 * The index of the worker of the session that the URL names, whether there is such a
 * session or not.
 */
static inline unsigned http_request_home(const struct http_request *request)
{
	return session_home(http_request_carrier(request)->worker,
		request->route.endpoint, request->route.session);
}

/*
 * The request as posts name it, after http_request_give_number(). It finds nothing when
 * the request has ended.
 */
static inline struct handle http_request_handle(const struct http_request *request)
{
	return (struct handle){
		http_request_carrier(request)->worker->index, request->entry.number};
}

/* http_daemon.c */

/*
 * The daemon has something to do: it gets its turn in http->due. Does nothing if it
 * waits already.
 */
void http_daemon_mark(struct http_daemon *daemon);

/* Starts the daemon and watches it. Returns 0, or -1 after logging why not. */
int http_daemon_start(struct http_daemon *daemon, struct http *http);

/* Stops a daemon that runs; none of its connections may be suspended. */
void http_daemon_stop(struct http_daemon *daemon);

/* Gives the daemon a new connection, and takes the descriptor over, also on failure. */
void http_daemon_adopt(struct http_daemon *daemon, int fd,
	const struct sockaddr *address, socklen_t address_len);

/* http_connection.c */

/*
 * For a connection that libmicrohttpd has just taken: watches its socket and counts it
 * for its worker and address. http_connection_destroy() frees it, when libmicrohttpd is
 * done with it.
 */
struct http_connection *http_connection_create(
	struct http *http, struct MHD_Connection *mhd);

/*
 * Frees the connection, whose socket is closed, or another's now. It must have no
 * request.
 */
void http_connection_destroy(struct http_connection *connection);

/*
 * Ends the request, if any, of a connection that has left libmicrohttpd; closes the
 * socket and frees the connection.
 */
void http_connection_close(struct http_connection *connection);

/*
 * The connection rests until http_connection_resume(); then its request is served
 * again. One that has left libmicrohttpd, resting or not, is run by http_keep_run() in
 * its turn.
 */
void http_connection_suspend(struct http_connection *connection);

/*
 * Ends http_connection_suspend(). The request is served in the connection's next turn,
 * not within this call.
 */
void http_connection_resume(struct http_connection *connection);

/*
 * Watches the socket edge-triggered, since libmicrohttpd does not look at connections
 * that rest. -1 after logging why: treat the peer as gone.
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
 * Frees the request. `completed`: its answer has left as a whole; else a receiver loses
 * what was under way. Its number, if it has one, finds nothing any more.
 */
void http_request_destroy(struct http_request *request, bool completed);

/*
 * Reads a head that obeys the door's rules into the request: route, origin, cookies,
 * the client's address. Holds the route's endpoint, borrows the head's memory. Refuses
 * later what may not pass.
 */
void http_request_read(struct http_request *request, const struct http_head *head);

/*
 * Gives the request a number, so that answers from other workers find it. Once for each
 * request.
 */
void http_request_give_number(struct http_request *request);

/* The request of that number, or NULL when it has ended. */
struct http_request *http_request_find(struct http *http, uint64_t number);

/* True when the request's method is this one, with case. */
bool http_request_is(const struct http_request *request, const char *method);

/* http_leave.c */

/*
 * Takes the connection, whose request waits for frames, out of libmicrohttpd: the
 * caller must tell libmicrohttpd to close it, which does not close our duplicate of the
 * socket. False when it must stay, and be suspended.
 */
bool http_leave(struct http_request *request);

/*
 * Call it before the memory of the request's head goes. Copies what is still needed,
 * the origin and the affinity cookie; the rest is empty afterwards.
 */
void http_request_keep(struct http_request *request);

struct answer;

/*
 * http_keep.c: the turn of a connection that has left libmicrohttpd: writes what waits,
 * reads the next request, or closes it.
 */
void http_keep_run(struct fair_queue_entry *entry);

/*
 * Answers a request whose connection has left libmicrohttpd, by one send(). The answer
 * must be short: what the kernel does not take closes the connection.
 */
void http_keep_answer(struct http_request *request, const struct answer *answer);

/*
 * GET of an endpoint's own URL: "Welcome to SockJS!". Each http_serve function serves
 * one kind of route, when the request is here with its body or its connection is
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

/*
 * An OPTIONS of CORS: 204 with the methods that `allow` lists, whatever was asked for.
 */
bool http_serve_preflight(struct http_request *request, const char *allow);

/*
 * A downlink of SockJS. The first call makes a receiver, which asks the session's home;
 * later calls go on with what has come from there.
 */
bool http_serve_receive(struct http_request *request);

/*
 * An uplink of SockJS. While the worker reads from nobody, the request rests with its
 * body and is served again later.
 */
bool http_serve_send(struct http_request *request);

/* A page, for GET and HEAD. /docs leads to /docs/ if that is a page; else 404. */
bool http_serve_file(struct http_request *request);

/* 200 while the process runs, also when it is full or drains. */
bool http_serve_health(struct http_request *request);

/* 200, or 503 from SIGTERM on, so that load balancers send nobody here. */
bool http_serve_ready(struct http_request *request);

/*
 * Sums the figures of all workers just now, in Prometheus's text format. GET and HEAD.
 */
bool http_serve_metrics(struct http_request *request);

/*
 * http_admin.c: route_find() for the listener for operators, which has routes of its
 * own.
 */
struct http_route admin_route(
	const struct config *config, struct slice target, bool upgrade);

/*
 * Checks a request to the listener for operators, whose head is `head`. By
 * http_refuse_later() it refuses a Host that does not name this machine where no
 * admin.token is set, and /metrics without the token where one is. /health and /ready
 * are always served; CONNECT checks the console's token.
 */
void admin_check(struct http_request *request, const struct http_head *head);

/*
 * http_send.c: a request that brings messages begins. Its session is looked for before
 * its body comes, of which `length` bytes are declared.
 */
void http_send_begin(struct http_request *request, uint64_t length);

/*
 * http_send.c: the session's home answers the request of that number: first, while its
 * body still comes, whether there is such a session; then what became of the messages.
 * Does nothing when the request has ended.
 */
void http_send_answered(struct http *http, uint64_t number, enum intake intake);

/* http_receive.c */

/*
 * The receiver's peer has shut down, or the socket broke. The connection ends in its
 * next turn; then the session's home learns that what was under way is lost.
 */
void http_receiver_gone(struct http_request *request);

/*
 * The receiver's socket takes bytes again: writes what waits. Does nothing before the
 * head is written or when nothing waits.
 */
void http_receiver_writable(struct http_request *request);

/*
 * Frees the request's receiver, since the request ends. `completed`: a poll's answer
 * has left, so its messages leave the session's queue; else the home learns that they
 * are lost.
 */
void http_receiver_destroy(struct http_request *request, bool completed);
bool http_receiver_is_done(const struct http_request *request); /* all is written */
bool http_receiver_is_over(const struct http_request *request); /* that, or broken */

/* True when the request asks for frames, and nothing is wrong with it. */
bool http_receive_is_asked(const struct http_request *request);

/*
 * http_upgrade.c: hands a duplicate of the socket to the WebSocket carrier and returns
 * true; then the caller lets libmicrohttpd close its own. False where the request
 * stays: it is refused later, or gets a 405 with its body.
 */
bool http_upgrade(struct http_request *request, const struct http_head *head);

/* http_files.c */
extern const char http_page_policy[]; /* of Postern's own pages */

/*
 * Answers with the file, or 304 if the peer has it and `status` is 200. Holds the file
 * until it has left. The user's own files get the configured headers, Postern's own
 * http_page_policy.
 */
bool http_answer_file(
	struct http_request *request, const struct file *file, unsigned status);

/*
 * http_missing.c: 404 where there is no file; to a browser that wants a page, a page.
 */
bool http_answer_missing(struct http_request *request);

#endif
