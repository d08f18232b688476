// What one publisher sends to one destination reaches every subscriber in that order,
// whatever carries it.
// tags: tsan
import assert from 'node:assert/strict';
import { subscription } from './lib/clients.mjs';
import { configuration } from './lib/config.mjs';
import { assertOrder, over } from './lib/order.mjs';
import { test, withGateway } from './lib/test.mjs';

// A client of ours that is late, on a machine with much to do, is no slow consumer.
const gateway = withGateway(configuration({
  limits: { queue_messages: 1_000_000, queue_bytes: 1_000_000_000 },
}));

test('50 subscribers hear 1,000 messages of each of four publishers, by several topics, once and in order', () => (
  assertOrder(() => `${gateway.url}/chat`, { subscribers: 50, each: 1000 })));

const transports = ['a plain WebSocket', 'SockJS xhr-streaming', 'SockJS xhr-polling'];

test('all subscribers see the publishers interleaved alike', async () => {
  const url = `${gateway.url}/chat`;
  const subscribers = await Promise.all(transports.map((transport) => over(transport).connect(url)));
  const inboxes = await Promise.all(subscribers.map((client) => subscription(client, '/topic/alike')));
  const publishers = await Promise.all(transports.map((transport) => over(transport).connect(url)));

  publishers.forEach((client, who) => {
    for (let i = 0; i < 100; i += 1) client.publish('/topic/alike', `${who} ${i}`);
  });
  const seen = [];
  for (const inbox of inboxes) seen.push((await inbox.take(300)).map(({ body }) => body).join());
  assert.equal(seen[1], seen[0]);
  assert.equal(seen[2], seen[0]);
  await Promise.all([...subscribers, ...publishers].map((client) => client.close()));
});
