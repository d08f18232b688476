// What a peer may demand is bounded: how long its head is, also the second one on a
// connection, how long it may not read, and how many it may be.
import assert from 'node:assert/strict';
import { configuration } from './lib/config.mjs';
import { connect, requestText, Wire } from './lib/http.mjs';
import { Session } from './lib/sockjs.mjs';
import { Socket, Stomp } from './lib/stomp.mjs';
import { test, testWith, withGateway } from './lib/test.mjs';
import { deadline, until } from './lib/wait.mjs';

const gateway = withGateway(configuration({
  endpoints: [{ path: '/shop', handler: 'echo', allowed_origins: ['https://shop.example'] }],
}));

// Heads.

const many = (count) => Array.from({ length: count }, (_, i) => `X${i}: y\r\n`).join('');
const post = (lines, body = '') => (
  `POST /echo/000/hidden/xhr HTTP/1.1\r\nHost: a\r\n${lines}\r\n${body}`);
const UPGRADE = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'
  + 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const CHUNKED = 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n';

// [what, bytes, the statuses that it may be refused with]
const refused = [
  ['101 lines', `GET /chat HTTP/1.1\r\nHost: a\r\n${many(100)}\r\n`, [431]],
  ['300 lines', `GET /chat HTTP/1.1\r\nHost: a\r\n${many(299)}\r\n`, [431]],
  ['two lengths behind 100 lines', post(`${many(99)}${CHUNKED}`, '0\r\n\r\n'), [431]],
  ['a foreign origin behind 100 lines',
    `GET /shop/info HTTP/1.1\r\nHost: a\r\n${many(99)}Origin: https://evil.example\r\n\r\n`, [431]],
  ['an upgrade behind 100 lines',
    `GET /echo/websocket HTTP/1.1\r\nHost: a\r\n${many(99)}${UPGRADE}\r\n`, [431]],
  ['HTTP/1.7', 'GET /chat HTTP/1.7\r\nHost: a\r\n\r\n', [400, 505]],
  ['HTTP/1.10', 'GET /chat HTTP/1.10\r\nHost: a\r\n\r\n', [400, 505]],
  ['a Host of 5,000 bytes', `GET /chat HTTP/1.1\r\nHost: ${'a'.repeat(5000)}\r\n\r\n`, [400, 431]],
  ['a Host of 5,000 bytes and an upgrade',
    `GET /echo/websocket HTTP/1.1\r\nHost: ${'a'.repeat(5000)}\r\n${UPGRADE}\r\n`, [400, 431]],
  ['a Host of 5,000 bytes and an upgrade to SockJS',
    `GET /echo/000/long/websocket HTTP/1.1\r\nHost: ${'a'.repeat(5000)}\r\n${UPGRADE}\r\n`, [400, 431]],
];
for (const [what, bytes, statuses] of refused) {
  for (const which of ['first', 'second']) {
    test(`the ${which} head of a connection is refused for ${what}`, async () => {
      const wire = await Wire.open(gateway.port);
      if (which === 'second') await wire.write(requestText('GET /chat')).answer();
      const { status } = await wire.write(bytes).head();
      assert.ok(statuses.includes(status), `${status}`);
      wire.abort();
    });
  }
}

// Cookies of single sign-on fill a head. The whole of it has `length` bytes.
function filled(line, length, headers = {}, body = undefined) {
  const all = { ...headers, Cookie: '' };
  const missing = length - requestText(line, { headers: all, body: body && '' }).length;
  const session = (i) => `sso${i}=${'x'.repeat(990)}; `;
  all.Cookie = Array.from({ length: 20 }, (_, i) => session(i)).join('').slice(0, missing);
  return requestText(line, { headers: all, body });
}

const HANDSHAKE = {
  Upgrade: 'websocket', Connection: 'Upgrade',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13',
};

// [what, the request's line at a session, its headers, its body, the status that it gets]
const asked = [
  ['/info', () => 'GET /echo/info', {}, undefined, 200],
  ['a raw WebSocket', () => 'GET /echo/websocket', HANDSHAKE, undefined, 101],
  ['a SockJS WebSocket', (url) => `GET ${url}x/websocket`, HANDSHAKE, undefined, 101],
  ['xhr', (url) => `POST ${url}/xhr`, {}, undefined, 200],
  ['xhr_streaming', (url) => `POST ${url}x/xhr_streaming`, {}, undefined, 200],
  ['eventsource', (url) => `GET ${url}x/eventsource`, {}, undefined, 200],
  ['xhr_send', (url) => `POST ${url}/xhr_send`, {}, '["x"]', 204],
  ['a page that is not there', () => 'GET /nothing', {}, undefined, 404],
];
const bodyOf = (line, body) => (line.startsWith('POST') ? body ?? '' : undefined);
for (const [what, line, headers, body, status] of asked) {
  for (const which of ['first', 'second']) {
    test(`${what} takes a head of limits.head, as the ${which} of its connection, and no longer one`, async () => {
      for (const [length, wanted] of [[9_000, status], [9_216, status], [9_217, 431], [12_000, 431]]) {
        const session = await Session.polling(gateway.port, '/echo');
        await session.send('for xhr');
        const wire = await Wire.open(gateway.port);
        if (which === 'second') await wire.write(requestText('GET /chat')).answer();
        const text = filled(line(session.url), length, headers, bodyOf(line(''), body));
        assert.equal(text.length - (body?.length ?? 0), length);
        assert.equal((await wire.write(text).head()).status, wanted, `${length} bytes`);
        wire.abort();
      }
    });
  }
}

test('a target of limits.target is taken, a longer one is not, as any head of a connection', async () => {
  const wire = await Wire.open(gateway.port);
  const target = (length) => `/chat/info?token=${'x'.repeat(length - '/chat/info?token='.length)}`;
  for (let i = 0; i < 3; i += 1) {
    assert.equal((await wire.write(requestText(`GET ${target(8192)}`)).answer()).status, 200);
  }
  assert.equal((await wire.write(requestText(`GET ${target(8193)}`)).head()).status, 414);
  wire.abort();
  const other = await Wire.open(gateway.port);
  assert.equal((await other.write(requestText(`GET ${target(8193)}`)).head()).status, 414);
  other.abort();
});

test('what a head asks to have again comes back whole, however long it is', async () => {
  const names = Array.from({ length: 620 }, (_, i) => `x-header-${i}`).join(', ');
  const { status, headers } = await (await Wire.open(gateway.port)).write(requestText('OPTIONS /echo/000/a/xhr', {
    headers: { Origin: 'https://shop.example', 'Access-Control-Request-Headers': names } })).answer();
  assert.equal(status, 204);
  assert.equal(headers['access-control-allow-headers'], names);
});

test('a hundred lines and limits.head at once are taken, with a body too', async () => {
  const lines = Object.fromEntries(Array.from({ length: 97 }, (_, i) => [`X${i}`, 'y']));
  const session = await Session.polling(gateway.port, '/echo');
  const body = JSON.stringify(['x'.repeat(20_000)]);
  const wire = await Wire.open(gateway.port);
  for (let i = 0; i < 3; i += 1) {
    const post = filled(`POST ${session.url}/xhr_send`, 9_216, { ...lines, 'Content-Length': body.length });
    assert.equal((await wire.write(filled('GET /chat/info', 9_216, lines)).answer()).status, 200);
    assert.equal((await wire.write(post + body).answer()).status, 204);
  }
  wire.abort();
});

// Peers that do not read.

const impatient = configuration({
  times: { progress: 300, keep_alive: 1000, disconnect: 1000, late_poll: 0 },
  limits: { frame: 20_000_000, queue_bytes: 100_000_000 },
  endpoints: [{ path: '/long', handler: 'stomp', response_limit: 1_000_000_000 }],
});

// A client that asks without end and reads nothing.
class Deaf {
  static async open(port, request) {
    const deaf = new Deaf();
    deaf.socket = (await connect(port)).socket.pause();
    deaf.closed = new Promise((resolve) => { deaf.socket.once('close', resolve); });
    const requests = request.repeat(1000);
    const more = (error) => error || deaf.socket.write(requests, more);
    more();
    return deaf;
  }

  abort() { this.socket.destroy(); }
}

// [what, its request, how many ask: where an answer gets stuck is up to the kernel]
const answers = [
  ['a page', () => 'GET /chat/info', 2],
  ['the close of a poll', (url) => `POST ${url}/xhr`, 2],
  ['the end of a stream', (url) => `POST ${url}/xhr_streaming`, 10],
  ['the end of an event stream', (url) => `GET ${url}/eventsource`, 10],
];
for (const [what, line, count] of answers) {
  testWith(`who never reads ${what} is not waited for`, impatient, async ({ port }, keep) => {
    const session = await Session.polling(port, '/close');
    assert.equal(await session.poll(), 'c[3000,"Go away!"]\n');
    const text = requestText(line(session.url), line(session.url).startsWith('POST') ? { body: '' } : {});
    const deaf = await Promise.all(Array.from({ length: count }, () => keep(Deaf.open(port, text))));
    // Until the kernel's buffers are full, which takes a busy machine its time, all is well.
    await Promise.all(deaf.map(({ closed }) => deadline('the gateway closes it', closed, 100_000)));
  });
}

// A message that large takes a busy machine its time.
const patient = { ...impatient, times: { ...impatient.times, disconnect: 10_000 } };
testWith('who never reads the messages of a poll is not waited for', patient, async (strict, keep) => {
  const before = strict.descriptors;
  const session = await Session.polling(strict.port, '/echo');
  assert.equal((await session.send('x'.repeat(15_000_000))).status, 204);
  const wire = await keep(connect(strict.port));
  wire.socket.pause();
  await wire.writeOut(requestText(`POST ${session.url}/xhr`, { body: '' }));
  await until('its connection is closed', () => strict.descriptors <= before);
  // The session hears of it from the worker that had the connection.
  await until('the session is over', async () => (await session.send('x')).status === 404);
});

for (const transport of ['xhr_streaming', 'eventsource']) {
  testWith(`who never reads the messages of ${transport} is not waited for`, impatient, async (strict, keep) => {
    const before = strict.descriptors;
    const session = new Session(strict.port, '/long');
    const down = await keep(session.stream(transport));
    await down.chunk();
    down.socket.pause();
    await session.send('CONNECT\naccept-version:1.2\nhost:a\n\n\0SUBSCRIBE\nid:0\ndestination:/topic/deaf\n\n\0');
    const publisher = await keep(Stomp.connect(`${strict.ws}/chat/websocket`));
    for (let i = 0; i < 10; i += 1) publisher.publish('/topic/deaf', 'x'.repeat(1_500_000));
    await publisher.call('SEND', { destination: '/topic/other' }, 'all has been taken');
    await until('only the publisher is connected', () => strict.descriptors <= before + 1);
    // The session may hear of it later; a beat does not end it.
    await until('the session is over', async () => (await session.send('\n')).status === 404);
  });
}

// A socket that is closed with unread bytes resets the connection. Then a client that still
// writes fails, or its kernel throws away the answer that it has not read yet.
for (const [what, first] of [['served by libmicrohttpd', 'GET /chat'], ['of Postern itself', 'GET /chat/info']]) {
  testWith(`a later head that is refused on a connection ${what} is answered, whatever is behind it`, configuration(), async (own, keep) => {
    const wire = await keep(Wire.open(own.port));
    await wire.write(requestText(first)).answer();
    let failure;
    wire.socket.on('error', (error) => { failure = error; });
    wire.write(`GET /chat HTTP/1.1\r\nHost: a\r\n${many(300)}\r\n${'x'.repeat(300_000)}`);
    assert.equal((await wire.answer()).status, 431);
    assert.equal((await wire.rest()).length, 0);
    assert.equal(failure, undefined);
  });
}

// Too many.

testWith('as many are served as limits.connections says, the others get 503, until some leave', configuration({
  limits: { connections: 20 },
}), async ({ port, ws }, keep) => {
  const served = [];
  for (let i = 0; i < 4; i += 1) served.push(await keep(Socket.open(`${ws}/echo/websocket`)));
  for (let i = 0; i < 4; i += 1) {
    const session = new Session(port, '/echo');
    served.push(await keep(session.stream('xhr_streaming')));
  }
  const askOn = async () => {
    const wire = await keep(Wire.open(port));
    const { status } = await wire.write(requestText('GET /chat')).head();
    return { wire, status };
  };
  let last = await askOn();
  for (; last.status === 200 && served.length < 60; last = await askOn()) served.push(last.wire);

  assert.ok(served.length >= 18 && served.length <= 22, `${served.length} were served`);
  for (let i = 0; i < 5; i += 1) {
    assert.equal(last.status, 503);
    await last.wire.rest();
    last = await askOn();
  }
  served[0].send('still here');
  assert.equal(await served[0].next(), 'still here');

  served.splice(2, 10).forEach((client) => client.abort());
  await until('somebody is served again', async () => (await askOn()).status === 200);
  served[0].send('still here too');
  assert.equal(await served[0].next(), 'still here too');
});
