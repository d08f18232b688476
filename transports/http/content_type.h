/* The content type of a file, by the extension of its name. */
#ifndef TRANSPORTS_HTTP_CONTENT_TYPE_H
#define TRANSPORTS_HTTP_CONTENT_TYPE_H

#include "protocol/slice.h"

/*
 * The Content-Type of a file of that name, without regard to case. Static. Postern
 * forbids browsers to guess (nosniff), so they run no script whose extension is
 * missing here.
 */
const char *content_type_of(struct slice name);

#endif
