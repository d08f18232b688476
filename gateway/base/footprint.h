/* How much memory the process has, and may have. */
#ifndef GATEWAY_BASE_FOOTPRINT_H
#define GATEWAY_BASE_FOOTPRINT_H

#include <stdint.h>

/* Bytes of memory that the process has resident; 0 when that cannot be read. */
uint64_t footprint_used(void);

/*
 * Bytes of memory that the process may have: those of the machine, or of its control
 * group if that is less.
 */
uint64_t footprint_limit(void);

/*
 * Gives memory that was freed back to the system. Takes milliseconds: only when memory
 * is short.
 */
void footprint_trim(void);

#endif
