// STOMP: SUBSCRIBE, UNSUBSCRIBE, and acknowledgements on topics. The numbers are those
// of www/docs/stomp.md.
// tags: tsan
import assert from 'node:assert/strict';
import { ack, broker, consume, fresh, nack, sync, take } from './lib/broker.mjs';
import { all, plain, testOver } from './lib/carriers.mjs';
import { frame } from './lib/stomp.mjs';
import { withGateway } from './lib/test.mjs';

const gateway = withGateway(broker());
const of = (version) => ({ 'accept-version': version });

// [sentence, what, command, headers, version]
const refused = [
  ['24', 'SUBSCRIBE without a destination', 'SUBSCRIBE', { id: '1' }],
  ['24', 'SUBSCRIBE with a used id', 'SUBSCRIBE', { id: '0', destination: '/topic/b' }],
  ['24', 'SUBSCRIBE with a used id in 1.0', 'SUBSCRIBE', { id: '0', destination: '/topic/b' }, '1.0'],
  ['24', 'SUBSCRIBE with an unknown ack mode', 'SUBSCRIBE', { id: '1', destination: '/topic/a', ack: 'perhaps' }],
  ['24', 'SUBSCRIBE to nobody\'s prefix', 'SUBSCRIBE', { id: '1', destination: '/nowhere/a' }],
  ['24', 'SUBSCRIBE to the application', 'SUBSCRIBE', { id: '1', destination: '/app/nothing' }],
  ['24', 'SUBSCRIBE with a prefetch-count of 0', 'SUBSCRIBE', { 'id': '1', 'destination': '/queue/a', 'prefetch-count': 0 }],
  ['24', 'SUBSCRIBE with a selector', 'SUBSCRIBE', { id: '1', destination: '/topic/a', selector: 'price > 10' }],
  ['25', 'UNSUBSCRIBE without an id', 'UNSUBSCRIBE', {}],
  ['25', 'UNSUBSCRIBE of an unknown id', 'UNSUBSCRIBE', { id: 'x' }],
  ['25', 'UNSUBSCRIBE by destination after 1.0', 'UNSUBSCRIBE', { destination: '/topic/a' }, '1.1'],
  ['25', 'UNSUBSCRIBE of an unknown destination in 1.0', 'UNSUBSCRIBE', { destination: '/topic/b' }, '1.0'],
  ['26', 'ACK of an unknown message', 'ACK', { id: '1-1-1' }],
  ['26', 'ACK of nothing', 'ACK', {}],
  ['26', 'ACK of rubbish', 'ACK', { id: '\u00fc' }],
  ['26', 'NACK of an unknown message', 'NACK', { id: '1-1-1' }],
  ['26', 'ACK without a subscription in 1.1', 'ACK', { 'message-id': '1-1' }, '1.1'],
  ['26', 'ACK without a message-id in 1.1', 'ACK', { subscription: '0' }, '1.1'],
  ['26', 'ACK of an unknown message in 1.0', 'ACK', { 'message-id': '1-1' }, '1.0'],
  ['26', 'NACK in 1.0, which has none,', 'NACK', { 'message-id': '1-1' }, '1.0'],
];
for (const [sentence, what, command, headers, version = '1.2'] of refused) {
  testOver(plain, gateway, `${sentence}: ${what} is an ERROR, and the end`, async (connect) => {
    const client = await connect(of(version));
    await client.subscribe('/topic/a', '0', { ack: 'client' });
    client.send(frame(command, { ...headers, receipt: 'culprit' }));
    assert.equal((await client.fails()).headers['receipt-id'], 'culprit');
  });
}

for (const version of ['1.0', '1.1', '1.2']) {
  testOver(all, gateway, `24: ${version} subscribes without an id, and unsubscribes by destination`, async (connect) => {
    const [client, old] = [await connect(of(version)), fresh('topic')];
    await client.call('SUBSCRIBE', { destination: old });
    client.publish(old, 'x');
    const { headers } = await client.frame('MESSAGE');
    assert.deepEqual([headers.subscription, headers.destination], [undefined, old]);
    await client.call('UNSUBSCRIBE', { destination: old });
    const next = fresh('topic');
    await client.call('SUBSCRIBE', { destination: next });
    client.publish(old, 'wrong').publish(next, 'right');
    assert.equal((await client.frame('MESSAGE')).body, 'right');
    client.send(frame('SUBSCRIBE', { destination: next }));
    assert.equal((await client.fails()).headers.message, 'The destination is subscribed to');
  });
}

for (const version of ['1.1', '1.2']) {
  testOver(plain, gateway, `24: in ${version} what has no id is acknowledged, and stands beside what has one`, async (connect) => {
    const [client, queue, topic] = [await connect(of(version)), fresh('queue'), fresh('topic')];
    await client.call('SUBSCRIBE', { 'destination': queue, 'ack': 'client-individual', 'prefetch-count': 1 });
    client.publish(queue, 'one').publish(queue, 'two');
    const { headers } = await client.frame('MESSAGE');
    client.send(frame('ACK', version === '1.2' ? { id: headers.ack } : { 'message-id': headers['message-id'] }));
    assert.equal((await client.frame('MESSAGE')).body, 'two');
    await client.subscribe(topic, 'named');
    await client.call('SUBSCRIBE', { destination: topic });
    await client.call('UNSUBSCRIBE', { destination: topic });
    client.publish(topic, 'x');
    assert.equal((await client.frame('MESSAGE')).headers.subscription, 'named');
    await sync(client);
  });
}

for (const version of ['1.0', '1.1', '1.2']) {
  for (const mode of ['auto', 'client', 'client-individual']) {
    testOver(plain, gateway, `24: the ack mode ${mode} is accepted in ${version}, on a topic and on a queue`, async (connect) => {
      const client = await connect(of(version));
      for (const place of [fresh('topic'), fresh('queue')]) {
        await client.subscribe(place, place, { ack: mode });
        client.publish(place, 'x');
        assert.equal((await client.frame('MESSAGE')).headers.subscription, place);
      }
    });
  }
}

testOver(plain, gateway, '24: an empty selector is none', async (connect) => {
  const [client, topic] = [await connect(), fresh('topic')];
  await client.subscribe(topic, '1', { selector: '' });
  client.publish(topic, 'x');
  assert.equal((await client.frame('MESSAGE')).body, 'x');
});

testOver(plain, gateway, '24: an id may be anything that a header can hold', async (connect) => {
  const [client, topic] = [await connect(), fresh('topic')];
  for (const id of ['a\\cb', ' ', '\u00fc', 'x'.repeat(1000)]) {
    await client.subscribe(topic, id);
    client.publish(topic, 'x');
    assert.equal((await client.frame('MESSAGE')).headers.subscription, id);
    await client.call('UNSUBSCRIBE', { id });
  }
});

testOver(plain, gateway, '24: a session may have 256 subscriptions, and no more', async (connect) => {
  const client = await connect();
  for (let i = 0; i < 256; i += 1) client.send(frame('SUBSCRIBE', { id: i, destination: `/topic/s/${i}` }));
  await sync(client);
  client.send(frame('SUBSCRIBE', { id: 'more', destination: '/topic/s' }));
  await client.fails();
});

testOver(all, gateway, '25: after the receipt of UNSUBSCRIBE nothing arrives', async (connect) => {
  const [client, other, left, stays] = [await connect(), await connect(), fresh('topic'), fresh('topic')];
  await client.subscribe(left, 'a');
  await client.subscribe(stays, 'b');
  await client.call('UNSUBSCRIBE', { id: 'a' });
  await other.call('SEND', { destination: left }, 'too late');
  other.publish(stays, 'in time');
  assert.equal((await client.frame('MESSAGE')).body, 'in time');
});

testOver(plain, gateway, '25: what is sent while UNSUBSCRIBE is said arrives ahead of its receipt, or not at all', async (connect) => {
  const [client, other, topic] = [await connect(), await connect(), fresh('topic')];
  await client.subscribe(topic, 'a');
  for (let i = 0; i < 200; i += 1) other.publish(topic, `${i}`);
  await client.frame('MESSAGE');
  client.send(frame('UNSUBSCRIBE', { id: 'a', receipt: 'gone' }));
  let got;
  do got = await client.frame(); while (got.command === 'MESSAGE');
  assert.equal(got.headers['receipt-id'], 'gone');
  await sync(other);
  await sync(client);
});

testOver(plain, gateway, '25: an id is free again after UNSUBSCRIBE', async (connect) => {
  const [client, first, second] = [await connect(), fresh('topic'), fresh('topic')];
  await client.subscribe(first, 'a');
  await client.call('UNSUBSCRIBE', { id: 'a' });
  await client.subscribe(second, 'a');
  client.publish(first, 'wrong').publish(second, 'right');
  assert.equal((await client.frame('MESSAGE')).body, 'right');
});

for (const [name, settle] of Object.entries({ ACK: ack, NACK: nack })) {
  for (const kind of ['topic', 'queue']) {
    testOver(all, gateway, `26: a second ${name} of a message of a ${kind} is an ERROR, and the end`, async (connect) => {
      const [client, place] = [await connect(), fresh(kind)];
      await client.subscribe(place, '1', { ack: 'client-individual' });
      client.publish(place, 'x');
      const message = await client.frame('MESSAGE');
      ack(client, message, { receipt: 'first' });
      assert.equal((await client.frame('RECEIPT')).headers['receipt-id'], 'first');
      settle(client, message, { receipt: 'second' });
      assert.equal((await client.fails()).headers['receipt-id'], 'second');
    });
  }
}

testOver(plain, gateway, '26: on a topic nothing comes again, whatever is rejected or left open', async (connect) => {
  const [client, other, topic] = [await connect(), await connect(), fresh('topic')];
  await client.subscribe(topic, '1', { ack: 'client-individual' });
  client.publish(topic, 'one').publish(topic, 'two');
  nack(client, await client.frame('MESSAGE'), { receipt: 'n' });
  const rest = [await client.frame(), await client.frame()]; // the topic may be at home elsewhere
  assert.deepEqual(rest.map(({ command }) => command).sort(), ['MESSAGE', 'RECEIPT']);
  client.abort();
  await other.subscribe(topic);
  other.publish(topic, 'three');
  const { body, headers } = await other.frame('MESSAGE');
  assert.deepEqual([body, headers.redelivered], ['three', undefined]);
});

testOver(plain, gateway, '26: only who must acknowledge gets an ack header', async (connect) => {
  const client = await connect();
  for (const kind of ['topic', 'queue']) {
    for (const mode of ['client', 'client-individual', 'auto']) {
      const place = fresh(kind);
      await client.subscribe(place, place, { ack: mode });
      client.publish(place, 'x');
      const { headers } = await client.frame('MESSAGE');
      if (mode === 'auto') assert.equal(headers.ack, undefined);
      else assert.match(headers.ack, /^[^:\\\s]+$/);
    }
  }
});

for (const [version, named] of [
  ['1.0', ({ headers }) => ({ 'message-id': headers['message-id'] })],
  ['1.1', ({ headers }) => ({ 'message-id': headers['message-id'], 'subscription': headers.subscription })],
  ['1.2', ({ headers }) => ({ id: headers.ack })],
]) {
  testOver(all, gateway, `26: ${version} acknowledges by ${Object.keys(named({ headers: {} })).join(' and ')}, whatever else is there`, async (connect) => {
    const [client, queue] = [await connect(of(version)), fresh('queue')];
    await client.subscribe(queue, '7', { 'ack': 'client', 'prefetch-count': 1 });
    client.publish(queue, 'one').publish(queue, 'two');
    const message = await client.frame('MESSAGE');
    client.send(frame('ACK', { 'id': 'no', 'message-id': 'no', 'surplus': 'x', ...version === '1.2' && { subscription: 'no' }, ...named(message) }));
    assert.equal((await client.frame('MESSAGE')).body, 'two');
  });
}

testOver(plain, gateway, '26: 1.1 may reject, too', async (connect) => {
  const [client, queue] = [await connect(of('1.1')), fresh('queue')];
  await client.subscribe(queue, '7', { ack: 'client' });
  client.publish(queue, 'x');
  const { headers } = await client.frame('MESSAGE');
  client.send(frame('NACK', { 'message-id': headers['message-id'], 'subscription': '7' }));
  assert.equal((await client.frame('MESSAGE')).headers.redelivered, 'true');
});

testOver(plain, gateway, '26: ack:client counts for all before on that subscription, and on no other', async (connect) => {
  const [client, queue, other] = [await connect(), fresh('queue'), fresh('queue')];
  await client.subscribe(other, 'other', { ack: 'client' });
  await client.subscribe(queue, 'queue', { 'ack': 'client', 'prefetch-count': 3 });
  client.publish(other, 'elsewhere');
  await client.frame('MESSAGE');
  for (let i = 0; i < 6; i += 1) client.publish(queue, `${i}`);
  await take(client, 2);
  ack(client, await client.frame('MESSAGE'));
  assert.deepEqual(await take(client, 3), ['3', '4', '5']);
  await client.call('UNSUBSCRIBE', { id: 'other' });
  consume(client, other);
  assert.deepEqual(await take(client, 1), ['elsewhere']);
});

testOver(all, gateway, '26: ack:client-individual counts for that message alone', async (connect) => {
  const [client, other, queue] = [await connect(), await connect(), fresh('queue')];
  await client.subscribe(queue, '1', { ack: 'client-individual' });
  for (const body of ['one', 'two', 'three']) client.publish(queue, body);
  await client.frame('MESSAGE');
  ack(client, await client.frame('MESSAGE'));
  await client.frame('MESSAGE');
  await client.call('UNSUBSCRIBE', { id: '1' });
  consume(other, queue);
  assert.deepEqual(await take(other, 2), ['one', 'three']);
});

for (const [version, headers] of [
  ['1.2', { id: 'undefined' }], ['1.2', { id: '' }], ['1.2', { id: '1-1-1' }], ['1.2', { id: '1-1' }],
  ['1.1', { 'message-id': '1-1', 'subscription': '0' }], ['1.1', { 'message-id': 'undefined', 'subscription': '0' }],
  ['1.0', { 'message-id': '1-1' }],
]) {
  testOver(plain, gateway, `26: ${JSON.stringify(headers)} in ${version} is ignored where something is acknowledged by itself`, async (connect) => {
    const [client, topic] = [await connect(of(version)), fresh('topic')];
    await client.subscribe(topic);
    await client.call('ACK', headers);
    if (version !== '1.0') await client.call('NACK', headers);
    await client.call('UNSUBSCRIBE', { id: '0' });
    await client.call('ACK', headers); // it may be late
    await sync(client);
  });
}

testOver(plain, gateway, '26: nobody acknowledges what another got', async (connect) => {
  const [client, thief, queue] = [await connect(), await connect(), fresh('queue')];
  await client.subscribe(queue, '1', { ack: 'client' });
  await thief.subscribe(fresh('queue'), '1', { ack: 'client' });
  client.publish(queue, 'x');
  ack(thief, await client.frame('MESSAGE'));
  await thief.fails();
});
