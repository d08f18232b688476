/*
 * The duties of every engine to the broker, checked through its functions
 * (engine.h). Another engine needs a short test program that starts it and runs this
 * suite.
 */
#ifndef TESTS_SUPPORT_ENGINE_SUITE_H
#define TESTS_SUPPORT_ENGINE_SUITE_H

#include "gateway/broker/engine.h"

#include <check.h>

struct workers;

struct engine_site {
	const char *name;

	/*
	 * Some still workers (still_workers.h) with these members in the
	 * configuration, where the engine owns all destinations; and everything else
	 * that the engine needs. A broker that it
	 * relays to must be empty and have the same bounds.
	 */
	struct workers *(*start)(const char *members);

	/* Runs until nothing is under way any more. */
	void (*settle)(struct workers *workers);
	void (*stop)(struct workers *workers);
};

/* The site must live as long as the suite. */
Suite *engine_suite(const struct engine_site *site);

#endif
