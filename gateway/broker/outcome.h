/* What a consumer says of a delivery from a queue. */
#ifndef GATEWAY_BROKER_OUTCOME_H
#define GATEWAY_BROKER_OUTCOME_H

enum outcome {
	OUTCOME_ACCEPT,  /* the queue forgets the message */
	OUTCOME_REJECT,  /* the queue delivers it again, perhaps to another one */
	OUTCOME_DISCARD, /* the message is dead, and is not delivered again */
};

#endif
