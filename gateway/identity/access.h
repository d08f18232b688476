/*
 * Rules: who may subscribe to a destination, or send there. The first rule decides that
 * matches the destination, names the action, and fits who asks. If none does, a grant
 * of the token may allow it. Else it is denied. Without rules all is allowed.
 */
#ifndef GATEWAY_IDENTITY_ACCESS_H
#define GATEWAY_IDENTITY_ACCESS_H

#include "gateway/identity/identity.h"

/* A rule of the configuration. */
struct access_rule {
	struct access_pattern pattern;
	const struct slice *groups, *users; /* one of each must fit; none: anybody */
	size_t group_count, user_count;
	bool needs_login;        /* it is not for nobody */
	unsigned allows, denies; /* a bit for each enum access_action */
	unsigned rate;           /* the number of its rate (rate.h); 0: none */
	bool denies_above; /* what is above the rate is denied, and does not wait */
};

struct access_rules {
	struct access_rule *items; /* in the order of the file */
	size_t count;
	char separator;
};

struct access_verdict {
	bool is_allowed;
	const struct access_rule *rule; /* that has decided; NULL: none has */
	bool is_granted;                /* a grant has decided */
};

/*
 * Decides about a destination as the client names it. A client's pattern is allowed
 * when an allowing rule covers it, and no denying one before that rule meets it.
 */
struct access_verdict access_check(const struct access_rules *rules,
	const struct identity *identity, enum access_action action,
	struct slice destination);

#endif
