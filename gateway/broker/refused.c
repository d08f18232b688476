/* SUBSCRIBEs that were refused while their session continued. */
#include "gateway/broker/refused.h"

#include "gateway/broker/internal.h"
#include "gateway/worker/metrics.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

struct refused {
	struct list link; /* in its participant, the oldest first */
	bool has_id;
	size_t len;
	char name[]; /* the id, or the destination */
};

static struct refused *refused_find(const struct participant *participant,
	const struct slice *id, const struct slice *destination)
{
	const struct slice *name = id != NULL ? id : destination;

	list_for_each (link, &participant->refused) {
		struct refused *one = container_of(link, struct refused, link);

		if (name != NULL && one->has_id == (id != NULL) &&
			slice_equal((struct slice){one->name, one->len}, *name))
			return one;
	}
	return NULL;
}

static void refused_free(struct participant *participant, struct refused *refused)
{
	list_remove(&refused->link);
	participant->refused_count--;
	free(refused);
}

void refused_remember(struct broker *broker, struct participant *participant,
	const struct slice *id, struct slice destination)
{
	const struct slice name = id != NULL ? *id : destination;

	if (refused_find(participant, id, &destination) != NULL)
		return;
	if (participant->refused_count >=
		broker->worker->config->limits.subscriptions) {
		metrics_refuse(broker->worker->metrics, BOUND_SUBSCRIPTIONS);
		refused_free(participant,
			container_of(participant->refused.next, struct refused, link));
	}
	struct refused *refused = xcalloc(1, sizeof(*refused) + name.len);
	refused->has_id = id != NULL;
	refused->len = name.len;
	memcpy(refused->name, name.data, name.len);
	list_append(&participant->refused, &refused->link);
	participant->refused_count++;
}

bool refused_forget(struct participant *participant, const struct slice *id,
	const struct slice *destination)
{
	struct refused *refused = refused_find(participant, id, destination);

	if (refused != NULL)
		refused_free(participant, refused);
	return refused != NULL;
}

void refused_drop(struct participant *participant)
{
	while (!list_is_empty(&participant->refused))
		refused_free(participant,
			container_of(participant->refused.next, struct refused, link));
}
