/*
 * The document on the configuration, www/docs/configuration.md: every key of the table
 * with its meaning, its values and its default.
 */
#ifndef GATEWAY_CONFIG_CONFIG_DOCUMENT_H
#define GATEWAY_CONFIG_CONFIG_DOCUMENT_H

#include "protocol/buf.h"

/*
 * Appends the tables of www/docs/configuration.md, as Markdown: a test compares them.
 */
void config_document(struct buf *out);

#endif
