/* What a file is, by the ending of its name. */
#ifndef TRANSPORTS_HTTP_CONTENT_TYPE_H
#define TRANSPORTS_HTTP_CONTENT_TYPE_H

#include "protocol/slice.h"

/*
 * The Content-Type of a file of that name; upper and lower case are the same. Static.
 * We forbid browsers to guess (nosniff), so they run no script whose ending is missing
 * here.
 */
const char *content_type_of(struct slice name);

#endif
