/*
 * Names without DNS: a program that links this resolves no other names. It replaces
 * getaddrinfo(), also libuv's calls of it. Addresses are resolved as always.
 */
#ifndef TESTS_SUPPORT_NAME_SERVER_H
#define TESTS_SUPPORT_NAME_SERVER_H

/* From now on, `name` has these addresses alone, in this order. A NULL ends them. */
void name_server_add(const char *name, const char *const *addresses);

/* Holds up every question for a name until name_server_answer(). */
void name_server_hold(void);

/* Answers the questions that wait, and those that come. */
void name_server_answer(void);

/* How many questions for names there have been, answered or not. */
int name_server_asked(void);

#endif
