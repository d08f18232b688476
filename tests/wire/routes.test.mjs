// Routes of the application: where a message goes, and how its body is shaped.
// tags: tsan
import assert from 'node:assert/strict';
import { broker } from './lib/broker.mjs';
import { all, plain, testOver } from './lib/carriers.mjs';
import { configuration } from './lib/config.mjs';
import { withGateway } from './lib/test.mjs';

const gateway = withGateway(broker({ app: configuration().app }));

testOver(all, gateway, 'a chat message is shaped by its route', async (connect) => {
  const client = await connect();
  await client.subscribe('/topic/messages');
  client.publish('/app/chat', '{"text": "Hi \\u263a \\"x\\"", "more": true, "from": "Ana"}');
  const { headers, body } = await client.frame('MESSAGE');
  const { time, ...rest } = JSON.parse(body);
  assert.deepEqual(rest, { from: 'Ana', text: 'Hi \u263a "x"' });
  assert.match(time, /^([01]\d|2[0-3]):[0-5]\d$/);
  assert.equal(headers.destination, '/topic/messages');
  if ('content-length' in headers) assert.equal(Number(headers['content-length']), Buffer.byteLength(body));
});

testOver(plain, gateway, 'a placeholder that is the whole string keeps the type', async (connect) => {
  const client = await connect();
  await client.subscribe('/topic/messages');
  client.publish('/app/chat', '{"from": 7, "text": {"a": [null, 1.5]}}');
  const { from, text } = JSON.parse((await client.frame('MESSAGE')).body);
  assert.deepEqual([from, text], [7, { a: [null, 1.5] }]);
});

for (const body of ['', 'text', '{"from": "Ana"', '{"from": "Ana"}', '[]', '"text"']) {
  testOver(plain, gateway, `a chat message of ${body || 'nothing'} is an ERROR to its sender`, async (connect) => {
    const client = await connect();
    client.publish('/app/chat', body, { receipt: 'culprit' });
    assert.equal((await client.fails()).headers['receipt-id'], 'culprit');
  });
}

testOver(plain, gateway, 'a variable of the route names the topic, and the body passes untouched', async (connect) => {
  const client = await connect();
  await client.subscribe('/topic/rooms/blue');
  client.publish('/app/rooms/red', 'wrong').publish('/app/rooms/blue', 'any {text} \u{1F600}');
  assert.equal((await client.frame('MESSAGE')).body, 'any {text} \u{1F600}');
});
