/* A handler that writes down what it is told: still_workers_run(&recorder_handler). */
#ifndef TESTS_SUPPORT_RECORDER_H
#define TESTS_SUPPORT_RECORDER_H

#include "gateway/session/handler.h"

extern const struct handler recorder_handler;

/*
 * What was told since the last call, with a blank between: "open", the text of
 * messages, "overflow", "close". Told by all sessions of the program.
 */
const char *recorder_told(void);

#endif
