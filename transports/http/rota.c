#include "transports/http/rota.h"

void rota_init(struct rota *rota)
{
	list_init(&rota->newcomers);
	list_init(&rota->others);
	rota->others_turn = false;
}

bool rota_is_empty(const struct rota *rota)
{
	return list_is_empty(&rota->newcomers) && list_is_empty(&rota->others);
}

void rota_add(struct rota *rota, struct rota_place *place)
{
	if (list_is_linked(&place->link))
		return;
	place->is_newcomer = false;
	list_append(&rota->others, &place->link);
}

void rota_welcome(struct rota *rota, struct rota_place *place)
{
	if (list_is_linked(&place->link) && place->is_newcomer)
		return;
	list_remove(&place->link);
	place->is_newcomer = true;
	list_append(&rota->newcomers, &place->link);
}

struct rota_place *rota_take(struct rota *rota)
{
	bool others = list_is_empty(&rota->newcomers) ||
		      (rota->others_turn && !list_is_empty(&rota->others));
	struct list *link = list_take_first(others ? &rota->others : &rota->newcomers);

	rota->others_turn = !others;
	return link == NULL ? NULL : container_of(link, struct rota_place, link);
}
