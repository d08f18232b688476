/* What a consumer says of a delivery from a queue. */
#ifndef GATEWAY_BROKER_OUTCOME_H
#define GATEWAY_BROKER_OUTCOME_H

enum outcome {
	OUTCOME_ACCEPT, /* ACK: the queue forgets the message */
	OUTCOME_REJECT, /* NACK: the queue delivers it again, perhaps to another one */
	OUTCOME_DISCARD, /* NACK for good: the message is dead, and not delivered again */
};

#endif
