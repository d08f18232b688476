/*
 * A participant is the broker's view of a conversation: a number that posts can carry,
 * because the conversation may end first; and the functions that receive answers.
 */
#ifndef GATEWAY_BROKER_PARTICIPANT_H
#define GATEWAY_BROKER_PARTICIPANT_H

#include "gateway/base/list.h"
#include "gateway/base/name.h"
#include "gateway/base/registry.h"
#include "gateway/identity/identity.h"
#include "gateway/session/message.h"
#include "gateway/worker/refusal.h"

struct broker_refusal;
struct delivery_index;
struct session;
struct subscription;

enum { FOREIGN_MAX = 32 };

struct participant;

/* What became of a SEND. */
struct published {
	bool is_refused;
	struct place place;   /* zero: nobody subscribes, and the message was dropped */
	uint64_t subscribers; /* that it goes to; for a queue: its consumers */
};

/* What a check of a password or a token has come to. */
struct login_verdict {
	enum login_source source;
	struct identity *identity; /* a reference for who gets it; NULL: refused */
	enum refusal_kind kind;    /* of a refused one */
	char reason[200];          /* for the log alone; empty: none */
};

/* The broker calls these at the loop's top level. */
struct participant_ops {
	/*
	 * An owner of a destination has taken `request`: `refusal` is NULL, and
	 * `published` says what became of a SEND; it is zeroed for other requests. Or
	 * the owner has refused it. Request 0 receives refusals only.
	 */
	void (*answer)(struct participant *participant, uint64_t request,
		const struct published *published,
		const struct broker_refusal *refusal);

	/* The login was checked (login.h). */
	void (*logged_in)(
		struct participant *participant, const struct login_verdict *verdict);

	/*
	 * So many more answers to `request`, which has got less than it was promised,
	 * will come. Request 0 receives none.
	 */
	void (*expect)(
		struct participant *participant, uint64_t request, size_t answers);

	/*
	 * A call that had to wait (broker_call) is decided, and there are credits: the
	 * next frames follow.
	 */
	void (*resume)(struct participant *participant);

	/* The rules have changed: looks again at its subscriptions (permit.h). */
	void (*review)(struct participant *participant);
};

struct participant {
	const struct participant_ops *ops;
	struct entry entry;        /* in the participants of its worker */
	struct session *session;   /* NULL: it publishes, and never subscribes */
	struct identity *identity; /* what its login has proved; held. NULL: no login */
	struct list waiting;       /* for credits (credit.h) */
	uint32_t account;          /* the session's, or of the program that publishes */
	uint8_t overdrawn;         /* frames that its account had no credits for */
	bool had_auto;             /* has or had a subscription with ack:auto */

	/* Its COMMIT waits for credits, unstarted; NULL: none does. */
	struct transaction *committing;

	/* By ordinal, which rises and is never reused. */
	struct subscription **subscriptions;
	uint32_t subscription_count, subscription_capacity;
	uint32_t ordinals;

	uint32_t foreign; /* the headers that were warned of (foreign.h) */

	/* What it has not acknowledged; NULL before the first far search. */
	struct delivery_index *deliveries;

	/*
	 * Hashes of the names of SUBSCRIBEs that were refused while the session
	 * continued (refused.c).
	 */
	uint64_t *refused;
	uint32_t refused_count, refused_capacity;

	struct list transactions; /* the open ones */
	uint32_t transaction_count;
	uint32_t refused_transactions; /* transactions whose BEGIN was refused */
};

/* The name of the user who has logged in; empty: nobody has. Lives as its identity. */
static inline struct slice participant_user(const struct participant *participant)
{
	return identity_user(participant->identity);
}

#endif
