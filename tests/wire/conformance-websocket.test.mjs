// SockJS over WebSocket, and the raw WebSocket beside it, by the bytes of their frames.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ANYBODY, conformance, known, refusal, UNCACHED } from './lib/conformance.mjs';
import { ask, requestText, Wire } from './lib/http.mjs';
import { messageFrame } from './lib/quoting.mjs';
import { Socket } from './lib/stomp.mjs';
import { test, withGateway } from './lib/test.mjs';

const gateway = withGateway(conformance());
const beating = withGateway(conformance({ times: { heartbeat: 200 } }));

const UPGRADE = {
  Upgrade: 'websocket', Connection: 'Upgrade',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13',
};
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='; // RFC 6455 works it out for that key

const below = (endpoint) => `${endpoint}/000/${randomUUID()}/websocket`;
const sockjs = (endpoint = '/echo', { ws } = gateway) => Socket.open(`${ws}${below(endpoint)}`);

async function upgraded(path, headers) {
  const wire = await Wire.open(gateway.port);
  wire.write(requestText(`GET ${path}`, { headers: { ...UPGRADE, ...headers } }));
  wire.opening = await wire.head();
  return wire;
}

// The next frame of a server: unmasked, whole.
async function frame(wire) {
  const [first, second] = await wire.take(2);
  assert.ok(second < 126, 'a short one');
  const payload = await wire.take(second);
  return { first, payload };
}

// A client's message, masked by nothing.
const masked = (text) => Buffer.concat([Buffer.from([0x81, 0x80 | Buffer.byteLength(text), 0, 0, 0, 0]), Buffer.from(text)]);

for (const path of [below('/echo'), '/echo/websocket', '/echo']) {
  const name = path.replace(/[0-9a-f-]{36}/, 'ID');

  test(`an upgrade of ${name} is answered as RFC 6455 says`, async () => {
    const wire = await upgraded(path);
    assert.equal(wire.opening.status, 101);
    const { upgrade, connection, 'sec-websocket-accept': accept, ...more } = wire.opening.headers;
    assert.match(upgrade, /^websocket$/i);
    assert.match(connection, /^upgrade$/i);
    assert.equal(accept, ACCEPT);
    assert.deepEqual(more, {});
    wire.abort();
  });

  // The endpoint itself greets.
  if (path !== '/echo') test(`${name} without an upgrade is 400, and says what it can do`, async () => {
    const answer = await ask(gateway.port, `GET ${path}`);
    assert.equal(answer.status, 400);
    assert.match(answer.body, /^Can "Upgrade" only to "WebSocket"[.:]/);
    assert.deepEqual(known(answer), { ...refusal(answer.body), ...UNCACHED, ...ANYBODY });
  });

  for (const connection of [undefined, 'close', 'keep-alive', 'Upgraded']) {
    test(`an upgrade of ${name} with ${connection ? `Connection: ${connection}` : 'no Connection'} is 400`, async () => {
      const { Connection, ...headers } = UPGRADE;
      const answer = await ask(gateway.port, `GET ${path}`, {
        headers: { ...headers, ...connection && { Connection: connection } } });
      assert.equal(answer.status, 400);
      assert.match(answer.body, /^"Connection" must be "Upgrade"[.:]/);
    });
  }

  test(`a list with Upgrade, in any case, upgrades ${name}`, async () => {
    const wire = await upgraded(path, { Connection: 'keep-alive, uPgRaDe', Upgrade: 'WebSocket' });
    assert.equal(wire.opening.status, 101);
    wire.abort();
  });

  test(`a POST of an upgrade to ${name} is 405`, async () => {
    const { status, body, headers } = await ask(gateway.port, `POST ${path}`, { headers: UPGRADE, body: '' });
    assert.equal(status, 405);
    assert.match(headers.allow, /\bGET\b/);
    assert.equal(headers['content-type'], undefined);
    assert.equal(body, '');
  });
}

for (const path of [below('/disabled_websocket_echo'), '/disabled_websocket_echo/websocket']) {
  test(`${path.replace(/[0-9a-f-]{36}/, 'ID')} is not found, where WebSocket is off`, async () => {
    for (const headers of [UPGRADE, {}]) {
      const answer = await ask(gateway.port, `GET ${path}`, { headers });
      assert.equal(answer.status, 404);
      assert.match(answer.body, /^Nothing is served at this path/);
    }
  });
}

test('no upgrade succeeds of an endpoint where WebSocket is off', async () => {
  assert.equal((await ask(gateway.port, 'GET /disabled_websocket_echo', { headers: UPGRADE })).status, 404);
});

test('a SockJS WebSocket carries frames as text messages, to the byte', async () => {
  const wire = await upgraded(below('/echo'));
  assert.deepEqual(await frame(wire), { first: 0x81, payload: Buffer.from('o') });
  for (const [text, answer] of [['["a"]', 'a["a"]'], ['["b","\u4f60"]', 'a["b","\u4f60"]'], ['"c"', 'a["c"]']]) {
    wire.write(masked(text));
    assert.deepEqual(await frame(wire), { first: 0x81, payload: Buffer.from(answer) });
  }
  wire.abort();
});

test('a SockJS WebSocket takes binary messages as text', async () => {
  const socket = await sockjs();
  assert.equal(await socket.next(), 'o');
  socket.send(Buffer.from('["a"]'));
  assert.equal(await socket.next(), 'a["a"]');
  await socket.close();
});

test('a SockJS WebSocket ignores empty messages and empty arrays', async () => {
  const socket = await sockjs();
  assert.equal(await socket.next(), 'o');
  for (const nothing of ['', '[]', ' [ ] ', '']) socket.send(nothing);
  socket.send('"x"');
  assert.equal(await socket.next(), 'a["x"]');
  await socket.close();
});

for (const broken of ['["x', 'x', ' ', '{}', '[1]', '["a",null]', '["a"]]', 'null', '\ufeff[]']) {
  test(`a SockJS WebSocket ends when it brings ${broken === ' ' ? 'a blank' : broken}`, async () => {
    const socket = await sockjs();
    assert.equal(await socket.next(), 'o');
    socket.send(broken);
    assert.deepEqual(await socket.closes(), { code: 1002, reason: 'Broken framing.' });
  });
}

test('what was sent before broken JSON comes back, what comes after does not', async () => {
  const socket = await sockjs();
  assert.equal(await socket.next(), 'o');
  socket.send('["before"]');
  assert.equal(await socket.next(), 'a["before"]');
  socket.send('["x').send('["after"]');
  await socket.closes();
  assert.equal(socket.inbox.length, 0);
});

test('messages in one SockJS WebSocket message come back in order, in few frames', async () => {
  const socket = await sockjs();
  assert.equal(await socket.next(), 'o');
  const texts = Array.from({ length: 100 }, (_, i) => `${i}`);
  socket.send(JSON.stringify(texts));
  assert.equal(await socket.next(), messageFrame(...texts));
  await socket.close();
});

test('a SockJS WebSocket brings the close frame, then WebSocket closes with the same code and reason', async () => {
  const wire = await upgraded(below('/close'));
  assert.deepEqual(await frame(wire), { first: 0x81, payload: Buffer.from('o') });
  assert.deepEqual(await frame(wire), { first: 0x81, payload: Buffer.from('c[3000,"Go away!"]') });
  assert.deepEqual(await frame(wire), { first: 0x88, payload: Buffer.from('\x0b\xb8Go away!', 'latin1') });
  wire.abort();
});

test('a raw WebSocket closes with the code and the reason, without a frame of SockJS', async () => {
  const wire = await upgraded('/close/websocket');
  assert.deepEqual(await frame(wire), { first: 0x88, payload: Buffer.from('\x0b\xb8Go away!', 'latin1') });
  wire.abort();
});

test('a SockJS WebSocket has heart-beats', async () => {
  const socket = await sockjs('/echo', beating);
  for (const wanted of ['o', 'h', 'h', 'h']) assert.equal(await socket.next(), wanted);
  socket.send('["x"]');
  for (let got = 'h'; got !== 'a["x"]'; got = await socket.next()) assert.equal(got, 'h');
  await socket.close();
});

test('a raw WebSocket has no frames of SockJS around what it says', async () => {
  for (const path of ['/echo/websocket', '/echo']) {
    const wire = await upgraded(path);
    for (const text of ['["a"]', '', 'o', '[', '\u4f60 \u2028 \u{1F600}', '\0']) {
      wire.write(masked(text));
      assert.deepEqual(await frame(wire), { first: 0x81, payload: Buffer.from(text) });
    }
    const binary = masked('\x01\x02');
    binary[0] = 0x82;
    wire.write(binary);
    assert.deepEqual(await frame(wire), { first: 0x82, payload: Buffer.from([1, 2]) });
    wire.abort();
  }
});

test('a raw WebSocket has no heart-beats of SockJS', async () => {
  const socket = await Socket.open(`${beating.ws}/echo/websocket`);
  const other = await sockjs('/echo', beating);
  for (let i = 0; i < 4; i += 1) await other.next(); // three times as long
  socket.send('x');
  assert.equal(await socket.next(), 'x');
  await Promise.all([socket.close(), other.close()]);
});

test('a query does not matter to a WebSocket', async () => {
  for (const [path, first] of [[below('/echo'), 'o'], ['/echo/websocket', 'x'], ['/echo', 'x']]) {
    const socket = await Socket.open(`${gateway.ws}${path}?token=abc&t=1`);
    if (first === 'x') socket.send('x');
    assert.equal(await socket.next(), first);
    await socket.close();
  }
});
