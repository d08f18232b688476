#include "tests/support/far_site.h"

#include "gateway/broker/internal.h"
#include "tests/support/unit.h"

#include <stdio.h>

struct far_site far_site;

static const struct engine_share shares_of_far[] = {
	{SLICE_INIT("/topic/far/"), &fake_engine_life},
	{SLICE_INIT("/queue/far/"), &fake_engine_life}, {SLICE_INIT(""), NULL}};

void far_site_begin_with(const struct engine_share *shares, const char *members)
{
	struct far_site *site = &far_site;

	fake_engine = (struct fake_engine){.turns = 1};
	still_workers_share(shares);
	site->workers = still_workers_create(members);
	site->peer = stomp_peer_connect(site->workers->all[0], "1.2");
	site->reader =
		stomp_peer_connect(site->workers->all[site->workers->count - 1], "1.2");
}

void far_site_begin(const char *members)
{
	far_site_begin_with(shares_of_far, members);
}

void far_site_end(void)
{
	struct far_site *site = &far_site;

	fake_engine.is_away = false;
	stomp_peer_destroy(site->peer);
	stomp_peer_destroy(site->reader);
	ck_assert_uint_eq(still_workers_subscriptions(site->workers), 0);
	for (unsigned i = 0; i < site->workers->count; i++) {
		ck_assert_uint_eq(
			site->workers->all[i]->broker->commits.entries.count, 0);
	}
	still_workers_destroy(site->workers);
}

void far_site_come_back(void)
{
	fake_engine.is_away = false;
	still_workers_settle(far_site.workers);
}

void far_site_lose(struct stomp_peer *peer)
{
	session_lost(peer->memory.session, ENDING_INTERRUPTED);
	peer->memory.session = NULL;
}

const char *far_site_next_ack(struct stomp_peer *peer)
{
	static char id[64];
	const char *at = strstr(stomp_peer_heard(peer), "{ack:");

	ck_assert_ptr_nonnull(at);
	snprintf(id, sizeof(id), "%.*s", (int)strcspn(at + 5, "}"), at + 5);
	return id;
}

void far_site_settle(struct stomp_peer *peer, const char *command, const char *headers)
{
	char frame[160];

	snprintf(frame, sizeof(frame), "%s{id:%s}%s", command, far_site_next_ack(peer),
		headers);
	stomp_peer_say(peer, frame);
}
