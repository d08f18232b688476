/* The process's memory: how much it has, and how much it may have. */
#ifndef GATEWAY_BASE_FOOTPRINT_H
#define GATEWAY_BASE_FOOTPRINT_H

#include <stdint.h>

/* Bytes of the process's resident memory; 0 when that cannot be read. */
uint64_t footprint_used(void);

/*
 * Bytes of memory that the process may have: those of the machine, or of its control
 * group if that is less.
 */
uint64_t footprint_limit(void);

/*
 * Returns freed memory to the system. Takes milliseconds, so call it only when memory
 * is short.
 */
void footprint_trim(void);

#endif
