#include "gateway/base/name.h"

#include "gateway/base/list.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

struct name {
	struct table_node node; /* its key points to `text` */
	size_t references;
	uint64_t number;
	char text[];
};

void names_init(struct names *names, const struct hash_key *key, unsigned worker)
{
	table_init(&names->table, key);
	names->number = (uint64_t)worker << 48;
}

void names_finish(struct names *names)
{
	table_finish(&names->table);
}

struct name *name_intern(struct names *names, struct slice text)
{
	struct table_node *node = table_find(&names->table, text);

	if (node != NULL)
		return name_ref(container_of(node, struct name, node));

	struct name *name = xmalloc(sizeof(*name) + text.len);
	name->references = 1;
	name->number = ++names->number;
	if (text.len > 0)
		memcpy(name->text, text.data, text.len);
	table_insert(&names->table, &name->node, (struct slice){name->text, text.len});
	return name;
}

struct name *name_ref(struct name *name)
{
	if (name != NULL)
		name->references++;
	return name;
}

void name_unref(struct names *names, struct name *name)
{
	if (name == NULL || --name->references > 0)
		return;
	table_remove(&names->table, &name->node);
	free(name);
}

struct slice name_text(const struct name *name)
{
	return name->node.key;
}

uint64_t name_number(const struct name *name)
{
	return name == NULL ? 0 : name->number;
}
