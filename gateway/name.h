/*
 * A name is a counted string that its worker keeps only once: ten thousand
 * clients that all call their subscription "sub-0" share one, and two names
 * are the same exactly when their pointers are.
 */
#ifndef GATEWAY_NAME_H
#define GATEWAY_NAME_H

#include "gateway/table.h"

struct name;

/* The names of one worker live in a table that the worker owns. */
struct name *name_intern(struct table *names, struct slice text); /* one reference */
struct name *name_ref(struct name *name);                         /* NULL is fine */
void name_unref(struct table *names, struct name *name);          /* NULL is fine */

struct slice name_text(const struct name *name);

#endif
