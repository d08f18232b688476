// What comes with the head of a WebSocket, and around it: frames in the same packet, the
// end of the client's side, cuts anywhere, a reload or the gateway's end in between. The
// gateway is paused while the bytes are sent, so that it sees all of them at once.
// tags: tsan
import assert from 'node:assert/strict';
import { configuration } from './lib/config.mjs';
import { clientFrame, PING, PONG, serverFrame, TEXT } from './lib/frames.mjs';
import { ask, requestText, Wire } from './lib/http.mjs';
import { test, testWith, withGateway } from './lib/test.mjs';
import { until } from './lib/wait.mjs';

const gateway = withGateway(configuration());

// Several connections, so that each worker gets some.
const SEVERAL = 6;

const head = (path = '/echo/websocket') => Buffer.from(requestText(`GET ${path}`, { headers: {
  Upgrade: 'websocket', Connection: 'Upgrade',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13',
} }));
const texts = (...all) => Buffer.concat(all.map((text) => clientFrame(TEXT, text)));

const openSeveral = (port) => Promise.all(Array.from({ length: SEVERAL }, () => Wire.open(port)));

// The gateway finds all that `send` does at its next look.
async function whilePaused(paused, send) {
  paused.pause();
  try {
    await send();
  } finally {
    paused.goOn();
  }
}

async function assertEchoes(wire, ...expected) {
  for (const text of expected) {
    const { opcode, payload } = await serverFrame(wire);
    assert.equal(opcode, TEXT);
    assert.equal(payload.toString(), text);
  }
}

test('messages in one packet with the head are all answered, in order', async () => {
  const wires = await openSeveral(gateway.port);
  await whilePaused(gateway, () => Promise.all(wires.map((wire) => (
    wire.writeOut(Buffer.concat([head(), texts('one', 'two', 'three')]))))));
  for (const wire of wires) {
    assert.equal((await wire.head()).status, 101);
    await assertEchoes(wire, 'one', 'two', 'three');
    wire.write(texts('four'));
    await assertEchoes(wire, 'four');
    wire.abort();
  }
});

test('far more than one read after the head is not lost', async () => {
  const large = Array.from({ length: 5 }, (_, i) => `${i}`.repeat(20_000));
  const wires = await openSeveral(gateway.port);
  await whilePaused(gateway, () => Promise.all(wires.map((wire) => (
    wire.writeOut(Buffer.concat([head(), texts(...large)]))))));
  for (const wire of wires) {
    assert.equal((await wire.head()).status, 101);
    await assertEchoes(wire, ...large);
    wire.abort();
  }
});

test('a PING in one packet with the head is answered', async () => {
  const wire = await Wire.open(gateway.port);
  await whilePaused(gateway, () => wire.writeOut(Buffer.concat([head(), clientFrame(PING, 'there?')])));
  assert.equal((await wire.head()).status, 101);
  const { opcode, payload } = await serverFrame(wire);
  assert.deepEqual([opcode, payload.toString()], [PONG, 'there?']);
  wire.abort();
});

for (const [what, message, path] of [
  ['nothing else', '', '/echo/websocket'],
  ['messages', texts('one', 'two'), '/echo/websocket'],
  ['half a frame', texts('one', 'two').subarray(0, -2), '/echo/websocket'],
  ['a message of SockJS', texts('["one"]'), '/echo/000/abc/websocket'],
]) {
  const count = { messages: 2, 'half a frame': 1, 'a message of SockJS': 1 }[what] ?? 0;
  testWith(`a client that sends a head and ${what}, and its end, is heard and let go`, configuration(), async (own, keep) => {
    const wires = await Promise.all(Array.from({ length: SEVERAL }, () => keep(Wire.open(own.port))));
    await whilePaused(own, () => Promise.all(wires.map((wire) => (
      new Promise((resolve) => { wire.socket.end(Buffer.concat([head(path), Buffer.from(message)]), resolve); })))));
    for (const wire of wires) assert.equal((await wire.head()).status, 101);
    const heard = new RegExp(`session ended: .*messages_in=${count} `, 'g');
    await until('all sessions have ended', () => own.log.match(heard)?.length === SEVERAL);
  });
}

test('a head and its messages may be cut anywhere', async () => {
  const whole = Buffer.concat([head(), texts('one', 'two')]);
  const wires = await Promise.all(Array.from({ length: whole.length - 1 }, () => Wire.open(gateway.port)));
  await Promise.all(wires.map((wire, i) => wire.writeOut(whole.subarray(0, i + 1))));
  await ask(gateway.port, 'GET /echo'); // it came after those, so they have been looked at
  await Promise.all(wires.map((wire, i) => wire.writeOut(whole.subarray(i + 1))));
  for (const wire of wires) {
    assert.equal((await wire.head()).status, 101);
    await assertEchoes(wire, 'one', 'two');
    wire.abort();
  }
});

testWith('a reload in the middle of a head decides', configuration(), async (own, keep) => {
  const gone = await keep(Wire.open(own.port)), late = await keep(Wire.open(own.port));
  const old = head('/echo/websocket'), recent = head('/recent/websocket');
  await gone.writeOut(old.subarray(0, 30));
  await late.writeOut(recent.subarray(0, 30));
  await ask(own.port, 'GET /echo');
  await own.reload({ ...configuration(), endpoints: [{ path: '/recent', handler: 'echo', sockjs: true }] });
  await until('the workers go by it', async () => (await ask(own.port, 'GET /recent')).status === 200);
  gone.write(old.subarray(30));
  late.write(Buffer.concat([recent.subarray(30), texts('one')]));
  assert.equal((await gone.head()).status, 404);
  assert.equal((await late.head()).status, 101);
  await assertEchoes(late, 'one');
});

testWith('a head that comes while the gateway ends is answered or cut off, and it ends', configuration({
  times: { drain: 2000 },
}), async (own, keep) => {
  const wires = await Promise.all(Array.from({ length: SEVERAL }, () => keep(Wire.open(own.port))));
  await Promise.all(wires.map((wire) => wire.writeOut(head().subarray(0, 30))));
  await ask(own.port, 'GET /echo');
  await own.drain();
  wires.forEach((wire) => wire.write(Buffer.concat([head().subarray(30), texts('one')])));
  await until('no connection is left', () => wires.every((wire) => wire.ended));
  assert.equal(await own.exit, 0);
});

testWith('WebSocket after WebSocket is let in where few connections may be', configuration({
  limits: { connections: 12, address_connections: 12, share: 100 }, exempt_addresses: [],
}), async (own, keep) => {
  for (let i = 0; i < 40; i += 1) {
    const wire = await keep(Wire.open(own.port));
    wire.write(Buffer.concat([head(), texts('one')]));
    assert.equal((await wire.head()).status, 101, `number ${i}`);
    await assertEchoes(wire, 'one');
    wire.abort();
    const told = new RegExp('session ended: ', 'g');
    await until('its session has ended', () => own.log.match(told)?.length === i + 1);
  }
});

// Safari 5 and its like speak drafts of WebSocket: hixie-76, whose head is followed by eight
// bytes of a key, or hixie-75. They give up when the status is not 101, so it must come
// without a wait. sockjs-client then goes on with the next transport.
const drafts = {
  'hixie-76': [{ 'Sec-WebSocket-Key1': '4 @1  46546xW%0l 1 5', 'Sec-WebSocket-Key2': '12998 5 Y3 1  .P00' }, '^n:ds[4U'],
  'hixie-75': [{}, ''],
};
for (const [draft, [keys, key]] of Object.entries(drafts)) {
  for (const path of ['/echo/000/draft/websocket', '/echo/websocket']) {
    test(`${draft} is refused without a wait at ${path}, and the next transport is served`, async () => {
      const headers = { Upgrade: 'WebSocket', Connection: 'Upgrade', Origin: gateway.url, ...keys };
      const wire = await Wire.open(gateway.port);
      wire.write(requestText(`GET ${path}`, { headers }) + key);
      const { status, body } = await wire.answer();
      assert.deepEqual([status, body], [426, 'Only version 13 of WebSocket is spoken.']);
      wire.abort();
      const next = await ask(gateway.port, `POST /echo/000/${draft}${path.length}/xhr`);
      assert.deepEqual([next.status, next.body], [200, 'o\n']);
    });
  }
}
