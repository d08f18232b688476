/*
 * Shared by the files of the STOMP conversation only. client.c has its life: input,
 * frames, receipts and the end. client_connect.c begins it, client_commands.c runs
 * commands, client_rate.c lets what comes too soon wait, client_refusal.h refuses,
 * client_beat.c watches the time.
 */
#ifndef GATEWAY_STOMP_CLIENT_INTERNAL_H
#define GATEWAY_STOMP_CLIENT_INTERNAL_H

#include "gateway/broker/broker.h"
#include "gateway/config/config.h"
#include "gateway/session/session.h"
#include "gateway/stomp/login.h"
#include "gateway/stomp/receipts.h"
#include "gateway/worker/metrics.h"
#include "protocol/utf8.h"

struct connecting;

struct client {
	struct session *session;
	struct worker *worker;
	struct participant participant;
	struct stomp_parser *parser;
	uint8_t version; /* enum stomp_version */
	bool connected;
	bool disconnecting; /* DISCONNECT came: closes after the last receipt */
	bool hung_up;       /* no more input; the same, after the kept frames */
	bool ended;
	bool spoken;        /* received something since CONNECTED */
	bool frame_begun;   /* a frame is unfinished */
	bool frame_watched; /* the timer looks at it in time */
	bool waiting;
	bool has_had_part; /* it waits for its next part of the time, or of its rate */
	bool was_early;    /* has sent more than its rate */
	uint8_t unlooked;  /* frames since it looked at the clock */
	uint8_t probes;    /* how often it was probed since `silent_since` */
	struct utf8_joiner joiner; /* of its text messages */
	uint64_t requests;         /* numbers the requests to homes */
	struct receipts receipts;

	/*
	 * The frames after an unfinished one, or after the client's part of the time to
	 * read, wait here, if `waiting`.
	 */
	struct buf kept;
	uint32_t kept_from;   /* those before it have run; limits.frame fits */
	uint32_t frame_bytes; /* that have come since `frame_at` */
	struct task resume;

	struct early_send *early;      /* NULL: no SEND waits for its time (rates) */
	struct connecting *connecting; /* NULL: CONNECT waits for no check */
	struct refreshing *refreshing; /* NULL: no new token is being checked */

	/*
	 * One timer: for the first frame until CONNECT, then for heart-beats and for
	 * frames that are late.
	 */
	struct timer timer;
	uint32_t beat_every;   /* ms; 0: send none */
	uint32_t expect_every; /* ms; 0: expect none */
	uint64_t silent_since; /* the sign of life before the probes */
	uint64_t frame_at;     /* since when a frame is unfinished */
};

/* The broker of the client's worker; it reaches all destinations. */
static inline struct broker *client_broker(const struct client *client)
{
	return client->worker->broker;
}

/*
 * The latest configuration. A reload may replace it between two frames: do not keep
 * it.
 */
static inline const struct config *client_config(const struct client *client)
{
	return client->worker->config;
}

/* client.c */

/*
 * Queues a copy of the frame, which has that command, and empties the buf by
 * buf_finish().
 */
void client_write(struct client *client, enum stomp_command command, struct buf *frame);

/* Ends the conversation; the session closes when the queued output has left. */
void client_end(struct client *client, enum ending ending);

/*
 * If the frame asks for a receipt, sends it after `answers` answers to `request`; with
 * 0 immediately, or after the receipts before it.
 */
void client_expect(struct client *client, const struct stomp_frame *frame,
	uint64_t request, size_t answers);

/*
 * Sends the receipts that are due, in the order of asking. After a DISCONNECT the last
 * one ends the client.
 */
void client_flush_receipts(struct client *client);

/* The request's receipt never leaves; those after it do not wait for it any more. */
void client_cancel_receipt(struct client *client, uint64_t request);

/* The value of the frame's receipt header, or empty. Borrowed from the frame. */
struct slice frame_receipt(const struct stomp_frame *frame);

/*
 * Pauses the session: the frames after this one are kept, unparsed, until
 * client_resume_later().
 */
void client_wait(struct client *client);

/*
 * Ends client_wait(). The kept frames run at the end of the turn, not within this
 * call. Does nothing if no frame waits.
 */
void client_resume_later(struct client *client);

/* client_connect.c */

/*
 * The limits for the parser. Before CONNECT a frame may be limits.connect_frame bytes
 * long, afterwards limits.frame.
 */
struct stomp_limits client_limits(const struct client *client, bool connected);

/*
 * CONNECT or STOMP: chooses the version and the heart-beats, then answers CONNECTED or
 * an ERROR. If users are configured, it waits for the check of the password first.
 */
void client_connect(struct client *client, const struct stomp_frame *frame);

/*
 * The participant's logged_in(): another thread has checked the password, and the
 * session still exists.
 */
void client_logged_in(
	struct participant *participant, const struct login_verdict *verdict);

/*
 * Frees the data of CONNECT that was kept for the check. Does nothing without a check.
 */
void client_forget_login(struct client *client);

/* A request of that client to log in, without what it shows. */
struct login_request client_login_request(const struct client *client);

/* client_identity.c: an identity that changes, or ends. */

/*
 * Takes the identity over: the conversation, its session and its account are its from
 * now on. False, with nothing changed, when the user has its share of limits.sessions.
 */
bool client_become(struct client *client, struct identity *identity);

/* What a refusal of a login, or of a new token, counts as. */
enum login_result client_login_result(enum refusal_kind kind);

/*
 * Takes over the identity that the listener's configuration gives its clients. They are
 * programs, so that they stay in the accounts of their addresses.
 */
void client_become_listeners(struct client *client);

/*
 * A SEND to /session/token: puts a new token in the place of the old one. The same user
 * only; a receipt comes when it is accepted.
 */
void client_refresh(struct client *client, const struct stomp_frame *frame);

/* The verdict about the token of a client_refresh() that had to wait. */
void client_refreshed(struct client *client, const struct login_verdict *verdict);

/* Ends the subscriptions that the rules do not allow any more. */
void client_review(struct client *client);

/* Milliseconds until the login ends; 0: it has ended; UINT64_MAX: never. */
uint64_t client_until_expired(const struct client *client);

/* Ends a client whose login has ended. */
void client_refuse_expired(struct client *client);

/* True for the destination of tokens, where tokens are configured. */
bool client_is_refresh(const struct client *client, const struct stomp_frame *frame);

/* client_commands.c */

/*
 * Takes one whole frame of the peer: counts it, shows it to the tap, and runs its
 * command. May end the client.
 */
void client_dispatch(struct client *client, const struct stomp_frame *frame);

/* Passes a SEND to the broker, whatever its rates are. */
void client_send(struct client *client, const struct stomp_frame *frame);

/* client_rate.c */

/*
 * Where there are rates: charges a SEND to them. True when it is dealt with: it is kept
 * and waits, as after client_wait(), or it is denied.
 */
bool client_is_early(struct client *client, const struct stomp_frame *frame);

/* Bytes of memory of the SEND that waits. */
size_t client_early_held(const struct client *client);

/* The wait, if there is one, is over: passes the SEND on, or lets it wait anew. */
void client_run_early(struct client *client);

/* The rates may have changed: charges the SEND that waits anew, in client_resume(). */
void client_reconsider_early(struct client *client);

/* The client ends: the SEND that waits does not come. */
void client_drop_early(struct client *client);

/*
 * client_beat.c: sets the timer to the next deadline: CONNECT, a heart-beat, or a sign
 * of life. Input and output do not move the timer; client_on_timer() looks again.
 */
void client_reschedule(struct client *client);

/*
 * client_beat.c: a part of a frame has come, and the rest has not. The timer refuses it
 * if it is late.
 */
void client_expect_rest(struct client *client);

/*
 * The timer's fire(): refuses a client that is late, probes one that is silent, sends
 * a heart-beat if nothing else was sent.
 */
void client_on_timer(struct timer *timer);

#endif
