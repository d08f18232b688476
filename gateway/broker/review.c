#include "gateway/broker/review.h"

#include "gateway/broker/internal.h"
#include "gateway/broker/participant.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

/* One review looks at each subscription of a participant: up to 256 of them, 0.3 us. */
enum { REVIEWS_OF_TURN = 16 };

void review_init(struct broker *broker)
{
	broker->review = (struct review){.config = config_ref(broker->worker->config)};
}

void review_finish(struct broker *broker)
{
	config_unref(broker->review.config);
	free(broker->review.numbers);
}

static void review_add(const struct participant *participant, void *context)
{
	struct review *review = context;

	review->numbers[review->count++] = participant->entry.number;
}

static void review_begin(struct broker *broker)
{
	const struct config *before = broker->review.config;
	const struct config *now = broker->worker->config;
	struct review *review = &broker->review;

	review->config = config_ref(now);
	if (before->rule_count > 0 || now->rule_count > 0 || before->has_rates ||
		now->has_rates) {
		free(review->numbers);
		review->count = 0;
		review->numbers = xcalloc(
			broker->participants.entries.count + 1, sizeof(uint64_t));
		broker_for_each_participant(broker, review_add, review);
	}
	config_unref(before);
}

bool review_turn(struct broker *broker)
{
	struct review *review = &broker->review;

	if (review->config != broker->worker->config)
		review_begin(broker);
	for (int i = 0; i < REVIEWS_OF_TURN && review->count > 0; i++) {
		struct participant *participant =
			broker_participant(broker, review->numbers[--review->count]);

		if (participant != NULL)
			participant->ops->review(participant);
	}
	return review->count > 0;
}
