/*
 * The keys that can be set from outside of the file: those of the top and of its
 * sections; a list is set as a whole. Their names follow from the table:
 * limits.queue_bytes is POSTERN_LIMITS__QUEUE_BYTES in the environment and
 * --limits.queue-bytes on the command line.
 */
#ifndef GATEWAY_CONFIG_CONFIG_LEAF_H
#define GATEWAY_CONFIG_CONFIG_LEAF_H

#include "gateway/config/config_table.h"
#include "protocol/buf.h"

struct config_leaf {
	const struct config_key *section; /* NULL: the top */
	const struct config_key *key;
};

/* The style of a key's name. */
enum config_style {
	CONFIG_PATH,     /* "limits.queue_bytes" */
	CONFIG_VARIABLE, /* "LIMITS__QUEUE_BYTES" */
	CONFIG_FLAG,     /* "limits.queue-bytes" */
};

/* All of them, in the table's order, each with its name. A zeroed one has none. */
struct config_leaves {
	size_t count;
	struct config_leaf *items;
	const char **names; /* ends with a NULL, as config_nearest() requires */
	struct buf text;    /* owns the bytes of the names */
};

/*
 * Overwrites *leaves with all leaves, whose names are written in that style. Free them
 * by config_leaves_finish().
 */
void config_leaves_list(struct config_leaves *leaves, enum config_style style);
void config_leaves_finish(struct config_leaves *leaves);

/*
 * The leaf of that name, in the style of config_leaves_list(); NULL when there is
 * none. It belongs to *leaves.
 */
const struct config_leaf *config_leaves_find(
	const struct config_leaves *leaves, struct slice name);

#endif
