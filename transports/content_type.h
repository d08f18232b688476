/* What a file is, by the ending of its name. */
#ifndef TRANSPORTS_CONTENT_TYPE_H
#define TRANSPORTS_CONTENT_TYPE_H

#include "protocol/slice.h"

/*
 * The Content-Type of a file of that name, in any case. Browsers must believe it
 * (nosniff), so an ending that is missing here makes a script or a style dead.
 */
const char *content_type_of(struct slice name);

#endif
