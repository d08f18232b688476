#include "gateway/worker/address_limits.h"

#include "gateway/base/log.h"
#include "gateway/config/config.h"
#include "gateway/worker/share.h"
#include "protocol/address.h"
#include "protocol/xmalloc.h"

#include <stdatomic.h>
#include <stdlib.h>

enum {
	SLOTS = 65536,
	WRONG_MAX = 10,
	NAMED_MOST =
		16, /* proxies that the log names: anybody can send their headers */
};

struct address_count {
	_Atomic uint32_t connections;
	_Atomic bool named;                    /* as a proxy that is not listed */
	_Atomic uint64_t rates[ADDRESS_RATES]; /* a second, and the count in it */
};

struct address_limits {
	struct hash_key key;
	_Atomic unsigned named;
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

/* Unknown addresses, as that of a local socket, share one slot. */
static unsigned address_limits_slot(
	const struct address_limits *address_limits, const struct address *address)
{
	return hash_slice(&address_limits->key, address_owner(address)) % SLOTS;
}

bool address_limits_are_off(const struct config *config, const struct address *address)
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
	const struct config *config, const struct address *address, uint64_t all)
{
	char text[ADDRESS_TEXT_MAX];
	const uint64_t share = share_of(config, all);
	const uint64_t most = share < config->limits.address_connections
				      ? share
				      : config->limits.address_connections;
	const struct address_count *slot =
		&address_limits->slots[address_limits_slot(address_limits, address)];

	if (atomic_load(&slot->connections) < most ||
		address_limits_are_off(config, address))
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
		[ADDRESS_LOGINS] = "wrong logins",
	};
	const uint64_t most[ADDRESS_RATES] = {
		[ADDRESS_SESSIONS] = config->limits.address_sessions,
		[ADDRESS_UNKNOWN] = config->limits.address_unknown,
		[ADDRESS_TOKENS] = WRONG_MAX,
		[ADDRESS_LOGINS] = WRONG_MAX,
	};
	struct address_count *slot =
		&address_limits->slots[address_limits_slot(address_limits, address)];
	char text[ADDRESS_TEXT_MAX];

	if (address_limits_rate_count(&slot->rates[rate], now) <= most[rate] ||
		address_limits_are_off(config, address))
		return true;
	log_warn("addresses: more than %llu %s in a second from %.*s",
		(unsigned long long)most[rate], names[rate],
		SLICE_ARGS(address_write(address, text)));
	return false;
}

void address_limits_name_proxy(struct address_limits *address_limits,
	const struct address *address, struct slice header)
{
	struct address_count *slot =
		&address_limits->slots[address_limits_slot(address_limits, address)];
	char text[ADDRESS_TEXT_MAX];

	if (atomic_load(&slot->named) || atomic_exchange(&slot->named, true) ||
		atomic_load(&address_limits->named) >= NAMED_MOST ||
		atomic_fetch_add(&address_limits->named, 1) >= NAMED_MOST)
		return;
	log_warn("addresses: %.*s sends %.*s and is not in trusted_proxies: if it is a "
		 "proxy, all its users are one address",
		SLICE_ARGS(address_write(address, text)), SLICE_ARGS(header));
}
