/*
 * A question to all workers travels as one post to each, which looks there and returns
 * with its finding. The inquiry stays at the asking worker, and answers when the last
 * post has returned.
 */
#include "gateway/console/console.h"

#include "gateway/config/config.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

enum {
	ROWS = 1000,
	ROWS_MAX = 5000,
	ANSWERS_WAITING = 4, /* of the largest size, in the queue of a slow console */
};

struct inquiry {
	struct console_reply reply;
	struct finding sum; /* of all workers */
	size_t most, most_bytes;
	unsigned waits; /* for so many workers */
};

struct look_post {
	struct post post;
	struct inquiry *inquiry; /* only its home reads it, */
	unsigned home;
	console_look *look;
	struct question question; /* except the reply, which stays as it is */
	struct finding finding;
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

void finding_append(
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

static struct slice console_member(const json_t *asked, const char *name)
{
	const char *text = json_string_value(json_object_get(asked, name));

	return text == NULL ? SLICE("") : slice_of(text);
}

void console_gather(struct broker *broker, struct console_reply *reply,
	const json_t *asked, console_look *look)
{
	struct worker *worker = broker_worker(broker);
	const unsigned count = worker->workers->count;
	const json_int_t most = json_integer_value(json_object_get(asked, "most"));
	struct inquiry *inquiry = xcalloc(1, sizeof(*inquiry));

	inquiry->reply = *reply;
	inquiry->sum.rows = json_array();
	inquiry->most = ROWS;
	if (most > 0)
		inquiry->most = most < ROWS_MAX ? (size_t)most : ROWS_MAX;
	inquiry->most_bytes = worker->config->limits.queue_bytes / ANSWERS_WAITING;
	inquiry->waits = count;

	struct look_post post = {
		.post.run = look_run,
		.inquiry = inquiry,
		.home = worker->index,
		.look = look,
		.question = {.search = console_member(asked, "search"),
			.session = console_member(asked, "session"),
			.most = inquiry->most,
			.most_bytes = inquiry->most_bytes,
			.reply = &inquiry->reply},
	};
	for (unsigned i = 0; i < count; i++)
		worker_post_copy(worker, i, &post.post, sizeof(post),
			(struct slice *[]){
				&post.question.search, &post.question.session, NULL});
}
