#include "gateway/stomp/login.h"

#include "gateway/base/password.h"
#include "gateway/broker/broker.h"
#include "gateway/config/config.h"
#include "gateway/stomp/login_token.h"
#include "gateway/worker/account.h"
#include "gateway/worker/address_limits.h"
#include "gateway/worker/metrics.h"
#include "gateway/worker/resident.h"
#include "gateway/worker/share.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

enum {
	POOL_THREADS = 4,         /* of libuv, for all workers together */
	WRONG_LOGIN_DELAY = 1000, /* ms */
};

/* What one account has under way. */
struct login_lane {
	struct table_node node; /* its key is the account */
	uint32_t account;
	size_t count;      /* all, those that do not wait included */
	struct list turn;  /* in logins->turns while some wait */
	struct list first; /* the logins that wait, in the order of coming */
};

struct logins {
	struct resident resident;
	struct worker *worker;
	struct table lanes;
	struct list turns; /* lanes; the next one is the first */
	struct list late;  /* logins whose verdict waits */
	size_t count, checked;
};

struct login {
	struct list link; /* in its lane while it waits, then in logins->late */
	struct work work;
	struct timer timer;
	struct logins *logins;
	struct login_lane *lane;
	const struct config *config; /* held; its users */
	uint64_t participant;
	struct address address;
	struct login_verdict verdict;
	struct slice name, passcode, token; /* point to `text` */
	char text[];
};

/* The check. */

bool login_is_needed(const struct config *config)
{
	return config->user_count > 0 || config->token_count > 0 ||
	       config->login.user_header.len > 0;
}

/* NULL: nobody has that name. */
static const struct user *login_find_user(const struct login *login)
{
	const struct config *config = login->config;

	for (size_t i = 0; i < config->user_count; i++) {
		if (slice_equal(config->users[i].login, login->name))
			return &config->users[i];
	}
	return NULL;
}

static bool login_hash_matches(const struct login *login, const struct user *user)
{
	char *hash = xstrdup(user->password);
	const bool matches = password_matches(login->passcode, hash);

	free(hash);
	return matches;
}

/*
 * Checks one hash of each cost, whoever logs in: the user's own, and of other costs
 * another user's, whose result does not count. So the time tells nobody which names
 * exist, nor how their passwords are hashed.
 */
static bool login_matches(const struct login *login)
{
	const struct config *config = login->config;
	const struct user *user = login_find_user(login);
	bool matches = false;

	for (size_t i = 0; i < config->cost_count; i++) {
		const struct user *sample = config->costs[i];
		const bool is_own =
			user != NULL && slice_equal(password_cost(user->password),
						password_cost(sample->password));

		if (login_hash_matches(login, is_own ? user : sample) && is_own)
			matches = true;
	}
	return matches;
}

static void login_forget_text(struct login *login)
{
	explicit_bzero(
		login->text, login->name.len + login->passcode.len + login->token.len);
}

/* Runs on another thread: must touch nothing but the login. */
static void login_run(struct work *work)
{
	struct login *login = container_of(work, struct login, work);

	if (login->token.len > 0)
		login_token_verify(login->config, login->token, &login->verdict);
	else if (login_matches(login))
		login->verdict.identity = identity_create(
			&(struct identity_facts){
				.source = LOGIN_BY_PASSWORD, .user = login->name},
			'/', NULL);
	login_forget_text(login);
}

/* Lanes. */

static struct login_lane *login_lane_open(struct logins *logins, uint32_t account)
{
	struct table_node *node = table_find(&logins->lanes, account_key(&account));

	if (node != NULL)
		return container_of(node, struct login_lane, node);
	struct login_lane *lane = xcalloc(1, sizeof(*lane));
	lane->account = account;
	list_init(&lane->first);
	table_insert(&logins->lanes, &lane->node, account_key(&lane->account));
	return lane;
}

/* One of its logins is over, or was never begun. */
static void login_lane_close(struct logins *logins, struct login_lane *lane)
{
	if (lane->count > 0)
		return;
	table_remove(&logins->lanes, &lane->node);
	free(lane);
}

/*
 * An account has no more under way than its share, and no more than it leaves free: a
 * few accounts with their shares do not keep everybody else out.
 */
static uint64_t logins_of_account_max(const struct logins *logins)
{
	const struct config *config = logins->worker->config;
	const uint64_t most = config->limits.logins, share = share_of(config, most);
	const uint64_t left = logins->count < most ? most - logins->count : 0;

	return share < most && left < share ? left : share;
}

static bool login_lane_has_room(const struct logins *logins,
	const struct login_lane *lane, enum refusal_kind *why)
{
	const struct worker *worker = logins->worker;
	const bool is_whole = logins->count >= worker->config->limits.logins;

	if (!is_whole &&
		(lane->count < logins_of_account_max(logins) ||
			account_is_exempt(worker->workers->accounts, lane->account)))
		return true;
	metrics_refuse(worker->metrics, is_whole ? BOUND_LOGINS : BOUND_SHARE);
	*why = is_whole ? REFUSAL_LOGINS : REFUSAL_SHARE;
	return false;
}

/* The way of a login. */

static void login_free(struct login *login)
{
	struct logins *logins = login->logins;

	list_remove(&login->link);
	loop_timer_stop(logins->worker->loop, &login->timer);
	logins->count--;
	login->lane->count--;
	login_lane_close(logins, login->lane);
	login_forget_text(login);
	config_unref(login->config);
	free(login);
}

static void login_tell(struct login *login)
{
	struct broker *broker = login->logins->worker->broker;
	const uint64_t participant = login->participant;
	const struct login_verdict verdict = login->verdict;

	login_free(login);
	broker_tell_login(broker, participant, &verdict);
}

static void login_on_late(struct timer *timer)
{
	login_tell(container_of(timer, struct login, timer));
}

/*
 * A wrong login counts, and one too many in a second is answered late: a guesser gets
 * on slowly. The right one is never late, since it may share the address with others.
 */
static bool login_is_late(const struct login *login)
{
	const struct worker *worker = login->logins->worker;

	return login->verdict.identity == NULL &&
	       !address_limits_admit(worker->workers->address_limits, worker->config,
		       ADDRESS_LOGINS, &login->address, loop_now(worker->loop));
}

static void logins_check_next(struct logins *logins);

static void login_done(struct work *work)
{
	struct login *login = container_of(work, struct login, work);
	struct logins *logins = login->logins;

	logins->checked--;
	if (login_is_late(login)) {
		list_append(&logins->late, &login->link);
		loop_timer_start(
			logins->worker->loop, &login->timer, WRONG_LOGIN_DELAY);
	} else {
		login_tell(login);
	}
	logins_check_next(logins);
}

/* The first login of the next account. */
static struct login *logins_take(struct logins *logins)
{
	struct login_lane *lane =
		container_of(list_take_first(&logins->turns), struct login_lane, turn);
	struct login *login =
		container_of(list_take_first(&lane->first), struct login, link);

	if (!list_is_empty(&lane->first))
		list_append(&logins->turns, &lane->turn);
	return login;
}

/*
 * Lets the pool check some. Its threads are common to all workers and work in the order
 * of coming, so a worker hands over no more than its part of them.
 */
static void logins_check_next(struct logins *logins)
{
	struct worker *worker = logins->worker;
	const unsigned workers = worker->workers->count;
	const size_t most = (POOL_THREADS + workers - 1) / workers;

	while (logins->checked < most && !list_is_empty(&logins->turns)) {
		struct login *login = logins_take(logins);

		if (!broker_has_participant(worker->broker, login->participant)) {
			login_free(login); /* its client has left: nobody waits */
			continue;
		}
		logins->checked++;
		loop_work(worker->loop, &login->work);
	}
}

static struct login *login_create(struct logins *logins, struct login_lane *lane,
	const struct login_request *request)
{
	struct login *login = xmalloc(sizeof(*login) + request->login.len +
				      request->passcode.len + request->token.len);
	char *at = login->text;

	*login = (struct login){
		.work = {.run = login_run, .done = login_done},
		.timer.fire = login_on_late,
		.logins = logins,
		.lane = lane,
		.config = config_ref(logins->worker->config),
		.participant = request->participant,
		.address = request->address,
		.verdict = {.source = request->token.len > 0 ? LOGIN_BY_TOKEN
							     : LOGIN_BY_PASSWORD,
			.kind = REFUSAL_BAD_LOGIN},
	};
	login->name = slice_copy_out(&at, request->login);
	login->passcode = slice_copy_out(&at, request->passcode);
	login->token = slice_copy_out(&at, request->token);
	logins->count++;
	lane->count++;
	return login;
}

bool login_check(struct logins *logins, const struct login_request *request,
	enum refusal_kind *why)
{
	struct login_lane *lane = login_lane_open(logins, request->account);

	if (!login_lane_has_room(logins, lane, why)) {
		login_lane_close(logins, lane);
		return false;
	}
	if (list_is_empty(&lane->first))
		list_append(&logins->turns, &lane->turn);
	list_append(&lane->first, &login_create(logins, lane, request)->link);
	logins_check_next(logins);
	return true;
}

/* All of them. */

size_t logins_count(const struct logins *logins)
{
	return logins->count;
}

/* No thread checks one any more, and none waits for a turn: only late ones are left. */
static void logins_destroy(struct resident *resident)
{
	struct logins *logins = container_of(resident, struct logins, resident);

	while (!list_is_empty(&logins->late)) {
		login_free(container_of(logins->late.next, struct login, link));
	}
	table_finish(&logins->lanes);
	free(logins);
}

static const struct resident_ops logins_ops = {.destroy = logins_destroy};

struct logins *logins_create(struct worker *worker)
{
	struct logins *logins = xcalloc(1, sizeof(*logins));

	logins->resident.ops = &logins_ops;
	logins->worker = worker;
	table_init(&logins->lanes, &worker->key);
	list_init(&logins->turns);
	list_init(&logins->late);
	worker_add_resident(worker, &logins->resident);
	return logins;
}
