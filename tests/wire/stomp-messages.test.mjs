// STOMP: how messages are put on the wire, and what they carry from who sends to who
// subscribes. The numbers are those of www/docs/stomp.md.
// tags: tsan
import assert from 'node:assert/strict';
import { broker, fresh, listening, take } from './lib/broker.mjs';
import { all, overSockJs, plain, testOver } from './lib/carriers.mjs';
import { frame, readFrame, Stomp } from './lib/stomp.mjs';
import { TcpStomp } from './lib/tcp.mjs';
import { test, testWith, withGateway } from './lib/test.mjs';

const gateway = withGateway(broker());

// 18 to 20: frames and messages.

testOver(all, gateway, '18: each frame is one message, whole, however many there are at once', async (connect) => {
  const client = await listening(connect());
  const bodies = Array.from({ length: 50 }, (_, i) => `${i}`);
  client.send(bodies.map((body) => frame('SEND', { destination: client.topic }, body)).join('\n'));
  for (const body of bodies) assert.equal(readFrame(await client.next()).body, body);
});

testOver(all, gateway, '18: a frame of 1 MB is not split', async (connect) => {
  const client = await listening(connect());
  const body = 'x'.repeat(1_000_000);
  client.publish(client.topic, body);
  assert.ok(readFrame(await client.next()).body === body);
});

const bytesOf = (topic, body) => Buffer.concat([
  Buffer.from(`SEND\ndestination:${topic}\ncontent-length:${body.length}\n\n`), body, Buffer.from([0])]);

testOver(plain, gateway, '19: octets that are no text arrive as they were sent', async (connect, open, carrier) => {
  const client = await listening(connect());
  for (const body of [Buffer.from([0xff, 0x00, 0xfe, 0x80]), Buffer.from(Array.from({ length: 256 }, (_, i) => i)), Buffer.from([0x61, 0xc3])]) {
    client.send(bytesOf(client.topic, body));
    const data = await client.next();
    assert.ok(Buffer.isBuffer(data), `${carrier} brings bytes`);
    assert.deepEqual(data.subarray(-body.length - 1, -1), body);
  }
});

test('19: a WebSocket message is text when it can be, whatever the sender used', async () => {
  const client = await listening(Stomp.connect(`${gateway.ws}/ws`));
  for (const text of ['text', 'Gr\u00fc\u00dfe \u{1F600}', 'a\0b']) {
    client.send(bytesOf(client.topic, Buffer.from(text)));
    const data = await client.next();
    assert.equal(typeof data, 'string');
    assert.equal(readFrame(data).body, text);
  }
  await client.close();
});

testOver(plain, gateway, '19: bytes and text may take turns', async (connect) => {
  const client = await listening(connect());
  client.send(Buffer.from(frame('SEND', { destination: client.topic }, 'one')));
  client.send(bytesOf(client.topic, Buffer.from([0xff])));
  client.send(frame('SEND', { destination: client.topic }, 'three'));
  assert.deepEqual(await take(client, 3), ['one', '\u00ff', 'three']);
});

testOver(all, gateway, '20: frames may arrive in pieces, and several in one', async (connect) => {
  const client = await listening(connect());
  const text = ['one', 'two \u{1F600}', 'three'].map((body) => frame('SEND', { destination: client.topic, note: '\u00e9' }, body)).join('\n');
  for (const piece of text.match(/[^]{1,17}/gu)) client.send(piece);
  assert.deepEqual(await take(client, 3), ['one', 'two \u{1F600}', 'three']);
});

testOver(all, gateway, '20: a frame of 1 MB in pieces of 16 KiB arrives whole', async (connect) => {
  const client = await listening(connect());
  const body = '0123456789abcdef'.repeat(60_000);
  const text = frame('SEND', { destination: client.topic }, body);
  for (let at = 0; at < text.length; at += 16_384) client.send(text.slice(at, at + 16_384));
  assert.ok((await client.frame('MESSAGE')).body === body);
});

// 21 and 22: what passes.

testOver(plain, gateway, '21: SEND needs a destination', async (connect) => {
  const client = await connect();
  client.send(frame('SEND', { receipt: 'r' }, 'x'));
  const { headers } = await client.fails();
  assert.deepEqual([headers.message, headers['receipt-id']], ['A header is missing', 'r']);
});

for (const [what, destination] of Object.entries({
  'a prefix that nobody owns': '/nowhere/a', 'a name without a slash': 'topic', 'a prefix alone': '/topic/', 'nothing': '',
  'a pattern': '/topic/*', 'more than 255 bytes': `/topic/${'x'.repeat(250)}`, 'a session\'s inner name': '/temp-queue/a' })) {
  testOver(plain, gateway, `21: SEND to ${what} is an ERROR, and the end`, async (connect) => {
    const client = await connect();
    client.send(frame('SEND', { destination, receipt: 'r' }, 'x'));
    assert.equal((await client.fails()).headers['receipt-id'], 'r');
  });
}

for (const kind of ['topic', 'queue']) {
  testOver(all, gateway, `21: headers of users pass, those of the sender and the server do not, through a ${kind}`, async (connect) => {
    const [client, place] = [await connect(), fresh(kind)];
    await client.subscribe(place, 'real');
    await client.call('BEGIN', { transaction: 'forged' });
    client.publish(place, 'x', {
      'note': 'mine', 'reply-to': '/topic/b', 'receipt': 'forged', 'subscription': 'forged', 'message-id': 'forged',
      'ack': 'forged', 'redelivered': 'forged', 'x-postern-seq': 'forged', 'x-postern-secret': 'forged', 'transaction': 'forged' });
    client.send(frame('COMMIT', { transaction: 'forged' }));
    await client.frame('RECEIPT');
    const { headers, data } = await client.frame('MESSAGE');
    assert.doesNotMatch(`${data}`, /forged/);
    assert.deepEqual([headers.note, headers['reply-to'], headers.subscription], ['mine', '/topic/b', 'real']);
    for (const name of ['receipt', 'transaction', 'redelivered', 'x-postern-secret']) assert.equal(headers[name], undefined, name);
  });
}

for (const version of ['1.0', '1.1', '1.2']) {
  testOver(all, gateway, `22: a message has what its subscriber needs, in ${version}`, async (connect) => {
    const [client, topic] = [await connect({ 'accept-version': version }), fresh('topic')];
    await client.subscribe(topic, 'sub-7');
    client.publish(topic, '{"x":1}', { 'content-type': 'application/json', 'content-length': 7 });
    client.publish(topic, '{"x":1}');
    const [one, two] = [await client.frame('MESSAGE'), await client.frame('MESSAGE')];
    const { destination, subscription } = one.headers;
    assert.deepEqual([destination, subscription, one.body], [topic, 'sub-7', '{"x":1}']);
    assert.deepEqual([one.headers['content-type'], one.headers['content-length']], ['application/json', '7']);
    assert.equal(two.headers['content-type'], undefined);
    assert.notEqual(one.headers['message-id'], two.headers['message-id']);
  });
}

testOver(plain, gateway, '22: no two messages of two topics and a queue have one id', async (connect) => {
  const [client, places] = [await connect(), [fresh('topic'), fresh('topic'), fresh('queue')]];
  for (const place of places) await client.subscribe(place, place);
  for (let i = 0; i < 10; i += 1) places.forEach((place) => client.publish(place, 'x'));
  const ids = new Set();
  for (let i = 0; i < 30; i += 1) ids.add((await client.frame('MESSAGE')).headers['message-id']);
  assert.equal(ids.size, 30);
});

testOver(plain, gateway, '22: an empty body arrives', async (connect) => {
  const client = await listening(connect());
  client.publish(client.topic, '');
  assert.equal((await client.frame('MESSAGE')).body, '');
});

testOver(plain, gateway, '22: two subscriptions that match give two messages', async (connect) => {
  const [client, topic] = [await connect(), fresh('topic')];
  await client.subscribe(topic, 'one');
  await client.subscribe(topic, 'two');
  await client.subscribe(`${topic}/**`, 'pattern');
  client.publish(topic, 'x');
  const ids = [];
  while (ids.length < 3) ids.push((await client.frame('MESSAGE')).headers.subscription);
  assert.deepEqual(ids.sort(), ['one', 'pattern', 'two']);
});

testOver(plain, gateway, '22: only the exact topic is delivered', async (connect) => {
  const client = await listening(connect());
  for (const other of ['/below', '2', '/', 'x/../']) client.publish(`${client.topic}${other}`, 'wrong');
  client.publish(client.topic.toUpperCase().replace('/TOPIC', '/topic/x'), 'wrong');
  client.publish(client.topic, 'right');
  assert.equal((await client.frame('MESSAGE')).body, 'right');
});

// 23: order.

testOver(all, gateway, '23: what one publisher sends reaches every subscriber in its order', async (connect) => {
  const [publisher, topic, ...readers] = [await connect(), fresh('topic'), await connect(), await connect(), await connect()];
  for (const reader of readers) await reader.subscribe(topic);
  const bodies = Array.from({ length: 500 }, (_, i) => `${i}`);
  for (const body of bodies) publisher.publish(topic, body);
  for (const reader of readers) assert.deepEqual(await take(reader, 500), bodies);
});

testOver(overSockJs, gateway, '23: and so it is between carriers', async (connect) => {
  const topic = fresh('topic');
  const clients = [await connect(), await TcpStomp.connect(gateway), await Stomp.connect(`${gateway.ws}/ws`)];
  for (const client of clients) await client.subscribe(topic);
  for (let i = 0; i < 100; i += 1) clients.forEach((client, who) => client.publish(topic, `${who} ${i}`));
  for (const client of clients) {
    const next = [0, 0, 0];
    for (const body of await take(client, 300)) {
      const [who, number] = body.split(' ').map(Number);
      assert.equal(number, next[who], `of client ${who}`);
      next[who] += 1;
    }
    client.abort();
  }
});

testWith('21: where clients may not send to topics and queues, they hear so', broker({ broker: { prefixes: ['/topic'], client_send: false } }),
  async (closed, keep) => {
    for (const place of ['topic', 'queue']) {
      const client = await keep(TcpStomp.connect(closed));
      client.publish(fresh(place), 'x');
      assert.equal((await client.fails()).headers.message, 'Clients may not send to that destination');
    }
    const client = await keep(TcpStomp.connect(closed));
    await client.call('SEND', { destination: '/app/echo/a' }, 'x');
  });
