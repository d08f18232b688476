// Queues, acknowledgements and what becomes of messages that nobody has taken.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { all, plain, testOver } from './lib/carriers.mjs';
import { frame } from './lib/stomp.mjs';
import { withGateway } from './lib/test.mjs';

const configuration = JSON.parse(readFileSync(new URL('broker.json', import.meta.url)));
const gateway = withGateway({
  ...configuration, limits: { backlog_messages: 100 },
});

let queues = 0;
const newQueue = () => `/queue/q${queues += 1}`;

const ack = (client, { headers }, more = {}) => client.send(frame('ACK', { id: headers.ack, ...more }));
const nack = (client, { headers }, more = {}) => client.send(frame('NACK', { id: headers.ack, ...more }));
const take = async (client, count) => {
  const bodies = [];
  while (bodies.length < count) bodies.push((await client.frame('MESSAGE')).body);
  return bodies;
};

// Without a receipt, which could come behind the first messages.
const listen = (client, queue) => client.send(frame('SUBSCRIBE', { id: '1', destination: queue }));

// Everything that was sent to it before has arrived.
const sync = (client) => client.call('SEND', { destination: '/topic/nobody' }, '');

testOver(all, gateway, 'a message waits in its queue until a consumer comes', async (connect) => {
  const [client, queue] = [await connect(), newQueue()];
  await client.call('SEND', { destination: queue }, 'one');
  await client.call('SEND', { destination: queue }, 'two');
  listen(client, queue);
  assert.deepEqual(await take(client, 2), ['one', 'two']);
});

testOver(all, gateway, 'consumers take turns, and each message goes to one of them', async (connect) => {
  const [queue, ...clients] = [newQueue(), await connect(), await connect(), await connect()];
  for (const client of clients) await client.subscribe(queue);
  for (let i = 0; i < 9; i += 1) clients[0].publish(queue, `${i}`);
  const got = await Promise.all(clients.map((client) => take(client, 3)));
  assert.deepEqual(got.flat().sort(), ['0', '1', '2', '3', '4', '5', '6', '7', '8']);
  for (const bodies of got) assert.deepEqual(bodies, [...bodies].sort(), 'each gets its own in order');
});

testOver(plain, gateway, 'a queue message has an ack header in 1.2 when it must be acknowledged, else none', async (connect) => {
  const [client, queue, other] = [await connect(), newQueue(), newQueue()];
  await client.subscribe(queue, 'a', { ack: 'client' });
  await client.subscribe(other, 'b');
  client.publish(queue, 'x');
  assert.match((await client.frame('MESSAGE')).headers.ack, /^[^:\\\s]+$/);
  client.publish(other, 'x');
  assert.equal((await client.frame('MESSAGE')).headers.ack, undefined);
});

testOver(plain, gateway, 'prefetch-count bounds what a consumer has not acknowledged', async (connect) => {
  const [client, queue] = [await connect(), newQueue()];
  await client.subscribe(queue, '1', { 'ack': 'client-individual', 'prefetch-count': 2 });
  for (let i = 0; i < 4; i += 1) client.publish(queue, `${i}`);
  const first = await client.frame('MESSAGE');
  assert.equal((await client.frame('MESSAGE')).body, '1');
  await sync(client);
  assert.equal(client.inbox.length, 0);
  ack(client, first);
  assert.equal((await client.frame('MESSAGE')).body, '2');
});

testOver(plain, gateway, 'ack:client acknowledges all up to that message', async (connect) => {
  const [client, queue] = [await connect(), newQueue()];
  await client.subscribe(queue, '1', { 'ack': 'client', 'prefetch-count': 3 });
  for (let i = 0; i < 6; i += 1) client.publish(queue, `${i}`);
  await take(client, 2);
  ack(client, await client.frame('MESSAGE'));
  assert.deepEqual(await take(client, 3), ['3', '4', '5']);
});

testOver(plain, gateway, 'ack:client-individual acknowledges that message alone', async (connect) => {
  const [client, other, queue] = [await connect(), await connect(), newQueue()];
  await client.subscribe(queue, '1', { ack: 'client-individual' });
  for (const body of ['one', 'two', 'three']) client.publish(queue, body);
  await client.frame('MESSAGE');
  ack(client, await client.frame('MESSAGE'));
  await client.frame('MESSAGE');
  await client.call('UNSUBSCRIBE', { id: '1' });
  listen(other, queue);
  assert.deepEqual(await take(other, 2), ['one', 'three']);
});

testOver(all, gateway, 'what a lost client has not acknowledged comes again, in order, redelivered', async (connect) => {
  const [client, other, queue] = [await connect(), await connect(), newQueue()];
  await client.subscribe(queue, '1', { ack: 'client' });
  for (const body of ['one', 'two', 'three']) client.publish(queue, body);
  await take(client, 3);
  client.abort();
  listen(other, queue);
  for (const body of ['one', 'two', 'three']) {
    const message = await other.frame('MESSAGE');
    assert.equal(message.body, body);
    assert.equal(message.headers.redelivered, 'true');
  }
});

testOver(plain, gateway, 'what was acknowledged never comes again', async (connect) => {
  const [client, other, queue] = [await connect(), await connect(), newQueue()];
  await client.subscribe(queue, '1', { ack: 'client-individual' });
  client.publish(queue, 'done');
  client.publish(queue, 'open');
  const [done] = [await client.frame('MESSAGE'), await client.frame('MESSAGE')];
  ack(client, done, { receipt: 'acked' });
  assert.equal((await client.frame('RECEIPT')).headers['receipt-id'], 'acked');
  client.abort();
  listen(other, queue);
  assert.deepEqual(await take(other, 1), ['open']);
});

testOver(plain, gateway, 'a message that is rejected goes to another consumer', async (connect) => {
  const [client, other, queue] = [await connect(), await connect(), newQueue()];
  await client.subscribe(queue, '1', { ack: 'client' });
  client.publish(queue, 'x');
  const message = await client.frame('MESSAGE');
  await other.subscribe(queue, '1', { ack: 'client' });
  nack(client, message);
  const again = await other.frame('MESSAGE');
  assert.deepEqual([again.body, again.headers.redelivered], ['x', 'true']);
  assert.equal(again.headers['message-id'], message.headers['message-id']);
});

testOver(plain, gateway, 'a message that is rejected five times is a dead letter that says why', async (connect) => {
  const [client, other, queue] = [await connect(), await connect(), newQueue()];
  await other.subscribe('/queue/dead-letter', 'dead');
  await client.subscribe(queue, '1', { ack: 'client' });
  client.publish(queue, 'x', { note: 'mine' });
  for (let i = 0; i < 5; i += 1) nack(client, await client.frame('MESSAGE'));
  const { headers, body } = await other.frame('MESSAGE');
  assert.deepEqual([headers['x-postern-from'], headers['x-postern-reason'], headers.note, body],
    [queue, 'rejected 5 times', 'mine', 'x']);
});

testOver(plain, gateway, 'a queue that is full refuses the sender, and keeps what it has', async (connect) => {
  const [client, other, queue] = [await connect(), await connect(), newQueue()];
  for (let i = 0; i < 100; i += 1) client.publish(queue, `${i}`);
  await sync(client);
  client.publish(queue, 'too much', { receipt: 'r' });
  const { headers } = await client.fails();
  assert.deepEqual([headers.message, headers['receipt-id']], ['The queue is full', 'r']);
  listen(other, queue);
  assert.equal((await take(other, 100)).at(-1), '99');
});

for (const version of ['1.0', '1.1']) {
  testOver(plain, gateway, `STOMP ${version} acknowledges by message-id`, async (connect) => {
    const [client, queue] = [await connect({ 'accept-version': version }), newQueue()];
    await client.subscribe(queue, '7', { 'ack': 'client', 'prefetch-count': 1 });
    client.publish(queue, 'one');
    client.publish(queue, 'two');
    const { headers } = await client.frame('MESSAGE');
    assert.equal(headers.ack, undefined);
    client.send(frame('ACK', { 'message-id': headers['message-id'], 'subscription': '7', 'extra': 'x' }));
    assert.equal((await client.frame('MESSAGE')).body, 'two');
  });
}

const mistakes = {
  'an unknown message': ['ACK', { id: '1-1-1' }],
  'nothing': ['ACK', {}],
  'rubbish': ['NACK', { id: '\u00FC' }],
  'a message in an unknown transaction': ['ACK', { id: '1-1-1', transaction: 'none' }],
};
for (const [what, [command, headers]] of Object.entries(mistakes)) {
  testOver(plain, gateway, `who acknowledges ${what} gets an ERROR and the end`, async (connect) => {
    const client = await connect();
    client.send(frame(command, { ...headers, receipt: 'r' }));
    assert.equal((await client.fails()).headers['receipt-id'], 'r');
  });
}

testOver(plain, gateway, 'a message cannot be acknowledged twice', async (connect) => {
  const [client, queue] = [await connect(), newQueue()];
  await client.subscribe(queue, '1', { ack: 'client' });
  client.publish(queue, 'x');
  const message = await client.frame('MESSAGE');
  ack(client, message);
  ack(client, message);
  await client.fails();
});

testOver(plain, gateway, 'on a topic a message may be acknowledged once, and nothing is redelivered', async (connect) => {
  const [client, other] = [await connect(), await connect()];
  await client.subscribe('/topic/acked', '1', { ack: 'client-individual' });
  client.publish('/topic/acked', 'x');
  const message = await client.frame('MESSAGE');
  nack(client, message, { receipt: 'n' });
  await client.frame('RECEIPT');
  await other.subscribe('/topic/acked');
  await sync(other);
  assert.equal(client.inbox.length + other.inbox.length, 0);
  nack(client, message);
  await client.fails();
});
