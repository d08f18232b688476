/*
 * What the files of the memory backend share. Each function runs at the home of its
 * queue, but for memory_send_reserved() and memory_commit(), which run at the sender.
 */
#ifndef GATEWAY_BROKER_MEMORY_H
#define GATEWAY_BROKER_MEMORY_H

#include "gateway/broker/transaction.h"

/* The queue of that address, or NULL. The broker owns it. */
struct queue *memory_queue(const struct broker *broker, struct slice address);

/* Made if need be; NULL when there are too many destinations. */
struct queue *memory_open_queue(struct broker *broker, struct slice address);

/* After every change: lends what can be lent; a queue that nobody needs is freed. */
void memory_serve(struct broker *broker, struct queue *queue);

/* As the backend's send; queues have kept room for the message, which it takes over. */
void memory_send_reserved(struct broker *broker, struct message *message,
	struct handle party, uint64_t request);

/* The backend's commit. */
void memory_commit(struct broker *broker, struct commit *commit);

#endif
