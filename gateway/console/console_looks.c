/*
 * The finding of one worker for the console: its sessions and destinations, as rows of
 * JSON. Rows beyond the limit are only counted.
 */
#include "gateway/console/console.h"

#include "gateway/broker/engine.h"
#include "gateway/broker/subscription.h"
#include "gateway/broker/topic.h"
#include "gateway/console/trace.h"
#include "gateway/session/session.h"

#include <time.h>

enum { TEXTS_MAX = 6 };

/* What a row says in texts. A search looks for a part of one of them. */
struct texts {
	struct slice all[TEXTS_MAX];
};

static bool texts_have(const struct texts *texts, struct slice search)
{
	for (size_t i = 0; i < TEXTS_MAX; i++) {
		const struct slice text = texts->all[i];

		if (text.len > 0 &&
			memmem(text.data, text.len, search.data, search.len) != NULL)
			return true;
	}
	return search.len == 0;
}

/*
 * True when a row is needed. It counts instead when the finding is full. Asked before
 * the row is made, since thousands of sessions may be passed over.
 */
static bool finding_wants(struct finding *finding, const struct question *question,
	const struct texts *texts)
{
	if (!texts_have(texts, question->search))
		return false;
	if (!finding->is_full)
		return true;
	finding->total++;
	return false;
}

/* Takes the row over. */
static void finding_add(
	struct finding *finding, const struct question *question, json_t *row)
{
	finding->total++;
	finding_append(finding, row, question->most, question->most_bytes);
}

/* Clients choose names, which may be invalid text. */
static void row_set(json_t *row, const char *name, struct slice text)
{
	json_t *value = json_stringn(text.data, text.len);

	json_object_set_new(row, name, value != NULL ? value : json_string("?"));
}

static void row_count(json_t *row, const char *name, uint64_t number)
{
	json_object_set_new(row, name, json_integer((json_int_t)number));
}

struct look {
	struct worker *worker;
	const struct question *question;
	struct finding *finding;
};

/* A console's own frames would report themselves endlessly. */
static bool session_is_traceable(const struct session *session)
{
	return !session_endpoint(session)->is_console;
}

static bool finding_wants_session(struct finding *finding,
	const struct question *question, const struct session *session,
	struct slice user)
{
	const struct session_facts facts = session_facts(session);
	char address[ADDRESS_TEXT_MAX];
	const struct texts texts = {
		{session_label(session), session_endpoint(session)->path,
			slice_of(transport_name(facts.transport)),
			address_write(&facts.address, address), facts.origin, user}};

	return finding_wants(finding, question, &texts);
}

static json_t *session_row(const struct session *session)
{
	const struct session_facts facts = session_facts(session);
	char address[ADDRESS_TEXT_MAX];
	json_t *row = json_object();

	row_set(row, "session", session_label(session));
	row_set(row, "endpoint", session_endpoint(session)->path);
	row_set(row, "transport", slice_of(transport_name(facts.transport)));
	row_set(row, "address", address_write(&facts.address, address));
	if (facts.origin.len > 0)
		row_set(row, "origin", facts.origin);
	json_object_set_new(
		row, "traceable", json_boolean(session_is_traceable(session)));
	row_count(row, "age", facts.age);
	row_count(row, "queued", facts.queued);
	row_count(row, "bytes_in", facts.bytes_in);
	row_count(row, "bytes_out", facts.bytes_out);
	return row;
}

/* The broker knows more of STOMP sessions, until they have ended. */
static json_t *participant_row(const struct participant *participant)
{
	json_t *row = session_row(participant->session);

	if (participant->identity != NULL)
		row_set(row, "user", participant_user(participant));
	row_count(row, "subscriptions", participant->subscription_count);
	return row;
}

static void visit_participant(const struct participant *participant, void *context)
{
	const struct look *look = context;
	const struct slice user = participant->identity == NULL
					  ? SLICE("")
					  : participant_user(participant);

	if (session_state(participant->session) >= SESSION_CLOSING ||
		!finding_wants_session(
			look->finding, look->question, participant->session, user))
		return;
	finding_add(look->finding, look->question, participant_row(participant));
}

static void visit_session(struct session *session, void *context)
{
	const struct look *look = context;

	if (session_state(session) < SESSION_CLOSING &&
		session_endpoint(session)->runs == HANDLER_STOMP)
		return;
	if (finding_wants_session(look->finding, look->question, session, SLICE("")))
		finding_add(look->finding, look->question, session_row(session));
}

void console_look_sessions(
	struct worker *worker, const struct question *question, struct finding *finding)
{
	struct look look = {worker, question, finding};

	broker_for_each_participant(worker->broker, visit_participant, &look);
	session_for_each(worker, visit_session, &look);
}

static json_t *subscription_row(const struct subscription *subscription)
{
	static const char *const modes[] = {
		[ACK_AUTO] = "auto",
		[ACK_CLIENT] = "client",
		[ACK_INDIVIDUAL] = "client-individual",
	};
	json_t *row = json_object();

	row_set(row, "destination", name_text(subscription->destination));
	row_set(row, "ack", slice_of(modes[subscription->ack]));
	row_count(row, "unacknowledged", subscription->unacked.count);
	return row;
}

/* How it has logged in, its groups, and the seconds until its login ends. */
static void row_set_identity(json_t *row, const struct identity *identity)
{
	const int64_t now = (int64_t)time(NULL);
	json_t *groups = json_array();

	row_set(row, "login", slice_of(login_source_name(identity->source)));
	for (size_t i = 0; i < identity->group_count; i++)
		json_array_append_new(groups, json_stringn(identity->groups[i].data,
						      identity->groups[i].len));
	json_object_set_new(row, "groups", groups);
	if (identity->expires_at > 0)
		row_count(row, "expires_in",
			identity->expires_at > now
				? (uint64_t)(identity->expires_at - now)
				: 0);
}

/*
 * limits.subscriptions, limits.destination and limits.identity bound a session's row.
 */
static void visit_participant_in_full(
	const struct participant *participant, void *context)
{
	const struct look *look = context;

	if (!slice_equal(
		    session_label(participant->session), look->question->session) ||
		session_state(participant->session) >= SESSION_CLOSING)
		return;
	json_t *row = participant_row(participant), *list = json_array();
	for (size_t i = 0; i < participant->subscription_count; i++)
		json_array_append_new(
			list, subscription_row(participant->subscriptions[i]));
	json_object_set_new(row, "list", list);
	if (participant->identity != NULL)
		row_set_identity(row, participant->identity);
	finding_add(look->finding, look->question, row);
}

void console_look_session(
	struct worker *worker, const struct question *question, struct finding *finding)
{
	struct look look = {worker, question, finding};

	broker_for_each_participant(worker->broker, visit_participant_in_full, &look);
}

static void visit_topic(const struct topic *topic, void *context)
{
	const struct look *look = context;

	const struct texts texts = {{topic_destination(topic), SLICE("topic")}};

	if (!finding_wants(look->finding, look->question, &texts))
		return;
	json_t *row = json_object();
	row_set(row, "destination", texts.all[0]);
	row_set(row, "kind", texts.all[1]);
	row_count(row, "subscribers", topic_subscribers(look->worker->broker, topic));
	row_count(row, "messages", topic_place(topic).offset);
	finding_add(look->finding, look->question, row);
}

static void visit_queue(const struct engine_destination *queue, void *context)
{
	const struct look *look = context;

	const struct texts texts = {{queue->destination, SLICE("queue")}};

	if (!finding_wants(look->finding, look->question, &texts))
		return;
	json_t *row = json_object();
	row_set(row, "destination", texts.all[0]);
	row_set(row, "kind", texts.all[1]);
	row_count(row, "subscribers", queue->subscribers);
	row_count(row, "messages", queue->messages);
	row_count(row, "ready", queue->ready);
	row_count(row, "unacknowledged", queue->unacknowledged);
	row_count(row, "parked", queue->parked);
	finding_add(look->finding, look->question, row);
}

void console_look_destinations(
	struct worker *worker, const struct question *question, struct finding *finding)
{
	struct look look = {worker, question, finding};

	topic_for_each(worker->broker, visit_topic, &look);
	broker_for_each_destination(worker->broker, visit_queue, &look);
}

static void visit_to_kick(struct session *session, void *context)
{
	const struct look *look = context;

	if (!slice_equal(session_label(session), look->question->session))
		return;
	finding_add(look->finding, look->question, session_row(session));
	session_close(session, ENDING_OPERATOR);
}

void console_look_kick(
	struct worker *worker, const struct question *question, struct finding *finding)
{
	struct look look = {worker, question, finding};

	session_for_each(worker, visit_to_kick, &look);
}

static void visit_to_trace(struct session *session, void *context)
{
	const struct look *look = context;

	if (!session_is_traceable(session) ||
		!slice_equal(session_label(session), look->question->session))
		return;
	finding_add(look->finding, look->question, session_row(session));
	session_set_tap(session, trace_create(look->question->reply, session));
}

void console_look_trace(
	struct worker *worker, const struct question *question, struct finding *finding)
{
	struct look look = {worker, question, finding};

	session_for_each(worker, visit_to_trace, &look);
}
