#include "gateway/worker/crowd.h"

#include "gateway/base/log.h"
#include "gateway/config/config.h"
#include "protocol/address.h"
#include "protocol/xmalloc.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { PLACES = 65536, OWNER_BYTES = 8 };

struct place_count {
	_Atomic uint32_t connections;
	_Atomic uint64_t rates[CROWD_RATES]; /* a second, and how many in it */
};

struct crowd {
	struct hash_key key;
	struct place_count places[PLACES];
};

struct crowd *crowd_create(const struct hash_key *key)
{
	struct crowd *crowd = xcalloc(1, sizeof(*crowd));

	crowd->key = *key;
	return crowd;
}

void crowd_destroy(struct crowd *crowd)
{
	free(crowd);
}

/*
 * Who has an IPv6 address has 64 bits of it to play with: those before count. What is
 * no address, as that of a local socket, is one for all.
 */
static unsigned crowd_place(const struct crowd *crowd, const struct address *address)
{
	size_t from = address_is_v4(address) ? ADDRESS_BYTES - OWNER_BYTES : 0;
	const char *owner = (const char *)address->bytes + from;

	return hash_slice(&crowd->key, (struct slice){owner, OWNER_BYTES}) % PLACES;
}

static bool is_exempt(const struct config *config, const struct address *address)
{
	return networks_have(&config->exempt, address) ||
	       networks_have(&config->proxies, address);
}

unsigned crowd_enter(struct crowd *crowd, const struct address *address)
{
	unsigned place = crowd_place(crowd, address);

	atomic_fetch_add(&crowd->places[place].connections, 1);
	return place;
}

void crowd_leave(struct crowd *crowd, unsigned place)
{
	atomic_fetch_sub(&crowd->places[place].connections, 1);
}

bool crowd_has_room(const struct crowd *crowd, const struct config *config,
	const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];
	const uint64_t most = config->limits.address_connections;
	const struct place_count *place = &crowd->places[crowd_place(crowd, address)];

	if (atomic_load(&place->connections) < most || is_exempt(config, address))
		return true;
	log_warn("door: more than %llu connections from %.*s", (unsigned long long)most,
		SLICE_ARGS(address_write(address, text)));
	return false;
}

/* Workers see a second begin at different times: the latest counts. */
static uint64_t rate_count(_Atomic uint64_t *rate, uint64_t now)
{
	const uint64_t begun = (now / 1000) << 32;
	uint64_t before = atomic_load(rate), after;

	do {
		after = (before >= begun ? before : begun) + 1;
	} while (!atomic_compare_exchange_weak(rate, &before, after));
	return after & UINT32_MAX;
}

bool crowd_admits(struct crowd *crowd, const struct config *config,
	enum crowd_rate rate, struct slice text, uint64_t now)
{
	static const char *const names[CROWD_RATES] = {
		[CROWD_SESSIONS] = "new sessions",
		[CROWD_UNKNOWN] = "requests for unknown sessions",
	};
	const uint64_t most[CROWD_RATES] = {
		[CROWD_SESSIONS] = config->limits.address_sessions,
		[CROWD_UNKNOWN] = config->limits.address_unknown,
	};
	struct address address = {{0}};

	address_parse(text, &address); /* else it is that of who has none */
	struct place_count *place = &crowd->places[crowd_place(crowd, &address)];
	if (rate_count(&place->rates[rate], now) <= most[rate] ||
		is_exempt(config, &address))
		return true;
	log_warn("crowd: more than %llu %s in a second from %.*s",
		(unsigned long long)most[rate], names[rate], SLICE_ARGS(text));
	return false;
}
