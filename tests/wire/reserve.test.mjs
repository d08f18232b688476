// The last part of limits.connections is kept for second requests: a client whose poll
// waits can send, also when strangers get 503.
// tags: tsan
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { configuration } from './lib/config.mjs';
import { ask, requestText, Wire } from './lib/http.mjs';
import { scrape } from './lib/metrics.mjs';
import { Session } from './lib/sockjs.mjs';
import { Socket } from './lib/stomp.mjs';
import { TcpStomp } from './lib/tcp.mjs';
import { testWith } from './lib/test.mjs';
import { until } from './lib/wait.mjs';

const CONNECTIONS = 40;
const RESERVED = 10;
const FREE = CONNECTIONS - RESERVED;
const full = (more = {}) => configuration({
  tcp: { listen: '127.0.0.1:0' }, admin: { listen: '127.0.0.1:0' },
  ...more, limits: { connections: CONNECTIONS, reserve: 25, ...more.limits },
});

// A client whose poll waits: a session and the one connection that it keeps.
async function poller(port, keep) {
  const session = new Session(port, '/echo');
  session.wire = await keep(Wire.open(port));
  const poll = () => session.wire.write(requestText(`POST ${session.url}/xhr`, { body: '' }));
  assert.equal((await poll().answer()).body, 'o\n');
  poll();
  return session;
}

async function fill(port, keep, count = FREE) {
  const sessions = [];
  while (sessions.length < count) sessions.push(await poller(port, keep));
  return sessions;
}

const made = () => `POST /echo/000/${randomUUID()}`;

testWith('polls that fill limits.connections can send, and strangers get 503', full(), async (gateway, keep) => {
  const { port } = gateway;
  const sessions = await fill(port, keep);
  for (const line of ['GET /echo', 'GET /echo/info', 'GET /nothing', `${made()}/xhr`, `${made()}/xhr_send`]) {
    const { status, headers } = await ask(port, line, line.startsWith('POST') ? { body: '' } : {});
    assert.deepEqual([line, status, headers.connection], [line, 503, 'close']);
  }
  await assert.rejects(Socket.open(`${gateway.ws}/echo/websocket`));
  const stomp = await keep(TcpStomp.open(gateway));
  assert.equal((await stomp.fails()).headers.message, 'Too many connections');

  for (const session of sessions) {
    const { status, headers } = await session.send(session.url);
    assert.deepEqual([status, headers.connection], [204, 'close']);
    assert.equal((await session.wire.answer()).body, `a["${session.url}"]\n`);
  }
  // Each poll is on its connection again, or on another.
  assert.equal((await sessions[0].send('once more')).status, 204);
  assert.equal(await sessions[0].poll(), 'a["once more"]\n');
  await gateway.logged(/door: more than 30 connections\n/);
  assert.ok((await scrape(gateway))['postern_refused_total{bound="connections"}'] >= 7);
});

testWith('a stream of a session that exists may use the reserve, and ends with its connection', full(), async ({ port }, keep) => {
  const session = await Session.polling(port, '/echo');
  await fill(port, keep);
  const wire = await keep(session.stream('xhr_streaming'));
  assert.equal(wire.opening.headers.connection, 'close');
  await wire.chunk();
  for (const i of [1, 2, 3, 4, 5]) {
    assert.equal((await session.send(`${i}`.repeat(900))).status, 204);
  }
  while (await wire.chunk() !== null);
  await wire.rest();
});

testWith('/health is answered from the reserve', full(), async ({ port }, keep) => {
  await fill(port, keep);
  const { status, headers } = await ask(port, 'GET /health');
  assert.deepEqual([status, headers.connection], [200, 'close']);
  assert.equal((await ask(port, 'GET /ready')).status, 503); // no client can come
  assert.equal((await ask(port, 'POST /health', { body: 'x' })).status, 503);
});

testWith('who says nothing does not take the reserve', full(), async ({ port }, keep) => {
  const [session] = await fill(port, keep);
  const silent = [];
  for (let i = 0; i < 3 * RESERVED; i += 1) silent.push(await keep(Wire.open(port)));
  for (let i = 0; i < 5; i += 1) assert.equal((await session.send('x')).status, 204);
  assert.equal((await silent[0].answer()).status, 503); // the one that was silent longest
});

testWith('session ids that are made up do not take the reserve', full(), async ({ port }, keep) => {
  const [session] = await fill(port, keep);
  let isOver = false;
  // Its connections stay as long as they can.
  const attack = async () => {
    while (!isOver) {
      const wire = await keep(Wire.open(port));
      wire.write(requestText(`${made()}/xhr_send`, { body: '["x"]' }));
      await wire.rest();
    }
  };
  const attacks = Array.from({ length: 4 }, attack);
  for (let i = 0; i < 50; i += 1) assert.equal((await session.send('x')).status, 204);
  isOver = true;
  await Promise.all(attacks);
});

testWith('one client cannot take more than half of the reserve', full({ exempt_addresses: [], limits: { share: 100 } }), async ({ port }, keep) => {
  const sessions = await fill(port, keep, FREE - 1);
  const greedy = new Session(port, '/echo');
  greedy.wire = await keep(Wire.open(port, '127.0.0.2'));
  const poll = () => greedy.wire.write(requestText(`POST ${greedy.url}/xhr`, { body: '' }));
  assert.equal((await poll().answer()).body, 'o\n');
  const head = `POST ${greedy.url}/xhr_send HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n`;
  const wires = [];
  for (let i = 0; i < RESERVED; i += 1) {
    wires.push(await keep(Wire.open(port, '127.0.0.2')));
    wires.at(-1).write(head); // its body does not come
  }
  await until('the rest is refused', () => wires.filter(({ ended }) => ended).length >= RESERVED / 2);
  for (const session of sessions) assert.equal((await session.send('x')).status, 204);
  const served = wires.filter(({ ended }) => !ended);
  assert.equal(served.length, RESERVED / 2);
  for (const wire of served) assert.equal((await wire.write('["x"]').answer()).status, 204);
  // Its account has nothing of the reserve any more.
  await until('it is served again', async () => {
    const wire = await keep(Wire.open(port, '127.0.0.2'));
    return (await wire.write(`${head}["y"]`).answer()).status === 204;
  });
});

testWith('a session that refuses the peer is none to the reserve', full(), async ({ port }, keep) => {
  const sessions = await fill(port, keep, FREE - 1);
  const session = new Session(port, '/echo', { origin: 'https://a.example' });
  session.wire = await keep(session.stream('xhr_streaming'));
  assert.equal((await sessions[0].send('x')).status, 204);
  assert.equal((await session.send('x')).status, 204);
  session.headers = { Origin: 'https://b.example' };
  assert.equal((await session.send('x')).status, 503);
});

testWith('strangers are served again when some have left', full(), async ({ port }, keep) => {
  const sessions = await fill(port, keep);
  assert.equal((await ask(port, 'GET /echo')).status, 503);
  sessions.forEach(({ wire }) => wire.abort());
  await until('a stranger is served', async () => (await ask(port, 'GET /echo')).status === 200);
});

testWith('limits.reserve 0 keeps none', full({ limits: { reserve: 0 } }), async ({ port }, keep) => {
  const [session] = await fill(port, keep, CONNECTIONS);
  assert.equal((await session.send('x')).status, 503);
});
