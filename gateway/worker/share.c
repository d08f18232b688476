#include "gateway/worker/share.h"

#include "gateway/config/config.h"
#include "gateway/worker/metrics.h"
#include "gateway/worker/worker.h"

uint64_t share_of(const struct config *config, uint64_t bound)
{
	const uint64_t percent = config->limits.share;
	const uint64_t share = bound / 100 * percent + bound % 100 * percent / 100;

	return share == 0 && bound > 0 ? 1 : share;
}

static int64_t share_add(const struct worker *worker, uint32_t account,
	enum account_sum sum, int64_t amount)
{
	return account_add(worker->workers->accounts, account, sum, amount);
}

/* `used` is what the account would use. */
static bool share_allows(
	const struct worker *worker, uint32_t account, int64_t used, uint64_t bound)
{
	if (bound == 0 || worker->config->limits.share == 100 ||
		(uint64_t)used <= share_of(worker->config, bound) ||
		account_is_exempt(worker->workers->accounts, account))
		return true;
	metrics_refuse(worker->metrics, BOUND_SHARE);
	return false;
}

bool share_has_room(const struct worker *worker, uint32_t account, enum account_sum sum,
	size_t amount, uint64_t bound)
{
	const int64_t used = account_sum(worker->workers->accounts, account, sum);

	return account == ACCOUNT_HOUSE ||
	       share_allows(worker, account, used + (int64_t)amount, bound);
}

bool share_take(const struct worker *worker, uint32_t account, enum account_sum sum,
	size_t amount, uint64_t bound)
{
	if (account == ACCOUNT_HOUSE)
		return true;
	const int64_t used = share_add(worker, account, sum, (int64_t)amount);

	if (share_allows(worker, account, used, bound))
		return true;
	share_add(worker, account, sum, -(int64_t)amount);
	return false;
}

void share_take_anyway(const struct worker *worker, uint32_t account,
	enum account_sum sum, size_t amount)
{
	if (account != ACCOUNT_HOUSE)
		share_add(worker, account, sum, (int64_t)amount);
}

void share_give(const struct worker *worker, uint32_t account, enum account_sum sum,
	size_t amount)
{
	if (account != ACCOUNT_HOUSE)
		share_add(worker, account, sum, -(int64_t)amount);
}
