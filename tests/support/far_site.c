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
	site->reader = stomp_peer_connect_at(
		site->workers->all[site->workers->count - 1], "tcp", "1.2");
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

/* Transactions. */

void far_site_open(void)
{
	stomp_peer_say(far_site.peer, "BEGIN{transaction:t}");
}

void far_site_add(const char *destination, const char *body)
{
	char frame[160];

	snprintf(frame, sizeof(frame), "SEND{destination:%s}{transaction:t}[%s]",
		destination, body);
	stomp_peer_say(far_site.peer, frame);
}

void far_site_open_mixed(void)
{
	far_site_open();
	far_site_add("/queue/a", "1");
	far_site_add("/queue/far/a", "2");
	far_site_add("/topic/a", "3");
	far_site_add("/topic/far/a", "4");
}

void far_site_open_queues(bool has_queue)
{
	far_site_open();
	far_site_add("/topic/a", "1");
	if (has_queue)
		far_site_add("/queue/a", "2");
	far_site_add("/queue/far/a", "3");
}

void far_site_listen(void)
{
	struct stomp_peer *reader = far_site.reader;

	stomp_peer_say(reader, "SUBSCRIBE{id:nq}{destination:/queue/a}");
	stomp_peer_say(reader, "SUBSCRIBE{id:nt}{destination:/topic/a}");
	stomp_peer_say(reader, "SUBSCRIBE{id:fq}{destination:/queue/far/a}");
	stomp_peer_say(reader, "SUBSCRIBE{id:ft}{destination:/topic/far/a}");
}

void far_site_check_got(bool is_near, bool is_far)
{
	const char *heard = stomp_peer_heard(far_site.reader);

	ck_assert_msg((strstr(heard, "{subscription:nq}") != NULL) == is_near &&
			      (strstr(heard, "{subscription:nt}") != NULL) == is_near,
		"%s", heard);
	ck_assert_msg((strstr(heard, "{subscription:fq}") != NULL) == is_far &&
			      (strstr(heard, "{subscription:ft}") != NULL) == is_far,
		"%s", heard);
}

void far_site_check_nothing(void)
{
	struct stomp_peer *reader = far_site.reader;

	assert_heard(reader, "");
	stomp_peer_say(reader, "UNSUBSCRIBE{id:nq}");
	stomp_peer_say(reader, "UNSUBSCRIBE{id:fq}");
	ck_assert_uint_eq(fake_engine.taken, 0);
	ck_assert_uint_eq(far_site_room("/queue/a"), 3);
	ck_assert_uint_eq(far_site_room("/queue/far/a"), 3);
}

unsigned far_site_room(const char *queue)
{
	unsigned room = 0;

	for (bool is_full = false; !is_full && room < 10; room += !is_full) {
		struct stomp_peer *filler =
			stomp_peer_connect(far_site.workers->all[0], "1.2");
		char frame[128];

		snprintf(frame, sizeof(frame), "SEND{destination:%s}{receipt:r}[f]",
			queue);
		stomp_peer_say(filler, frame);
		is_full = strstr(stomp_peer_heard(filler), "The queue is full") != NULL;
		stomp_peer_destroy(filler);
	}
	return room;
}
