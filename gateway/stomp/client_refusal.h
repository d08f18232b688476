/*
 * The one rule for refusing a STOMP client's request. Everything that refuses (the
 * parser, the broker, a home, later rules and applications) names a kind of refusal.h
 * and calls client_refuse(); www/docs/stomp.md has the same table.
 *
 *                    broker.deny strict   soft, and subscribed      soft, and not
 *                                         to /user/queue/errors     subscribed to it
 *   malformed        ERROR and close      ERROR and close           ERROR and close
 *   denied           ERROR and close      MESSAGE there             ERROR and close
 *   failed           see soft             MESSAGE there             nothing is sent
 *
 * Before CONNECTED every refusal is ERROR and close. Always: the request has no
 * effect, its RECEIPT never comes, and a log line and a counter name the refusal. The
 * answer has the receipt-id that the request asked for. If the request was denied or
 * has failed, the answer also has the denied-destination.
 */
#ifndef GATEWAY_STOMP_CLIENT_REFUSAL_H
#define GATEWAY_STOMP_CLIENT_REFUSAL_H

#include "gateway/worker/ending.h"
#include "gateway/worker/refusal.h"
#include "protocol/stomp.h"

struct broker_refusal;
struct client;

enum client_answer {
	CLIENT_ANSWER_ERROR,   /* and the conversation ends */
	CLIENT_ANSWER_MESSAGE, /* at /user/queue/errors, and it continues */
	CLIENT_ANSWER_NONE,    /* it continues */
};

/*
 * What a client gets for a refusal: the table above as a function. `is_soft`:
 * broker.deny is "soft"; `has_errors`: the client subscribes to /user/queue/errors.
 */
enum client_answer client_answer_to(
	enum refusal_class class, bool is_connected, bool is_soft, bool has_errors);

/* All fields are borrowed; the answer leaves out the zeroed ones. */
struct client_refusal {
	enum refusal_kind kind;
	struct slice what, value; /* refusal.h */
	bool is_of_connect;
	struct slice hint;
	struct slice reason;      /* for the log alone */
	struct slice receipt;     /* asked for by the frame */
	struct slice destination; /* for denied-destination */
	struct slice ended;       /* for ended-subscription: it has ended, too */
	enum ending ending;       /* why the session ends; ENDING_NONE: ENDING_ERROR */
};

/*
 * Refuses something: counts and logs it, and answers by client_answer_to(). Does
 * nothing after the conversation has ended. This call may end it.
 */
void client_refuse(struct client *client, const struct client_refusal *refusal);

/*
 * Refuses a frame as the broker has refused it: an ERROR, a message to
 * /user/queue/errors, or nothing, by client_answer_to().
 */
void client_refuse_frame(struct client *client, const struct stomp_frame *frame,
	const struct broker_refusal *refusal);

/*
 * As client_refuse_frame(), for a frame that was taken first and later refused by its
 * home. Cancels its receipt.
 */
void client_refuse_request(
	struct client *client, uint64_t request, const struct broker_refusal *refusal);

/* client_fault.c: input that the parser cannot read, and input that does not come. */

/*
 * The parser has returned BAD: sends the ERROR with the parser's details of the fault,
 * and ends the client.
 */
void client_refuse_fault(struct client *client);

/* There is no memory for the `held` bytes of a frame under way: ERROR, and the end. */
void client_refuse_memory(struct client *client, size_t held);

/*
 * Ends a client whose CONNECT or heart-beat has not come in time, with an ERROR that
 * says so. The client may have sent part of a frame.
 */
void client_refuse_lateness(struct client *client, enum refusal_kind kind);

#endif
