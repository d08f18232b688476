#include "transports/door/reserve.h"

#include "gateway/worker/account.h"
#include "transports/base/carriers.h"
#include "transports/door/door_internal.h"

#include <stdlib.h>

struct reserve_post {
	struct post post;
	uint64_t number; /* of the pending connection */
	unsigned home;
	bool exists;                     /* the answer, */
	uint32_t account;                /* and whose session it is */
	const struct endpoint *endpoint; /* held */
	struct slice session;
	struct peer peer;
};

static void reserve_answer_run(struct worker *worker, struct post *post)
{
	struct reserve_post *asking = container_of(post, struct reserve_post, post);

	if (worker->edge != NULL)
		pending_answered(worker->edge->door, asking->number,
			&(struct reserve_answer){
				asking->home, asking->exists, asking->account});
	free(asking);
}

static void reserve_ask_run(struct worker *worker, struct post *post)
{
	struct reserve_post *asking = container_of(post, struct reserve_post, post);
	const struct session *session =
		session_find(worker, asking->endpoint, asking->session);

	asking->exists = session != NULL && session_admits(session, &asking->peer);
	asking->account = asking->exists ? session_account(session) : ACCOUNT_HOUSE;
	endpoint_unref(asking->endpoint);
	asking->post.run = reserve_answer_run;
	worker_post(worker, 0, &asking->post);
}

void reserve_ask(struct worker *worker, const struct http_route *route,
	const struct peer *peer, uint64_t number)
{
	struct reserve_post asking = {
		.post.run = reserve_ask_run,
		.number = number,
		.home = session_home(worker, route->endpoint, route->session),
		.endpoint = endpoint_ref(route->endpoint),
		.session = route->session,
		.peer = peer_asking(peer),
	};

	worker_post_copy(worker, asking.home, &asking.post, sizeof(asking),
		(struct slice *[]){&asking.session, &asking.peer.origin,
			&asking.peer.cookie, &asking.peer.user, NULL});
}
