// STOMP frames: however they are cut, whatever they carry, in each version's writing.
import assert from 'node:assert/strict';
import { configuration } from './lib/config.mjs';
import { Session } from './lib/sockjs.mjs';
import { frame, readFrame, Stomp } from './lib/stomp.mjs';
import { test, withGateway } from './lib/test.mjs';

const gateway = withGateway(configuration({ limits: { frame: 100_000 } }));
const connect = (version = '1.2') => (
  Stomp.connect(`${gateway.ws}/chat/websocket`, { 'accept-version': version }));

let topics = 0;
const newTopic = () => `/topic/frames/${topics += 1}`;

// A client that listens to what it sends itself.
async function listening(version) {
  const stomp = await connect(version);
  stomp.topic = newTopic();
  await stomp.subscribe(stomp.topic);
  return stomp;
}

// What a header written by a client of one version looks like to each version.
const written = {
  '1.2 a\\cb\\nc\\\\d\\re': { '1.2': 'a\\cb\\nc\\\\d\\re', 1.1: 'a\\cb\\nc\\\\d e', '1.0': 'a:b c\\d e' },
  '1.1 a\\cb\\nc\\\\d': { '1.2': 'a\\cb\\nc\\\\d', 1.1: 'a\\cb\\nc\\\\d', '1.0': 'a:b c\\d' },
  '1.0 a:b\\nc\\t': { '1.2': 'a\\cb\\\\nc\\\\t', 1.1: 'a\\cb\\\\nc\\\\t', '1.0': 'a:b\\nc\\t' },
  '1.2 a:b': { '1.2': 'a\\cb', 1.1: 'a\\cb', '1.0': 'a:b' },
  '1.2  blank ': { '1.2': ' blank ', 1.1: ' blank ', '1.0': ' blank ' },
  '1.0  blank ': { '1.2': 'blank ', 1.1: 'blank ', '1.0': 'blank ' },
  '1.2 Grüße \u{1F600}': { '1.2': 'Grüße \u{1F600}', 1.1: 'Grüße \u{1F600}', '1.0': 'Grüße \u{1F600}' },
};
for (const [how, seen] of Object.entries(written)) {
  const [version, value] = [how.slice(0, 3), how.slice(4)];
  for (const [reader, expected] of Object.entries(seen)) {
    test(`a header "${value}" of ${version} reaches ${reader} as "${expected}"`, async () => {
      const [from, to] = await Promise.all([connect(version), connect(reader)]);
      const topic = newTopic();
      await to.subscribe(topic);
      from.publish(topic, 'x', { note: value });
      assert.equal((await to.frame('MESSAGE')).headers.note, expected);
      await Promise.all([from.close(), to.close()]);
    });
  }
}

test('the names of headers are escaped like their values', async () => {
  const stomp = await listening();
  stomp.publish(stomp.topic, 'x', { 'a\\cb': '1' });
  assert.match((await stomp.frame('MESSAGE')).data, /\na\\cb:1\n/);
  await stomp.close();
});

for (const [version, value] of [['1.2', '\\t'], ['1.2', '\\'], ['1.1', '\\r'], ['1.1', '\\t']]) {
  test(`the escape "${value}" is an ERROR in ${version}`, async () => {
    const stomp = await connect(version);
    stomp.publish('/topic/a', 'x', { note: value, receipt: '1' });
    await stomp.fails();
  });
}

test('CONNECT is not unescaped', async () => {
  const stomp = await Stomp.connect(`${gateway.ws}/chat/websocket`, { login: 'a\\tb' });
  await stomp.close();
});

test('of repeated headers the first counts', async () => {
  const stomp = await listening();
  stomp.send(`SEND\ndestination:${stomp.topic}\ndestination:/topic/elsewhere\nnote:1\nnote:2\n\nx\0`);
  const message = await stomp.frame('MESSAGE');
  assert.equal(message.headers.destination, stomp.topic);
  assert.equal(message.headers.note, '1');
  await stomp.close();
});

test('lines may end with CRLF, and are answered with LF', async () => {
  for (const version of ['1.0', '1.1', '1.2']) {
    const stomp = await Stomp.open(`${gateway.ws}/chat/websocket`);
    stomp.send(`CONNECT\r\naccept-version:${version}\r\nhost:a\r\n\r\n\0`);
    await stomp.frame('CONNECTED');
    await stomp.subscribe('/topic/crlf');
    stomp.send('SEND\r\ndestination:/topic/crlf\r\nnote:1\r\n\r\nbody\0\r\n');
    const message = await stomp.frame('MESSAGE');
    assert.deepEqual([message.headers.note, message.body], ['1', 'body']);
    assert.doesNotMatch(message.data, /\r/);
    await stomp.close();
  }
});

test('empty lines may stand before, between and after frames', async () => {
  const stomp = await Stomp.open(`${gateway.ws}/chat/websocket`);
  stomp.send('\n\r\n\n').send(`\n${frame('CONNECT', { 'accept-version': '1.2', host: 'a' })}\n\r\n`);
  await stomp.frame('CONNECTED');
  stomp.send('\n').send(`\n\n${frame('SUBSCRIBE', { id: '0', destination: '/topic/eol', receipt: '1' })}\n`);
  await stomp.frame('RECEIPT');
  stomp.send(`\n${frame('SEND', { destination: '/topic/eol' }, 'x')}\n\n`);
  assert.equal((await stomp.frame('MESSAGE')).body, 'x');
  await stomp.close();
});

test('a frame may come in single bytes', async () => {
  const stomp = await listening();
  for (const byte of frame('SEND', { destination: stomp.topic, note: 'é' }, 'in pieces')) stomp.send(byte);
  const message = await stomp.frame('MESSAGE');
  assert.deepEqual([message.headers.note, message.body], ['é', 'in pieces']);
  await stomp.close();
});

test('many frames may come in one message, and each is answered in one of its own', async () => {
  const stomp = await listening();
  const bodies = Array.from({ length: 50 }, (_, i) => `${i}`);
  stomp.send(bodies.map((body) => frame('SEND', { destination: stomp.topic }, body)).join('\n'));
  for (const body of bodies) assert.equal(readFrame(await stomp.next()).body, body);
  await stomp.close();
});

test('a frame may come in pieces over several sends of SockJS', async () => {
  const session = await Session.streaming(gateway.port, '/chat');
  const text = frame('CONNECT', { 'accept-version': '1.2', host: 'a' })
    + frame('SUBSCRIBE', { id: '0', destination: '/topic/pieces' })
    + frame('SEND', { destination: '/topic/pieces' }, 'pieces \u{1F600}');
  for (const piece of text.match(/[^]{1,17}/gu)) assert.equal((await session.send(piece)).status, 204);

  let chunks = '';
  while (!chunks.includes('MESSAGE')) chunks += await session.down.chunk();
  const frames = chunks.trim().split('\n').flatMap((line) => JSON.parse(line.slice(1))).map(readFrame);
  assert.deepEqual(frames.map(({ command }) => command), ['CONNECTED', 'MESSAGE']);
  assert.equal(frames[1].body, 'pieces \u{1F600}');
  session.down.abort();
});

test('many frames may come in one send of SockJS', async () => {
  const session = await Session.polling(gateway.port, '/chat');
  await session.send(
    frame('CONNECT', { 'accept-version': '1.2', host: 'a' }) + frame('SUBSCRIBE', { id: '0', destination: '/topic/many' }),
    frame('SEND', { destination: '/topic/many' }, '1') + frame('SEND', { destination: '/topic/many' }, '2'));
  const frames = [];
  while (frames.length < 3) frames.push(...JSON.parse((await session.poll()).slice(1)).map(readFrame));
  assert.deepEqual(frames.map(({ body }) => body), ['', '1', '2']);
});

test('a body with NULs arrives whole when its length is told', async () => {
  const stomp = await listening();
  stomp.publish(stomp.topic, 'a\0b\0', { 'content-length': 4 });
  const message = await stomp.frame('MESSAGE');
  assert.equal(message.body, 'a\0b\0');
  assert.equal(message.headers['content-length'], '4');
  await stomp.close();
});

test('without a length the first NUL ends the body', async () => {
  const stomp = await listening();
  stomp.send(`SEND\ndestination:${stomp.topic}\n\nfirst\0\nSEND\ndestination:${stomp.topic}\n\nsecond\0`);
  assert.equal((await stomp.frame('MESSAGE')).body, 'first');
  assert.equal((await stomp.frame('MESSAGE')).body, 'second');
  await stomp.close();
});

test('the length counts bytes, not characters', async () => {
  const stomp = await listening();
  stomp.publish(stomp.topic, '你好', { 'content-length': 6 });
  const message = await stomp.frame('MESSAGE');
  assert.deepEqual([message.body, message.headers['content-length']], ['你好', '6']);
  await stomp.close();
});

test('a body that is no text goes out as a binary message, text as text', async () => {
  const stomp = await listening();
  const bytes = Buffer.from([0xff, 0x00, 0xfe, 0x80]);
  stomp.send(Buffer.concat([
    Buffer.from(`SEND\ndestination:${stomp.topic}\ncontent-length:4\n\n`), bytes, Buffer.from([0])]));
  const binary = await stomp.next();
  assert.ok(Buffer.isBuffer(binary));
  assert.deepEqual(binary.subarray(-5, -1), bytes);

  stomp.send(Buffer.from(frame('SEND', { destination: stomp.topic }, 'text')));
  assert.equal(readFrame(await stomp.next()).body, 'text');
  await stomp.close();
});

test('an empty body arrives', async () => {
  const stomp = await listening();
  stomp.publish(stomp.topic, '');
  assert.equal((await stomp.frame('MESSAGE')).body, '');
  await stomp.close();
});

const bad = {
  'a negative length': 'SEND\ndestination:/topic/a\ncontent-length:-1\n\nx\0',
  'a length that is no number': 'SEND\ndestination:/topic/a\ncontent-length:x\n\nx\0',
  'an empty length': 'SEND\ndestination:/topic/a\ncontent-length:\n\nx\0',
  'a huge length': 'SEND\ndestination:/topic/a\ncontent-length:99999999999999999999\n\nx\0',
  'a length that no NUL follows': 'SEND\ndestination:/topic/a\ncontent-length:1\n\nxyz\0',
  'a line without a colon': 'SEND\ndestination\n\nx\0',
  'a header without a name': 'SEND\n:x\n\nx\0',
  'an unknown command': 'PUBLISH\ndestination:/topic/a\n\nx\0',
  'a command in small letters': 'send\ndestination:/topic/a\n\nx\0',
  'a command of the server': 'MESSAGE\ndestination:/topic/a\n\nx\0',
  'a body on SUBSCRIBE': 'SUBSCRIBE\nid:0\ndestination:/topic/a\ncontent-length:1\n\nx\0',
  'too many headers': `SEND\ndestination:/topic/a\n${'a:b\n'.repeat(100)}\nx\0`,
  'a header that is too long': `SEND\ndestination:/topic/a\nnote:${'x'.repeat(9000)}\n\nx\0`,
};
for (const [what, text] of Object.entries(bad)) {
  test(`${what} is an ERROR, and the end`, async () => {
    const stomp = await connect();
    stomp.send(text);
    await stomp.fails();
  });
}

test('a frame beyond the limit is an ERROR, however it comes', async () => {
  const stomp = await connect();
  stomp.send('SEND\ndestination:/topic/a\n\n');
  for (let i = 0; i < 20; i += 1) stomp.send('x'.repeat(10_000));
  await stomp.fails();
});

test('a long CONNECT is an ERROR: nobody is trusted yet', async () => {
  const stomp = await Stomp.open(`${gateway.ws}/chat/websocket`);
  const long = 'x'.repeat(7000);
  stomp.send(frame('CONNECT', { 'accept-version': '1.2', host: 'a', one: long, two: long, three: long }));
  await stomp.fails();
});

test('an ERROR names the receipt of the culprit, its type and its length', async () => {
  const stomp = await connect();
  stomp.publish('/nowhere/at/all', 'x', { receipt: 'mine' });
  const { headers, body } = await stomp.fails();
  assert.equal(headers['receipt-id'], 'mine');
  assert.match(headers['content-type'], /^text\/plain/);
  assert.equal(Number(headers['content-length']), Buffer.byteLength(body));
});
