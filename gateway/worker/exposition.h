/* The metrics of all workers together, as Prometheus reads them. */
#ifndef GATEWAY_WORKER_EXPOSITION_H
#define GATEWAY_WORKER_EXPOSITION_H

#include "protocol/buf.h"

struct workers;

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Appends the whole text. From any thread, while the workers run. */
void exposition_write(struct buf *out, const struct workers *workers);

#endif
