#include "gateway/name.h"

#include "gateway/list.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

struct name {
	struct table_node node; /* its key points to `text` */
	size_t references;
	char text[];
};

struct name *name_intern(struct table *names, struct slice text)
{
	struct table_node *node = table_find(names, text);

	if (node != NULL)
		return name_ref(container_of(node, struct name, node));

	struct name *name = xmalloc(sizeof(*name) + text.len);
	name->references = 1;
	if (text.len > 0)
		memcpy(name->text, text.data, text.len);
	table_insert(names, &name->node, (struct slice){name->text, text.len});
	return name;
}

struct name *name_ref(struct name *name)
{
	if (name != NULL)
		name->references++;
	return name;
}

void name_unref(struct table *names, struct name *name)
{
	if (name == NULL || --name->references > 0)
		return;
	table_remove(names, &name->node);
	free(name);
}

struct slice name_text(const struct name *name)
{
	return name->node.key;
}
