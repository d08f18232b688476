/*
 * Notifications to a service manager by systemd's protocol: one datagram to the socket
 * that NOTIFY_SOCKET names. Without that variable, Postern sends nothing. systemd
 * keeps the protocol stable, and this file spares the process libsystemd with its five
 * libraries.
 */
#ifndef GATEWAY_BASE_NOTIFY_H
#define GATEWAY_BASE_NOTIFY_H

#include <stdint.h>

/*
 * Tells systemd that the server accepts connections: after the start, and again after
 * a reload, good or bad. Does nothing without systemd.
 */
void notify_ready(void);

/*
 * Tells systemd that a reload has begun; notify_ready() ends it. Does nothing without
 * systemd.
 */
void notify_reloading(void);

/*
 * Tells systemd that the server shuts down, so that its end does not count as a
 * failure. Does nothing without systemd.
 */
void notify_stopping(void);

/*
 * Sends systemd the sign of life that is due every notify_watchdog() milliseconds.
 * Does nothing without systemd.
 */
void notify_alive(void);

/*
 * Milliseconds within which systemd expects a sign of life, or 0: it expects none from
 * this process.
 */
uint64_t notify_watchdog(void);

/*
 * The number in an environment variable of the service manager, LISTEN_FDS for
 * instance; 0 when it is not set or begins with no number. The manager is trusted:
 * blanks before the number and anything after it are skipped, as by strtoull().
 */
uint64_t notify_number(const char *variable);

#endif
