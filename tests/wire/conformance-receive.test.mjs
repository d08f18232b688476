// SockJS: how each transport writes its frames, byte for byte and chunk for chunk.
import assert from 'node:assert/strict';
import { conformance } from './lib/conformance.mjs';
import { connect, requestText } from './lib/http.mjs';
import { messageFrame } from './lib/quoting.mjs';
import {
  fetch, made, next, open, openIdle, pieces, polls, receive, receivers, request, send, streams, wait,
} from './lib/receivers.mjs';
import { Session } from './lib/sockjs.mjs';
import { frame } from './lib/stomp.mjs';
import { test, withGateway } from './lib/test.mjs';

const gateway = withGateway(conformance({ endpoints: [{ path: '/chat', handler: 'stomp' }] }));
const beating = withGateway(conformance({ times: { heartbeat: 200, disconnect: 60_000 } }));
const at = (endpoint, { port } = gateway) => new Session(port, endpoint);

const GO_AWAY = 'c[3000,"Go away!"]';

// With the default query of sockjs-client: each request is unlike all others.
const asClientsDo = (receiver) => {
  const { line } = receiver;
  return { ...receiver, line: `${line}${line.includes('?') ? '&' : '?'}t=${Math.random()}` };
};

for (const receiver of polls) {
  const { name, wrap } = receiver;

  test(`${name} is answered by one frame, whose length is told, and ends`, async () => {
    const session = at('/echo');
    assert.deepEqual(await fetch(session, receiver), [wrap('o')]);

    const wire = await connect(gateway.port);
    await wire.writeOut(request(session, receiver.line));
    await send(session, receiver, 'x');
    const answer = await wire.answer();
    assert.equal(answer.headers['content-length'], `${wrap('a["x"]').length}`);
    assert.equal(answer.body, wrap('a["x"]'));
    wire.abort();
  });
}

for (const receiver of streams) {
  const { name, wrap, prelude } = receiver;

  test(`${name} begins with its prelude and the open frame, each a chunk`, async () => {
    const wire = await receive(at('/echo'), receiver);
    assert.equal(await wire.chunk(), prelude);
    assert.equal(await wire.chunk(), wrap('o'));
    wire.abort();
  });

  test(`each frame of ${name} is one chunk`, async () => {
    const session = at('/echo');
    const wire = await open(session, receiver);
    for (const texts of [['x'], ['y', 'z'], [''], ['long '.repeat(500)]]) {
      await send(session, receiver, ...texts);
      assert.equal(await wire.chunk(), wrap(messageFrame(...texts)));
    }
    wire.abort();
  });

  test(`a frame of ${name} beyond 64 KiB is one chunk too`, async () => {
    const session = at('/echo');
    const wire = await open(session, receiver);
    await send(session, receiver, 'x'.repeat(300_000));
    assert.ok(await wire.chunk() === wrap(messageFrame('x'.repeat(300_000))));
    assert.equal(await wire.chunk(), null);
    wire.abort();
  });

  test(`${name} over HTTP/1.0 has no chunks, and ends with the connection`, async () => {
    for (const headers of [{}, { Connection: 'keep-alive' }]) {
      const wire = await receive(at('/close'), receiver, { version: '1.0', headers });
      assert.equal(wire.opening.status, 200);
      assert.equal(wire.opening.headers['transfer-encoding'], undefined);
      assert.equal(wire.opening.headers['content-length'], undefined);
      assert.doesNotMatch(wire.opening.headers.connection ?? '', /keep-alive/i);
      assert.equal((await wire.rest()).toString(), prelude + wrap('o') + wrap(GO_AWAY));
    }
  });

  test(`${name} over HTTP/1.0 brings frames as they come`, async () => {
    const session = at('/echo');
    const wire = await receive(session, receiver, { version: '1.0' });
    for (let expected of [prelude + wrap('o'), wrap('a["x"]'), wrap('a["y"]')]) {
      assert.equal((await wire.take(expected.length)).toString(), expected);
      await send(session, receiver, expected === wrap('a["x"]') ? 'y' : 'x');
    }
    wire.abort();
  });
}

for (const receiver of polls) {
  const { name, wrap } = receiver;

  test(`${name} over HTTP/1.0 tells its length, and closes unless it shall keep the connection`, async () => {
    const session = at('/close');
    const kept = await connect(gateway.port);
    for (const frame of ['o', GO_AWAY]) {
      kept.write(request(session, receiver.line, { version: '1.0', headers: { Connection: 'keep-alive' } }));
      const answer = await kept.answer();
      assert.match(answer.headers.connection, /^keep-alive$/i);
      assert.equal(answer.headers['content-length'], `${wrap(frame).length}`);
      assert.equal(answer.headers['transfer-encoding'], undefined);
      assert.equal(answer.body, wrap(frame));
    }
    kept.write(request(session, receiver.line, { version: '1.0' }));
    assert.equal((await kept.answer()).body, wrap(GO_AWAY));
    assert.equal((await kept.rest()).length, 0);
  });
}

for (const receiver of receivers) {
  const { name, wrap, prelude } = receiver;

  test(`messages that wait for ${name} leave in one frame`, async () => {
    const session = at('/echo');
    await openIdle(session, receiver);
    await send(session, receiver, 'a', 'b');
    await send(session, receiver, 'c');
    await send(session, receiver);
    await send(session, receiver, '', '"');
    const wire = await receive(session, receiver);
    if (prelude) assert.equal(await wire.chunk(), prelude);
    const frame = prelude ? await wire.chunk() : (await pieces(wire)).join('');
    assert.equal(frame, wrap('a["a","b","c","","\\""]'));
    wire.abort();
  });

  test(`a session that is open is not opened again by ${name}`, async () => {
    const session = at('/echo');
    await openIdle(session, receiver);
    const asked = receive(session, receiver);
    await send(session, receiver, 'first');
    const wire = await asked;
    if (prelude) assert.equal(await wire.chunk(), prelude);
    const frame = prelude ? await wire.chunk() : (await pieces(wire)).join('');
    assert.equal(frame, wrap('a["first"]'));
    wire.abort();
  });

  test(`${name} brings the close frame with its code and reason, and ends, again and again`, async () => {
    const session = at('/close');
    const first = await fetch(session, receiver);
    if (prelude) assert.deepEqual(first, made(receiver, 'o', GO_AWAY));
    else assert.deepEqual(first, made(receiver, 'o'));
    for (let i = 0; i < 3; i += 1) assert.deepEqual(await fetch(session, receiver), made(receiver, GO_AWAY));
  });

  test(`what waits for ${name} goes out before the close frame`, async () => {
    const session = at('/chat');
    await openIdle(session, receiver);
    await send(session, receiver, frame('CONNECT', { 'accept-version': '1.2', host: 'a' }), frame('DISCONNECT', { receipt: 'bye' }));
    const close = wrap('c[1000,"Goodbye"]');
    const got = await fetch(session, receiver);
    // The receipt may come from afar: then it has a frame of its own.
    while (!prelude && got.at(-1) !== close) got.push(...await fetch(session, receiver));
    if (prelude) assert.equal(got.shift(), prelude);
    assert.equal(got.pop(), close);
    assert.match(got.join(''), /CONNECTED[^]*RECEIPT/);
  });

  test(`${name} takes the query that clients send along, whatever it says`, async () => {
    const session = at('/echo');
    const asked = asClientsDo(receiver);
    const wire = await wait(session, asked);
    await session.post(`${receiver.send}?t=${Math.random()}`, '["x"]');
    assert.equal(await next(wire, receiver), wrap('a["x"]'));
    wire.abort();
  });

  test(`${name} has heart-beats`, async () => {
    const session = at('/echo', beating);
    const wire = await open(session, receiver);
    for (let i = 0; i < 3; i += 1) {
      if (!prelude) await wire.writeOut(request(session, receiver.line));
      assert.equal(await next(wire, receiver), wrap('h'));
    }
    wire.abort();
  });

  test(`the connection on which ${name} has ended serves the next requests`, async () => {
    const wire = await receive(at('/close'), receiver);
    await pieces(wire);
    for (let i = 0; i < 2; i += 1) {
      wire.write(requestText('GET /echo'));
      assert.equal((await wire.answer()).body, 'Welcome to SockJS!\n');
    }
    wire.write(request(at('/echo'), receiver.line));
    assert.equal((await wire.head()).status, 200);
    if (prelude) assert.equal(await wire.chunk(), prelude);
    wire.abort();
  });
}
