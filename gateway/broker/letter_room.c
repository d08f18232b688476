#include "gateway/broker/letter_room.h"

#include "gateway/config/config.h"
#include "gateway/worker/share.h"
#include "gateway/worker/worker.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct tenant {
	struct table_node node;
	struct list changed; /* in room->changed */
	uint32_t account;
	uint64_t letters, bytes;
	unsigned waiting_count;
	unsigned waiting[]; /* workers, the first first; each at most once */
};

static struct tenant *tenant_of_node(struct table_node *node)
{
	return node == NULL ? NULL : container_of(node, struct tenant, node);
}

static struct tenant *tenant_find(const struct letter_room *room, uint32_t account)
{
	return tenant_of_node(table_find(&room->tenants, account_key(&account)));
}

/* The tenant of that account, made if there is none. */
static struct tenant *tenant_of_account(struct letter_room *room, uint32_t account)
{
	const unsigned workers = room->worker->workers->count;
	struct tenant *tenant = tenant_find(room, account);

	if (tenant != NULL)
		return tenant;
	tenant = xcalloc(1, sizeof(*tenant) + workers * sizeof(tenant->waiting[0]));
	tenant->account = account;
	table_insert(&room->tenants, &tenant->node, account_key(&tenant->account));
	return tenant;
}

static void tenant_destroy(struct letter_room *room, struct tenant *tenant)
{
	table_remove(&room->tenants, &tenant->node);
	list_remove(&tenant->changed);
	free(tenant);
}

static void tenant_look(struct letter_room *room, struct tenant *tenant)
{
	if (tenant->waiting_count == 0)
		list_remove(&tenant->changed);
	if (tenant->letters == 0 && tenant->waiting_count == 0)
		tenant_destroy(room, tenant);
}

static void tenant_change(struct letter_room *room, struct tenant *tenant)
{
	if (tenant->waiting_count > 0 && !list_is_linked(&tenant->changed))
		list_append(&room->changed, &tenant->changed);
	tenant_look(room, tenant);
}

void letter_room_init(struct letter_room *room, const struct worker *worker)
{
	room->worker = worker;
	table_init(&room->tenants, &worker->key);
	list_init(&room->changed);
}

void letter_room_finish(struct letter_room *room)
{
	struct tenant *tenant;

	while ((tenant = tenant_of_node(table_any(&room->tenants))) != NULL) {
		assert(tenant->letters == 0);
		tenant_destroy(room, tenant);
	}
	table_finish(&room->tenants);
}

bool letter_room_fits(const struct letter_room *room, uint32_t account, uint64_t bytes)
{
	const struct config *config = room->worker->config;
	const struct tenant *tenant = tenant_find(room, account);

	return account == ACCOUNT_HOUSE || tenant == NULL || tenant->letters == 0 ||
	       config->limits.share == 100 ||
	       (tenant->letters < share_of(config, config->limits.backlog_messages) &&
		       tenant->bytes + bytes <=
			       share_of(config, config->limits.backlog_bytes)) ||
	       account_is_exempt(room->worker->workers->accounts, account);
}

void letter_room_take(struct letter_room *room, uint32_t account, uint64_t bytes)
{
	struct tenant *tenant = tenant_of_account(room, account);

	tenant->letters++;
	tenant->bytes += bytes;
	tenant_change(room, tenant);
}

void letter_room_give(struct letter_room *room, uint32_t account, uint64_t bytes)
{
	struct tenant *tenant = tenant_find(room, account);

	tenant->letters--;
	tenant->bytes -= bytes;
	tenant_change(room, tenant);
}

void letter_room_await(struct letter_room *room, uint32_t account, unsigned worker)
{
	struct tenant *tenant = tenant_of_account(room, account);

	for (unsigned i = 0; i < tenant->waiting_count; i++) {
		if (tenant->waiting[i] == worker)
			return;
	}
	tenant->waiting[tenant->waiting_count++] = worker;
	room->waiting++;
}

bool letter_room_next(struct letter_room *room, uint32_t account, unsigned *worker)
{
	struct tenant *tenant = tenant_find(room, account);

	if (tenant == NULL || tenant->waiting_count == 0)
		return false;
	*worker = tenant->waiting[0];
	tenant->waiting_count--;
	room->waiting--;
	memmove(tenant->waiting, tenant->waiting + 1,
		tenant->waiting_count * sizeof(tenant->waiting[0]));
	tenant_look(room, tenant);
	return true;
}

bool letter_room_changed(struct letter_room *room, uint32_t *account)
{
	struct list *first = list_take_first(&room->changed);

	if (first == NULL)
		return false;
	*account = container_of(first, struct tenant, changed)->account;
	return true;
}
