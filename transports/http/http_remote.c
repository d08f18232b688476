#include "transports/http/http_remote.h"

#include "protocol/xmalloc.h"
#include "transports/base/carriers.h"
#include "transports/http/http_internal.h"

#include <stdlib.h>

static bool http_remote_is_here(const struct http *http, uint64_t worker)
{
	return http->worker->index == worker;
}

/* Requests for a feed. */

struct feed_ask_post {
	struct post post;
	struct feed_ask ask; /* its endpoint is held */
};

static void feed_ask_run(struct worker *worker, struct post *post)
{
	struct feed_ask_post *asking = container_of(post, struct feed_ask_post, post);
	struct http *http = edge_http(worker);

	if (http != NULL)
		feed_open(http, &asking->ask);
	endpoint_unref(asking->ask.endpoint);
	free(asking);
}

void http_remote_ask_feed(struct http *http, unsigned home, const struct feed_ask *ask)
{
	if (http_remote_is_here(http, home)) {
		feed_open(http, ask);
		return;
	}

	struct feed_ask_post asking = {{.run = feed_ask_run}, *ask};

	endpoint_ref(ask->endpoint);
	worker_post_copy(http->worker, home, &asking.post, sizeof(asking),
		(struct slice *[]){&asking.ask.session, &asking.ask.callback,
			&asking.ask.peer.origin, &asking.ask.peer.cookie,
			&asking.ask.peer.user, &asking.ask.peer.groups,
			&asking.ask.peer.token, NULL});
}

/* Notifications of a feed. */

struct feed_news_post {
	struct post post;
	struct handle receiver;
	enum feed_news news;
};

static void feed_news_run(struct worker *worker, struct post *post)
{
	struct feed_news_post *telling =
		container_of(post, struct feed_news_post, post);
	struct http *http = edge_http(worker);

	if (http != NULL)
		feed_notify(http, telling->receiver, telling->news);
	free(telling);
}

void http_remote_tell_feed(
	struct http *http, unsigned home, struct handle receiver, enum feed_news news)
{
	if (http_remote_is_here(http, home)) {
		feed_notify(http, receiver, news);
		return;
	}
	struct feed_news_post *telling = xmalloc(sizeof(*telling));

	*telling = (struct feed_news_post){
		{.size = sizeof(*telling), .run = feed_news_run}, receiver, news};
	worker_post(http->worker, home, &telling->post);
}

/* Notifications of a receiver. */

struct receiver_word_post {
	struct post post;
	struct handle receiver;
	unsigned home; /* of its feed */
	struct receiver_word word;
	struct buf whole; /* a large frame: not copied */
};

static void receiver_word_run(struct worker *worker, struct post *post)
{
	struct receiver_word_post *telling =
		container_of(post, struct receiver_word_post, post);
	struct http *http = edge_http(worker);

	if (http != NULL &&
		receiver_notify(http, telling->receiver.number, &telling->word))
		http_remote_tell_feed(
			http, telling->home, telling->receiver, FEED_WRITTEN);
	buf_finish(&telling->whole);
	free(telling);
}

/* The post takes the frame away, since a copy takes as much memory again. */
static void receiver_word_post_whole(
	struct http *http, struct handle receiver, const struct receiver_word *word)
{
	struct receiver_word_post *telling = xmalloc(sizeof(*telling));

	*telling = (struct receiver_word_post){
		.post = {.run = receiver_word_run,
			.size = sizeof(*telling) + word->whole->len},
		.receiver = receiver,
		.home = http->worker->index,
		.word = *word,
		.whole = *word->whole,
	};
	telling->word.whole = &telling->whole;
	*word->whole = (struct buf){0};
	worker_post(http->worker, (unsigned)receiver.worker, &telling->post);
}

bool http_remote_tell_receiver(
	struct http *http, struct handle receiver, const struct receiver_word *word)
{
	if (http_remote_is_here(http, receiver.worker))
		return receiver_notify(http, receiver.number, word);
	if (word->whole != NULL) {
		receiver_word_post_whole(http, receiver, word);
		return false;
	}

	struct receiver_word_post telling = {
		.post.run = receiver_word_run,
		.receiver = receiver,
		.home = http->worker->index,
		.word = *word,
	};

	worker_post_copy(http->worker, (unsigned)receiver.worker, &telling.post,
		sizeof(telling), (struct slice *[]){&telling.word.bytes, NULL});
	return false;
}

/* Requests for an intake; the same post carries the answer back. */

struct intake_post {
	struct post post;
	struct worker *home; /* set at the home, where the request may wait */
	struct waiter waiter;
	struct intake_ask ask; /* its endpoint is held */
	enum intake answer;
};

static void intake_post_destroy(struct intake_post *asking)
{
	endpoint_unref(asking->ask.endpoint);
	free(asking);
}

static void intake_answer_run(struct worker *worker, struct post *post)
{
	struct intake_post *asking = container_of(post, struct intake_post, post);
	struct http *http = edge_http(worker);

	if (http != NULL)
		http_send_answered(http, asking->ask.request.number, asking->answer);
	intake_post_destroy(asking);
}

static void intake_post_ask(struct intake_post *asking)
{
	struct worker *home = asking->home;
	struct http *http = edge_http(home);

	if (http == NULL) {
		intake_post_destroy(asking);
		return;
	}
	asking->answer =
		intake_take(home, &http->messages, &asking->ask, &asking->waiter);
	if (asking->answer == INTAKE_WAITS)
		return;
	asking->post.run = intake_answer_run;
	worker_post(home, (unsigned)asking->ask.request.worker, &asking->post);
}

static void intake_resume(struct waiter *waiter)
{
	intake_post_ask(container_of(waiter, struct intake_post, waiter));
}

static void intake_ask_run(struct worker *worker, struct post *post)
{
	struct intake_post *asking = container_of(post, struct intake_post, post);

	asking->home = worker;
	asking->waiter = (struct waiter){.resume = intake_resume};
	intake_post_ask(asking);
}

void http_remote_ask_intake(
	struct http *http, unsigned home, const struct intake_ask *ask)
{
	struct intake_post asking = {.post.run = intake_ask_run, .ask = *ask};

	asking.ask.peer = peer_asking(&ask->peer);
	endpoint_ref(ask->endpoint);
	worker_post_copy(http->worker, home, &asking.post, sizeof(asking),
		(struct slice *[]){&asking.ask.session, &asking.ask.body,
			&asking.ask.peer.origin, &asking.ask.peer.cookie,
			&asking.ask.peer.user, NULL});
}
