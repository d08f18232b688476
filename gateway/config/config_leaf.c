#include "gateway/config/config_leaf.h"

#include "protocol/xmalloc.h"

#include <ctype.h>
#include <stdlib.h>

static void config_append_name(
	struct buf *text, const char *word, enum config_style style)
{
	for (; *word != '\0'; word++)
		buf_append_char(text, style == CONFIG_VARIABLE
					      ? (char)toupper((unsigned char)*word)
				      : style == CONFIG_FLAG && *word == '_' ? '-'
									     : *word);
}

static void config_add_leaf(struct config_leaves *leaves,
	const struct config_key *section, const struct config_key *key,
	enum config_style style)
{
	if (section != NULL) {
		config_append_name(&leaves->text, section->name, style);
		config_append_name(
			&leaves->text, style == CONFIG_VARIABLE ? "__" : ".", style);
	}
	config_append_name(&leaves->text, key->name, style);
	buf_append_char(&leaves->text, '\0');
	leaves->items[leaves->count++] = (struct config_leaf){section, key};
}

static size_t config_count_leaves(void)
{
	size_t count = 0;

	for (size_t i = 0; i < config_table.count; i++) {
		const struct config_key *key = &config_table.keys[i];

		count += key->kind == CONFIG_OBJECT ? key->inside->count : 1;
	}
	return count;
}

void config_leaves_list(struct config_leaves *leaves, enum config_style style)
{
	const size_t count = config_count_leaves();

	*leaves = (struct config_leaves){
		.items = xcalloc(count, sizeof(*leaves->items)),
		.names = xcalloc(count + 1, sizeof(*leaves->names)),
	};
	for (size_t i = 0; i < config_table.count; i++) {
		const struct config_key *key = &config_table.keys[i];

		if (key->kind != CONFIG_OBJECT) {
			config_add_leaf(leaves, NULL, key, style);
			continue;
		}
		for (size_t j = 0; j < key->inside->count; j++)
			config_add_leaf(leaves, key, &key->inside->keys[j], style);
	}

	/* The text does not move any more. */
	const char *name = leaves->text.data;
	for (size_t i = 0; i < leaves->count; i++) {
		leaves->names[i] = name;
		name += strlen(name) + 1;
	}
}

void config_leaves_finish(struct config_leaves *leaves)
{
	free(leaves->items);
	free(leaves->names);
	buf_finish(&leaves->text);
	*leaves = (struct config_leaves){0};
}

const struct config_leaf *config_leaves_find(
	const struct config_leaves *leaves, struct slice name)
{
	for (size_t i = 0; i < leaves->count; i++) {
		if (slice_equal(name, slice_of(leaves->names[i])))
			return &leaves->items[i];
	}
	return NULL;
}
