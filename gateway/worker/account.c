#include "gateway/worker/account.h"

#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct accounts {
	struct hash_key key, user_key;
	_Atomic int64_t sums[ACCOUNTS][ACCOUNT_SUMS];
	_Atomic bool exempt[ACCOUNTS];
	struct rate_bucket *rates[RATES_MAX]; /* of all accounts; NULL: not begun */
};

struct accounts *accounts_create(const struct hash_key *key)
{
	struct accounts *accounts = xcalloc(1, sizeof(*accounts));

	accounts->key = *key;
	/* Nobody shares an account by a login that reads like an address. */
	accounts->user_key = (struct hash_key){~key->low, key->high};
	return accounts;
}

/* As bytes: a look at each sum would cost as many instructions as 30,000 deliveries. */
static bool accounts_are_zero(const struct accounts *accounts)
{
	const char *bytes = (const char *)accounts->sums;

	return bytes[0] == 0 &&
	       memcmp(bytes, bytes + 1, sizeof(accounts->sums) - 1) == 0;
}

void accounts_destroy(struct accounts *accounts)
{
	assert(accounts == NULL || accounts_are_zero(accounts));
	for (unsigned i = 0; accounts != NULL && i < RATES_MAX; i++)
		free(accounts->rates[i]);
	free(accounts);
}

static uint32_t account_of_bytes(const struct hash_key *key, struct slice bytes)
{
	return (uint32_t)(1 + hash_slice(key, bytes) % (ACCOUNTS - 1));
}

uint32_t account_of_address(
	const struct accounts *accounts, const struct address *address)
{
	return account_of_bytes(&accounts->key, address_owner(address));
}

uint32_t account_of_user(const struct accounts *accounts, struct slice user)
{
	return account_of_bytes(&accounts->user_key, user);
}

void account_set_exempt(struct accounts *accounts, uint32_t account, bool is_exempt)
{
	/* Seldom written, since all workers read it. */
	if (account_is_exempt(accounts, account) != is_exempt)
		atomic_store_explicit(
			&accounts->exempt[account], is_exempt, memory_order_relaxed);
}

bool account_is_exempt(const struct accounts *accounts, uint32_t account)
{
	return atomic_load_explicit(&accounts->exempt[account], memory_order_relaxed);
}

int64_t account_add(struct accounts *accounts, uint32_t account, enum account_sum sum,
	int64_t amount)
{
	return amount + atomic_fetch_add_explicit(&accounts->sums[account][sum], amount,
				memory_order_relaxed);
}

int64_t account_sum(
	const struct accounts *accounts, uint32_t account, enum account_sum sum)
{
	return atomic_load_explicit(
		&accounts->sums[account][sum], memory_order_relaxed);
}

void accounts_begin_rate(struct accounts *accounts, unsigned rate)
{
	if (accounts->rates[rate] == NULL)
		accounts->rates[rate] = xcalloc(ACCOUNTS, sizeof(struct rate_bucket));
	for (size_t i = 0; i < ACCOUNTS; i++) {
		struct rate_bucket *bucket = &accounts->rates[rate][i];

		/* Seldom written: most are full, and others may be in use. */
		if (atomic_load_explicit(&bucket->next, memory_order_relaxed) != 0)
			atomic_store_explicit(&bucket->next, 0, memory_order_relaxed);
	}
}

struct rate_bucket *account_rate(
	const struct accounts *accounts, uint32_t account, unsigned rate)
{
	return &accounts->rates[rate][account];
}
