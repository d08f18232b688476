// SockJS: the life of a session, and whose it is.
import assert from 'node:assert/strict';
import { conformance } from './lib/conformance.mjs';
import { deafen } from './lib/deafen.mjs';
import { ask, connect } from './lib/http.mjs';
import { messageFrame } from './lib/quoting.mjs';
import {
  fetch, made, next, open, openIdle, pieces, polls, receive, receivers, request, send, streams, wait,
} from './lib/receivers.mjs';
import { Session } from './lib/sockjs.mjs';
import { Socket } from './lib/stomp.mjs';
import { test, withGateway } from './lib/test.mjs';
import { until } from './lib/wait.mjs';

// No time of ours ends what these tests want to see ended for a reason.
const gateway = withGateway(conformance({ times: { late_poll: 0, heartbeat: 600_000, disconnect: 600_000 } }));
const DISCONNECT = 3000; // a client of ours may be late by less
const impatient = withGateway(conformance({ times: { heartbeat: 200, disconnect: DISCONNECT, late_poll: 0 } }));
const crowded = withGateway(conformance({ limits: { sessions: 1 } }));
const at = (endpoint, { port } = gateway, options) => new Session(port, endpoint, options);

const BUSY = 'c[2010,"Another connection still open"]';
const INTERRUPTED = 'c[1002,"Connection interrupted"]';

// Asks without a message: an echo could still be written to a poll that has just vanished,
// and then nobody waits whom the session could miss.
const isGone = (session, receiver) => until('the session is gone', async () => (
  (await send(session, receiver)).status === 404));

// A session whose receiver goes away brings this from now on, and is not opened again.
async function assertInterrupted(session, receiver) {
  assert.equal((await send(session, receiver, 'x')).status, 404);
  for (let i = 0; i < 3; i += 1) assert.deepEqual(await fetch(session, receiver), made(receiver, INTERRUPTED));
  assert.equal((await send(session, receiver, 'x')).status, 404);
}

// Opens the session by this receiver, which then ends: a stream by its limit.
async function openAlone(session, receiver) {
  const wire = await open(session, receiver);
  if (receiver.prelude) {
    await send(session, receiver, 'x'.repeat(5000));
    while (await wire.chunk() !== null); // a heartbeat may come first
  }
  wire.abort();
}

for (const receiver of receivers) {
  const { name, prelude, wrap } = receiver;

  test(`a second ${name} is turned away with 2010, and the first one goes on`, async () => {
    const session = at('/echo');
    const first = await wait(session, receiver);
    // Of two polls the second may be the first to arrive.
    const second = fetch(session, receiver);
    if (prelude) {
      assert.deepEqual(await second, made(receiver, BUSY));
      await send(session, receiver, 'x');
      assert.equal(await next(first, receiver), wrap('a["x"]'));
    } else {
      const waiting = first.answer();
      const [early] = await Promise.race([second, waiting.then(({ body }) => [body])]);
      assert.equal(early, wrap(BUSY));
      await send(session, receiver, 'x');
      assert.deepEqual([(await waiting).body, ...await second].sort(), [wrap(BUSY), wrap('a["x"]')].sort());
    }
    first.abort();
  });

  test(`when the client of a waiting ${name} aborts, the session is gone`, async () => {
    const session = at('/echo');
    const wire = await wait(session, receiver);
    wire.abort();
    await isGone(session, receiver);
    await assertInterrupted(session, receiver);
  });

  test(`when the client of a waiting ${name} only says that it sends no more, the session is gone too`, async () => {
    const session = at('/echo');
    const wire = await wait(session, receiver);
    wire.socket.end();
    await isGone(session, receiver);
    await assertInterrupted(session, receiver);
    wire.abort();
  });

  test(`only transports of its family may use the session that ${name} has opened`, async () => {
    const session = at('/echo');
    await openAlone(session, receiver);
    for (const other of receivers.filter((one) => one.send !== receiver.send)) {
      const wire = await receive(session, other);
      assert.equal(wire.opening.status, 404, other.name);
      assert.equal((await send(session, other, 'x')).status, 404);
      wire.abort();
    }
    for (const other of receivers.filter((one) => one.send === receiver.send)) {
      await send(session, other, other.name);
      const wire = await receive(session, other);
      const frames = other.prelude ? [await wire.chunk(), await wire.chunk()] : await pieces(wire);
      assert.deepEqual(frames, made(other, `a["${other.name}"]`));
      if (!other.prelude) continue;
      await send(session, other, 'x'.repeat(5000));
      await wire.chunk();
      assert.equal(await wire.chunk(), null);
    }
  });

  test(`a session that ${name} has opened with an Origin serves no other one`, async () => {
    const session = at('/echo', gateway, { origin: 'https://shop.example' });
    await openAlone(session, receiver);
    for (const headers of [{ Origin: 'https://evil.example' }, { Origin: 'null' }]) {
      const thief = Object.assign(at('/echo'), { url: session.url, headers });
      const wire = await receive(thief, receiver);
      assert.equal(wire.opening.status, 404);
      assert.equal((await send(thief, receiver, 'stolen')).status, 404);
      wire.abort();
    }
    await send(session, receiver, 'mine');
    const waiting = await receive(session, receiver);
    const frames = prelude ? [await waiting.chunk(), await waiting.chunk()] : await pieces(waiting);
    assert.deepEqual(frames, made(receiver, 'a["mine"]'));
    waiting.abort();
  });

  test(`a session that ${name} has opened with an Origin serves requests that carry none`, async () => {
    const session = at('/echo', gateway, { origin: 'https://shop.example' });
    await openAlone(session, receiver);
    session.headers = {};
    await send(session, receiver, 'without');
    const waiting = await receive(session, receiver);
    assert.equal(waiting.opening.status, 200);
    const frames = prelude ? [await waiting.chunk(), await waiting.chunk()] : await pieces(waiting);
    assert.deepEqual(frames, made(receiver, 'a["without"]'));
    waiting.abort();
  });
}

// All at once, since they wait for time to pass.

test('a session without a receiver is forgotten after the disconnect delay, its end is not', () => (
  Promise.all(receivers.map(async (receiver) => {
    const session = at('/echo', impatient);
    const begin = Date.now();
    await openAlone(session, receiver);
    await isGone(session, receiver);
    assert.ok(Date.now() - begin >= DISCONNECT, `${receiver.name}: ${Date.now() - begin} ms`);
    await assertInterrupted(session, receiver);
  }))));

test('while a receiver waits, a session is not forgotten', () => Promise.all(receivers.map(async (receiver) => {
  const session = at('/echo', impatient);
  const wire = await open(session, receiver);
  const begin = Date.now();
  for (let beats = 0; Date.now() - begin < 1.5 * DISCONNECT || beats < 5; beats += 1) {
    if (!receiver.prelude) await wire.writeOut(request(session, receiver.line));
    assert.equal(await next(wire, receiver), receiver.wrap('h'));
  }
  assert.equal((await send(session, receiver, 'x')).status, receiver.send === 'xhr_send' ? 204 : 200);
  wire.abort();
})));

for (const receiver of streams) {
  const { name, wrap } = receiver;

  test(`a ${name} that is silently dead is taken over once the kernel sends in vain`, async () => {
    const session = at('/echo');
    const first = await open(session, receiver);
    await deafen(first);
    // Nobody can know it yet.
    assert.deepEqual(await fetch(session, receiver), made(receiver, BUSY));

    let second, text, frame;
    await until('the second receiver has the session', async () => {
      second = await receive(session, receiver);
      assert.equal(await second.chunk(), receiver.prelude);
      text = `after ${frame}`;
      assert.equal((await send(session, receiver, text)).status, 204);
      frame = await second.chunk();
      return frame !== wrap(BUSY);
    });
    assert.equal(frame, wrap(messageFrame(text)));
    await send(session, receiver, 'more');
    assert.equal(await second.chunk(), wrap('a["more"]'));
    first.abort();
    second.abort();
  });

  test(`who comes back right after an aborted ${name} finds the session gone, or has it again`, async () => {
    for (let i = 0; i < 10; i += 1) {
      const session = at('/echo');
      const first = await open(session, receiver);
      first.socket.resetAndDestroy();
      const second = await receive(session, receiver);
      const { status } = await send(session, receiver, 'x');
      const frames = [await second.chunk(), await second.chunk()];
      assert.deepEqual(frames, made(receiver, status === 204 ? 'a["x"]' : INTERRUPTED));
      second.abort();
    }
  });
}

for (const receiver of polls) {
  test(`a session that ${receiver.name} has opened without an Origin is bound to none`, async () => {
    const session = at('/echo');
    await openIdle(session, receiver);
    for (const origin of ['https://shop.example', 'http://localhost']) {
      session.headers = { Origin: origin };
      await send(session, receiver, origin);
      assert.deepEqual(await fetch(session, receiver), made(receiver, `a["${origin}"]`));
    }
  });
}

const [poll] = polls;

for (const [what, part] of [['_', '_'], ['-', 'a-b'], ['%20', 'a%20b'], ['128 characters', 'a'.repeat(128)], ['digits', '0']]) {
  test(`a session id may have ${what}, and so may the server's name`, async () => {
    const session = at('/echo');
    session.url = `/echo/${part}/${session.url.split('/').at(-1).slice(0, part.length > 100 ? 0 : 20)}${part}`;
    await openIdle(session, poll);
    session.url = session.url.replace(/^\/echo\/[^/]+/, '/echo/elsewhere');
    await send(session, poll, 'found by its id alone');
    assert.deepEqual(await fetch(session, poll), ['a["found by its id alone"]\n']);
  });
}

test('a session of one endpoint is unknown to another', async () => {
  const session = at('/echo');
  await openIdle(session, poll);
  const other = Object.assign(at('/echo'), { url: session.url.replace('/echo/', '/amplify/') });
  assert.equal((await send(other, poll, 'x')).status, 404);
  assert.deepEqual(await fetch(other, poll), ['o\n']);
  assert.equal((await send(session, poll, 'mine')).status, 204);
  assert.deepEqual(await fetch(session, poll), ['a["mine"]\n']);
});

test('two WebSockets with one id are two sessions, which no request reaches', async () => {
  const session = at('/echo');
  const [one, two] = await Promise.all([0, 1].map(() => Socket.open(`${gateway.ws}${session.url}/websocket`)));
  for (const socket of [one, two]) assert.equal(await socket.next(), 'o');
  one.send('["one"]');
  two.send('["two"]');
  assert.equal(await one.next(), 'a["one"]');
  assert.equal(await two.next(), 'a["two"]');
  assert.equal((await send(session, poll, 'x')).status, 404);
  assert.deepEqual(await fetch(session, poll), ['o\n']);
  await Promise.all([one.close(), two.close()]);
});

test('many requests of one session on one connection are answered in order', async () => {
  const session = at('/echo');
  await openIdle(session, poll);
  const wire = await connect(gateway.port);
  wire.write(Array.from({ length: 50 }, (_, i) => (
    request(session, 'POST xhr_send', { body: `["${i}"]` }) + request(session, 'POST xhr'))).join(''));
  for (let i = 0; i < 50; i += 1) {
    assert.equal((await wire.answer()).status, 204);
    assert.equal((await wire.answer()).body, `a["${i}"]\n`);
  }
  wire.abort();
});

test('who cannot be served is refused with 503, and never by an empty 200', async () => {
  const only = await open(at('/echo', crowded), poll);
  for (const receiver of receivers) {
    const { status, body } = await ask(crowded.port, receiver.line.replace(' ', ` ${at('/echo').url}/`), { body: '' });
    assert.equal(status, 503, receiver.name);
    assert.equal(body, 'Try again later.');
  }
  only.abort();
});
