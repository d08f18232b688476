/*
 * A small dead-letter queue and its reader, in a play of the model: what has no room is
 * parked, and comes all the same. And the end of a play, where all comes out.
 */
#include "gateway/broker/internal.h"
#include "gateway/broker/memory.h"
#include "gateway/broker/queue_internal.h"
#include "gateway/worker/metrics.h"
#include "tests/support/broker_model.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

#include <stdio.h>

#define LETTERS "/queue/dead-letter"

/* That queue has room for one message, whatever the configuration says. */
static void model_letters_narrow(void)
{
	struct worker *worker = model.workers->all[0];
	struct worker *home = model.workers->all[worker_home(worker, SLICE(LETTERS))];
	struct queue *queue = memory_queue(home->broker, SLICE(LETTERS));
	struct queue_rules rules = queue->rules;

	rules.messages = 1;
	queue_set_rules(queue, &rules);
}

void model_letters_begin(void)
{
	struct model_letters *letters = &model.letters;

	letters->peer = stomp_peer_connect_at(model.workers->all[0], "tcp", "1.2");
	stomp_peer_say(letters->peer, "SUBSCRIBE{id:d}{destination:" LETTERS "}"
				      "{ack:client}{prefetch-count:1}");
	still_workers_settle(model.workers);
	model_letters_narrow();
}

void model_letters_look(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < model.workers->count; i++)
		sum += counter_read(&model.workers->all[i]->metrics->queue_parked);
	model.letters.parked += sum > 0;
}

void model_letters_read(void)
{
	struct model_letters *letters = &model.letters;
	const char *text = stomp_peer_heard(letters->peer);
	const char *ack = strstr(text, "{ack:"), *body = strchr(text, '[');
	char frame[128];

	if (ack == NULL)
		return;
	struct model_message *message = &model.messages[strtoul(body + 1, NULL, 10)];
	model_tell("a letter: %td", message - model.messages);
	must(message->dead && (message->fate == SURE || message->fate == PERHAPS),
		"the letter %td is not dead", message - model.messages);
	message->fate = ACCEPTED;
	ack += strlen("{ack:");
	snprintf(frame, sizeof(frame), "ACK{id:%.*s}", (int)strcspn(ack, "}"), ack);
	stomp_peer_mutter(letters->peer, frame);
}

void model_letters_end(void)
{
	/* What it has not acknowledged comes again. */
	stomp_peer_destroy(model.letters.peer);
	model.letters.peer = NULL;
}

void model_drain(void)
{
	struct stomp_peer *peer =
		stomp_peer_connect_at(model.workers->all[0], "tcp", "1.2");
	unsigned long long last = 0;
	char frame[64];

	for (unsigned queue = 0; queue <= QUEUES; queue++, last = 0) {
		if (queue < QUEUES)
			snprintf(frame, sizeof(frame),
				"SUBSCRIBE{id:%u}{destination:/queue/%u}", queue,
				queue);
		else
			snprintf(frame, sizeof(frame),
				"SUBSCRIBE{id:d}{destination:/queue/dead-letter}");
		peer->memory.describe = NULL;
		stomp_peer_say(peer, frame);
		const struct buf *got = &peer->memory.got;
		for (size_t at = 0; at < got->len; at += strlen(got->data + at) + 1) {
			const char *text = got->data + at, *id, *body;
			unsigned long long offset;

			if (strstr(text, "MESSAGE\n") == NULL)
				continue;
			id = strstr(text, "\nmessage-id:");
			body = strstr(text, "\n\n");
			must(sscanf(id, "\nmessage-id:%*[^-]-%llu", &offset) == 1,
				"no message-id");
			must(offset > last, "offset %llu follows %llu", offset, last);
			last = offset;
			struct model_message *message =
				&model.messages[strtoul(body, NULL, 10)];
			model_tell("left: %td", message - model.messages);
			must(message->dead == (queue == QUEUES), "%td is %sdead",
				message - model.messages, message->dead ? "" : "not ");
			must(message->fate == SURE || message->fate == PERHAPS,
				"%td is still there", message - model.messages);
			message->fate = ACCEPTED;
		}
		buf_clear(&peer->memory.got);
	}
	stomp_peer_destroy(peer);
}
