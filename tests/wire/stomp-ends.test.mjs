// STOMP: receipts, errors and the end. The numbers are those of www/docs/stomp.md.
import assert from 'node:assert/strict';
import { broker, brokerWithUsers, consume, fresh, sync, take } from './lib/broker.mjs';
import { all, overSockJs, plain, testOver } from './lib/carriers.mjs';
import { frame } from './lib/stomp.mjs';
import { withGateway } from './lib/test.mjs';

const gateway = withGateway(broker({ limits: { backlog_messages: 10 } }));
const guarded = withGateway(brokerWithUsers());

// 29: receipts.

testOver(all, gateway, '29: any frame but CONNECT gets its RECEIPT', async (connect) => {
  const [client, topic] = [await connect(), fresh('topic')];
  await client.call('SUBSCRIBE', { id: '0', destination: topic, ack: 'client' });
  for (const settle of ['ACK', 'NACK']) {
    client.publish(topic, 'x');
    await client.call(settle, { id: (await client.frame('MESSAGE')).headers.ack });
  }
  await client.call('UNSUBSCRIBE', { id: '0' });
  await client.call('SEND', { destination: topic }, 'x');
  await client.call('SEND', { destination: fresh('queue') }, 'x');
  await client.call('SEND', { destination: '/app/echo/x' }, 'x');
  await client.call('SEND', { destination: '/user/nobody/queue/x' }, 'x');
  for (const end of ['COMMIT', 'ABORT']) {
    await client.call('BEGIN', { transaction: 't' });
    await client.call('SEND', { destination: topic, transaction: 't' }, 'x');
    await client.call(end, { transaction: 't' });
  }
  await client.call('BEGIN', { transaction: 'empty' });
  await client.call('COMMIT', { transaction: 'empty' });
  await client.call('DISCONNECT');
});

testOver(all, gateway, '29: receipts come in the order of the frames, wherever their homes are', async (connect) => {
  const client = await connect();
  const frames = [
    (receipt) => frame('SUBSCRIBE', { id: receipt, destination: `/topic/receipts/${receipt}`, receipt }),
    (receipt) => frame('SEND', { destination: '/topic/nobody', receipt }, 'x'),
    (receipt) => frame('SEND', { destination: `/app/echo/${receipt}`, receipt }, 'x'),
    (receipt) => frame('SUBSCRIBE', { id: receipt, destination: `/topic/*/${receipt}`, receipt }),
    (receipt) => frame('UNSUBSCRIBE', { id: receipt - 1, receipt }),
    (receipt) => frame('BEGIN', { transaction: receipt, receipt }),
    (receipt) => frame('COMMIT', { transaction: receipt - 1, receipt }),
  ];
  for (let i = 0; i < 210; i += 1) client.send(frames[i % frames.length](i));
  for (let i = 0; i < 210; i += 1) assert.equal((await client.frame('RECEIPT')).headers['receipt-id'], `${i}`);
});

testOver(plain, gateway, '29: what has its receipt is in the queue, also when the sender is gone at once', async (connect) => {
  const queue = fresh('queue');
  for (let i = 0; i < 5; i += 1) {
    const sender = await connect();
    await sender.call('SEND', { destination: queue }, `${i}`);
    sender.abort();
  }
  const reader = await connect();
  consume(reader, queue);
  assert.deepEqual(await take(reader, 5), ['0', '1', '2', '3', '4']);
});

testOver(plain, gateway, '29: a SUBSCRIBE that has its receipt hears all that is sent from then on', async (connect) => {
  const [reader, sender] = [await connect(), await connect()];
  for (let i = 0; i < 20; i += 1) {
    const topic = fresh('topic');
    await reader.subscribe(topic, `${i}`);
    sender.publish(topic, 'x');
    assert.equal((await reader.frame('MESSAGE')).headers.destination, topic);
  }
});

testOver(plain, gateway, '29: no receipt comes for what was refused', async (connect) => {
  const client = await connect();
  client.send(frame('SEND', { destination: '/topic/a', receipt: 'good' }, 'x') + frame('SEND', { destination: '/nowhere', receipt: 'bad' }, 'x'));
  const got = await client.frame(); // the good one may still be on its way when all ends
  if (got.command === 'RECEIPT') assert.equal(got.headers['receipt-id'], 'good');
  const { headers } = got.command === 'RECEIPT' ? await client.fails() : got;
  assert.equal(headers['receipt-id'], 'bad');
});

for (const version of ['1.0', '1.1', '1.2']) {
  testOver(plain, gateway, `29: a receipt's id comes back as it was, in ${version}`, async (connect) => {
    const client = await connect({ 'accept-version': version });
    for (const receipt of ['1', 'a b', '\u00fc', version === '1.0' ? 'x' : 'a\\cb\\\\']) {
      client.send(frame('SEND', { destination: '/topic/nobody', receipt }, 'x'));
      assert.equal((await client.frame('RECEIPT')).headers['receipt-id'], receipt);
    }
  });
}

testOver(plain, gateway, '29: a receipt may be empty, and holds up nobody', async (connect) => {
  const client = await connect();
  client.send(frame('SEND', { destination: '/topic/nobody', receipt: '' }, 'x'));
  assert.equal((await client.frame('RECEIPT')).headers['receipt-id'], '');
  await sync(client);
});

// 30: errors.

const culprits = {
  'SEND to nowhere': frame('SEND', { destination: '/nowhere/at/all', receipt: 'mine' }, 'x'),
  'an unknown transaction': frame('COMMIT', { transaction: 'x', receipt: 'mine' }),
  'a frame that is no frame': 'SEND\ndestination:/topic/a\nreceipt:mine\ncontent-length:x\n\nx\0',
};
for (const [what, text] of Object.entries(culprits)) {
  testOver(all, gateway, `30: the ERROR for ${what} has message, type, length, receipt-id and a short text`, async (connect) => {
    const client = await connect();
    client.send(text);
    const { headers, body } = await client.fails();
    assert.equal(headers['receipt-id'], 'mine');
    assert.match(headers['content-type'], /^text\/plain/);
    assert.equal(Number(headers['content-length']), Buffer.byteLength(body));
    assert.ok(body.length > 0 && body.length < 500 && headers.message.length < 200);
    assert.doesNotMatch(`${headers.message}${body}`, /\.c\b|0x|\/home|error -?\d/);
  });
}

testOver(all, gateway, '30: an ERROR of a home comes late, and names its culprit', async (connect) => {
  const [client, queue] = [await connect(), fresh('queue')];
  for (let i = 0; i < 10; i += 1) client.publish(queue, 'x');
  client.publish(queue, 'one too many', { receipt: 'mine' });
  const { headers } = await client.fails();
  assert.deepEqual([headers.message, headers['receipt-id']], ['The queue is full', 'mine']);
});

testOver(all, gateway, '30: nothing behind the culprit is obeyed', async (connect) => {
  const [client, other, topic] = [await connect(), await connect(), fresh('topic')];
  await other.subscribe(topic);
  client.send(frame('UNSUBSCRIBE', { id: 'unknown' }) + frame('SEND', { destination: topic }, 'not this'));
  await client.fails();
  other.publish(topic, 'but this');
  assert.equal((await other.frame('MESSAGE')).body, 'but this');
});

testOver(plain, gateway, '30: an ERROR arrives behind what had been sent to the client, also when it goes on sending', async (connect) => {
  const [client, topic] = [await connect(), fresh('topic')];
  await client.subscribe(topic);
  for (let i = 0; i < 50; i += 1) client.publish(topic, `${i}`);
  await take(client, 50);
  client.send('NONSENSE\n\n\0');
  for (let i = 0; i < 50; i += 1) client.publish(topic, 'x'.repeat(10_000));
  assert.equal((await client.fails()).command, 'ERROR');
});

// 31: DISCONNECT.

testOver(all, gateway, '31: DISCONNECT is answered with its receipt, then the connection ends', async (connect) => {
  const client = await connect();
  client.send(frame('DISCONNECT', { receipt: '77' }));
  assert.equal((await client.frame('RECEIPT')).headers['receipt-id'], '77');
  await client.closes();
});

testOver(all, gateway, '31: DISCONNECT without receipt ends the connection', async (connect) => {
  const client = await connect();
  client.send(frame('DISCONNECT'));
  await client.closes();
});

testOver(all, gateway, '31: the receipts before that of DISCONNECT come first', async (connect) => {
  const client = await connect();
  for (let i = 0; i < 20; i += 1) client.send(frame('SEND', { destination: `/topic/d/${i}`, receipt: `${i}` }, 'x'));
  client.send(frame('DISCONNECT', { receipt: '20' }));
  for (let i = 0; i <= 20; i += 1) assert.equal((await client.frame('RECEIPT')).headers['receipt-id'], `${i}`);
  await client.closes();
});

testOver(all, gateway, '31: what was published before comes ahead of the receipt of DISCONNECT', async (connect) => {
  const publisher = await connect();
  for (let i = 0; i < 10; i += 1) {
    const [client, topic, own] = [await connect(), fresh('topic'), fresh('topic')];
    await client.subscribe(topic, 'a');
    await client.subscribe(own, 'b');
    publisher.publish(topic, '0');
    await publisher.call('SEND', { destination: topic }, '1');
    client.send(frame('SEND', { destination: own }, '2') + frame('DISCONNECT', { receipt: 'bye' }));
    const bodies = [];
    let got;
    while ((got = await client.frame()).command === 'MESSAGE') bodies.push(got.body);
    assert.equal(got.headers['receipt-id'], 'bye');
    assert.deepEqual(bodies.sort(), ['0', '1', '2']);
    await client.closes();
  }
});

testOver(all, gateway, '31: frames after DISCONNECT are ignored, whatever they are', async (connect) => {
  const [listener, leaver, topic] = [await connect(), await connect(), fresh('topic')];
  await listener.subscribe(topic);
  leaver.send(frame('SEND', { destination: topic, receipt: '0' }, 'before') + frame('DISCONNECT', { receipt: '1' })
    + frame('SEND', { destination: topic }, 'after') + frame('NONSENSE', {}));
  assert.equal((await leaver.frame('RECEIPT')).headers['receipt-id'], '0');
  assert.equal((await leaver.frame('RECEIPT')).headers['receipt-id'], '1');
  await leaver.closes();
  listener.publish(topic, 'last');
  assert.deepEqual(await take(listener, 2), ['before', 'last']);
});

testOver(plain, gateway, '31: what was said counts, also when the client closes at once after DISCONNECT', async (connect, open, carrier) => {
  const [listener, topic] = [await connect(), fresh('topic')];
  await listener.subscribe(topic);
  for (let i = 0; i < 20; i += 1) {
    const leaver = await connect();
    leaver.send(frame('SEND', { destination: topic }, `${i}`) + frame('DISCONNECT', { receipt: 'r' }));
    if (carrier === 'TCP') leaver.finish();
    else leaver.ws.close();
    assert.deepEqual(await take(listener, 1), [`${i}`]);
  }
});

testOver(plain, gateway, '31: what a consumer has not acknowledged at DISCONNECT comes again to another', async (connect) => {
  const [client, other, queue] = [await connect(), await connect(), fresh('queue')];
  await client.subscribe(queue, '1', { ack: 'client' });
  client.publish(queue, 'x');
  await client.frame('MESSAGE');
  await client.call('DISCONNECT');
  consume(other, queue);
  assert.equal((await other.frame('MESSAGE')).headers.redelivered, 'true');
});

testOver(overSockJs, guarded, '31: a session may end by its login, and the next one begins anew', async (connect, open) => {
  const client = await open();
  client.send(frame('CONNECT', { 'accept-version': '1.2', 'host': 'a', 'login': 'guest', 'passcode': 'no' }));
  await client.fails();
  await sync(await connect());
});
