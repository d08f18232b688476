/*
 * A question to all workers travels as one post to each, which looks there and comes
 * back with what it has found. The inquiry waits at who has asked, and answers when the
 * last one is back.
 */
#include "gateway/broker/console.h"

#include "gateway/session.h"
#include "gateway/trace.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

enum {
	ROWS = 1000,
	ROWS_MAX = 5000,
	ANSWERS_WAITING = 4, /* of the largest, in the queue of a slow console */
};

struct inquiry {
	struct console_reply reply;
	struct finding sum; /* of all workers */
	size_t most, most_bytes;
	unsigned waits; /* for so many workers */
};

struct look_post {
	struct post post;
	struct inquiry *inquiry; /* only its home looks into it, */
	unsigned home;
	console_look *look;
	struct question question; /* but for the reply here, that stays as it is */
	struct finding finding;
	char text[];
};

static void inquiry_end(struct broker *broker, struct inquiry *inquiry)
{
	json_t *answer = json_object();

	json_object_set_new(
		answer, "total", json_integer((json_int_t)inquiry->sum.total));
	json_object_set_new(answer, "rows", inquiry->sum.rows);
	console_answer(broker, &inquiry->reply, answer);
	target_finish(&inquiry->reply.target);
	free(inquiry);
}

/* Takes the row over. It is dropped when there is no room for it. */
static void finding_append(
	struct finding *finding, json_t *row, size_t most, size_t most_bytes)
{
	const size_t size = json_dumpb(row, NULL, 0, JSON_COMPACT);

	finding->is_full = finding->is_full || json_array_size(finding->rows) >= most ||
			   finding->bytes + size > most_bytes;
	if (finding->is_full) {
		json_decref(row);
		return;
	}
	finding->bytes += size;
	json_array_append_new(finding->rows, row);
}

static void found_run(struct worker *worker, struct post *post)
{
	struct look_post *look = container_of(post, struct look_post, post);
	struct inquiry *inquiry = look->inquiry;
	json_t *row;
	size_t i;

	json_array_foreach(look->finding.rows, i, row)
	{
		finding_append(&inquiry->sum, json_incref(row), inquiry->most,
			inquiry->most_bytes);
	}
	inquiry->sum.total += look->finding.total;
	json_decref(look->finding.rows);
	free(look);
	if (--inquiry->waits == 0)
		inquiry_end(worker->broker, inquiry);
}

static void look_run(struct worker *worker, struct post *post)
{
	struct look_post *look = container_of(post, struct look_post, post);

	look->finding.rows = json_array();
	look->look(worker, &look->question, &look->finding);
	look->post.run = found_run;
	worker_post(worker, look->home, &look->post);
}

static struct slice member(const json_t *asked, const char *name)
{
	const char *text = json_string_value(json_object_get(asked, name));

	return text == NULL ? SLICE("") : slice_of(text);
}

void console_gather(struct broker *broker, struct console_reply *reply,
	const json_t *asked, console_look *look)
{
	const unsigned home = broker->worker->index;
	const json_int_t most = json_integer_value(json_object_get(asked, "most"));
	const struct slice search = member(asked, "search");
	const struct slice session = member(asked, "session");
	struct inquiry *inquiry = xcalloc(1, sizeof(*inquiry));

	inquiry->reply = *reply;
	inquiry->sum.rows = json_array();
	inquiry->most = ROWS;
	if (most > 0)
		inquiry->most = most < ROWS_MAX ? (size_t)most : ROWS_MAX;
	inquiry->most_bytes =
		broker->worker->config->limits.queue_bytes / ANSWERS_WAITING;
	inquiry->waits = broker->workers;
	for (unsigned i = 0; i < broker->workers; i++) {
		const size_t size = sizeof(struct look_post) + search.len + session.len;
		struct look_post *post = xcalloc(1, size);
		char *at = post->text;

		post->post = (struct post){.size = size, .run = look_run};
		post->inquiry = inquiry;
		post->home = home;
		post->look = look;
		post->question.search = slice_copy_out(&at, search);
		post->question.session = slice_copy_out(&at, session);
		post->question.most = inquiry->most;
		post->question.most_bytes = inquiry->most_bytes;
		post->question.reply = &inquiry->reply;
		worker_post(broker->worker, i, &post->post);
	}
}

/* What workers find. */

static bool row_matches(const json_t *row, struct slice search)
{
	const char *key;
	json_t *value;

	if (search.len == 0)
		return true;
	json_object_foreach((json_t *)row, key, value)
	{
		if (json_is_string(value) &&
			memmem(json_string_value(value), json_string_length(value),
				search.data, search.len) != NULL)
			return true;
	}
	return false;
}

/* Takes the row over. */
static void finding_add(
	struct finding *finding, const struct question *question, json_t *row)
{
	if (!row_matches(row, question->search)) {
		json_decref(row);
		return;
	}
	finding->total++;
	finding_append(finding, row, question->most, question->most_bytes);
}

/* True, and counted, when a row need not be made: nobody searches, and none is added. */
static bool finding_only_counts(
	struct finding *finding, const struct question *question)
{
	if (!finding->is_full || question->search.len > 0)
		return false;
	finding->total++;
	return true;
}

/* Clients choose names, which need not be text. */
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

static json_t *session_row(const struct session *session)
{
	const struct session_facts facts = session_facts(session);
	json_t *row = json_object();

	row_set(row, "session", session_label(session));
	row_set(row, "endpoint", session_endpoint(session)->path);
	row_set(row, "transport", slice_of(transport_name(facts.transport)));
	row_set(row, "address", facts.address);
	row_count(row, "age", facts.age);
	row_count(row, "queued", facts.queued);
	row_count(row, "bytes_in", facts.bytes_in);
	row_count(row, "bytes_out", facts.bytes_out);
	return row;
}

/* Of those that speak STOMP the broker knows more, until they have ended. */
static void visit_party(struct table_node *node, void *context)
{
	const struct look *look = context;
	const struct entry *entry = container_of(node, struct entry, node);
	const struct party *party = container_of(entry, struct party, entry);

	if (session_state(party->session) >= SESSION_CLOSING ||
		finding_only_counts(look->finding, look->question))
		return;
	json_t *row = session_row(party->session);
	if (party->user != NULL)
		row_set(row, "user", name_text(party->user));
	row_count(row, "subscriptions", party->subscription_count);
	finding_add(look->finding, look->question, row);
}

static void visit_session(struct session *session, void *context)
{
	const struct look *look = context;

	if (session_state(session) < SESSION_CLOSING &&
		slice_equal(session_endpoint(session)->handler, SLICE("stomp")))
		return;
	if (!finding_only_counts(look->finding, look->question))
		finding_add(look->finding, look->question, session_row(session));
}

void console_look_sessions(
	struct worker *worker, const struct question *question, struct finding *finding)
{
	struct look look = {worker, question, finding};

	table_for_each(&worker->broker->parties.entries, visit_party, &look);
	session_for_each(worker, visit_session, &look);
}

static void visit_topic(struct table_node *node, void *context)
{
	const struct look *look = context;
	const struct topic *topic = topic_of_node(node);
	const struct slice address = node->key;

	if (finding_only_counts(look->finding, look->question))
		return;
	json_t *row = json_object();
	row_set(row, "destination", address);
	row_set(row, "kind", SLICE("topic"));
	row_count(row, "subscribers", topic_subscribers(look->worker->broker, topic));
	row_count(row, "messages", topic_place(topic).offset);
	finding_add(look->finding, look->question, row);
}

static void visit_queue(struct table_node *node, void *context)
{
	const struct look *look = context;
	const struct queue *queue = queue_of_node(node);

	if (finding_only_counts(look->finding, look->question))
		return;
	json_t *row = json_object();
	row_set(row, "destination", queue_destination(queue));
	row_set(row, "kind", SLICE("queue"));
	row_count(row, "subscribers", queue_consumers(queue));
	row_count(row, "messages", queue_place(queue).offset);
	row_count(row, "waiting", queue_messages(queue));
	finding_add(look->finding, look->question, row);
}

void console_look_destinations(
	struct worker *worker, const struct question *question, struct finding *finding)
{
	struct look look = {worker, question, finding};

	table_for_each(&worker->broker->topics, visit_topic, &look);
	table_for_each(&worker->broker->queues, visit_queue, &look);
}

static void visit_to_kick(struct session *session, void *context)
{
	const struct look *look = context;

	if (!slice_equal(session_label(session), look->question->session))
		return;
	finding_add(look->finding, look->question, session_row(session));
	session_close(session, 1008, SLICE("Closed by an operator"));
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

	/* A console's own frames would tell of themselves without end. */
	if (session_endpoint(session)->is_console ||
		!slice_equal(session_label(session), look->question->session))
		return;
	finding_add(look->finding, look->question, session_row(session));
	session_trace(session, trace_create(look->question->reply, session));
}

void console_look_trace(
	struct worker *worker, const struct question *question, struct finding *finding)
{
	struct look look = {worker, question, finding};

	session_for_each(worker, visit_to_trace, &look);
}
