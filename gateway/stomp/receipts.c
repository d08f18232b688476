#include "gateway/stomp/receipts.h"

#include "gateway/base/list.h"
#include "gateway/base/table.h"
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

/* There is at least one. */
struct awaited {
	struct list receipts; /* the oldest first */
	struct table asked;   /* those with a request, by its number */
	size_t bytes;         /* that all of them take */
};

static struct receipt *receipt_of(struct list *link)
{
	return container_of(link, struct receipt, link);
}

static struct slice request_key(const uint64_t *request)
{
	return (struct slice){(const char *)request, sizeof(*request)};
}

void receipts_finish(struct receipts *receipts)
{
	while (!receipts_is_empty(receipts))
		receipts_drop(receipts);
}

static struct awaited *awaited_create(const struct hash_key *key)
{
	struct awaited *awaited = xcalloc(1, sizeof(*awaited));

	list_init(&awaited->receipts);
	table_init(&awaited->asked, key);
	return awaited;
}

void receipts_expect(struct receipts *receipts, const struct hash_key *key,
	uint64_t request, struct slice id, size_t answers)
{
	struct receipt *receipt = xcalloc(1, sizeof(*receipt) + id.len);

	if (receipts->awaited == NULL)
		receipts->awaited = awaited_create(key);

	struct awaited *awaited = receipts->awaited;

	awaited->bytes += sizeof(*receipt) + id.len;
	receipt->request = request;
	receipt->answers = answers;
	receipt->len = id.len;
	memcpy(receipt->id, id.data, id.len);
	list_append(&awaited->receipts, &receipt->link);
	if (request != 0)
		table_insert(&awaited->asked, &receipt->node,
			request_key(&receipt->request));
}

/*
 * One home may answer many requests before another answers the oldest: a table finds
 * them without a search.
 */
static struct receipt *receipts_look(const struct receipts *receipts, uint64_t request)
{
	if (receipts_is_empty(receipts) || request == 0)
		return NULL;

	struct table_node *node =
		table_find(&receipts->awaited->asked, request_key(&request));

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
	if (receipts_is_empty(receipts))
		return false;

	struct receipt *oldest = receipt_of(receipts->awaited->receipts.next);
	if (oldest->answers > 0)
		return false;
	*id = (struct slice){oldest->id, oldest->len};
	return true;
}

static void receipts_free(struct receipts *receipts, struct receipt *receipt)
{
	struct awaited *awaited = receipts->awaited;

	list_remove(&receipt->link);
	if (receipt->request != 0)
		table_remove(&awaited->asked, &receipt->node);
	awaited->bytes -= sizeof(*receipt) + receipt->len;
	free(receipt);
	if (list_is_empty(&awaited->receipts)) {
		table_finish(&awaited->asked);
		free(awaited);
		receipts->awaited = NULL;
	}
}

void receipts_drop(struct receipts *receipts)
{
	assert(!receipts_is_empty(receipts));
	receipts_free(receipts, receipt_of(receipts->awaited->receipts.next));
}

void receipts_cancel(struct receipts *receipts, uint64_t request)
{
	struct receipt *receipt = receipts_look(receipts, request);

	if (receipt != NULL)
		receipts_free(receipts, receipt);
}

bool receipts_is_empty(const struct receipts *receipts)
{
	return receipts->awaited == NULL;
}

size_t receipts_bytes(const struct receipts *receipts)
{
	return receipts_is_empty(receipts) ? 0 : receipts->awaited->bytes;
}
