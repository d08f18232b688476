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
	uint64_t participant;
	char *hash; /* a hash that no passcode matches */
	enum login_verdict verdict;
	struct slice passcode; /* points to `text` */
	char text[];
};

bool login_is_needed(const struct config *config)
{
	return config->user_count > 0;
}

/* Runs on another thread: must touch nothing but the login. */
static void login_run(struct work *work)
{
	struct login *login = container_of(work, struct login, work);

	login->verdict = password_matches(login->passcode, login->hash) ? LOGIN_ADMITTED
									: LOGIN_REFUSED;
	explicit_bzero(login->text, login->passcode.len);
}

static void login_done(struct work *work)
{
	struct login *login = container_of(work, struct login, work);

	login->worker->logins--;
	free(login->hash);
	broker_tell_login(login->worker->broker, login->participant, login->verdict);
	free(login);
}

static struct slice login_hash(const struct config *config, struct slice login)
{
	for (size_t i = 0; i < config->user_count; i++) {
		if (slice_equal(config->users[i].login, login))
			return config->users[i].password;
	}
	return slice_of(password_decoy);
}

bool login_check(struct worker *worker, uint64_t participant, struct slice login,
	struct slice passcode)
{
	if (worker->logins >= worker->config->limits.logins) {
		metrics_refuse(worker->metrics, BOUND_LOGINS);
		return false;
	}

	struct login *check = xmalloc(sizeof(*check) + passcode.len);
	*check = (struct login){
		.work = {.run = login_run, .done = login_done},
		.worker = worker,
		.participant = participant,
		.hash = xstrdup(login_hash(worker->config, login)),
		.passcode = {check->text, passcode.len},
	};
	memcpy(check->text, passcode.data, passcode.len);
	worker->logins++;
	loop_work(worker->loop, &check->work);
	return true;
}
