// Transactions: SEND, ACK and NACK take effect at COMMIT, all or nothing, in order. The
// number is that of www/docs/stomp.md.
// tags: tsan
import assert from 'node:assert/strict';
import { broker, fresh, sync } from './lib/broker.mjs';
import { all, plain, testOver } from './lib/carriers.mjs';
import { frame } from './lib/stomp.mjs';
import { withGateway } from './lib/test.mjs';

const gateway = withGateway(broker({ limits: { backlog_messages: 10 } }));

const begin = (client, id = 't') => client.call('BEGIN', { transaction: id });
const within = (client, destination, body, id = 't') => client.publish(destination, body, { transaction: id });

testOver(all, gateway, '28: nothing arrives before COMMIT, and then everything in order', async (connect) => {
  const [client, other, topic, queue] = [await connect(), await connect(), fresh('topic'), fresh('queue')];
  await other.subscribe(topic, 'topic');
  await other.subscribe(queue, 'queue');
  await begin(client);
  for (let i = 0; i < 5; i += 1) {
    within(client, topic, `${i}`);
    within(client, queue, `${i}`);
  }
  await sync(client);
  await sync(other);
  assert.equal(other.inbox.length, 0);
  await client.call('COMMIT', { transaction: 't' });
  const got = { topic: [], queue: [] };
  for (let i = 0; i < 10; i += 1) {
    const { headers, body } = await other.frame('MESSAGE');
    got[headers.subscription].push(body);
  }
  assert.deepEqual(got, { topic: ['0', '1', '2', '3', '4'], queue: ['0', '1', '2', '3', '4'] });
});

testOver(all, gateway, '28: ABORT drops what was sent', async (connect) => {
  const [client, topic] = [await connect(), fresh('topic')];
  await client.subscribe(topic);
  await begin(client);
  within(client, topic, 'never');
  await client.call('ABORT', { transaction: 't' });
  await begin(client);
  within(client, topic, 'once');
  client.send(frame('COMMIT', { transaction: 't' }));
  assert.equal((await client.frame('MESSAGE')).body, 'once');
});

testOver(plain, gateway, '28: a lost client and DISCONNECT drop open transactions', async (connect) => {
  const [queue, reader] = [fresh('queue'), await connect()];
  for (const leave of [(client) => client.abort(), (client) => client.call('DISCONNECT')]) {
    const client = await connect();
    await begin(client);
    within(client, queue, 'never');
    await sync(client);
    await leave(client);
  }
  await reader.subscribe(queue);
  reader.publish(queue, 'this');
  assert.equal((await reader.frame('MESSAGE')).body, 'this');
});

testOver(all, gateway, '28: when one queue is full the whole COMMIT fails', async (connect) => {
  const [client, other, topic, queue] = [await connect(), await connect(), fresh('topic'), fresh('queue')];
  await other.subscribe(topic);
  for (let i = 0; i < 9; i += 1) await other.call('SEND', { destination: queue }, `${i}`);
  await begin(client);
  within(client, topic, 'x');
  within(client, queue, 'x');
  within(client, queue, 'y');
  client.send(frame('COMMIT', { transaction: 't', receipt: 'c' }));
  const { headers } = await client.fails();
  assert.deepEqual([headers.message, headers['receipt-id']], ['The queue is full', 'c']);
  await other.call('SEND', { destination: queue }, 'there is room for one');
  assert.equal(other.inbox.length, 0);
});

testOver(all, gateway, '28: frames behind COMMIT come after it', async (connect) => {
  const [client, queue] = [await connect(), fresh('queue')];
  await client.subscribe(queue);
  await begin(client);
  within(client, queue, 'one');
  client.send(frame('COMMIT', { transaction: 't' }));
  client.publish(queue, 'two');
  assert.equal((await client.frame('MESSAGE')).body, 'one');
  assert.equal((await client.frame('MESSAGE')).body, 'two');
});

testOver(plain, gateway, '28: an ACK in a transaction counts at COMMIT, and after ABORT not at all', async (connect) => {
  const [client, other, queue] = [await connect(), await connect(), fresh('queue')];
  await client.subscribe(queue, '1', { ack: 'client-individual' });
  client.publish(queue, 'kept');
  client.publish(queue, 'given back');
  const [one, two] = [await client.frame('MESSAGE'), await client.frame('MESSAGE')];
  await begin(client, 'a');
  await begin(client, 'b');
  await client.call('ACK', { id: one.headers.ack, transaction: 'a' });
  await client.call('ACK', { id: two.headers.ack, transaction: 'b' });
  await client.call('COMMIT', { transaction: 'a' });
  await client.call('ABORT', { transaction: 'b' });
  client.abort();
  other.send(frame('SUBSCRIBE', { id: '1', destination: queue }));
  assert.equal((await other.frame('MESSAGE')).body, 'given back');
});

testOver(plain, gateway, '28: a NACK in a transaction counts at COMMIT', async (connect) => {
  const [client, other, queue] = [await connect(), await connect(), fresh('queue')];
  await client.subscribe(queue, '1', { ack: 'client-individual' });
  client.publish(queue, 'x');
  const { headers } = await client.frame('MESSAGE');
  await other.subscribe(queue);
  await begin(client);
  await client.call('NACK', { id: headers.ack, transaction: 't' });
  await sync(other);
  assert.equal(other.inbox.length, 0);
  await client.call('COMMIT', { transaction: 't' });
  assert.equal((await other.frame('MESSAGE')).headers.redelivered, 'true');
});

const mistakes = {
  'BEGIN without an id': [['BEGIN', {}]],
  'COMMIT without an id': [['COMMIT', {}]],
  'ABORT without an id': [['ABORT', {}]],
  'BEGIN of an open transaction': [['BEGIN', { transaction: 't' }], ['BEGIN', { transaction: 't' }]],
  'COMMIT of an unknown transaction': [['COMMIT', { transaction: 't' }]],
  'ABORT of an unknown transaction': [['ABORT', { transaction: 't' }]],
  'COMMIT for the second time': [['BEGIN', { transaction: 't' }], ['COMMIT', { transaction: 't' }], ['COMMIT', { transaction: 't' }]],
  'SEND in an unknown transaction': [['SEND', { destination: '/topic/a', transaction: 't' }]],
  'a seventeenth transaction': Array.from({ length: 17 }, (_, i) => ['BEGIN', { transaction: `${i}` }]),
  'more than 1,024 actions': [['BEGIN', { transaction: 't' }],
    ...Array.from({ length: 1025 }, () => ['SEND', { destination: '/topic/a', transaction: 't' }])],
};
for (const [what, frames] of Object.entries(mistakes)) {
  testOver(plain, gateway, `28: ${what} is an ERROR, and the end`, async (connect) => {
    const client = await connect();
    frames.forEach(([command, headers], i) => client.send(
      frame(command, i === frames.length - 1 ? { ...headers, receipt: 'r' } : headers)));
    assert.equal((await client.fails()).headers['receipt-id'], 'r');
  });
}

testOver(all, gateway, '28: a transaction takes routes and private places along', async (connect) => {
  const [client, other] = [await connect(), await connect()];
  const name = fresh('x').slice(3);
  await other.subscribe(`/topic/echo/${name}`, 'route');
  await other.subscribe('/user/queue/t', 'user');
  await begin(client);
  within(client, `/app/echo/${name}`, '1');
  within(client, `/user/${other.connected.headers.session}/queue/t`, '2');
  await sync(client);
  await sync(other);
  assert.equal(other.inbox.length, 0);
  await client.call('COMMIT', { transaction: 't' });
  const got = [await other.frame('MESSAGE'), await other.frame('MESSAGE')].map(({ headers, body }) => [headers.subscription, body]);
  assert.deepEqual(got.sort(), [['route', '1'], ['user', '2']]);
});

testOver(plain, gateway, '28: two transactions may be open at once, and each takes its own', async (connect) => {
  const [client, topic] = [await connect(), fresh('topic')];
  await client.subscribe(topic);
  await begin(client, 'a');
  await begin(client, 'b');
  within(client, topic, 'a1', 'a');
  within(client, topic, 'b1', 'b');
  within(client, topic, 'a2', 'a');
  client.send(frame('COMMIT', { transaction: 'b' }) + frame('COMMIT', { transaction: 'a' }));
  const got = [];
  while (got.length < 3) got.push((await client.frame('MESSAGE')).body);
  assert.deepEqual(got, ['b1', 'a1', 'a2']);
});

testOver(plain, gateway, '28: more than 1 MiB in a transaction is an ERROR, and the end', async (connect) => {
  const client = await connect();
  await begin(client);
  for (let i = 0; i < 5; i += 1) within(client, '/topic/a', 'x'.repeat(220_000));
  assert.equal((await client.fails()).headers.message, 'The transaction is too large');
});
