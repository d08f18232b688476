#include "gateway/server/server_workers.h"

#include "gateway/broker/broker.h"
#include "gateway/console/console.h"
#include "gateway/session/sessions.h"
#include "gateway/stomp/login.h"
#include "gateway/worker/worker.h"

static const struct service *const services[] = {&console_service, NULL};

struct workers *server_create_workers(const struct config *config,
	const struct hash_key *key, unsigned count,
	const struct handler *const *handlers, const struct engine_share *shares)
{
	struct workers *workers = workers_create(config, key, count);

	if (workers == NULL)
		return NULL;
	for (unsigned i = 0; i < workers->count; i++) {
		struct worker *worker = workers->all[i];

		worker->sessions = sessions_create(worker, handlers);
		worker->broker =
			broker_create(worker, workers->count, services, shares);
		worker->logins = logins_create(worker);
	}
	return workers;
}
