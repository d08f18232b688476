// Deliveries of queues, and what becomes of them. The numbers are those of www/docs/stomp.md.
import assert from 'node:assert/strict';
import { ack, broker, deadLetters, fresh, nack, readable, take } from './lib/broker.mjs';
import { testOver } from './lib/carriers.mjs';
import { frame } from './lib/stomp.mjs';
import { withGateway } from './lib/test.mjs';

const carriers = ['TCP', 'WebSocket', 'xhr-streaming'];
const gateway = withGateway(broker({
  ...readable, app: { prefixes: ['/app'], routes: [{ match: '/app/letters/{x}', send_to: '/queue/{x}' }] },
}));

const one = { ack: 'client-individual' };

// How a client of that version acknowledges a message.
const named = {
  '1.0': ({ headers }) => ({ 'message-id': headers['message-id'] }),
  '1.1': ({ headers }) => ({ 'message-id': headers['message-id'], 'subscription': headers.subscription }),
  '1.2': ({ headers }) => ({ id: headers.ack }),
};

const settle = (client, version, command, message, more) => (
  client.send(frame(command, { ...named[version](message), ...more })));

// The queue's next message comes to a consumer of its own.
async function left(connect, queue) {
  const client = await connect();
  client.send(frame('SUBSCRIBE', { id: '1', destination: queue }));
  return client.frame('MESSAGE');
}

testOver(carriers, gateway, '27: ids of a redelivery end in its number', async (connect) => {
  const [client, queue] = [await connect(), fresh('queue')];
  await client.subscribe(queue, '1', one);
  client.publish(queue, 'x');
  const first = await client.frame('MESSAGE');
  for (let attempt = 2, latest = first; attempt < 5; attempt += 1) {
    nack(client, latest);
    latest = await client.frame('MESSAGE');
    assert.deepEqual([latest.headers['message-id'], latest.headers.ack, latest.headers.redelivered],
      [`${first.headers['message-id']}.${attempt}`, `${first.headers.ack}.${attempt}`, 'true']);
    assert.match(latest.headers.ack, /^[^:\\\r\n]+$/);
  }
});

for (const version of ['1.0', '1.1', '1.2']) {
  testOver(carriers, gateway, `27: a late ACK of the first delivery does not settle the second in ${version}`, async (connect) => {
    const [client, queue] = [await connect({ 'accept-version': version }), fresh('queue')];
    await client.subscribe(queue, '1', one);
    client.publish(queue, 'x');
    const first = await client.frame('MESSAGE');
    await client.call('UNSUBSCRIBE', { id: '1' });
    client.send(frame('SUBSCRIBE', { id: '1', destination: queue, ...one }));
    await client.frame('MESSAGE');
    settle(client, version, 'ACK', first);
    assert.equal((await client.fails()).headers.message, 'There is no such message to acknowledge');
    const { body, headers } = await left(connect, queue);
    assert.deepEqual([body, headers.redelivered], ['x', 'true']);
  });

  testOver(carriers, gateway, `26: such a late ACK is ignored after a subscription with ack:auto in ${version}`, async (connect) => {
    const [client, queue] = [await connect({ 'accept-version': version }), fresh('queue')];
    await client.subscribe(fresh('topic'), 'auto');
    await client.subscribe(queue, '1', one);
    client.publish(queue, 'x');
    const first = await client.frame('MESSAGE');
    await client.call('UNSUBSCRIBE', { id: '1' });
    client.send(frame('SUBSCRIBE', { id: '1', destination: queue, ...one }));
    const second = await client.frame('MESSAGE');
    settle(client, version, 'ACK', first, { receipt: 'late' });
    await client.frame('RECEIPT');
    settle(client, version, 'ACK', second, { receipt: 'r' });
    await client.frame('RECEIPT');
    client.publish(queue, 'y');
    assert.equal((await client.frame('MESSAGE')).body, 'y');
  });
}

testOver(carriers, gateway, '27: a late ACK does not settle what another consumer has', async (connect) => {
  const [client, other, queue] = [await connect(), await connect(), fresh('queue')];
  await client.subscribe(queue, '1', one);
  client.publish(queue, 'x');
  const first = await client.frame('MESSAGE');
  await client.call('UNSUBSCRIBE', { id: '1' });
  other.send(frame('SUBSCRIBE', { id: '1', destination: queue, ...one }));
  const second = await other.frame('MESSAGE');
  ack(client, first);
  await client.fails();
  ack(other, second, { receipt: 'r' });
  await other.frame('RECEIPT');
});

testOver(carriers, gateway, '26: in 1.2 the id may be the message-id of the only delivery that has it', async (connect) => {
  const [client, queue, topic] = [await connect(), fresh('queue'), fresh('topic')];
  const byMessage = ({ headers }) => ({ id: headers['message-id'] });
  await client.subscribe(queue, '1', one);
  client.publish(queue, 'x');
  client.send(frame('NACK', byMessage(await client.frame('MESSAGE'))));
  client.send(frame('ACK', { ...byMessage(await client.frame('MESSAGE')), receipt: 'r' }));
  await client.frame('RECEIPT');

  await client.subscribe(topic, 't1', { ack: 'client' });
  await client.subscribe(topic, 't2', { ack: 'client' });
  client.publish(topic, 'twice');
  const twice = await client.frame('MESSAGE');
  await client.frame('MESSAGE');
  client.send(frame('ACK', byMessage(twice)));
  assert.equal((await client.fails()).headers.message, 'There is no such message to acknowledge');
});

testOver(carriers, gateway, '26: on topics ids are as ever, and nothing is redelivered', async (connect) => {
  const [client, topic] = [await connect(), fresh('topic')];
  await client.subscribe(topic, '1', { ack: 'client' });
  client.publish(topic, 'x');
  const { headers } = await client.frame('MESSAGE');
  assert.match(headers['message-id'], /^[0-9a-f]+-1$/);
  assert.equal(headers.ack, `${headers['message-id']}-1`);
  await client.call('NACK', { id: headers.ack });
});

// NACK with requeue:false.

// A test's own reader of dead letters.
const letters = async (keep) => keep(await deadLetters(gateway));

const why = ({ headers, body }) => [headers['x-postern-from'], headers['x-postern-reason'], body];

testOver(carriers, gateway, '27: NACK with requeue:false makes a dead letter the first time', async (connect, open, name, keep) => {
  const [client, dead, queue] = [await connect(), await letters(keep), fresh('queue')];
  await client.subscribe(queue, '1', one);
  client.publish(queue, 'x', { note: 'mine' });
  nack(client, await client.frame('MESSAGE'), { requeue: 'false', receipt: 'r' });
  await client.frame('RECEIPT');
  const letter = await dead.frame('MESSAGE');
  assert.deepEqual(why(letter), [queue, 'discarded by its consumer', 'x']);
  assert.equal(letter.headers.note, 'mine');
});

testOver(carriers, gateway, '27: with ack:client it discards all up to the one that is named', async (connect, open, name, keep) => {
  const [client, dead, queue] = [await connect(), await letters(keep), fresh('queue')];
  await client.subscribe(queue, '1', { ack: 'client' });
  const got = [];
  for (const body of ['a', 'b', 'c']) client.publish(queue, body);
  for (let i = 0; i < 3; i += 1) got.push(await client.frame('MESSAGE'));
  nack(client, got[1], { requeue: 'false' });
  assert.deepEqual((await take(dead, 2)), ['a', 'b']);
  ack(client, got[2], { receipt: 'r' });
  await client.frame('RECEIPT');
});

testOver(carriers, gateway, '27: requeue:true, and requeue on ACK, change nothing', async (connect) => {
  const [client, queue] = [await connect(), fresh('queue')];
  await client.subscribe(queue, '1', one);
  client.publish(queue, 'x');
  nack(client, await client.frame('MESSAGE'), { requeue: 'true' });
  const again = await client.frame('MESSAGE');
  assert.equal(again.headers.redelivered, 'true');
  ack(client, again, { requeue: 'false', receipt: 'r' });
  await client.frame('RECEIPT');
});

testOver(carriers, gateway, '27: another value of requeue is refused by name, on topics too', async (connect) => {
  const [client, topic] = [await connect(), fresh('topic')];
  await client.subscribe(topic, '1', { ack: 'client' });
  client.publish(topic, 'x');
  client.publish(topic, 'y');
  const [x, y] = [await client.frame('MESSAGE'), await client.frame('MESSAGE')];
  nack(client, x, { requeue: 'false', receipt: 'r' });
  await client.frame('RECEIPT');
  nack(client, y, { requeue: 'no' });
  const { headers, body } = await client.fails();
  assert.equal(headers.message, 'The requeue header is neither true nor false');
  assert.ok(body.includes('header requeue "no"'), body);
});

testOver(carriers, gateway, '28: in a transaction it takes effect at COMMIT, and its receipt comes immediately', async (connect, open, name, keep) => {
  const [client, dead, queue] = [await connect(), await letters(keep), fresh('queue')];
  await client.subscribe(queue, '1', one);
  for (const body of ['kept', 'dropped']) client.publish(queue, body);
  const [kept, dropped] = [await client.frame('MESSAGE'), await client.frame('MESSAGE')];
  for (const [transaction, message, end] of [['t1', kept, 'ABORT'], ['t2', dropped, 'COMMIT']]) {
    await client.call('BEGIN', { transaction });
    await client.call('NACK', { id: message.headers.ack, requeue: 'false', transaction });
    await client.call('SEND', { destination: fresh('queue'), transaction }, 'too');
    await client.call(end, { transaction });
  }
  assert.deepEqual(why(await dead.frame('MESSAGE')), [queue, 'discarded by its consumer', 'dropped']);
  await client.call('ACK', { id: kept.headers.ack });
});

// Expiry. A test waits for the dead letter, never for a time.

testOver(carriers, gateway, '32: a message that waits until it expires is a dead letter', async (connect, open, name, keep) => {
  const [client, dead, queue] = [await connect(), await letters(keep), fresh('queue')];
  client.publish(queue, 'by expires', { expires: Date.now() + 60 });
  client.publish(queue, 'by expiration', { expiration: 30 });
  client.publish(queue, 'by the earlier one', { expiration: 1, expires: Date.now() + 3_600_000 });
  client.publish(queue, 'for ever', { expires: 0 });
  const got = [];
  for (let i = 0; i < 3; i += 1) got.push(await dead.frame('MESSAGE'));
  for (const letter of got) assert.deepEqual(why(letter).slice(0, 2), [queue, 'expired']);
  assert.deepEqual(got.map(({ body }) => body).sort(), ['by expiration', 'by expires', 'by the earlier one']);
  assert.equal((await left(connect, queue)).body, 'for ever');
});

testOver(carriers, gateway, '32: a message in flight does not expire; when it comes back it does', async (connect, open, name, keep) => {
  const [client, dead, queue, other] = [await connect(), await letters(keep), fresh('queue'), fresh('queue')];
  await client.subscribe(queue, '1', one);
  client.publish(queue, 'x', { expiration: 20 });
  const message = await client.frame('MESSAGE');
  assert.equal(message.headers.expiration, '20');
  client.publish(other, 'later', { expiration: 40 });
  assert.equal((await dead.frame('MESSAGE')).body, 'later');
  nack(client, message);
  assert.deepEqual(why(await dead.frame('MESSAGE')), [queue, 'expired', 'x']);
});

testOver(carriers, gateway, '32: a message that was too old when it was sent reaches nobody, expiration:0 who is ready', async (connect, open, name, keep) => {
  const [client, dead, queue] = [await connect(), await letters(keep), fresh('queue')];
  await client.subscribe(queue, '1');
  client.publish(queue, 'old', { expires: 1 });
  client.publish(queue, 'new', { expiration: 0 });
  assert.equal((await client.frame('MESSAGE')).body, 'new');
  assert.deepEqual(why(await dead.frame('MESSAGE')), [queue, 'expired', 'old']);
});

testOver(carriers, gateway, '32: in a transaction the time counts from the SEND', async (connect, open, name, keep) => {
  const [client, dead, queue, other] = [await connect(), await letters(keep), fresh('queue'), fresh('queue')];
  await client.subscribe(queue, '1');
  await client.call('BEGIN', { transaction: 't' });
  client.publish(queue, 'x', { expiration: 20, transaction: 't' });
  client.publish(other, 'later', { expiration: 40 });
  assert.equal((await dead.frame('MESSAGE')).body, 'later');
  await client.call('COMMIT', { transaction: 't' });
  assert.deepEqual(why(await dead.frame('MESSAGE')), [queue, 'expired', 'x']);
});

testOver(carriers, gateway, '32: a dead letter does not expire', async (connect, open, name, keep) => {
  const [client, queue] = [await connect(), fresh('queue')];
  client.publish(queue, 'x', { expiration: 1 });
  client.publish(queue, 'y', { expiration: 30 });
  const dead = await keep(await deadLetters(gateway, { 'ack': 'client', 'prefetch-count': 1 }));
  const x = await dead.frame('MESSAGE');
  assert.deepEqual(why(x), [queue, 'expired', 'x']);
  ack(dead, x);
  const y = await dead.frame('MESSAGE');
  assert.deepEqual(why(y), [queue, 'expired', 'y']);
  ack(dead, y, { receipt: 'r' });
  await dead.frame('RECEIPT');
});

for (const [to, how] of [['/queue/dead-letter', 'directly'], ['/app/letters/dead-letter', 'by a route']]) {
  testOver(carriers, gateway, `27: only Postern sends to the dead letters: not ${how}`, async (connect) => {
    const client = await connect();
    client.publish(to, 'x', { receipt: 'r' });
    const { headers, body } = await client.fails();
    assert.equal(headers.message, 'Only Postern sends to the dead-letter queue');
    assert.ok(body.includes('SEND to a queue of your own.'), body);
  });
}

testOver(['WebSocket', 'xhr-streaming'], gateway, '27: only clients of tcp.dead_letters read them', async (connect) => {
  const client = await connect();
  client.send(frame('SUBSCRIBE', { id: '1', destination: '/queue/dead-letter' }));
  const { headers, body } = await client.fails();
  assert.equal(headers.message, 'Clients of this listener may not read dead letters');
  assert.ok(body.includes('tcp.dead_letters'), body);
});

testOver(carriers, gateway, '32: a time that is no number is refused by name on queues, and passes on topics', async (connect) => {
  for (const [name, value] of [['expiration', 'soon'], ['expires', '-1'], ['expiration', '9223372036854775808']]) {
    const [client, topic] = [await connect(), fresh('topic')];
    await client.subscribe(topic, '1');
    client.publish(topic, 'x', { [name]: value });
    assert.equal((await client.frame('MESSAGE')).headers[name], value);
    client.publish(fresh('queue'), 'x', { [name]: value });
    const { headers, body } = await client.fails();
    assert.equal(headers.message, 'The time at which the message expires is no number');
    assert.ok(body.includes(`header ${name} "${value}"`), body);
  }
});
