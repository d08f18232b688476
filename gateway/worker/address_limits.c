#include "gateway/worker/address_limits.h"

#include "gateway/base/log.h"
#include "gateway/config/config.h"
#include "protocol/address.h"
#include "protocol/xmalloc.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { SLOTS = 65536, OWNER_BYTES = 8, WRONG_TOKENS_MAX = 10 };

struct address_count {
	_Atomic uint32_t connections;
	_Atomic uint64_t rates[ADDRESS_RATES]; /* a second, and the count in it */
};

struct address_limits {
	struct hash_key key;
	struct address_count slots[SLOTS];
};

struct address_limits *address_limits_create(const struct hash_key *key)
{
	struct address_limits *address_limits = xcalloc(1, sizeof(*address_limits));

	address_limits->key = *key;
	return address_limits;
}

void address_limits_destroy(struct address_limits *address_limits)
{
	free(address_limits);
}

/*
 * A holder of an IPv6 address can use 64 bits of it freely, so only the first 64 bits
 * count. Unknown addresses, as that of a local socket, share one slot.
 */
static unsigned address_limits_slot(
	const struct address_limits *address_limits, const struct address *address)
{
	size_t from = address_is_v4(address) ? ADDRESS_BYTES - OWNER_BYTES : 0;
	const char *owner = (const char *)address->bytes + from;

	return hash_slice(&address_limits->key, (struct slice){owner, OWNER_BYTES}) %
	       SLOTS;
}

static bool address_limits_is_exempt(
	const struct config *config, const struct address *address)
{
	return networks_have(&config->exempt, address) ||
	       networks_have(&config->proxies, address);
}

unsigned address_limits_enter(
	struct address_limits *address_limits, const struct address *address)
{
	unsigned slot = address_limits_slot(address_limits, address);

	atomic_fetch_add(&address_limits->slots[slot].connections, 1);
	return slot;
}

void address_limits_leave(struct address_limits *address_limits, unsigned slot)
{
	atomic_fetch_sub(&address_limits->slots[slot].connections, 1);
}

bool address_limits_have_room(const struct address_limits *address_limits,
	const struct config *config, const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];
	const uint64_t most = config->limits.address_connections;
	const struct address_count *slot =
		&address_limits->slots[address_limits_slot(address_limits, address)];

	if (atomic_load(&slot->connections) < most ||
		address_limits_is_exempt(config, address))
		return true;
	log_warn("door: more than %llu connections from %.*s", (unsigned long long)most,
		SLICE_ARGS(address_write(address, text)));
	return false;
}

/* Workers see a second begin at different times: the latest second counts. */
static uint64_t address_limits_rate_count(_Atomic uint64_t *rate, uint64_t now)
{
	const uint64_t begun = (now / 1000) << 32;
	uint64_t before = atomic_load(rate), after;

	do {
		after = (before >= begun ? before : begun) + 1;
	} while (!atomic_compare_exchange_weak(rate, &before, after));
	return after & UINT32_MAX;
}

bool address_limits_admit(struct address_limits *address_limits,
	const struct config *config, enum address_rate rate,
	const struct address *address, uint64_t now)
{
	static const char *const names[ADDRESS_RATES] = {
		[ADDRESS_SESSIONS] = "new sessions",
		[ADDRESS_UNKNOWN] = "requests for unknown sessions",
		[ADDRESS_TOKENS] = "wrong tokens",
	};
	const uint64_t most[ADDRESS_RATES] = {
		[ADDRESS_SESSIONS] = config->limits.address_sessions,
		[ADDRESS_UNKNOWN] = config->limits.address_unknown,
		[ADDRESS_TOKENS] = WRONG_TOKENS_MAX,
	};
	struct address_count *slot =
		&address_limits->slots[address_limits_slot(address_limits, address)];
	char text[ADDRESS_TEXT_MAX];

	if (address_limits_rate_count(&slot->rates[rate], now) <= most[rate] ||
		address_limits_is_exempt(config, address))
		return true;
	log_warn("addresses: more than %llu %s in a second from %.*s",
		(unsigned long long)most[rate], names[rate],
		SLICE_ARGS(address_write(address, text)));
	return false;
}
