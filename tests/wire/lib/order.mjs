// What one publisher sends to one destination reaches every subscriber in that order,
// once, whatever carries it and wherever the destination lives.
import assert from 'node:assert/strict';
import { pairs } from './clients.mjs';
import { deadline } from './wait.mjs';

export const over = (transport) => pairs.find(({ name }) => name === `@stomp/stompjs 7 over ${transport}`);

const WIRES = ['a plain WebSocket', 'SockJS websocket', 'SockJS xhr-streaming', 'SockJS eventsource', 'SockJS xhr-polling'];
const PUBLISHERS = ['a plain WebSocket', 'SockJS xhr-streaming', 'SockJS eventsource', 'SockJS xhr-polling'];
const TOPICS = 4, EACH_SUBSCRIBES = 2, RECEIPT = 100;
const LAST = 'the last';

// Who hears a hundred thousand messages may be too busy for the beats of its own client.
const connect = (transport, url) => over(transport).connect(url, { heartbeat: [0, 0] });

const topic = (number) => `/topic/order/${number}`;

// Subscribes to two of the topics. Every publisher goes round them all, so the numbers
// of one of them that arrive from one topic go up in steps.
async function subscriber(url, index, each) {
  const client = await connect(WIRES[index % WIRES.length], url);
  const topics = Array.from({ length: EACH_SUBSCRIBES }, (_, i) => (index + i) % TOPICS);
  let open = topics.length, done, fail;
  const all = new Promise((resolve, reject) => { done = resolve; fail = reject; });
  client.lost.then(() => fail(new Error(`subscriber ${index} has lost its connection`)));

  for (const number of topics) {
    const next = PUBLISHERS.map(() => number);
    const hear = ({ body }) => {
      if (body === LAST) {
        assert.deepEqual(next, PUBLISHERS.map(() => number + each), `nothing is missing from topic ${number}`);
        open -= 1;
        if (open === 0) done();
        return;
      }
      const [publisher, message] = body.split(' ').map(Number);
      assert.equal(message, next[publisher], `from publisher ${publisher} by topic ${number}`);
      next[publisher] += TOPICS;
    };
    const receipt = `subscribed ${number}`;
    const answered = client.receipt(receipt);
    client.subscribe(topic(number), (message) => {
      try {
        hear(message);
      } catch (error) {
        fail(error);
      }
    }, { receipt });
    await answered;
  }
  return { client, all };
}

async function publish(url, index, each) {
  const client = await connect(PUBLISHERS[index], url);
  for (let i = 0; i < each; i += 1) {
    const waits = i % RECEIPT === RECEIPT - 1 || i === each - 1;
    const answered = waits ? client.receipt(`r${i}`) : null;
    client.publish(topic(i % TOPICS), `${index} ${i}`, waits ? { receipt: `r${i}` } : {});
    await answered;
  }
  return client;
}

// `urlOf(i)` is where the i-th client connects; each publisher sends `each` messages, a
// multiple of the four topics.
export async function assertOrder(urlOf, { subscribers, each, patience }) {
  assert.equal(each % TOPICS, 0);
  const heard = await Promise.all(Array.from({ length: subscribers }, (_, i) => subscriber(urlOf(i), i, each)));
  const everything = Promise.all(heard.map(({ all }) => all));
  everything.catch(() => {});
  const publishers = await Promise.race([everything, // which ends first only when it fails
    Promise.all(PUBLISHERS.map((_, i) => publish(urlOf(i), i, each)))]);

  // All has been taken: behind it comes the last of each topic, and nothing after it.
  for (let number = 0; number < TOPICS; number += 1) publishers[0].publish(topic(number), LAST);
  await deadline('every subscriber hears the last', everything, patience);
  await Promise.all([...heard.map(({ client }) => client), ...publishers].map((client) => client.close()));
}
