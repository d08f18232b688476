#include "gateway/stomp/receipts.h"

#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

struct receipt {
	struct list link;
	struct table_node node; /* its key is the request */
	uint64_t request;
	size_t answers; /* how many must still come */
	size_t len;
	char id[];
};

static struct receipt *receipt_of(struct list *link)
{
	return container_of(link, struct receipt, link);
}

static struct slice request_key(const uint64_t *request)
{
	return (struct slice){(const char *)request, sizeof(*request)};
}

void receipts_init(struct receipts *receipts, const struct hash_key *key)
{
	list_init(&receipts->waiting);
	table_init(&receipts->asked, key);
}

void receipts_finish(struct receipts *receipts)
{
	while (!list_is_empty(&receipts->waiting))
		receipts_drop(receipts);
	table_finish(&receipts->asked);
}

void receipts_expect(
	struct receipts *receipts, uint64_t request, struct slice id, size_t answers)
{
	struct receipt *receipt = xcalloc(1, sizeof(*receipt) + id.len);

	receipts->bytes += sizeof(*receipt) + id.len;
	receipt->request = request;
	receipt->answers = answers;
	receipt->len = id.len;
	memcpy(receipt->id, id.data, id.len);
	list_append(&receipts->waiting, &receipt->link);
	if (request != 0)
		table_insert(&receipts->asked, &receipt->node,
			request_key(&receipt->request));
}

/*
 * One home may answer many requests before another answers the oldest: a table finds
 * them without a search.
 */
static struct receipt *receipts_look(const struct receipts *receipts, uint64_t request)
{
	struct table_node *node =
		request == 0 ? NULL
			     : table_find(&receipts->asked, request_key(&request));

	return node == NULL ? NULL : container_of(node, struct receipt, node);
}

void receipts_answer(struct receipts *receipts, uint64_t request)
{
	struct receipt *receipt = receipts_look(receipts, request);

	if (receipt != NULL && receipt->answers > 0)
		receipt->answers--;
}

void receipts_more(struct receipts *receipts, uint64_t request, size_t answers)
{
	struct receipt *receipt = receipts_look(receipts, request);

	if (receipt == NULL)
		return;
	assert(receipt->answers > 0);
	receipt->answers += answers;
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

static void receipts_free(struct receipts *receipts, struct receipt *receipt)
{
	list_remove(&receipt->link);
	if (receipt->request != 0)
		table_remove(&receipts->asked, &receipt->node);
	receipts->bytes -= sizeof(*receipt) + receipt->len;
	if (receipts->asked.count == 0)
		table_finish(&receipts->asked); /* thousands of clients exist */
	free(receipt);
}

void receipts_drop(struct receipts *receipts)
{
	assert(!list_is_empty(&receipts->waiting));
	receipts_free(receipts, receipt_of(receipts->waiting.next));
}

void receipts_cancel(struct receipts *receipts, uint64_t request)
{
	struct receipt *receipt = receipts_look(receipts, request);

	if (receipt != NULL)
		receipts_free(receipts, receipt);
}

bool receipts_is_empty(const struct receipts *receipts)
{
	return list_is_empty(&receipts->waiting);
}
