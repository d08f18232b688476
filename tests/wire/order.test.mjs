// What one publisher sends to one destination reaches every subscriber in that order,
// whatever carries it.
import assert from 'node:assert/strict';
import { pairs, subscription } from './lib/clients.mjs';
import { configuration } from './lib/config.mjs';
import { test, withGateway } from './lib/test.mjs';

const gateway = withGateway(configuration());
const EACH = 500;

const over = (transport) => pairs.find(({ name }) => name === `@stomp/stompjs 7 over ${transport}`);
const transports = ['a plain WebSocket', 'SockJS xhr-streaming', 'SockJS xhr-polling'];

for (const [first, second] of [
  ['a plain WebSocket', 'SockJS xhr-polling'],
  ['SockJS xhr-streaming', 'SockJS eventsource'],
]) {
  test(`1,000 messages from ${first} and ${second} keep their order for three subscribers`, async () => {
    const url = `${gateway.url}/chat`;
    const subscribers = await Promise.all(transports.map((transport) => over(transport).connect(url)));
    const inboxes = await Promise.all(subscribers.map((client) => subscription(client, '/topic/order')));
    const publishers = await Promise.all([first, second].map((transport) => over(transport).connect(url)));

    for (let i = 0; i < EACH; i += 1) {
      publishers.forEach((client, who) => client.publish('/topic/order', `${who} ${i}`));
      if (i % 50 === 0) await new Promise(setImmediate); // several sends, not one batch
    }

    for (const inbox of inboxes) {
      const bodies = (await inbox.take(2 * EACH)).map(({ body }) => body);
      for (const who of [0, 1]) {
        assert.deepEqual(bodies.filter((body) => body.startsWith(`${who} `)),
          Array.from({ length: EACH }, (_, i) => `${who} ${i}`));
      }
    }
    assert.deepEqual(inboxes.map((inbox) => inbox.length), [0, 0, 0], 'nothing came twice');
    await Promise.all([...subscribers, ...publishers].map((client) => client.close()));
  });
}

test('all subscribers see the two publishers interleaved alike', async () => {
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
