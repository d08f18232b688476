/*
 * What a service manager wants to hear, by systemd's protocol: one datagram to the
 * socket that NOTIFY_SOCKET names. Whoever is not started by one (no such variable)
 * says nothing. The protocol is kept stable by systemd, and these lines spare the
 * process libsystemd with the five libraries behind it.
 */
#ifndef GATEWAY_BASE_NOTIFY_H
#define GATEWAY_BASE_NOTIFY_H

#include <stdint.h>

/*
 * Tells systemd that the server serves: after the start, and again after a reload, good
 * or bad. Does nothing without systemd.
 */
void notify_ready(void);

/*
 * Tells systemd that a reload has begun; notify_ready() ends it. Does nothing without
 * systemd.
 */
void notify_reloading(void);

/*
 * Tells systemd that the server shuts down; it does not count as failed when it ends.
 * Nothing without systemd.
 */
void notify_stopping(void);

/*
 * Gives systemd the sign of life that is due every notify_watchdog() milliseconds. Does
 * nothing without systemd.
 */
void notify_alive(void);

/*
 * Milliseconds within which systemd wants a sign of life, or 0: it wants none of this
 * process.
 */
uint64_t notify_watchdog(void);

/*
 * The number that an environment variable of the service manager holds, LISTEN_FDS for
 * instance; 0 when it is not set or begins with no number. The manager is trusted:
 * blanks before the number and anything after it are passed over, as by strtoull().
 */
uint64_t notify_number(const char *variable);

#endif
