/*
 * The console's services. The console's page asks by a SEND below /admin with a
 * reply-to, and gets the answer as JSON. Nothing is gathered without a request. Only
 * sessions of the admin listener's endpoint may ask.
 *
 *   /admin/overview       the number of everything
 *   /admin/sessions       those that match {"search": ...}, at most {"most": ...}, and
 *                         no more than fits well into the asking session's queue
 *   /admin/session        one of them, {"session": label}, with its subscriptions
 *   /admin/destinations   the same for topics and queues
 *   /admin/kick           ends the session {"session": label}
 *   /admin/trace          reports that session's frames for some seconds (trace.h)
 */
#ifndef GATEWAY_CONSOLE_CONSOLE_H
#define GATEWAY_CONSOLE_CONSOLE_H

#include "gateway/broker/broker.h"
#include "gateway/broker/destination.h"
#include "gateway/broker/service.h"

#include <jansson.h>

/*
 * A SEND below /admin. Refused when no service has that path, the body is not a JSON
 * object, the SEND is in a transaction, or has no reply-to /temp-queue/... The answer
 * comes later, from any worker.
 */
extern const struct service console_service;

/*
 * The address of an answer: the asking client's reply queue. The holder frees the
 * target.
 */
struct console_reply {
	struct target target;
	struct slice about; /* a constant: the service that was asked */
};

/*
 * Takes over the answer and sends it to the reply queue. From any worker; the asking
 * client may be gone.
 */
void console_answer(
	struct broker *broker, const struct console_reply *reply, json_t *answer);

/* console_gather.c: the part of one worker. */
struct question {
	struct slice search;  /* in any text of a row; empty: all */
	struct slice session; /* a label */
	size_t most;          /* rows, */
	size_t most_bytes;    /* and about so many bytes of them */
	const struct console_reply *reply;
};

struct finding {
	json_t *rows; /* an array */
	size_t bytes; /* of them */
	bool is_full; /* further rows are only counted */
	uint64_t total;
};

/*
 * Takes over the row and appends it. Drops it when the finding has `most` rows or
 * `most_bytes` bytes: the finding is then full, and stays so.
 */
void finding_append(
	struct finding *finding, json_t *row, size_t most, size_t most_bytes);

/* console_looks.c: a look on one worker; each worker runs it for a question. */
typedef void console_look(struct worker *worker, const struct question *question,
	struct finding *finding);

/*
 * Asks all workers by `look`, and answers the client when every worker has replied.
 * `asked` is the JSON object that the client has sent. Takes over the content of
 * `reply`.
 */
void console_gather(struct broker *broker, struct console_reply *reply,
	const json_t *asked, console_look *look);

console_look console_look_sessions, console_look_session, console_look_destinations,
	console_look_kick, console_look_trace;

#endif
