#include "gateway/stomp/login.h"

#include "gateway/base/password.h"
#include "gateway/broker/broker.h"
#include "gateway/config/config.h"
#include "gateway/worker/metrics.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

struct login {
	struct work work;
	struct worker *worker;
	const struct config *config; /* held; its users */
	uint64_t participant;
	enum login_verdict verdict;
	struct slice name, passcode; /* point to `text` */
	char text[];
};

bool login_is_needed(const struct config *config)
{
	return config->user_count > 0;
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

/* Runs on another thread: must touch nothing but the login. */
static void login_run(struct work *work)
{
	struct login *login = container_of(work, struct login, work);

	login->verdict = login_matches(login) ? LOGIN_ADMITTED : LOGIN_REFUSED;
	explicit_bzero(login->text, login->name.len + login->passcode.len);
}

static void login_done(struct work *work)
{
	struct login *login = container_of(work, struct login, work);

	login->worker->logins--;
	config_unref(login->config);
	broker_tell_login(login->worker->broker, login->participant, login->verdict);
	free(login);
}

bool login_check(struct worker *worker, uint64_t participant, struct slice login,
	struct slice passcode)
{
	if (worker->logins >= worker->config->limits.logins) {
		metrics_refuse(worker->metrics, BOUND_LOGINS);
		return false;
	}

	struct login *check = xmalloc(sizeof(*check) + login.len + passcode.len);
	*check = (struct login){
		.work = {.run = login_run, .done = login_done},
		.worker = worker,
		.participant = participant,
		.config = config_ref(worker->config),
		.name = {check->text, login.len},
		.passcode = {check->text + login.len, passcode.len},
	};
	if (login.len > 0)
		memcpy(check->text, login.data, login.len);
	if (passcode.len > 0)
		memcpy(check->text + login.len, passcode.data, passcode.len);
	worker->logins++;
	loop_work(worker->loop, &check->work);
	return true;
}
