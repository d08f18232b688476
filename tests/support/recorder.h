/* A handler that records its calls: still_workers_run(&recorder_handler). */
#ifndef TESTS_SUPPORT_RECORDER_H
#define TESTS_SUPPORT_RECORDER_H

#include "gateway/session/handler.h"

extern const struct handler recorder_handler;

/*
 * The calls since the last time, with a blank between: "open", the text of messages,
 * "overflow", "close". Of all sessions of the program.
 */
const char *recorder_told(void);

#endif
