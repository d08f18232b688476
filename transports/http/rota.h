/*
 * Who waits to be run: newcomers and the others in turns. However many newcomers come, the
 * others have every second place, and none is overtaken by those of his own kind.
 */
#ifndef TRANSPORTS_HTTP_ROTA_H
#define TRANSPORTS_HTTP_ROTA_H

#include "gateway/base/list.h"

struct rota {
	struct list newcomers, others;
	bool others_turn; /* if both wait */
};

/* Of one who may wait, whose memory it is. Zeroed, it waits nowhere. */
struct rota_place {
	struct list link;
	void (*run)(struct rota_place *place); /* when his turn comes */
	bool is_newcomer;
};

void rota_init(struct rota *rota);
bool rota_is_empty(const struct rota *rota);

/* Behind the others; nothing changes for one who waits already. */
void rota_add(struct rota *rota, struct rota_place *place);

/* Behind the newcomers, also if he waits among the others. */
void rota_welcome(struct rota *rota, struct rota_place *place);

/* Who is to be run now and waits no more, or NULL. */
struct rota_place *rota_take(struct rota *rota);

#endif
