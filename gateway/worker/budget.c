#include "gateway/worker/budget.h"

#include "gateway/config/config.h"
#include "gateway/worker/account.h"
#include "gateway/worker/worker.h"
#include "protocol/xmalloc.h"

/* Parts of the limit. */
enum {
	RESERVE = 8, /* for small holders */
	TIGHT = 32,  /* not even for these */
};

int64_t budget_counted(const struct workers *workers)
{
	return xmalloc_bytes() +
	       atomic_load_explicit(&workers->budget.libraries, memory_order_relaxed);
}

int64_t budget_room(const struct workers *workers)
{
	const struct budget *budget = &workers->budget;

	if (budget->limit == 0)
		return INT64_MAX / 4;
	return budget->limit - budget_counted(workers) -
	       atomic_load_explicit(&budget->correction, memory_order_relaxed);
}

bool budget_is_tight(const struct workers *workers)
{
	return budget_room(workers) <= workers->budget.limit / TIGHT;
}

bool budget_admits(
	const struct workers *workers, uint32_t account, int64_t held, int64_t more)
{
	const int64_t limit = workers->budget.limit, room = budget_room(workers);
	const int64_t holder = held + more;

	if (account == ACCOUNT_HOUSE)
		return true;
	const int64_t sum =
		account_sum(workers->accounts, account, ACCOUNT_HELD) + more;

	if (holder <= BUDGET_SMALL && room > limit / TIGHT &&
		(sum <= room - limit / TIGHT ||
			account_is_exempt(workers->accounts, account)))
		return true;
	return sum + holder <= room - limit / RESERVE;
}

bool budget_has_room(const struct workers *workers, int64_t more)
{
	return more <= budget_room(workers) - workers->budget.limit / RESERVE;
}

bool budget_claim(struct workers *workers, uint64_t bytes)
{
	budget_count_library(workers, (int64_t)bytes);
	if (!budget_is_tight(workers))
		return true;
	budget_end_claim(workers, bytes);
	return false;
}

void budget_end_claim(struct workers *workers, uint64_t bytes)
{
	budget_count_library(workers, -(int64_t)bytes);
}

bool budget_reserve(struct workers *workers, struct buf *buf, size_t extra)
{
	const uint64_t bytes = buf->len + extra;

	if (!budget_claim(workers, bytes))
		return false;
	buf_reserve_exactly(buf, extra);
	budget_end_claim(workers, bytes);
	return true;
}

void budget_charge(const struct workers *workers, uint32_t account, int64_t bytes)
{
	if (bytes != 0 && account != ACCOUNT_HOUSE)
		account_add(workers->accounts, account, ACCOUNT_HELD, bytes);
}

void budget_count_library(struct workers *workers, int64_t bytes)
{
	atomic_fetch_add_explicit(
		&workers->budget.libraries, bytes, memory_order_relaxed);
}

void budget_charge_library(struct workers *workers, uint32_t account, int64_t bytes)
{
	budget_count_library(workers, bytes);
	budget_charge(workers, account, bytes);
}

int64_t budget_kept_max(const struct worker *worker)
{
	const int64_t most = (int64_t)worker->config->limits.backlog_total_bytes;

	return most != 0 ? most : worker->workers->budget.limit / 2;
}

/*
 * The account may have as much as is left, less an eighth for others; a small one may
 * have all that is left. The process must have room for it, too.
 */
bool budget_may_keep(const struct worker *worker, uint32_t account, int64_t bytes)
{
	const struct workers *workers = worker->workers;
	const int64_t most = budget_kept_max(worker), limit = workers->budget.limit;

	if (most == 0 || account == ACCOUNT_HOUSE)
		return true;
	const int64_t left =
		most - bytes -
		atomic_load_explicit(&workers->budget.kept, memory_order_relaxed);
	const int64_t mine =
		bytes + account_sum(workers->accounts, account, ACCOUNT_KEPT);
	const int64_t room = budget_room(workers) - bytes;

	if (mine <= BUDGET_SMALL)
		return left >= 0 && room > limit / TIGHT;
	return mine <= left - most / RESERVE && room > limit / RESERVE;
}

void budget_keep(struct workers *workers, uint32_t account, int64_t bytes)
{
	atomic_fetch_add_explicit(&workers->budget.kept, bytes, memory_order_relaxed);
	if (account != ACCOUNT_HOUSE)
		account_add(workers->accounts, account, ACCOUNT_KEPT, bytes);
}

int64_t budget_change(uint64_t before, uint64_t now)
{
	return (int64_t)(now < BUDGET_LEAST ? 0 : now) -
	       (int64_t)(before < BUDGET_LEAST ? 0 : before);
}
