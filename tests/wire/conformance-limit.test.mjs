// SockJS: a stream ends when it has brought response_limit bytes. Framing counts, the
// prelude does not; the session goes on.
import assert from 'node:assert/strict';
import { conformance } from './lib/conformance.mjs';
import { messageFrame } from './lib/quoting.mjs';
import { fetch, made, open, openIdle, polls, receive, send, streams } from './lib/receivers.mjs';
import { Session } from './lib/sockjs.mjs';
import { test, withGateway } from './lib/test.mjs';

const gateway = withGateway(conformance({
  endpoints: [
    { path: '/one', handler: 'echo', response_limit: 1 },
    { path: '/exact', handler: 'echo', response_limit: 100 },
    { path: '/standard', handler: 'echo' },
  ],
}));
const at = (endpoint) => new Session(gateway.port, endpoint);
const bytes = (text) => Buffer.byteLength(text);

// Sends the text until the stream ends, and returns how many bytes had come before the
// last frame, and with it.
async function fill(session, wire, receiver, text) {
  let before = 0, all = bytes(receiver.wrap('o'));
  for (;;) {
    await send(session, receiver, text);
    const chunk = await wire.chunk();
    if (chunk === null) return { before, all };
    assert.equal(chunk, receiver.wrap(messageFrame(text)));
    before = all;
    all += bytes(chunk);
  }
}

test('with a limit of 4,096, xhr_streaming is still open at 4,022 bytes, and closed at 4,156', async () => {
  const session = at('/echo');
  const streaming = streams.find(({ name }) => name === 'xhr_streaming');
  const wire = await open(session, streaming);
  assert.deepEqual(await fill(session, wire, streaming, 'x'.repeat(128)), { before: 4022, all: 4156 });
  wire.abort();
});

for (const receiver of streams) {
  const { name, wrap, prelude } = receiver;

  test(`${name} ends with the frame that reaches the limit, and not before`, async () => {
    for (const text of ['x', 'x'.repeat(77), '\u4f60%<"'.repeat(50)]) {
      const session = at('/echo');
      const wire = await open(session, receiver);
      const { before, all } = await fill(session, wire, receiver, text);
      assert.ok(before < 4096 && all >= 4096, `${before} < 4096 <= ${all}`);
      wire.abort();
    }
  });

  test(`${name} ends at the very byte of the limit`, async () => {
    for (const [missing, goesOn] of [[1, true], [0, false]]) {
      const session = at('/exact');
      const wire = await open(session, receiver);
      const room = 100 - bytes(wrap('o')) - bytes(wrap('a[""]'));
      await send(session, receiver, 'x'.repeat(room - missing));
      assert.equal(bytes(wrap('o')) + bytes(await wire.chunk()), 100 - missing);
      await send(session, receiver, 'y');
      assert.equal(await wire.chunk(), goesOn ? wrap('a["y"]') : null);
      wire.abort();
    }
  });

  test(`what is sent after the end of ${name} waits for the next`, async () => {
    const session = at('/echo');
    const wire = await open(session, receiver);
    await send(session, receiver, 'x'.repeat(5000));
    assert.equal(await wire.chunk(), wrap(messageFrame('x'.repeat(5000))));
    assert.equal(await wire.chunk(), null);
    await send(session, receiver, 'more');

    const second = await receive(session, receiver);
    assert.deepEqual([await second.chunk(), await second.chunk()], made(receiver, 'a["more"]'));
    await send(session, receiver, 'and more');
    assert.equal(await second.chunk(), wrap('a["and more"]'));
    wire.abort();
    second.abort();
  });

  test(`with the least limit each ${name} brings one frame, as a poll does`, async () => {
    const session = at('/one');
    assert.deepEqual(await fetch(session, receiver), made(receiver, 'o'));
    for (const text of ['a', 'b', 'c']) {
      await send(session, receiver, text);
      assert.deepEqual(await fetch(session, receiver), [prelude, wrap(messageFrame(text))]);
    }
  });

  test(`without a limit of its own ${name} ends after 131,072 bytes`, async () => {
    for (const [missing, goesOn] of [[1, true], [0, false]]) {
      const session = at('/standard');
      const wire = await open(session, receiver);
      const room = 131_072 - bytes(wrap('o')) - bytes(wrap('a[""]')) * 2;
      for (const length of [100_000, room - 100_000 - missing]) {
        await send(session, receiver, 'x'.repeat(length));
        assert.ok(await wire.chunk() === wrap(messageFrame('x'.repeat(length))));
      }
      await send(session, receiver, 'y');
      assert.equal(await wire.chunk(), goesOn ? wrap('a["y"]') : null);
      wire.abort();
    }
  });
}

for (const receiver of polls) {
  test(`${receiver.name} brings one frame, whatever the limit`, async () => {
    const session = at('/standard');
    await openIdle(session, receiver);
    for (const text of ['a', 'x'.repeat(200_000), 'b']) {
      await send(session, receiver, text);
      const [body, ...others] = await fetch(session, receiver);
      assert.ok(body === receiver.wrap(messageFrame(text)));
      assert.equal(others.length, 0);
    }
  });
}
