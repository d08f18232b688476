// The HTTP transports, byte for byte and chunk for chunk.
import assert from 'node:assert/strict';
import { configuration } from './lib/config.mjs';
import { ask, connect, requestText } from './lib/http.mjs';
import { PRELUDE, Session } from './lib/sockjs.mjs';
import { test, withGateway } from './lib/test.mjs';

const gateway = withGateway(configuration());
const echo = () => new Session(gateway.port, '/echo');

const UNCACHED = 'no-store, no-cache, no-transform, must-revalidate, max-age=0';
const SCRIPT = 'application/javascript; charset=UTF-8';

// What every answer of a transport has, however it is carried.
function assertHead({ status, headers }, type) {
  assert.equal(status, 200);
  assert.equal(headers['content-type'], type);
  assert.equal(headers['cache-control'], UNCACHED);
  assert.equal(headers['access-control-allow-origin'], '*');
  assert.equal(headers['set-cookie'], undefined);
}

test('a poll is answered with one frame, and ends', async () => {
  const session = echo();
  const opening = await session.post('xhr');
  assertHead(opening, SCRIPT);
  assert.equal(opening.body, 'o\n');

  const waiting = session.poll();
  assert.equal((await session.send('x')).status, 204);
  assert.equal(await waiting, 'a["x"]\n');
});

test('messages that wait leave in one frame', async () => {
  const session = await Session.polling(gateway.port, '/echo');
  await session.send('a', 'b');
  await session.send('c');
  assert.equal(await session.poll(), 'a["a","b","c"]\n');
});

test('a send is answered with 204 and a content type', async () => {
  const session = await Session.polling(gateway.port, '/echo');
  const answer = await session.send('x');
  assert.equal(answer.status, 204);
  assert.equal(answer.headers['content-type'], 'text/plain; charset=UTF-8');
  assert.equal(answer.headers['cache-control'], UNCACHED);
  assert.equal(answer.headers['access-control-allow-origin'], '*');
  assert.equal(answer.headers['set-cookie'], undefined);
});

test('xhr_streaming sends the prelude, then each frame, in chunks of their own', async () => {
  const session = echo();
  const down = await session.stream('xhr_streaming');
  assertHead(down.opening, SCRIPT);
  assert.equal(down.opening.headers['x-accel-buffering'], 'no');
  assert.equal(down.opening.headers['transfer-encoding'], 'chunked');
  assert.equal(await down.chunk(), PRELUDE);
  assert.equal(await down.chunk(), 'o\n');

  await session.send('x');
  assert.equal(await down.chunk(), 'a["x"]\n');
  await session.send('y', 'z');
  assert.equal(await down.chunk(), 'a["y","z"]\n');
  down.abort();
});

test('eventsource sends an empty line, then each frame as an event, in chunks', async () => {
  const session = echo();
  const down = await session.stream('eventsource');
  assertHead(down.opening, 'text/event-stream');
  assert.equal(down.opening.headers['x-accel-buffering'], 'no');
  assert.equal(await down.chunk(), '\r\n');
  assert.equal(await down.chunk(), 'data: o\r\n\r\n');

  await session.send('x');
  assert.equal(await down.chunk(), 'data: a["x"]\r\n\r\n');
  await session.send('100%, line\n, \0');
  assert.equal(await down.chunk(), 'data: a["100%25, line\\n, \\u0000"]\r\n\r\n');
  down.abort();
});

// [what was sent as JSON, how it must come back]
const quoting = {
  'ASCII and other scripts are sent as they are': ['Grüße 你好 {}/<>&\'', '"Grüße 你好 {}/<>&\'"'],
  'quotes, backslashes, control characters are escaped': [
    '"\\\b\t\n\f\r\u0000\u001f\u007f',
    '"\\"\\\\\\b\\t\\n\\f\\r\\u0000\\u001f\u007f"'],
  'characters that old clients lose are escaped in lower case': [
    '\u200c\u200f\u2028\u2029\u202f\u2060\u206f\ufff0\uffff',
    '"\\u200c\\u200f\\u2028\\u2029\\u202f\\u2060\\u206f\\ufff0\\uffff"'],
  'their neighbours are not': [
    '\u200b\u2010\u2027\u2030\u205f\u2070\uffef',
    '"\u200b\u2010\u2027\u2030\u205f\u2070\uffef"'],
  'an escaped pair becomes one character': ['\u{1F600}', '"\u{1F600}"'],
  'lone surrogates come back': ['a\ud800b\udfffc', '"a\\ud800b\\udfffc"'],
};
for (const [title, [text, quoted]] of Object.entries(quoting)) {
  test(`in a frame, ${title}`, async () => {
    const session = await Session.polling(gateway.port, '/echo');
    // Every character escaped, as sockjs-client does with many.
    const escaped = [...text].flatMap((c) => c.split(''))
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
    assert.equal((await session.post('xhr_send', `["${escaped}"]`)).status, 204);
    assert.equal(await session.poll(), `a[${quoted}]\n`);
  });
}

const types = ['', 'T', 'application/json', 'application/xml', 'text/plain', 'text/plain; charset=UTF-8',
  'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'];
for (const type of types) {
  test(`a send may call itself "${type}"`, async () => {
    const session = await Session.polling(gateway.port, '/echo');
    const answer = await ask(gateway.port, `POST ${session.url}/xhr_send`, {
      headers: { 'Content-Type': type }, body: '["x"]' });
    assert.equal(answer.status, 204);
    assert.equal(await session.poll(), 'a["x"]\n');
  });
}

test('a send without content type, in chunks, is taken', async () => {
  const session = await Session.polling(gateway.port, '/echo');
  const wire = await connect(gateway.port);
  wire.write(requestText(`POST ${session.url}/xhr_send`, { headers: { 'Transfer-Encoding': 'chunked' } }));
  wire.write('3\r\n["x\r\n').write('2\r\n"]\r\n0\r\n\r\n');
  assert.equal((await wire.answer()).status, 204);
  assert.equal(await session.poll(), 'a["x"]\n');
  wire.abort();
});

const mistakes = {
  '["x': 'Broken JSON encoding.',
  '["x"]]': 'Broken JSON encoding.',
  '["\\x"]': 'Broken JSON encoding.',
  '["a" "b"]': 'Broken JSON encoding.',
  'hello': 'Broken JSON encoding.',
  '': 'Payload expected.',
  '"x"': 'Payload expected.',
  '{}': 'Payload expected.',
  '[1]': 'Payload expected.',
  '["a",null]': 'Payload expected.',
  'null': 'Payload expected.',
};
for (const [body, sentence] of Object.entries(mistakes)) {
  test(`a send of ${body || 'nothing'} is told "${sentence}", and the session survives`, async () => {
    const session = await Session.polling(gateway.port, '/echo');
    const answer = await session.post('xhr_send', body);
    assert.equal(answer.status, 500);
    assert.equal(answer.body, sentence);
    assert.equal((await session.send('still here')).status, 204);
    assert.equal(await session.poll(), 'a["still here"]\n');
  });
}

test('a send to an unknown session is 404, before its body is read', async () => {
  for (const body of ['["x"]', '["x', '']) {
    assert.equal((await echo().post('xhr_send', body)).status, 404);
  }
});

test('a session of one endpoint is unknown to another', async () => {
  const session = await Session.polling(gateway.port, '/echo');
  session.url = session.url.replace('/echo/', '/chat/');
  assert.equal((await session.send('x')).status, 404);
});

test('the server part of the URL does not matter', async () => {
  const session = await Session.polling(gateway.port, '/echo');
  session.url = session.url.replace('/000/', '/a%20b_-/');
  assert.equal((await session.send('x')).status, 204);
  assert.equal(await session.poll(), 'a["x"]\n');
});

test('a session may change between polling, streaming and events', async () => {
  const session = await Session.polling(gateway.port, '/echo');
  for (const transport of ['xhr_streaming', 'eventsource']) {
    const down = await session.stream(transport);
    await down.chunk();
    await session.send(transport);
    assert.match(await down.chunk(), new RegExp(`a\\["${transport}"\\]`));
    await session.send('x'.repeat(5000)); // reaches the response limit
    await down.chunk();
    assert.equal(await down.chunk(), null);
    down.abort();
  }
});

test('a stream over HTTP/1.0 has no chunks, and ends by closing', async () => {
  const session = new Session(gateway.port, '/close');
  const down = await session.stream('xhr_streaming', { version: '1.0' });
  assert.equal(down.opening.headers['transfer-encoding'], undefined);
  assert.equal(down.opening.headers['content-length'], undefined);
  assert.equal((await down.rest()).toString(), `${PRELUDE}o\nc[3000,"Go away!"]\n`);
});

test('a stream over HTTP/1.0 brings messages while it is open', async () => {
  const session = echo();
  const down = await session.stream('xhr_streaming', { version: '1.0' });
  assert.equal((await down.take(PRELUDE.length + 2)).toString(), `${PRELUDE}o\n`);
  await session.send('x');
  assert.equal((await down.take(7)).toString(), 'a["x"]\n');
  down.abort();
});

test('a poll over HTTP/1.0 is answered with its length', async () => {
  const answer = await ask(gateway.port, `POST ${echo().url}/xhr`, { version: '1.0', body: '' });
  assert.equal(answer.body, 'o\n');
  assert.equal(answer.headers['transfer-encoding'], undefined);
});

test('the connection of a stream that has ended takes the next request', async () => {
  const down = await new Session(gateway.port, '/close').stream('xhr_streaming');
  while (await down.chunk() !== null);
  down.write(requestText('GET /echo'));
  assert.equal((await down.answer()).body, 'Welcome to SockJS!\n');
  down.abort();
});
