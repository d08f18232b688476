// The life of a SockJS session: one receiver, heart-beats, limits, and every way out.
import assert from 'node:assert/strict';
import { configuration } from './lib/config.mjs';
import { connect, requestText } from './lib/http.mjs';
import { PRELUDE, Session } from './lib/sockjs.mjs';
import { Socket } from './lib/stomp.mjs';
import { test, withGateway } from './lib/test.mjs';
import { until } from './lib/wait.mjs';

const gateway = withGateway(configuration());
const impatient = withGateway(configuration({ times: { heartbeat: 250, disconnect: 500 } }));

const BUSY = 'c[2010,"Another connection still open"]\n';
const INTERRUPTED = 'c[1002,"Connection interrupted"]\n';

const isGone = (session) => until('the session is gone', async () => (
  (await session.send('are you there?')).status === 404));

test('a second poll is turned away while the first one waits', async () => {
  const session = await Session.polling(gateway.port, '/echo');
  const first = session.poll();
  // The first may still be on its way when the second arrives: one of them waits.
  const second = session.poll();
  assert.equal(await Promise.race([first, second]), BUSY);
  await session.send('x');
  assert.deepEqual((await Promise.all([first, second])).sort(), ['a["x"]\n', BUSY]);
});

test('a second stream is turned away, and the first one goes on', async () => {
  const session = await Session.streaming(gateway.port, '/echo');
  const second = await session.stream('xhr_streaming');
  assert.equal(await second.chunk(), PRELUDE);
  assert.equal(await second.chunk(), BUSY);
  assert.equal(await second.chunk(), null);

  await session.send('x');
  assert.equal(await session.down.chunk(), 'a["x"]\n');
  session.down.abort();
  second.abort();
});

for (const transport of ['xhr_streaming', 'eventsource']) {
  test(`when the client of a waiting ${transport} vanishes, the session is gone`, async () => {
    const session = await Session.polling(gateway.port, '/echo');
    const down = await session.stream(transport);
    await down.chunk();
    down.abort();
    await isGone(session);
    assert.equal(await session.poll(), INTERRUPTED);
    assert.equal(await session.poll(), INTERRUPTED);
  });
}

test('when the client of a waiting poll vanishes, the session is gone', async () => {
  const session = await Session.polling(gateway.port, '/echo');
  const wire = await connect(gateway.port);
  await wire.writeOut(requestText(`POST ${session.url}/xhr`, { body: '' }));
  wire.abort();
  await isGone(session);
  assert.equal(await session.poll(), INTERRUPTED);
});

test('a stream ends when its limit is reached, and the next one goes on', async () => {
  const session = await Session.streaming(gateway.port, '/echo');
  const text = 'x'.repeat(128);
  for (let i = 0; i < 31; i += 1) { // open at 4,022 bytes, closed at 4,156
    await session.send(text);
    assert.equal(await session.down.chunk(), `a["${text}"]\n`);
  }
  assert.equal(await session.down.chunk(), null);

  await session.send('more');
  const next = await session.stream('xhr_streaming');
  assert.equal(await next.chunk(), PRELUDE);
  assert.equal(await next.chunk(), 'a["more"]\n');
  next.abort();
});

test('the close frame carries the code and the reason, again and again', async () => {
  const session = await Session.polling(gateway.port, '/close');
  for (let i = 0; i < 3; i += 1) assert.equal(await session.poll(), 'c[3000,"Go away!"]\n');
  assert.equal((await session.send('x')).status, 404);
});

test('the close frame ends a stream', async () => {
  const session = await Session.streaming(gateway.port, '/close');
  assert.equal(await session.down.chunk(), 'c[3000,"Go away!"]\n');
  assert.equal(await session.down.chunk(), null);
});

test('the close frame ends an event stream', async () => {
  const down = await new Session(gateway.port, '/close').stream('eventsource');
  assert.equal(await down.chunk(), '\r\n');
  assert.equal(await down.chunk(), 'data: o\r\n\r\n');
  assert.equal(await down.chunk(), 'data: c[3000,"Go away!"]\r\n\r\n');
  assert.equal(await down.chunk(), null);
});

test('a stream gets heart-beats', async () => {
  const session = await Session.streaming(impatient.port, '/echo');
  for (let i = 0; i < 3; i += 1) assert.equal(await session.down.chunk(), 'h\n');
  session.down.abort();
});

test('a poll that waits too long is answered by a heart-beat', async () => {
  const session = await Session.polling(impatient.port, '/echo');
  assert.equal(await session.poll(), 'h\n');
  assert.equal(await session.poll(), 'h\n');
});

test('a session without receiver is forgotten, but its close frame is not', async () => {
  const session = await Session.polling(impatient.port, '/echo');
  await isGone(session);
  assert.match(await session.poll(), /^c\[\d{4},".+"\]\n$/);
});

test('a session belongs to the origin that opened it', async () => {
  const session = new Session(gateway.port, '/echo', { origin: 'https://shop.example' });
  assert.equal(await session.poll(), 'o\n');
  const thief = new Session(gateway.port, '/echo', { origin: 'https://evil.example' });
  thief.url = session.url;

  assert.equal((await thief.send('stolen')).status, 404);
  assert.equal((await thief.post('xhr')).status, 404);
  await session.send('mine');
  assert.equal(await session.poll(), 'a["mine"]\n');
});

test('two WebSockets with one id are two sessions, which no request reaches', async () => {
  const session = new Session(gateway.port, '/echo');
  const [one, two] = await Promise.all([0, 1].map(() => (
    Socket.open(`${gateway.ws}${session.url}/websocket`))));
  for (const socket of [one, two]) assert.equal(await socket.next(), 'o');

  one.send('["one"]');
  two.send('["two"]');
  assert.equal(await one.next(), 'a["one"]');
  assert.equal(await two.next(), 'a["two"]');
  assert.equal((await session.send('x')).status, 404);
  await Promise.all([one.close(), two.close()]);
});

test('a session id may have 128 characters', async () => {
  assert.equal(await new Session(gateway.port, '/echo', { id: 'a'.repeat(128) }).poll(), 'o\n');
});
