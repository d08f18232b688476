#include "gateway/broker/internal.h"

#include "gateway/broker/delivery_index.h"
#include "gateway/broker/memory.h"
#include "gateway/broker/private.h"
#include "gateway/broker/refused.h"
#include "gateway/broker/subscription.h"
#include "gateway/broker/transaction.h"
#include "gateway/session/session.h"
#include "gateway/worker/metrics.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>
#include <sys/random.h>

static void broker_destroy(struct resident *resident)
{
	struct broker *broker = container_of(resident, struct broker, resident);

	review_finish(broker);
	subscriptions_end_left(broker, SIZE_MAX);
	commits_finish(broker);
	registry_finish(&broker->commits);
	engines_stop(broker);
	topics_finish(broker);
	audiences_finish(&broker->audiences);
	registry_finish(&broker->subscriptions);
	registry_finish(&broker->participants);
	credits_finish(&broker->credits);
	window_finish(&broker->window);
	free(broker);
}

/*
 * The end of a subscription costs about as much as eight deliveries. Where posts have
 * used the turn up, the ends must still go on.
 */
enum { DELIVERIES_OF_LEAVE = 8, LEAVES_LEAST = 64 };

static bool broker_end_turn(struct resident *resident)
{
	struct broker *broker = container_of(resident, struct broker, resident);
	const size_t allowance = worker_allowance(broker->worker);
	const size_t most = LEAVES_LEAST + allowance / DELIVERIES_OF_LEAVE;
	const bool have_left = subscriptions_end_left(broker, most);
	const bool have_forgotten = topics_forget_unmatched(broker, most);

	const bool has_review = review_turn(broker);

	window_tell_homes(broker);
	return dead_letters_turn(&broker->memory->letters) || !have_forgotten ||
	       !have_left || has_review;
}

static const struct resident_ops broker_ops = {
	.end_turn = broker_end_turn, .destroy = broker_destroy};

struct broker *broker_create(struct worker *worker, unsigned workers,
	const struct service *const *services, const struct engine_share *shares)
{
	struct broker *broker = xcalloc(1, sizeof(*broker));
	const char separator = worker->config->separator.data[0];

	broker->resident.ops = &broker_ops;
	broker->worker = worker;
	broker->workers = workers;
	broker->services = services;
	registry_init(&broker->participants, &worker->key);
	registry_init(&broker->subscriptions, &worker->key);
	audiences_init(&broker->audiences, &worker->key, separator);
	topics_init(&broker->topics, &worker->key, separator, workers);
	registry_init(&broker->commits, &worker->key);
	reply_keys_init(&broker->reply_keys);
	credits_init(&broker->credits, &worker->key);
	window_init(&broker->window, workers);
	list_init(&broker->leavers);

	/* The epochs of this process differ from those of the process before it. */
	uint32_t start = 0;
	while (getrandom(&start, sizeof(start), 0) != sizeof(start))
		;
	broker->epoch = (uint64_t)start << 24;
	review_init(broker);
	engines_start(broker, shares);
	worker->is_ready = engines_are_ready;
	worker_add_resident(worker, &broker->resident);
	return broker;
}

struct worker *broker_worker(const struct broker *broker)
{
	return broker->worker;
}

void broker_enter(struct broker *broker, struct participant *participant)
{
	list_init(&participant->transactions);
	list_init(&participant->waiting);
	registry_add(&broker->participants, &participant->entry);
}

void broker_leave(struct broker *broker, struct participant *participant)
{
	credit_forget(broker, participant);
	transactions_drop(participant);
	refused_drop(participant);
	subscriptions_leave(broker, participant);
	delivery_index_destroy(participant->deliveries);
	participant->deliveries = NULL;
	registry_remove(&broker->participants, &participant->entry);
}

struct visit {
	void (*participant)(const struct participant *participant, void *context);
	void *context;
};

static void broker_visit(struct table_node *node, void *context)
{
	const struct visit *visit = context;
	const struct entry *entry = container_of(node, struct entry, node);
	const struct participant *participant =
		container_of(entry, struct participant, entry);

	if (participant->session != NULL)
		visit->participant(participant, visit->context);
}

void broker_for_each_participant(struct broker *broker,
	void (*visit)(const struct participant *participant, void *context),
	void *context)
{
	table_for_each(&broker->participants.entries, broker_visit,
		&(struct visit){visit, context});
}

/*
 * A piece of a match's work is a look into a table, or a short comparison: less than a
 * delivery. A turn without any allowance left must still do a part.
 */
enum { MATCH_WORK_OF_DELIVERY = 4, MATCH_WORK_LEAST = 64 };

bool broker_continue_match(struct broker *broker, struct pattern_set *set)
{
	size_t most, left;
	bool is_over;

	if (!set->walk.is_active)
		return true;
	most = left = worker_allowance(broker->worker) * MATCH_WORK_OF_DELIVERY +
		      MATCH_WORK_LEAST;
	is_over = pattern_continue(set, &left);
	worker_spend(broker->worker, (most - left) / MATCH_WORK_OF_DELIVERY);
	return is_over;
}

enum broker_result broker_refuse(struct broker_refusal *refusal, enum refusal_kind kind,
	const char *what, const struct slice *value)
{
	broker_refusal_set(refusal, kind, what, value);
	return BROKER_REFUSED;
}

/* A hand-made frame often has the header with a blank or in capitals. */
static const struct stomp_header *broker_header_nearly(
	const struct stomp_frame *frame, struct slice name)
{
	for (size_t i = 0; i < frame->header_count; i++) {
		if (slice_equal_nocase(
			    slice_trim(frame->headers[i].name, SLICE_BLANKS), name))
			return &frame->headers[i];
	}
	return NULL;
}

const struct slice *broker_header(
	const struct broker_call *call, const char *name, bool may_be_empty)
{
	const struct slice *value = stomp_header(call->frame, slice_of(name));
	const struct slice command = stomp_command_name(call->frame->command);

	if (value != NULL && (may_be_empty || value->len > 0))
		return value;
	const struct stomp_header *nearly =
		value == NULL ? broker_header_nearly(call->frame, slice_of(name))
			      : NULL;
	const struct slice wanted = slice_of(name);

	broker_refuse(call->refusal, REFUSAL_MISSING_HEADER, "header", &wanted);
	if (nearly != NULL)
		broker_refusal_hint(call->refusal,
			"%.*s needs it. There is a header \"%.*s\": names have no "
			"capitals and no blanks.",
			SLICE_ARGS(command),
			SLICE_ARGS(slice_first(nearly->name, BROKER_VALUE_MAX)));
	else
		broker_refusal_hint(call->refusal, "%.*s needs it%s.",
			SLICE_ARGS(command), value != NULL ? ", with a value" : "");
	return NULL;
}

/* A session that continues receives its refusals at /user/queue/errors. */

static const struct slice errors = SLICE_INIT("/user/queue/errors");

/*
 * Delivers to all of the participant's subscriptions to its errors. False if there are
 * none. Without a message it only looks.
 */
static bool errors_deliver(
	const struct participant *participant, struct message *message)
{
	struct buf address = {0};
	bool has = false;

	private_own_address(participant, SLICE("/queue/errors"), &address);
	for (size_t i = 0; i < participant->subscription_count; i++) {
		struct subscription *one = participant->subscriptions[i];

		if (!slice_equal(subscription_address(one), buf_slice(&address)))
			continue;
		has = true;
		if (message == NULL)
			break;
		subscription_deliver(one, message, 0, true);
	}
	buf_finish(&address);
	return has;
}

bool broker_has_errors(const struct participant *participant)
{
	return errors_deliver(participant, NULL);
}

void broker_deliver_error(struct broker *broker, struct participant *participant,
	const struct stomp_frame *frame)
{
	struct message *message = message_create(frame, errors, errors);

	message_set_place(message, private_place(broker), false);
	errors_deliver(participant, message);
	message_unref(message);
}

/* Answers travel by posts, so that they keep their order and are never nested. */

struct answer_post {
	struct post post;
	uint64_t participant, request;
	struct published published;
	struct broker_refusal *refusal; /* owned; NULL: not refused */
};

struct handle broker_handle(
	const struct broker *broker, const struct participant *participant)
{
	return (struct handle){broker->worker->index, participant->entry.number};
}

struct participant *broker_participant(const struct broker *broker, uint64_t number)
{
	struct entry *entry = registry_find(&broker->participants, number);

	return entry == NULL ? NULL : container_of(entry, struct participant, entry);
}

bool broker_has_participant(const struct broker *broker, uint64_t number)
{
	return broker_participant(broker, number) != NULL;
}

void broker_tell(struct broker *broker, uint64_t number, uint64_t request,
	const struct broker_refusal *refusal)
{
	static const struct published nothing;
	struct participant *participant = request == 0 && refusal == NULL
						  ? NULL
						  : broker_participant(broker, number);

	if (participant != NULL)
		participant->ops->answer(participant, request, &nothing, refusal);
}

void broker_expect(
	struct broker *broker, uint64_t number, uint64_t request, size_t answers)
{
	struct participant *participant =
		request == 0 ? NULL : broker_participant(broker, number);

	if (participant != NULL)
		participant->ops->expect(participant, request, answers);
}

void broker_resume(struct broker *broker, uint64_t number)
{
	struct participant *participant = broker_participant(broker, number);

	/* The call is decided, but may have taken more credits than there were. */
	if (participant != NULL && !credit_await(broker, participant))
		participant->ops->resume(participant);
}

void broker_tell_login(
	struct broker *broker, uint64_t number, const struct login_verdict *verdict)
{
	struct participant *participant = broker_participant(broker, number);

	if (participant != NULL)
		participant->ops->logged_in(participant, verdict);
	else
		identity_unref(verdict->identity);
}

/* Runs at the participant. */
static void answer_run(struct worker *worker, struct post *post)
{
	struct answer_post *answer = container_of(post, struct answer_post, post);
	struct participant *participant =
		broker_participant(worker->broker, answer->participant);

	if (participant != NULL)
		participant->ops->answer(participant, answer->request,
			&answer->published, answer->refusal);
	free(answer->refusal);
	free(answer);
}

static void answer_post_send(struct broker *broker, struct handle participant,
	uint64_t request, const struct published *published,
	const struct broker_refusal *refusal)
{
	struct answer_post *answer = xmalloc(sizeof(*answer));

	*answer = (struct answer_post){
		.post = {.size = sizeof(*answer), .run = answer_run},
		.participant = participant.number,
		.request = request,
		.published = *published,
	};
	if (refusal != NULL) {
		answer->post.size += sizeof(*refusal) + refusal->destination.len;
		answer->refusal = broker_refusal_copy(refusal, refusal->destination);
	}
	worker_post(broker->worker, (unsigned)participant.worker, &answer->post);
}

void broker_answer(struct broker *broker, struct handle participant, uint64_t request,
	const struct broker_refusal *refusal)
{
	static const struct published nothing, refused = {.is_refused = true};

	if (request != 0 || refusal != NULL)
		answer_post_send(broker, participant, request,
			refusal == NULL ? &nothing : &refused, refusal);
}

void broker_answer_published(struct broker *broker, struct handle participant,
	uint64_t request, const struct published *published)
{
	if (request != 0)
		answer_post_send(broker, participant, request, published, NULL);
}
