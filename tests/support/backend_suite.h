/*
 * What every backend owes the broker, checked through its five functions (backend.h):
 * another backend has a short test program that says how it is started and runs this.
 */
#ifndef TESTS_SUPPORT_BACKEND_SUITE_H
#define TESTS_SUPPORT_BACKEND_SUITE_H

#include "gateway/broker/backend.h"

#include <check.h>

struct crew;

struct backend_site {
	const char *name;
	const struct backend *backend;

	/*
	 * A crew of still workers (still_crew.h) with these members in its configuration,
	 * and whatever else the backend needs, such as the broker that it relays to, which
	 * holds nothing yet and has the same bounds.
	 */
	struct crew *(*start)(const char *members);

	/* Until nothing is on its way any more. */
	void (*settle)(struct crew *crew);
	void (*stop)(struct crew *crew);
};

/* The site must live as long as the suite. */
Suite *backend_suite(const struct backend_site *site);

#endif
