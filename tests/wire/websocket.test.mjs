// WebSocket: plain, upgraded wherever HTTP allows it, and refused. What SockJS says of it
// is in conformance-websocket.test.mjs.
import assert from 'node:assert/strict';
import { configuration } from './lib/config.mjs';
import { ask, requestText, Wire } from './lib/http.mjs';
import { Socket } from './lib/stomp.mjs';
import { test, withGateway } from './lib/test.mjs';
import { until } from './lib/wait.mjs';

const gateway = withGateway(configuration({ limits: { frame: 65_536 } }));
const impatient = withGateway(configuration({ times: { ping: 250, pong: 500 } }));

const open = (path, ...more) => Socket.open(`${gateway.ws}${path}`, ...more);

const UPGRADE = {
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
};
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='; // RFC 6455 works it out for that key

const FRAMED = '/echo/000/abc/websocket';

function assertUpgraded({ status, headers }) {
  assert.equal(status, 101);
  assert.equal(headers.upgrade.toLowerCase(), 'websocket');
  assert.match(headers.connection, /upgrade/i);
  assert.equal(headers['sec-websocket-accept'], ACCEPT);
}

test('a plain endpoint replies to each text, from any origin', async () => {
  const socket = await open('/ws/chat', [], { origin: 'https://elsewhere.example' });
  for (const text of ['hello', '', 'again']) {
    socket.send(text);
    assert.equal(await socket.next(), 'Welcome chatting sever~^^');
  }
  await socket.close();
});

test('a plain endpoint has no SockJS below it', async () => {
  for (const path of ['/ws/chat/info', '/ws/chat/iframe.html', '/ws/chat/000/abc/websocket']) {
    assert.equal((await ask(gateway.port, `GET ${path}`)).status, 404, path);
  }
});

test('a message of many fragments arrives whole', async () => {
  const socket = await open('/echo/websocket');
  for (let i = 0; i < 100; i += 1) socket.ws.send(`${i},`, { fin: false });
  socket.ws.send('end', { fin: true });
  assert.equal(await socket.next(), `${Array.from({ length: 100 }, (_, i) => `${i},`).join('')}end`);
  await socket.close();
});

test('five hundred messages in one write are all answered, in order', async () => {
  const socket = await open('/echo/websocket');
  socket.ws._socket.cork();
  for (let i = 0; i < 500; i += 1) socket.send(`message ${i}`);
  socket.ws._socket.uncork();
  for (let i = 0; i < 500; i += 1) assert.equal(await socket.next(), `message ${i}`);
  await socket.close();
});

test('a large message comes back whole', async () => {
  const text = 'long \u4F60'.repeat(7_500);
  const socket = await open('/echo/websocket');
  socket.send(text);
  assert.ok(await socket.next() === text);
  await socket.close();
});

for (const path of ['/echo/websocket', FRAMED]) {
  test(`a message beyond the limit closes ${path} with 1009`, async () => {
    const socket = await open(path);
    socket.send(JSON.stringify(['x'.repeat(200_000)]));
    assert.equal((await socket.closes()).code, 1009);
  });
}

test('fragments beyond the limit close with 1009, before the message ends', async () => {
  const socket = await open('/echo/websocket');
  for (let i = 0; i < 20; i += 1) socket.ws.send('x'.repeat(10_000), { fin: false });
  assert.equal((await socket.closes()).code, 1009);
});

test('a message has limits.fragments fragments, and no more', async () => {
  const socket = await open('/echo/websocket');
  const send = (count) => {
    for (let i = 1; i < count; i += 1) socket.ws.send('x', { fin: false });
    socket.ws.send('y', { fin: true });
  };
  send(1024);
  assert.equal(await socket.next(), `${'x'.repeat(1023)}y`);
  send(1025);
  assert.equal((await socket.closes()).code, 1009);
});

test('text that is no UTF-8 closes with 1007', async () => {
  const socket = await open('/echo/websocket');
  socket.ws.send(Buffer.from([0x61, 0xff]), { binary: false });
  assert.equal((await socket.closes()).code, 1007);
});

test('a close is answered with its code', async () => {
  const socket = await open('/echo/websocket');
  socket.ws.close(4001, 'enough');
  assert.equal((await socket.closes()).code, 4001);
});

test('a client that pings gets its pong', async () => {
  const socket = await open('/echo/websocket');
  const pong = new Promise((resolve) => { socket.ws.once('pong', resolve); });
  socket.ws.ping('data');
  assert.equal((await pong).toString(), 'data');
  await socket.close();
});

test('an idle WebSocket is pinged, and lives while it answers', async () => {
  const socket = await Socket.open(`${impatient.ws}/echo/websocket`);
  let pings = 0;
  socket.ws.on('ping', () => { pings += 1; });
  await until('five pings came', () => pings >= 5);
  socket.send('alive');
  assert.equal(await socket.next(), 'alive');
  await socket.close();
});

test('a WebSocket that answers no ping is closed', async () => {
  const socket = await Socket.open(`${impatient.ws}/echo/websocket`, [], { autoPong: false });
  await socket.closes();
});

test('a connection that was used for HTTP may become a WebSocket', async () => {
  const wire = await Wire.open(gateway.port);
  for (let i = 0; i < 3; i += 1) {
    assert.equal((await wire.write(requestText('GET /echo')).answer()).body, 'Welcome to SockJS!\n');
  }
  wire.write(requestText(`GET ${FRAMED}`, { headers: UPGRADE }));
  assertUpgraded(await wire.head());
  assert.equal((await wire.take(3)).toString('latin1'), '\x81\x01o');
  wire.abort();
});

test('a GET and an upgrade in one write get 200, then 101', async () => {
  const wire = await Wire.open(gateway.port);
  wire.write(requestText('GET /echo') + requestText(`GET ${FRAMED}`, { headers: UPGRADE }));
  assert.equal((await wire.answer()).body, 'Welcome to SockJS!\n');
  assertUpgraded(await wire.head());
  assert.equal((await wire.take(3)).toString('latin1'), '\x81\x01o');
  wire.abort();
});

test('a message in one write with the upgrade is not lost', async () => {
  const wire = await Wire.open(gateway.port);
  const hello = Buffer.from([0x81, 0x85, 0, 0, 0, 0, ...Buffer.from('hello')]); // masked with 0
  wire.write(Buffer.concat([Buffer.from(requestText('GET /echo/websocket', { headers: UPGRADE })), hello]));
  assertUpgraded(await wire.head());
  assert.equal((await wire.take(7)).toString('latin1'), '\x81\x05hello');
  wire.abort();
});

test('an upgrade in many small pieces succeeds', async () => {
  const wire = await Wire.open(gateway.port);
  for (const piece of requestText(`GET ${FRAMED}`, { headers: UPGRADE }).match(/[^]{1,20}/g)) {
    await wire.writeOut(piece);
    await new Promise(setImmediate);
  }
  assertUpgraded(await wire.head());
  wire.abort();
});

const without = (name) => Object.fromEntries(Object.entries(UPGRADE).filter(([key]) => key !== name));

// [what is wrong, request line, headers, status, (body)]
const refusals = [
  ['without an upgrade', `GET ${FRAMED}`, {}, 400, 'Can "Upgrade" only to "WebSocket"'],
  ['without an upgrade, of a raw WebSocket', 'GET /echo/websocket', {}, 400, 'Can "Upgrade" only to "WebSocket"'],
  ['without an upgrade, of a plain endpoint', 'GET /ws/chat', {}, 400, 'Can "Upgrade" only to "WebSocket"'],
  ['without Connection', `GET ${FRAMED}`, without('Connection'), 400],
  ['with Connection: close', `GET ${FRAMED}`, { ...UPGRADE, Connection: 'close' }, 400],
  ['by POST', `POST ${FRAMED}`, { ...UPGRADE, 'Content-Length': 0 }, 405],
  ['by HEAD', `HEAD ${FRAMED}`, UPGRADE, 405],
  ['without a key', `GET ${FRAMED}`, without('Sec-WebSocket-Key'), 400],
  ['with a short key', `GET ${FRAMED}`, { ...UPGRADE, 'Sec-WebSocket-Key': 'abc' }, 400],
  ['with a key that is not base64', `GET ${FRAMED}`,
    { ...UPGRADE, 'Sec-WebSocket-Key': '!!!!!!!!!!!!!!!!!!!!!!==' }, 400],
  ['without a version', `GET ${FRAMED}`, without('Sec-WebSocket-Version'), 426],
  ['of version 8', `GET ${FRAMED}`, { ...UPGRADE, 'Sec-WebSocket-Version': '8' }, 426],
  ['where WebSocket is off', 'GET /disabled_websocket_echo/000/abc/websocket', UPGRADE, 404],
  ['where nothing is', 'GET /nothing', UPGRADE, 404],
  ['where WebSocket is off, behind a slash', 'GET /disabled_websocket_echo/', UPGRADE, 404],
  ...['/echo/info', '/echo/iframe.html', '/health', '/echo/000/abc/eventsource', '/echo/000/abc/xhr_send', '/'].map((path) => (
    [`at ${path}, where something else is,`, `GET ${path}`, UPGRADE, 426, 'No WebSocket is spoken at this URL'])),
];
for (const [what, line, headers, status, body] of refusals) {
  for (const reused of [false, true]) {
    test(`a handshake ${what} is refused with ${status}${reused ? ', on a used connection too' : ''}`, async () => {
      const wire = await Wire.open(gateway.port);
      if (reused) await wire.write(requestText('GET /echo')).answer();
      wire.write(requestText(line, { headers }));
      const answer = await wire.answer({ method: line.split(' ')[0] });
      assert.equal(answer.status, status);
      if (body) assert.ok(answer.body.startsWith(body), answer.body);
      if (status === 426) {
        assert.equal(answer.headers['sec-websocket-version'], '13');
        assert.equal(answer.headers.upgrade, 'websocket');
        assert.match(answer.headers.connection, /\bUpgrade\b/);
      }
      wire.abort();
    });
  }
}

for (const path of ['/echo/', '/echo/websocket/', `${FRAMED}/`, '/ws/chat/', '/ws/chat/?token=1']) {
  for (const reused of [false, true]) {
    test(`a slash at the end of ${path} does not matter${reused ? ', on a used connection too' : ''}`, async () => {
      const wire = await Wire.open(gateway.port);
      if (reused) await wire.write(requestText('GET /echo')).answer();
      assertUpgraded(await wire.write(requestText(`GET ${path}`, { headers: UPGRADE })).head());
      wire.abort();
    });
  }
}

test('an upgrade in the place of a request for frames is refused on a connection that waits for the next', async () => {
  const wire = await Wire.open(gateway.port);
  const poll = requestText('POST /echo/000/in-vain/xhr', { body: '' });
  assert.equal((await wire.write(poll).answer()).body, 'o\n');
  wire.write(requestText('GET /echo/000/in-vain/eventsource', { headers: UPGRADE }));
  assert.equal((await wire.answer()).status, 426);
  wire.abort();
});

test('an upgrade over HTTP/1.0 is refused', async () => {
  assert.equal((await ask(gateway.port, `GET ${FRAMED}`, { headers: UPGRADE, version: '1.0' })).status, 400);
});

for (const to of ['h2c', 'TLS/1.0', 'websockets', 'foo']) {
  test(`an upgrade to ${to} never succeeds`, async () => {
    const headers = { ...UPGRADE, Upgrade: to, 'HTTP2-Settings': 'AAMAAABkAARAAAAAAAIAAAAA' };
    for (const path of [FRAMED, '/echo', '/']) {
      const answer = await ask(gateway.port, `GET ${path}`, { headers });
      assert.notEqual(answer.status, 101, path);
    }
  });
}
