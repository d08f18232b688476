// RFC 6455, frame by frame: what stands between the fragments of a message, text that is
// cut anywhere, pings in company, and how a connection ends.
import assert from 'node:assert/strict';
import { conformance } from './lib/conformance.mjs';
import { BINARY, CLOSE, clientFrame, closeFrame, CONTINUATION, openFrames, PING, PONG, serverFrame,
  TEXT } from './lib/frames.mjs';
import { test, withGateway } from './lib/test.mjs';

// It waits long for a peer's end: who waits for the gateway's would miss its deadline.
const gateway = withGateway(conformance({ times: { linger: 600_000 } }));

const open = () => openFrames(gateway.port, '/echo/websocket');
const octets = (...values) => Buffer.from(values);

async function assertFrames(wire, ...wanted) {
  for (const [opcode, payload] of wanted) {
    const frame = await serverFrame(wire);
    assert.ok(frame, `the connection ended before ${opcode} ${payload}`);
    assert.deepEqual([frame.opcode, frame.payload.toString('latin1')],
      [opcode, Buffer.from(payload).toString('latin1')]);
  }
}

async function assertFails(wire, code) {
  const frame = await serverFrame(wire);
  assert.ok(frame, 'a close frame comes');
  assert.equal(frame.opcode, CLOSE);
  assert.equal(frame.payload.readUInt16BE(), code);
  assert.equal(await wire.take(1), null, 'nothing comes behind it but the end');
}

// Characters of one to four octets.
const TEXTS = ['a\u00e4\u20ac\u{1f600}z', '\u{10ffff}\ud7ff\ue000\u07ff\u0800'];

// [what it is called, the frame, what answers it]
const BETWEEN = [
  ['nothing', octets(), []],
  ['a PING', clientFrame(PING, 'p'), [PONG, 'p']],
  ['an empty PING', clientFrame(PING), [PONG, '']],
  ['a PING of octets that are no text', clientFrame(PING, octets(0xff, 0xfe)), [PONG, octets(0xff, 0xfe)]],
  ['a PONG', clientFrame(PONG, 'ping'), []],
  ['an empty PONG', clientFrame(PONG), []],
  ['a PONG of octets that are no text', clientFrame(PONG, octets(0xff, 0xfe)), []],
  ['a PONG that ends inside a character', clientFrame(PONG, octets(0xf0, 0x9f)), []],
  ['a PONG of 125 octets', clientFrame(PONG, Buffer.alloc(125, 0xe2)), []],
  ['an empty fragment', clientFrame(CONTINUATION, '', { more: true }), []],
];

for (const [what, between, answer] of BETWEEN) {
  test(`text that is cut anywhere, with ${what} between, arrives whole`, async () => {
    const wire = await open();
    for (const text of TEXTS) {
      const bytes = Buffer.from(text);
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        wire.write(Buffer.concat([
          clientFrame(TEXT, bytes.subarray(0, cut), { more: true }), between,
          clientFrame(CONTINUATION, bytes.subarray(cut))]));
        if (answer.length > 0) await assertFrames(wire, answer);
        await assertFrames(wire, [TEXT, text]);
      }
    }
    wire.abort();
  });

  test(`text in fragments of one octet, each followed by ${what}, arrives whole`, async () => {
    const wire = await open();
    for (const text of TEXTS) {
      const [first, ...rest] = Buffer.from(text);
      const last = rest.pop();
      wire.write(Buffer.concat([
        clientFrame(TEXT, octets(first), { more: true }), between,
        ...rest.flatMap((octet) => [clientFrame(CONTINUATION, octets(octet), { more: true }), between]),
        clientFrame(CONTINUATION, octets(last))]));
      for (let i = 0; i <= rest.length && answer.length > 0; i += 1) await assertFrames(wire, answer);
      await assertFrames(wire, [TEXT, text]);
    }
    wire.abort();
  });

  if (what !== 'an empty fragment') test(`${what} between two messages touches neither`, async () => {
    const wire = await open();
    wire.write(Buffer.concat([clientFrame(TEXT, TEXTS[0]), between, clientFrame(TEXT, TEXTS[1])]));
    const answers = answer.length > 0 ? [answer] : [];
    await assertFrames(wire, [TEXT, TEXTS[0]], ...answers, [TEXT, TEXTS[1]]);
    wire.abort();
  });
}

test('frames that are cut at each octet of the stream are the same frames', async () => {
  const wire = await open();
  const bytes = Buffer.concat([
    clientFrame(TEXT, 'a\u00e4', { more: true }), clientFrame(PING, 'p'),
    clientFrame(CONTINUATION, '\u20ac'), clientFrame(BINARY, octets(0xff)), clientFrame(TEXT, 'x'.repeat(200))]);
  const wanted = [[PONG, 'p'], [TEXT, 'a\u00e4\u20ac'], [BINARY, octets(0xff)], [TEXT, 'x'.repeat(200)]];
  for (let cut = 1; cut < bytes.length; cut += 1) {
    await wire.writeOut(bytes.subarray(0, cut));
    await new Promise(setImmediate);
    wire.write(bytes.subarray(cut));
    await assertFrames(wire, ...wanted);
  }
  wire.abort();
});

const NO_TEXT = [
  ['a lone continuation octet', octets(0x61, 0x80)],
  ['an octet that never occurs', octets(0x61, 0xff)],
  ['an overlong form', octets(0xc0, 0xaf)],
  ['a surrogate', octets(0xed, 0xa0, 0x80)],
  ['a pair of surrogates', octets(0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80)],
  ['a code point above U+10FFFF', octets(0xf4, 0x90, 0x80, 0x80)],
  ['a character that is cut off', octets(0x61, 0xe2, 0x82)],
  ['a character that is cut off by another', octets(0xe2, 0x82, 0x61)],
];

for (const [what, bytes] of NO_TEXT) {
  test(`text with ${what} ends with 1007, however it is cut`, async () => {
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const wire = await open();
      wire.write(Buffer.concat([
        clientFrame(TEXT, bytes.subarray(0, cut), { more: true }), clientFrame(PONG, 'x'),
        clientFrame(CONTINUATION, bytes.subarray(cut))]));
      await assertFails(wire, 1007);
      wire.abort();
    }
    const whole = await open();
    whole.write(clientFrame(TEXT, bytes));
    await assertFails(whole, 1007);
    whole.abort();
  });

  test(`a binary message with ${what} is nobody's concern`, async () => {
    const wire = await open();
    wire.write(clientFrame(BINARY, bytes));
    await assertFrames(wire, [BINARY, bytes]);
    wire.abort();
  });
}

// Pings in company. A row: [what it is called, what is written at once, what comes back]

const texts = (...names) => names.map((name) => [TEXT, name]);
const pongs = (...names) => names.map((name) => [PONG, name]);
const pings = (...names) => names.map((name) => clientFrame(PING, name));
const ten = Array.from({ length: 10 }, (_, i) => `payload ${i}`);

const COMPANY = [
  ['ten pings', pings(...ten), pongs(...ten)],
  ['a message before a ping', [clientFrame(TEXT, 'a'), ...pings('p')], [...texts('a'), ...pongs('p')]],
  ['a message behind a ping', [...pings('p'), clientFrame(TEXT, 'a')], [...pongs('p'), ...texts('a')]],
  ['messages and pings in turns',
    [clientFrame(TEXT, 'a'), ...pings('p', 'q'), clientFrame(TEXT, 'b'), clientFrame(TEXT, 'c'), ...pings('r')],
    [...texts('a'), ...pongs('p', 'q'), ...texts('b', 'c'), ...pongs('r')]],
  ['pings between the fragments of a message',
    [clientFrame(TEXT, 'fragment1', { more: true }), ...pings('p'), clientFrame(CONTINUATION, 'fragment2', { more: true }),
      ...pings('q'), clientFrame(CONTINUATION, 'fragment3')],
    [...pongs('p', 'q'), ...texts('fragment1fragment2fragment3')]],
  ['a ping of 125 octets', pings('x'.repeat(125)), pongs('x'.repeat(125))],
  ['a close behind messages and pings',
    [clientFrame(TEXT, 'a'), ...pings('p'), clientFrame(TEXT, 'b'), closeFrame(1000, 'bye'), ...pings('q')],
    [...texts('a'), ...pongs('p'), ...texts('b'), [CLOSE, Buffer.concat([octets(0x03, 0xe8), Buffer.from('bye')])]]],
];

for (const [what, frames, wanted] of COMPANY) {
  test(`${what}, in one write: each is answered, in its place`, async () => {
    const wire = await open();
    wire.write(Buffer.concat(frames));
    await assertFrames(wire, ...wanted);
    wire.abort();
  });

  test(`${what}, an octet at a time: each is answered, in its place`, async () => {
    const wire = await open();
    for (const octet of Buffer.concat(frames)) {
      await wire.writeOut(octets(octet));
      await new Promise(setImmediate);
    }
    await assertFrames(wire, ...wanted);
    wire.abort();
  });
}

test('pings of a client that does not read take no room; when it reads, the latest is answered', async () => {
  const wire = await open();
  wire.socket.pause();
  // More than both kernels keep, so that the last of it waits in the gateway.
  const text = 'x'.repeat(60_000);
  const messages = 300;
  for (let i = 0; i < messages; i += 1) wire.write(clientFrame(TEXT, text));
  for (let i = 0; i < 20_000; i += 1) wire.write(clientFrame(PING, `ping ${i}`));
  await new Promise((resolve) => { setTimeout(resolve, 300); });
  wire.socket.resume();
  let seen = 0;
  let latest;
  for (let pongs = 0; latest !== 'ping 19999'; pongs += 1) {
    const frame = await serverFrame(wire);
    if (frame === null) assert.fail(`the connection ended behind ${latest}`);
    if (frame.opcode === TEXT) seen += 1;
    else latest = frame.payload.toString();
    assert.ok(pongs <= 20_000 + messages);
  }
  assert.ok(seen <= messages);
  wire.abort();
});

// How it ends.

const BREACHES = [
  ['a reserved bit', clientFrame(TEXT, 'x', { reserved: 0x40 })],
  ['another reserved bit, in a ping', clientFrame(PING, 'x', { reserved: 0x10 })],
  ['all reserved bits, in a close', clientFrame(CLOSE, '', { reserved: 0x70 })],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => [`opcode ${opcode}`, clientFrame(opcode, 'x')]),
  ['a ping in fragments', clientFrame(PING, 'x', { more: true })],
  ['a ping of 126 octets', clientFrame(PING, Buffer.alloc(126))],
  ['a close of 126 octets', closeFrame(1000, 'x'.repeat(124))],
  ['a continuation of nothing', clientFrame(CONTINUATION, 'x')],
  ['a message within another', Buffer.concat([clientFrame(TEXT, 'x', { more: true }), clientFrame(TEXT, 'y')])],
  ['a frame without a mask', octets(0x81, 1, 0x61)],
  ['a length of 64 bits', Buffer.concat([octets(0x81, 0xff, 0xff), Buffer.alloc(11)])],
  ['a close of one octet', clientFrame(CLOSE, octets(0x03))],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map((code) => (
    [`a close with code ${code}`, closeFrame(code)])),
];

for (const [what, bytes] of BREACHES) {
  test(`${what} ends with 1002, and our side at once`, async () => {
    const wire = await open();
    wire.write(Buffer.concat([clientFrame(TEXT, 'before'), bytes, clientFrame(TEXT, 'behind')]));
    const first = await serverFrame(wire);
    if (first?.opcode === TEXT) { // its answer may have left by then
      assert.equal(first.payload.toString(), 'before');
      await assertFails(wire, 1002);
    } else {
      assert.equal(first?.opcode, CLOSE);
      assert.equal(first.payload.readUInt16BE(), 1002);
      assert.equal(await wire.take(1), null);
    }
    wire.abort();
  });
}

test('a close whose reason is no text ends with 1007', async () => {
  const wire = await open();
  wire.write(closeFrame(1000, octets(0xce, 0xba, 0xed, 0xa0, 0x80)));
  await assertFails(wire, 1007);
  wire.abort();
});

for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999]) {
  test(`a close with ${code} is answered by the same, then our side ends`, async () => {
    const wire = await open();
    wire.write(closeFrame(code, 'because'));
    await assertFrames(wire, [CLOSE, Buffer.concat([octets(code >> 8, code & 255), Buffer.from('because')])]);
    assert.equal(await wire.take(1), null);
    wire.abort();
  });
}

test('a close that says nothing is answered by the same', async () => {
  const wire = await open();
  wire.write(clientFrame(CLOSE));
  await assertFrames(wire, [CLOSE, '']);
  assert.equal(await wire.take(1), null);
  wire.abort();
});

test('what the gateway closes ends when the client has answered', async () => {
  const wire = await openFrames(gateway.port, '/close/websocket');
  await assertFrames(wire, [CLOSE, Buffer.concat([octets(0x0b, 0xb8), Buffer.from('Go away!')])]);
  wire.write(closeFrame(3000));
  assert.equal(await wire.take(1), null);
  wire.abort();
});
