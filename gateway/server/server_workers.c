#include "gateway/server/server_workers.h"

#include "gateway/broker/broker.h"
#include "gateway/session/sessions.h"
#include "gateway/worker/worker.h"

struct crew *server_create_workers(const struct config *config,
	const struct hash_key *key, unsigned count,
	const struct handler *const *handlers)
{
	struct crew *crew = crew_create(config, key, count);

	if (crew == NULL)
		return NULL;
	for (unsigned i = 0; i < crew->count; i++) {
		struct worker *worker = crew->workers[i];

		worker->sessions = sessions_create(worker, handlers);
		worker->broker = broker_create(worker, crew->count);
	}
	return crew;
}
