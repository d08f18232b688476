// Queues, and what becomes of messages that nobody has acknowledged. The numbers are those
// of www/docs/stomp.md.
// tags: tsan
import assert from 'node:assert/strict';
import { ack, broker, consume, deadLetters, fresh, nack, readable, sync, take } from './lib/broker.mjs';
import { all, plain, testOver } from './lib/carriers.mjs';
import { withGateway } from './lib/test.mjs';

const gateway = withGateway(broker({ ...readable, limits: { backlog_messages: 100 } }));

testOver(all, gateway, 'a message waits in its queue until a consumer comes', async (connect) => {
  const [client, queue] = [await connect(), fresh('queue')];
  await client.call('SEND', { destination: queue }, 'one');
  await client.call('SEND', { destination: queue }, 'two');
  consume(client, queue);
  assert.deepEqual(await take(client, 2), ['one', 'two']);
});

testOver(all, gateway, 'consumers take turns, and each message goes to one of them', async (connect) => {
  const [queue, ...clients] = [fresh('queue'), await connect(), await connect(), await connect()];
  for (const client of clients) await client.subscribe(queue);
  for (let i = 0; i < 9; i += 1) clients[0].publish(queue, `${i}`);
  const got = await Promise.all(clients.map((client) => take(client, 3)));
  assert.deepEqual(got.flat().sort(), ['0', '1', '2', '3', '4', '5', '6', '7', '8']);
  for (const bodies of got) assert.deepEqual(bodies, [...bodies].sort(), 'each gets its own in order');
});

testOver(plain, gateway, 'prefetch-count bounds what a consumer has not acknowledged', async (connect) => {
  const [client, queue] = [await connect(), fresh('queue')];
  await client.subscribe(queue, '1', { 'ack': 'client-individual', 'prefetch-count': 2 });
  for (let i = 0; i < 4; i += 1) client.publish(queue, `${i}`);
  const first = await client.frame('MESSAGE');
  assert.equal((await client.frame('MESSAGE')).body, '1');
  await sync(client);
  assert.equal(client.inbox.length, 0);
  ack(client, first);
  assert.equal((await client.frame('MESSAGE')).body, '2');
});

testOver(all, gateway, '27: what a lost client has not acknowledged comes again, in order, redelivered', async (connect) => {
  const [client, other, queue] = [await connect(), await connect(), fresh('queue')];
  await client.subscribe(queue, '1', { ack: 'client' });
  for (const body of ['one', 'two', 'three']) client.publish(queue, body);
  await take(client, 3);
  client.abort();
  consume(other, queue);
  for (const body of ['one', 'two', 'three']) {
    const message = await other.frame('MESSAGE');
    assert.equal(message.body, body);
    assert.equal(message.headers.redelivered, 'true');
  }
});

testOver(plain, gateway, '27: what was acknowledged never comes again', async (connect) => {
  const [client, other, queue] = [await connect(), await connect(), fresh('queue')];
  await client.subscribe(queue, '1', { ack: 'client-individual' });
  client.publish(queue, 'done');
  client.publish(queue, 'open');
  const [done] = [await client.frame('MESSAGE'), await client.frame('MESSAGE')];
  ack(client, done, { receipt: 'acked' });
  assert.equal((await client.frame('RECEIPT')).headers['receipt-id'], 'acked');
  client.abort();
  consume(other, queue);
  assert.deepEqual(await take(other, 1), ['open']);
});

testOver(plain, gateway, '27: a message that is rejected goes to another consumer', async (connect) => {
  const [client, other, queue] = [await connect(), await connect(), fresh('queue')];
  await client.subscribe(queue, '1', { ack: 'client' });
  client.publish(queue, 'x');
  const message = await client.frame('MESSAGE');
  await other.subscribe(queue, '1', { ack: 'client' });
  nack(client, message);
  const again = await other.frame('MESSAGE');
  assert.deepEqual([again.body, again.headers.redelivered], ['x', 'true']);
  assert.equal(again.headers['message-id'], `${message.headers['message-id']}.2`);
});

testOver(all, gateway, '27: a message that is rejected five times is a dead letter that says why', async (connect, open, name, keep) => {
  const [client, other, queue] = [await connect(), keep(await deadLetters(gateway)), fresh('queue')];
  await client.subscribe(queue, '1', { ack: 'client' });
  client.publish(queue, 'x', { note: 'mine' });
  for (let i = 0; i < 5; i += 1) nack(client, await client.frame('MESSAGE'));
  const { headers, body } = await other.frame('MESSAGE');
  assert.deepEqual([headers['x-postern-from'], headers['x-postern-reason'], headers.note, body],
    [queue, 'rejected 5 times', 'mine', 'x']);
});

testOver(plain, gateway, '27: a message that is lost with twenty consumers is a dead letter that says why', async (connect, open, name, keep) => {
  const [other, queue] = [keep(await deadLetters(gateway)), fresh('queue')];
  await other.call('SEND', { destination: queue }, 'x');
  for (let i = 0; i < 20; i += 1) {
    const client = await connect();
    consume(client, queue, { ack: 'client' });
    const { headers, body } = await client.frame('MESSAGE');
    assert.deepEqual([body, headers.redelivered], ['x', i === 0 ? undefined : 'true']);
    client.abort();
  }
  const { headers, body } = await other.frame('MESSAGE');
  assert.deepEqual([headers['x-postern-from'], headers['x-postern-reason'], body], [queue, 'lost with its consumer 20 times', 'x']);
  await other.call('SEND', { destination: queue }, 'y');
  consume(other, queue);
  assert.deepEqual(await take(other, 1), ['y']);
});

testOver(plain, gateway, 'a queue that is full refuses the sender, and keeps what it has', async (connect) => {
  const [client, other, queue] = [await connect(), await connect(), fresh('queue')];
  for (let i = 0; i < 100; i += 1) client.publish(queue, `${i}`);
  await sync(client);
  client.publish(queue, 'too much', { receipt: 'r' });
  const { headers } = await client.fails();
  assert.deepEqual([headers.message, headers['receipt-id']], ['The queue is full', 'r']);
  consume(other, queue);
  assert.equal((await take(other, 100)).at(-1), '99');
});

testOver(all, gateway, '27: what comes back goes to the front of the queue, ahead of what nobody has had', async (connect) => {
  const [client, other, queue] = [await connect(), await connect(), fresh('queue')];
  await client.subscribe(queue, '1', { 'ack': 'client-individual', 'prefetch-count': 3 });
  for (const body of ['one', 'two', 'three', 'four', 'five']) client.publish(queue, body);
  const [, two] = [await client.frame('MESSAGE'), await client.frame('MESSAGE'), await client.frame('MESSAGE')];
  ack(client, two);
  assert.equal((await client.frame('MESSAGE')).body, 'four');
  await client.call('UNSUBSCRIBE', { id: '1' });
  consume(other, queue);
  const got = [];
  for (let i = 0; i < 4; i += 1) {
    const { headers, body } = await other.frame('MESSAGE');
    got.push([body, headers.redelivered]);
  }
  assert.deepEqual(got, [['one', 'true'], ['three', 'true'], ['four', 'true'], ['five', undefined]]);
});

testOver(plain, gateway, '27: a message that its only consumer rejects comes again to that one', async (connect) => {
  const [client, queue] = [await connect(), fresh('queue')];
  await client.subscribe(queue, '1', { ack: 'client-individual' });
  client.publish(queue, 'x');
  nack(client, await client.frame('MESSAGE'));
  const again = await client.frame('MESSAGE');
  assert.deepEqual([again.body, again.headers.redelivered], ['x', 'true']);
  ack(client, again, { receipt: 'r' });
  await client.frame('RECEIPT');
});

testOver(plain, gateway, 'an auto consumer that reads slowly holds no more than its prefetch-count', async (connect) => {
  const [slow, quick, queue] = [await connect(), await connect(), fresh('queue')];
  const pausing = slow.socket ?? slow.ws;
  pausing.pause();
  slow.send('SUBSCRIBE\nid:1\nprefetch-count:1\ndestination:' + queue + '\n\n\0');
  await quick.subscribe(queue, '1');
  for (let i = 0; i < 60; i += 1) quick.publish(queue, 'x'.repeat(300_000));
  for (let i = 0; i < 30; i += 1) await quick.frame('MESSAGE');
  pausing.resume();
});
