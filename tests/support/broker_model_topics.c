#include "gateway/route/route_match.h"
#include "tests/support/broker_model.h"
#include "tests/support/unit.h"

const char *const model_topics[TOPICS] = {
	"/topic/a", "/topic/b", "/topic/a/x", "/topic/b/x", "/topic/b/x/y"};

const char *const model_patterns[PATTERNS] = {
	"/topic/*", "/topic/**", "/topic/?/x", "/topic/b/**", "/topic/*/x/*"};

/* The broker uses a trie; this uses the matcher of routes. */
static bool hears(const struct listener *listener, const struct model_message *message)
{
	return route_match(slice_of(listener->place),
		slice_of(model_topics[message->place]), NULL);
}

void model_says_topic(struct model_message *message)
{
	const size_t index = (size_t)(message - model.messages);

	message->said = ++model.said;
	for (int i = 0; i < CLIENTS; i++) {
		struct listener *listener = &model.clients[i].listener;

		if (listener->state == LISTENING && hears(listener, message))
			listener->due[index] = true;
	}
}

void listener_joins(struct listener *listener, unsigned id, const char *place)
{
	*listener =
		(struct listener){.state = LISTENING_SOON, .id = id, .place = place};
	for (unsigned i = 0; i < model.message_count; i++)
		listener->past[i] = model.messages[i].taken;
}

void listener_leaves(struct listener *listener)
{
	listener->left_early = listener->state == LISTENING_SOON;
	listener->state = LISTENING_NO_MORE;
	memset(listener->due, 0, sizeof(listener->due));
}

void listener_hears_receipt(struct listener *listener)
{
	must(listener->state == LISTENING_SOON || listener->state == LISTENING_NO_MORE,
		"a receipt is one too many");
	if (listener->left_early) {
		listener->left_early = false;
		return;
	}
	listener->state = listener->state == LISTENING_SOON ? LISTENING : LISTENING_NOT;
}

/* No later message of its sender to that topic was received before. */
static void check_order(const struct listener *listener, unsigned index)
{
	const struct model_message *message = &model.messages[index];

	for (unsigned i = 0; i < model.message_count; i++) {
		const struct model_message *other = &model.messages[i];

		must(!listener->heard[i] || other->place != message->place ||
				other->connection != message->connection ||
				other->said < message->said,
			"%u comes after %u", index, i);
	}
}

void listener_hears(struct listener *listener, unsigned id, unsigned index)
{
	const struct model_message *message = &model.messages[index];

	must(index < model.message_count, "nobody has sent %u", index);
	must(listener->state != LISTENING_NOT && id == listener->id,
		"%u comes to subscription t%u, which has gone", index, id);
	must(message->is_topic && hears(listener, message), "%u is astray", index);
	must(message->said != 0, "%u comes out of a transaction", index);
	must(!listener->past[index], "%u was taken before", index);
	must(!listener->heard[index], "%u comes twice", index);
	check_order(listener, index);
	listener->heard[index] = true;
	listener->due[index] = false;
	model.heard_topics++;
}
