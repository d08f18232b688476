#include "gateway/receipts.h"

#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

struct receipt {
	struct list link;
	uint64_t request;
	size_t answers; /* that must still come */
	size_t len;
	char id[];
};

static struct receipt *receipt_of(struct list *link)
{
	return container_of(link, struct receipt, link);
}

void receipts_init(struct receipts *receipts)
{
	list_init(&receipts->waiting);
}

void receipts_finish(struct receipts *receipts)
{
	while (!list_is_empty(&receipts->waiting))
		receipts_drop(receipts);
}

void receipts_expect(
	struct receipts *receipts, uint64_t request, struct slice id, size_t answers)
{
	struct receipt *receipt = xcalloc(1, sizeof(*receipt) + id.len);

	receipt->request = request;
	receipt->answers = answers;
	receipt->len = id.len;
	memcpy(receipt->id, id.data, id.len);
	list_append(&receipts->waiting, &receipt->link);
}

/* Answers come nearly in order: the one wanted stands near the front. */
static struct receipt *receipts_look(const struct receipts *receipts, uint64_t request)
{
	list_for_each (link, &receipts->waiting) {
		if (receipt_of(link)->request == request)
			return receipt_of(link);
	}
	return NULL;
}

void receipts_answer(struct receipts *receipts, uint64_t request)
{
	struct receipt *receipt = receipts_look(receipts, request);

	if (receipt != NULL && receipt->answers > 0)
		receipt->answers--;
}

struct slice receipts_find(const struct receipts *receipts, uint64_t request)
{
	struct receipt *receipt = receipts_look(receipts, request);

	if (receipt == NULL)
		return SLICE("");
	return (struct slice){receipt->id, receipt->len};
}

bool receipts_due(const struct receipts *receipts, struct slice *id)
{
	if (list_is_empty(&receipts->waiting))
		return false;

	struct receipt *oldest = receipt_of(receipts->waiting.next);
	if (oldest->answers > 0)
		return false;
	*id = (struct slice){oldest->id, oldest->len};
	return true;
}

void receipts_drop(struct receipts *receipts)
{
	struct list *link = list_take_first(&receipts->waiting);

	assert(link != NULL);
	free(receipt_of(link));
}

bool receipts_is_empty(const struct receipts *receipts)
{
	return list_is_empty(&receipts->waiting);
}
