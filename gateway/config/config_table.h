/*
 * The keys of the configuration, as data: the field of each, its values, its default.
 */
#ifndef GATEWAY_CONFIG_CONFIG_TABLE_H
#define GATEWAY_CONFIG_CONFIG_TABLE_H

#include "protocol/slice.h"

#include <stdint.h>

enum config_kind {
	CONFIG_BOOL,
	CONFIG_UNSIGNED, /* unsigned */
	CONFIG_SIZE,     /* size_t */
	CONFIG_NUMBER,   /* uint64_t */
	CONFIG_TEXT,     /* struct slice */
	CONFIG_TEXTS,    /* struct slice * and a size_t that counts them */
	CONFIG_OBJECT,   /* more keys of the same struct */
	CONFIG_MAP,      /* an object of strings; config_check.c reads it */
	CONFIG_LIST,     /* an array of structs and a size_t that counts them */
	CONFIG_VALUE,    /* any JSON; config_check.c reads it */
};

struct config_table;

struct config_key {
	const char *name;
	const char *means; /* its meaning, in a few words */
	enum config_kind kind;
	bool required;
	bool at_start;              /* a reload does not change it */
	bool secret;                /* print-config hides it */
	bool single;                /* for CONFIG_TEXTS: one string is a list too */
	size_t offset, count;       /* in the struct: of the value, of its count */
	uint64_t fallback;          /* for bool and numbers */
	uint64_t min, max;          /* for numbers */
	const char *unit;           /* for numbers: "bytes"; NULL: a plain count */
	const char *text;           /* the default of a text, or of texts: one */
	const char *const *choices; /* for a text; NULL: any */

	/* For a list or texts: what to write instead of []; NULL: it may be empty. */
	const char *empty;

	/* For a text or each of texts: NULL when it is valid, else what it must be. */
	const char *(*check)(struct slice text);
	const struct config_table *inside; /* for an object or a list */
};

struct config_table {
	const struct config_key *keys;
	size_t count;
	size_t size; /* of the struct, for lists */
};

extern const struct config_table config_table;

#endif
