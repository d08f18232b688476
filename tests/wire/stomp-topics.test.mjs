// STOMP: subscriptions, topics, receipts, and the routes of the application.
import assert from 'node:assert/strict';
import { configuration } from './lib/config.mjs';
import { frame, Stomp } from './lib/stomp.mjs';
import { test, withGateway } from './lib/test.mjs';

const gateway = withGateway(configuration());
const connect = (version = '1.2') => (
  Stomp.connect(`${gateway.ws}/chat/websocket`, { 'accept-version': version }));

test('a message has what its subscriber needs', async () => {
  const stomp = await connect();
  await stomp.subscribe('/topic/a', 'sub-7');
  stomp.publish('/topic/a', '{"x":1}', { 'content-type': 'application/json', note: 'mine' });
  stomp.publish('/topic/a', '{"x":1}');
  const [one, two] = [await stomp.frame('MESSAGE'), await stomp.frame('MESSAGE')];
  assert.equal(one.headers.destination, '/topic/a');
  assert.equal(one.headers.subscription, 'sub-7');
  assert.equal(one.headers['content-type'], 'application/json');
  assert.equal(one.headers.note, 'mine');
  assert.match(one.headers['message-id'], /^[^:\\\s]+$/);
  assert.notEqual(one.headers['message-id'], two.headers['message-id']);
  await stomp.close();
});

test('what belongs to the sender or to the server does not pass', async () => {
  const stomp = await connect();
  await stomp.subscribe('/topic/b', 'real');
  stomp.publish('/topic/b', 'x', {
    receipt: '1', subscription: 'forged', 'message-id': 'forged', ack: 'forged',
    redelivered: 'true', 'x-postern-secret': 'forged' });
  const frames = [await stomp.frame(), await stomp.frame()];
  const { headers, data } = frames.find(({ command }) => command === 'MESSAGE');
  assert.doesNotMatch(data, /forged/);
  assert.equal(headers.subscription, 'real');
  for (const name of ['receipt', 'transaction', 'redelivered', 'x-postern-secret']) {
    assert.equal(headers[name], undefined, name);
  }
  await stomp.close();
});

test('only the exact topic is delivered', async () => {
  const stomp = await connect();
  await stomp.subscribe('/topic/exact');
  for (const other of ['/topic/exact/below', '/topic/exac', '/topic/exact2', '/topic/EXACT', '/topic/exact/']) {
    stomp.publish(other, 'wrong');
  }
  stomp.publish('/topic/exact', 'right');
  assert.equal((await stomp.frame('MESSAGE')).body, 'right');
  await stomp.close();
});

test('two subscriptions get two messages', async () => {
  const stomp = await connect();
  await stomp.subscribe('/topic/twice', 'one');
  await stomp.subscribe('/topic/twice', 'two');
  stomp.publish('/topic/twice', 'x');
  const ids = [await stomp.frame('MESSAGE'), await stomp.frame('MESSAGE')].map(({ headers }) => headers.subscription);
  assert.deepEqual(ids.sort(), ['one', 'two']);
  await stomp.close();
});

test('after the receipt of UNSUBSCRIBE nothing arrives', async () => {
  const [stomp, other] = await Promise.all([connect(), connect()]);
  await stomp.subscribe('/topic/left', 'a');
  await stomp.subscribe('/topic/stays', 'b');
  await stomp.call('UNSUBSCRIBE', { id: 'a' });
  other.publish('/topic/left', 'too late').publish('/topic/stays', 'in time');
  assert.equal((await stomp.frame('MESSAGE')).body, 'in time');
  await Promise.all([stomp.close(), other.close()]);
});

test('an id is free again after UNSUBSCRIBE', async () => {
  const stomp = await connect();
  await stomp.subscribe('/topic/first', 'a');
  await stomp.call('UNSUBSCRIBE', { id: 'a' });
  await stomp.subscribe('/topic/second', 'a');
  stomp.publish('/topic/first', 'wrong').publish('/topic/second', 'right');
  assert.equal((await stomp.frame('MESSAGE')).body, 'right');
  await stomp.close();
});

test('1.0 may subscribe without an id, and unsubscribe by destination', async () => {
  const stomp = await connect('1.0');
  await stomp.call('SUBSCRIBE', { destination: '/topic/old' });
  stomp.publish('/topic/old', 'x');
  const { headers } = await stomp.frame('MESSAGE');
  assert.equal(headers.subscription, undefined);
  assert.equal(headers.destination, '/topic/old');
  await stomp.call('UNSUBSCRIBE', { destination: '/topic/old' });
  await stomp.call('SUBSCRIBE', { destination: '/topic/new' });
  stomp.publish('/topic/old', 'wrong').publish('/topic/new', 'right');
  assert.equal((await stomp.frame('MESSAGE')).body, 'right');
  await stomp.close();
});

test('receipts come in the order of the frames', async () => {
  const stomp = await connect();
  for (let i = 0; i < 100; i += 1) {
    stomp.send(i % 3 === 0
      ? frame('SUBSCRIBE', { id: i, destination: `/topic/receipts/${i}`, receipt: i })
      : frame('SEND', { destination: '/topic/receipts', receipt: i }, 'x'));
  }
  for (let i = 0; i < 100; i += 1) assert.equal((await stomp.frame('RECEIPT')).headers['receipt-id'], `${i}`);
  await stomp.close();
});

const refused = {
  'SEND without a destination': ['SEND', {}],
  'SEND to nobody\'s prefix': ['SEND', { destination: '/nowhere/a' }],
  'SEND to a name without a slash': ['SEND', { destination: 'topic' }],
  'SEND to a destination that is too long': ['SEND', { destination: `/topic/${'x'.repeat(300)}` }],
  'SUBSCRIBE without a destination': ['SUBSCRIBE', { id: '1' }],
  'SUBSCRIBE without an id': ['SUBSCRIBE', { destination: '/topic/a' }],
  'SUBSCRIBE with a used id': ['SUBSCRIBE', { id: '0', destination: '/topic/b' }],
  'SUBSCRIBE with an unknown ack mode': ['SUBSCRIBE', { id: '1', destination: '/topic/a', ack: 'perhaps' }],
  'SUBSCRIBE to nobody\'s prefix': ['SUBSCRIBE', { id: '1', destination: '/nowhere/a' }],
  'UNSUBSCRIBE without an id': ['UNSUBSCRIBE', {}],
  'UNSUBSCRIBE of an unknown id': ['UNSUBSCRIBE', { id: 'x' }],
  'COMMIT of an unknown transaction': ['COMMIT', { transaction: 't' }],
  'ABORT of an unknown transaction': ['ABORT', { transaction: 't' }],
  'SEND in an unknown transaction': ['SEND', { destination: '/topic/a', transaction: 't' }],
};
for (const [what, [command, headers]] of Object.entries(refused)) {
  test(`${what} is an ERROR, and the end`, async () => {
    const stomp = await connect();
    await stomp.subscribe('/topic/a', '0');
    stomp.send(frame(command, { ...headers, receipt: 'culprit' }));
    assert.equal((await stomp.fails()).headers['receipt-id'], 'culprit');
  });
}

test('a session may have 256 subscriptions, and no more', async () => {
  const stomp = await connect();
  for (let i = 0; i < 256; i += 1) stomp.send(frame('SUBSCRIBE', { id: i, destination: `/topic/s/${i}` }));
  await stomp.call('SEND', { destination: '/topic/none' }, 'x');
  stomp.send(frame('SUBSCRIBE', { id: 'more', destination: '/topic/s' }));
  await stomp.fails();
});

test('a chat message is shaped by its route', async () => {
  const stomp = await connect();
  await stomp.subscribe('/topic/messages');
  stomp.publish('/app/chat', '{"text": "Hi \\u263a \\"x\\"", "more": true, "from": "Ana"}');
  const { headers, body } = await stomp.frame('MESSAGE');
  const { time, ...rest } = JSON.parse(body);
  assert.deepEqual(rest, { from: 'Ana', text: 'Hi \u263a "x"' });
  assert.match(time, /^([01]\d|2[0-3]):[0-5]\d$/);
  assert.equal(headers.destination, '/topic/messages');
  if ('content-length' in headers) assert.equal(Number(headers['content-length']), Buffer.byteLength(body));
  await stomp.close();
});

test('a placeholder that is the whole string keeps the type', async () => {
  const stomp = await connect();
  await stomp.subscribe('/topic/messages');
  stomp.publish('/app/chat', '{"from": 7, "text": {"a": [null, 1.5]}}');
  const { from, text } = JSON.parse((await stomp.frame('MESSAGE')).body);
  assert.deepEqual([from, text], [7, { a: [null, 1.5] }]);
  await stomp.close();
});

for (const body of ['', 'text', '{"from": "Ana"', '{"from": "Ana"}', '[]', '"text"']) {
  test(`a chat message of ${body || 'nothing'} is an ERROR to its sender`, async () => {
    const stomp = await connect();
    stomp.publish('/app/chat', body, { receipt: 'culprit' });
    assert.equal((await stomp.fails()).headers['receipt-id'], 'culprit');
  });
}

test('a variable of the route names the topic, and the body passes untouched', async () => {
  const stomp = await connect();
  await stomp.subscribe('/topic/rooms/blue');
  stomp.publish('/app/rooms/red', 'wrong').publish('/app/rooms/blue', 'any {text} \u{1F600}');
  assert.equal((await stomp.frame('MESSAGE')).body, 'any {text} \u{1F600}');
  await stomp.close();
});

test('nobody can SUBSCRIBE to the application', async () => {
  const stomp = await connect();
  stomp.send(frame('SUBSCRIBE', { id: '1', destination: '/app/chat' }));
  await stomp.fails();
});
