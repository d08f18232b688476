/*
 * A name is a counted string that its worker keeps only once. Ten thousand clients
 * that all call their subscription "sub-0" share one. Two names are equal exactly when
 * their pointers are.
 */
#ifndef GATEWAY_BASE_NAME_H
#define GATEWAY_BASE_NAME_H

#include "gateway/base/table.h"

struct name;

/* The names of one worker, which it owns. */
struct names {
	struct table table; /* by their text */
	uint64_t number;    /* the latest one */
};

/*
 * Makes an empty set of names. Copies the key. `worker` is the index of the names'
 * worker: it makes their numbers unique in the process. names_finish() frees the set;
 * all names must be gone then.
 */
void names_init(struct names *names, const struct hash_key *key, unsigned worker);
void names_finish(struct names *names);

/*
 * Returns the name of that text with one more reference, which the caller owns. Copies
 * the text if it is new.
 */
struct name *name_intern(struct names *names, struct slice text);

/* Returns `name` with one more reference. NULL stays NULL. */
struct name *name_ref(struct name *name);

/*
 * Drops one reference; the last one frees the name. NULL is fine. `names` must be the
 * set that made it.
 */
void name_unref(struct names *names, struct name *name);

/* The bytes of the name, which live as long as it has a reference. Not for NULL. */
struct slice name_text(const struct name *name);

/*
 * The name's number. No other name of any worker ever has the same one, so a stored
 * number needs no reference. 0 for NULL.
 */
uint64_t name_number(const struct name *name);

#endif
