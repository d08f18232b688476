#include "gateway/config/config_leaf.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>

static void config_append_name(
	char name[CONFIG_NAME_MAX], const char *word, enum config_style style)
{
	size_t len = strlen(name);

	for (; *word != '\0'; word++) {
		assert(len + 1 < CONFIG_NAME_MAX);
		name[len++] = style == CONFIG_VARIABLE
				      ? (char)toupper((unsigned char)*word)
			      : style == CONFIG_FLAG && *word == '_' ? '-'
								     : *word;
	}
	name[len] = '\0';
}

static void config_add_leaf(struct config_leaves *leaves,
	const struct config_key *section, const struct config_key *key,
	enum config_style style)
{
	assert(leaves->count < CONFIG_LEAVES_MAX);
	char *name = leaves->names[leaves->count];

	name[0] = '\0';
	if (section != NULL) {
		config_append_name(name, section->name, style);
		config_append_name(name, style == CONFIG_VARIABLE ? "__" : ".", style);
	}
	config_append_name(name, key->name, style);
	leaves->words[leaves->count] = name;
	leaves->items[leaves->count++] = (struct config_leaf){section, key};
	leaves->words[leaves->count] = NULL;
}

void config_leaves_list(struct config_leaves *leaves, enum config_style style)
{
	leaves->count = 0;
	for (size_t i = 0; i < config_table.count; i++) {
		const struct config_key *key = &config_table.keys[i];

		if (key->kind != CONFIG_OBJECT) {
			config_add_leaf(leaves, NULL, key, style);
			continue;
		}
		for (size_t j = 0; j < key->inside->count; j++)
			config_add_leaf(leaves, key, &key->inside->keys[j], style);
	}
}

const struct config_leaf *config_leaves_find(
	const struct config_leaves *leaves, struct slice name)
{
	for (size_t i = 0; i < leaves->count; i++) {
		if (slice_equal(name, slice_of(leaves->words[i])))
			return &leaves->items[i];
	}
	return NULL;
}
