#include "tests/bench/dialect.h"

static const struct dialect *const dialects[] = {
	&dialect_stomp,
	&dialect_stomp_unconfirmed,
	&dialect_mqtt,
	&dialect_nchan,
	&dialect_bare,
};

const struct dialect *dialect_find(const char *name)
{
	for (size_t i = 0; i < sizeof(dialects) / sizeof(*dialects); i++) {
		if (strcmp(dialects[i]->name, name) == 0)
			return dialects[i];
	}
	return NULL;
}

void dialect_write_topic(const struct client *client, unsigned number, struct buf *out)
{
	buf_printf(out, "%s%u", client->load->options->destination, number);
}
