// Requests on connections whose worker has nothing to do with the session's home. The
// server's secret decides where that is, so each test takes many sessions at once, and
// for each of them connections at random: hardly ever are all of them at home.
// tags: tsan
import assert from 'node:assert/strict';
import { severalWorkers } from '../lib/config.mjs';
import { requestText, useConnectionsOfOthers, Wire } from '../lib/http.mjs';
import { OPENED, receive } from '../lib/open.mjs';
import { Session } from '../lib/sockjs.mjs';
import { frame, Stomp } from '../lib/stomp.mjs';
import { test, testWith, withGateway } from '../lib/test.mjs';
import { deadline, until } from '../lib/wait.mjs';

useConnectionsOfOthers();

const gateway = withGateway(severalWorkers({
  // No time of ours shall end what these tests want to see ended for a reason.
  times: { heartbeat: 600_000, disconnect: 600_000 },
  endpoints: [
    { path: '/short', handler: 'echo', response_limit: 1 },
    { path: '/long', handler: 'stomp', response_limit: 1_000_000_000 },
  ],
  limits: { queue_bytes: 100_000_000 },
}));

const SESSIONS = 12, MESSAGES = 60;

const BUSY = /c\[2010,\\?"Another connection still open\\?"\]/;
const INTERRUPTED = /c\[1002,\\?"Connection interrupted\\?"\]/;
const AWAY = /c\[1001,\\?"Going away\\?"\]/;

const POLLS = ['POST xhr', 'GET jsonp?c=p'];
const STREAMS = ['POST xhr_streaming', 'GET eventsource', 'GET htmlfile?c=p'];

const each = (body, count = SESSIONS) => Promise.all(Array.from({ length: count }, (_, i) => body(i)));
const any = (list) => list[Math.floor(Math.random() * list.length)];
const wires = (count = 4) => each(() => Wire.pooled(gateway.port), count);

// The messages `m1;` `m2;` that an answer has, however they are quoted.
const numbersIn = (text) => [...text.matchAll(/m(\d+);/g)].map(([, number]) => Number(number));
const upTo = (count) => Array.from({ length: count }, (_, i) => i);

// One request, answered whole.
const whole = (wire, text) => wire.write(text).answer();

const sendPath = (line) => (line.includes('jsonp') ? 'jsonp_send' : 'xhr_send');
const sendText = (session, line, ...messages) => requestText(`POST ${session.url}/${sendPath(line)}`, {
  headers: session.headers, body: JSON.stringify(messages) });

async function send(wire, session, line, ...messages) {
  const { status, body } = await whole(wire, sendText(session, line, ...messages));
  assert.equal(status, sendPath(line) === 'xhr_send' ? 204 : 200, body);
}

// A session that has been opened by a request of that kind.
async function opened(line, path = '/echo', { port } = gateway) {
  const session = new Session(port, path);
  const wire = await Wire.pooled(port);
  assert.match((await whole(wire, receive(session, line))).body, /o/);
  wire.abort();
  return session;
}

// A stream, after its open frame.
async function stream(line, session, { port } = gateway) {
  const wire = await Wire.pooled(port);
  wire.write(receive(session, line));
  assert.equal((await wire.head()).status, 200);
  for (let chunk = ''; !OPENED.test(chunk); chunk = await wire.chunk()) assert.notEqual(chunk, null);
  return wire;
}

// Sends numbered messages, each when the one before has been answered, each by another
// connection.
async function sendNumbers(session, line) {
  const ways = await wires();
  for (let i = 0; i < MESSAGES; i += 1) await send(any(ways), session, line, `m${i};`);
  ways.forEach((wire) => wire.abort());
}

// Receives them by answers that end, one asked for right after the other.
async function receiveNumbers(next) {
  const seen = [];
  while (seen.length < MESSAGES) {
    const text = await next();
    assert.doesNotMatch(text, /c\[/, 'it was closed');
    const numbers = numbersIn(text);
    assert.notEqual(numbers.length, 0, `nothing came: ${text.slice(-100)}`);
    seen.push(...numbers);
  }
  return seen;
}

const chains = {
  'poll after poll': ['/echo', ['POST xhr']],
  'jsonp poll after jsonp poll': ['/echo', ['GET jsonp?c=p']],
  'stream after stream that reach their limit': ['/short', ['POST xhr_streaming']],
  'event stream after event stream': ['/short', ['GET eventsource']],
  'htmlfile after htmlfile': ['/short', ['GET htmlfile?c=p']],
  'streams and polls by turns': ['/short', ['POST xhr', ...STREAMS]],
};
for (const [what, [path, lines]] of Object.entries(chains)) {
  test(`${what}, without a pause, on one connection after the other: everything comes once, in order`, () => (
    each(async () => {
      const line = any(lines);
      const session = await opened(line, path);
      const ways = await wires();
      const sending = sendNumbers(session, line);
      const seen = await receiveNumbers(async () => (
        await whole(any(ways), receive(session, any(lines)))).body);
      assert.deepEqual(seen, upTo(MESSAGES));
      await sending;
      ways.forEach((wire) => wire.abort());
    })));
}

for (const line of POLLS) {
  test(`requests in one write: ${line}, again and again, gets everything once, in order`, () => (
    each(async () => {
      const session = await opened(line);
      const [wire] = await wires(1);
      wire.write(receive(session, line).repeat(MESSAGES));
      const sending = sendNumbers(session, line);
      const seen = await receiveNumbers(async () => (await wire.answer()).body);
      assert.deepEqual(seen, upTo(MESSAGES));
      await sending;
      wire.abort();
    })));
}

test('sends in one write are taken in order', () => each(async () => {
  const session = await opened('POST xhr');
  const [up, down] = await wires(2);
  up.write(upTo(MESSAGES).map((i) => sendText(session, 'POST xhr', `m${i};`)).join(''));
  for (let i = 0; i < MESSAGES; i += 1) assert.equal((await up.answer()).status, 204);
  const seen = await receiveNumbers(async () => (await whole(down, receive(session, 'POST xhr'))).body);
  assert.deepEqual(seen, upTo(MESSAGES));
  up.abort();
  down.abort();
}));

test('of many who open one session at once, one opens it, and one waits at the most', () => each(async () => {
  const session = new Session(gateway.port, '/echo');
  const [way, ...ways] = await wires(7);
  const bodies = [];
  const answers = ways.map(async (wire) => {
    bodies.push((await whole(wire, receive(session, 'POST xhr'))).body);
  });
  await until('all but one are answered', () => bodies.length >= ways.length - 1);
  const opens = bodies.filter((body) => body === 'o\n');
  assert.equal(opens.length, 1);
  assert.equal(bodies.filter((body) => BUSY.test(body)).length, bodies.length - 1);

  const oneWaits = bodies.length < ways.length;
  await send(way, session, 'POST xhr', 'm1;');
  if (!oneWaits) bodies.push((await whole(way, receive(session, 'POST xhr'))).body);
  await Promise.all(answers);
  assert.equal(bodies.at(-1), 'a["m1;"]\n');
  [way, ...ways].forEach((wire) => wire.abort());
}));

// A poll of which the session knows: another one is turned away. Returns the one that
// waits, its answer, and the other, whose connection is free.
async function twoPolls(session, line, { port } = gateway) {
  const ways = await each(() => Wire.pooled(port), 2);
  const polls = ways.map((wire) => {
    const answer = whole(wire, receive(session, line));
    answer.catch(() => {});
    return { wire, answer };
  });
  const which = await Promise.race(polls.map(async ({ answer }, i) => {
    assert.match((await answer).body, BUSY);
    return i;
  }));
  return { ...polls[1 - which], other: polls[which].wire };
}

for (const line of POLLS) {
  test(`a second ${line} is turned away while the first one waits`, () => each(async () => {
    const session = await opened(line);
    const { wire, answer, other } = await twoPolls(session, line);
    await send(other, session, line, 'm7;');
    assert.deepEqual(numbersIn((await answer).body), [7]);
    wire.abort();
    other.abort();
  }));
}

for (const line of STREAMS) {
  test(`a second receiver is turned away while ${line} is open, which goes on`, () => each(async () => {
    const session = new Session(gateway.port, '/echo');
    const first = await stream(line, session);
    const ways = await wires();
    for (const other of ['POST xhr', ...STREAMS]) {
      assert.match((await whole(any(ways), receive(session, other))).body, BUSY);
    }
    for (let i = 0; i < 3; i += 1) {
      await send(any(ways), session, line, `m${i};`);
      assert.deepEqual(numbersIn(await first.chunk()), [i]);
    }
    [first, ...ways].forEach((wire) => wire.abort());
  }));
}

// Who vanishes.

// Asks without saying anything: an echo could still be written to who has just vanished, and
// then nobody waits whom the session could miss.
async function assertGone(session, line) {
  const [wire] = await wires(1);
  await until('the session is gone', async () => (
    (await whole(wire, sendText(session, line))).status === 404));
  const { body } = await whole(wire, receive(session, line));
  assert.match(body, INTERRUPTED);
  wire.abort();
}

for (const line of STREAMS) {
  test(`when the client of ${line} vanishes, the session is gone`, () => each(async () => {
    const session = new Session(gateway.port, '/echo');
    (await stream(line, session)).abort();
    await assertGone(session, line);
  }));
}

for (const line of POLLS) {
  test(`when the client of a ${line} that waits vanishes, the session is gone`, () => each(async () => {
    const session = await opened(line);
    const { wire, other } = await twoPolls(session, line);
    wire.abort();
    await assertGone(session, line);
    other.abort();
  }));
}

for (const line of [...POLLS, ...STREAMS]) {
  test(`when the client of ${line} vanishes as soon as it has asked, the session is gone`, () => each(async () => {
    const session = await opened(line.includes('jsonp') ? line : 'POST xhr');
    const [wire] = await wires(1);
    await wire.writeOut(receive(session, line));
    wire.abort();
    await assertGone(session, line);
  }));
}

// While a COMMIT is under way, a send waits at the session's home.
test('what follows a COMMIT is taken behind it, on one connection after the other', () => each(async (i) => {
  const topic = `/topic/commits/${i}`;
  const listener = await Stomp.connect(`${gateway.ws}/long/websocket`);
  await listener.subscribe(topic);
  const session = await opened('POST xhr', '/long');
  const ways = await wires();
  await send(any(ways), session, 'POST xhr', frame('CONNECT', { 'accept-version': '1.2', host: 'a' }));
  for (const number of upTo(MESSAGES)) {
    const transaction = `t${number}`;
    await send(any(ways), session, 'POST xhr', frame('BEGIN', { transaction }),
      frame('SEND', { destination: `/queue/commits/${i}`, transaction }, 'x'), frame('COMMIT', { transaction }));
    await send(any(ways), session, 'POST xhr', frame('SEND', { destination: topic }, `${number}`));
  }
  for (const number of upTo(MESSAGES)) assert.equal((await listener.frame('MESSAGE')).body, `${number}`);
  await listener.subscribe(`/queue/commits/${i}`, 'q');
  for (const number of upTo(MESSAGES)) assert.ok(await listener.frame('MESSAGE'), `${number}`);
  ways.forEach((wire) => wire.abort());
  await listener.close();
}));

test('when a client vanishes inside of a send, its session lives', () => each(async () => {
  const session = await opened('POST xhr');
  const [wire, other] = await wires(2);
  const text = sendText(session, 'POST xhr', 'm1;');
  await wire.writeOut(text.slice(0, -3));
  wire.abort();
  await send(other, session, 'POST xhr', 'm2;');
  assert.deepEqual(numbersIn((await whole(other, receive(session, 'POST xhr'))).body), [2]);
  other.abort();
}));

test('a client that vanishes with much on its way is let go, and its session is gone', () => each(async () => {
  const session = new Session(gateway.port, '/long');
  const wire = await stream('POST xhr_streaming', session);
  const [way] = await wires(1);
  const topic = `/topic/${session.url}`;
  await send(way, session, 'POST xhr', frame('CONNECT', { 'accept-version': '1.2', host: 'a' }),
    frame('SUBSCRIBE', { id: '0', destination: topic, receipt: 'r' }));
  for (let got = ''; !got.includes('RECEIPT');) got += await wire.chunk();
  wire.socket.pause();
  const publisher = await Stomp.connect(`${gateway.ws}/long/websocket`);
  for (let i = 0; i < 50; i += 1) publisher.publish(topic, 'x'.repeat(200_000));
  await publisher.call('SEND', { destination: topic }, 'the last');
  wire.abort();
  await assertGone(session, 'POST xhr');
  await publisher.close();
  way.abort();
}, 4));

// Who reads slowly.

for (const line of STREAMS) {
  test(`who reads ${line} slowly gets everything once, in order`, () => each(async () => {
    const session = new Session(gateway.port, '/long');
    const wire = await stream(line, session);
    const [way] = await wires(1);
    const topic = `/topic/${session.url}`;
    await send(way, session, line, frame('CONNECT', { 'accept-version': '1.2', host: 'a' }),
      frame('SUBSCRIBE', { id: '0', destination: topic, receipt: 'r' }));
    for (let got = ''; !got.includes('RECEIPT');) got += await wire.chunk();

    // More than what the kernel holds for a connection.
    wire.socket.pause();
    const publisher = await Stomp.connect(`${gateway.ws}/long/websocket`);
    const count = 400;
    for (let i = 0; i < count; i += 1) publisher.publish(topic, `m${i};${'x'.repeat(20_000)}`);
    await publisher.call('SEND', { destination: topic }, 'the last.');
    wire.socket.resume();

    const seen = [];
    for (let last = false; !last;) {
      const chunk = await wire.chunk();
      assert.notEqual(chunk, null);
      for (const [, number, xs] of chunk.matchAll(/m(\d+);(x*)/g)) {
        assert.equal(xs.length, 20_000);
        seen.push(Number(number));
      }
      last = chunk.includes('the last.');
    }
    assert.deepEqual(seen, upTo(count));
    wire.abort();
    way.abort();
    await publisher.close();
  }, 4));
}

// The end.

testWith('SIGTERM closes all who wait, whatever they wait for and wherever, and ends the gateway with 0', severalWorkers({
  times: { drain: 60_000, disconnect: 1000 },
}), async (leaving, keep) => {
  const receivers = [];
  await each(async () => {
    for (const line of STREAMS) {
      receivers.push(await keep(stream(line, new Session(leaving.port, '/echo'), leaving)));
    }
    for (const line of POLLS) {
      const session = await opened(line, '/echo', leaving);
      const { wire, other } = await twoPolls(session, line, leaving);
      await keep(other);
      receivers.push(await keep(wire));
    }
  }, 6);
  const senders = await each(async () => {
    const session = await opened('POST xhr', '/echo', leaving);
    const wire = await keep(Wire.pooled(leaving.port));
    await wire.writeOut(sendText(session, 'POST xhr', 'x').slice(0, -2));
    return wire;
  });
  const texts = receivers.map((wire) => {
    let text = '';
    wire.socket.on('data', (data) => { text += data; });
    return () => text;
  });
  assert.equal(await leaving.end(), 0);
  await Promise.all([...receivers, ...senders].map((wire) => (
    until('the connection is closed', () => wire.ended))));
  for (const text of texts) assert.match(text(), AWAY);
});

testWith('SIGTERM ends a gateway with 0 while sessions are used on all connections', severalWorkers({
  times: { drain: 1000 },
}), async (leaving, keep) => {
  let exchanged = 0;
  const busy = each(async () => {
    const line = any(POLLS);
    const session = await opened(line, '/echo', leaving);
    const ways = await each(() => keep(Wire.pooled(leaving.port)), 3);
    for (let i = 0; !ways.some((wire) => wire.ended); i += 1) {
      const sent = await whole(any(ways), sendText(session, line, `m${i};`)).catch(() => null);
      if (sent === null || sent.status >= 400) return;
      const got = await whole(any(ways), receive(session, line)).catch(() => null);
      if (got === null || /c\[/.test(got.body)) return;
      assert.deepEqual(numbersIn(got.body), [i]);
      exchanged += 1;
    }
  });
  await until('they are at it', () => exchanged > 100);
  assert.equal(await leaving.end(), 0);
  await deadline('all have ended', busy);
});
