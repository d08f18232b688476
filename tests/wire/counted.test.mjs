// Each bound, reached by a peer: he is told so, or sees what was given up, and the figures
// of operators count it, under this name and no other. The files that this one stands
// beside prove that the bounds hold; here each has its answer and its counter.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ADMIN, bound, refused, seen } from './lib/bound.mjs';
import { broker } from './lib/broker.mjs';
import { configuration } from './lib/config.mjs';
import { clientFrame, openFrames, serverFrame } from './lib/frames.mjs';
import { connect, requestText, Wire } from './lib/http.mjs';
import { scrape } from './lib/metrics.mjs';
import { Session } from './lib/sockjs.mjs';
import { frame, Socket, Stomp } from './lib/stomp.mjs';
import { TcpStomp, tcpPort } from './lib/tcp.mjs';
import { test, testWith } from './lib/test.mjs';
import { Issuer } from './lib/tokens.mjs';
import { until } from './lib/wait.mjs';

// Clients.

async function say({ port }, keep, text) {
  const wire = await keep(Wire.open(port));
  return wire.write(text);
}

const raw = (gateway, keep) => keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
const plain = (gateway, keep) => keep(TcpStomp.connect(gateway));
const poll = () => requestText(`POST /echo/000/${Math.random()}`.replace('0.', '') + '/xhr', { body: '' });
const status = async (gateway, keep, text) => (await (await say(gateway, keep, text)).head()).status;

async function assertError(stomp, sentence) {
  assert.match((await stomp.fails()).headers.message, sentence);
}

async function assertRefusedTcp(gateway, keep, sentence, headers) {
  const stomp = await keep(TcpStomp.open(gateway));
  stomp.send(frame('CONNECT', { 'accept-version': '1.2', 'host': 'a', ...headers }));
  await assertError(stomp, sentence);
}

async function assertRefusedSocket(gateway, keep, code) {
  const socket = await keep(Socket.open(`${gateway.ws}/echo/websocket`));
  assert.equal((await socket.closes()).code, code);
}

// A head, a body, an answer.

bound('head', 'a long head is answered with 431', { limits: { head: 1000 } }, async (gateway, keep) => {
  const long = requestText('GET /chat', { headers: { X: 'x'.repeat(2000) } });
  assert.equal(await status(gateway, keep, long), 431);
});

bound('head', 'a head of many lines is answered with 431', { limits: { head_lines: 5 } }, async (gateway, keep) => {
  const headers = { A: '1', B: '2', C: '3', D: '4', E: '5', F: '6' };
  assert.equal(await status(gateway, keep, requestText('GET /chat', { headers })), 431);
});

for (const length of [5000, 10_000, 50_000]) {
  bound('head', `a later head of ${length} bytes on a connection is answered with 431`, { limits: { head: 1000 } },
    async (gateway, keep) => {
      const wire = await say(gateway, keep, requestText('GET /chat'));
      await wire.answer();
      wire.write(requestText('GET /chat', { headers: { X: 'x'.repeat(length) } }));
      assert.equal((await wire.head()).status, 431);
    });
}

bound('target', 'a long URL is answered with 414', { limits: { target: 100 } }, async (gateway, keep) => {
  assert.equal(await status(gateway, keep, requestText(`GET /${'x'.repeat(100)}`)), 414);
});

bound('head_time', 'a head that never ends ends the connection', { times: { head: 200 } }, async (gateway, keep) => {
  await (await say(gateway, keep, 'GET /chat HT')).rest();
});

bound('body', 'a large body is answered with 413', { limits: { body: 1000 } }, async (gateway, keep) => {
  const large = requestText('POST /chat/000/a/xhr_send', { body: 'x'.repeat(1001) });
  assert.equal(await status(gateway, keep, large), 413);
});

bound('body_time', 'a body that never ends ends the connection', { times: { body: 200 } }, async (gateway, keep) => {
  const headers = { 'Content-Length': 100 };
  await (await say(gateway, keep, requestText('POST /chat/000/a/xhr_send', { headers }))).rest();
});

bound('keep_alive', 'an idle connection is ended', { times: { keep_alive: 200 } }, async (gateway, keep) => {
  const wire = await say(gateway, keep, requestText('GET /chat'));
  await wire.answer();
  assert.equal((await wire.rest()).length, 0);
});

bound('progress', 'who takes no answer is ended', { times: { progress: 200 } }, async (gateway, keep) => {
  const { socket } = await keep(connect(gateway.port));
  const closed = new Promise((resolve) => { socket.pause().once('close', resolve); });
  const requests = requestText('GET /chat/info').repeat(1000);
  const more = (error) => error || socket.write(requests, more);
  more();
  await closed;
});

bound('progress', 'a session whose peer takes nothing is ended', {
  times: { progress: 200 }, limits: { queue_bytes: 100_000_000 },
}, async (gateway, keep) => {
  const [deaf, loud] = [await raw(gateway, keep), await raw(gateway, keep)];
  await deaf.subscribe('/topic/flood');
  deaf.ws.pause();
  for (let i = 0; i < 100; i += 1) loud.publish('/topic/flood', 'x'.repeat(100_000));
  await until('its session ends', () => /session ended: .*code=1008/.test(gateway.log));
}, { beside: ['postern_slow_consumers_total{policy="close"}'] });

// STOMP and WebSocket.

bound('connect_time', 'who does not CONNECT gets an ERROR', { times: { connect: 200 } }, async (gateway, keep) => {
  await assertError(await keep(TcpStomp.open(gateway)), /CONNECT/);
});

bound('connect_frame', 'a long CONNECT is an ERROR', { limits: { connect_frame: 256 } }, async (gateway, keep) => {
  const stomp = await keep(TcpStomp.open(gateway));
  stomp.send(frame('CONNECT', { 'accept-version': '1.2', host: 'a', x: 'x'.repeat(300) }));
  await assertError(stomp, /The frame is too large/);
});

const SHORT = { times: { body: 200 } };

bound('body_time', 'a WebSocket message that never ends closes with 1013', SHORT, async (gateway, keep) => {
  const socket = await keep(Socket.open(`${gateway.ws}/echo/websocket`));
  socket.ws.send('x', { fin: false });
  assert.equal((await socket.closes()).code, 1013);
});

bound('body_time', 'a WebSocket frame that never ends closes with 1013', SHORT, async (gateway, keep) => {
  const wire = await keep(openFrames(gateway.port, '/echo/websocket'));
  wire.write(clientFrame(1, 'x'.repeat(100)).subarray(0, 50));
  assert.equal((await serverFrame(wire)).payload.readUInt16BE(), 1013);
});

bound('body_time', 'a frame of STOMP that never ends is an ERROR', SHORT, async (gateway, keep) => {
  const stomp = await plain(gateway, keep);
  await assertError(stomp.send('SEND\ndestination:/topic/a\n\nx'), /its NUL has not come/);
});

bound('frame', 'a large frame is an ERROR', { limits: { frame: 2000 } }, async (gateway, keep) => {
  const stomp = await plain(gateway, keep);
  stomp.publish('/topic/a', 'x'.repeat(2001));
  await assertError(stomp, /The frame is too large/);
});

bound('headers', 'a frame of many headers is an ERROR', { limits: { headers: 6 } }, async (gateway, keep) => {
  const stomp = await plain(gateway, keep);
  stomp.publish('/topic/a', '', { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 });
  await assertError(stomp, /headers/);
});

bound('header', 'a long header is an ERROR', { limits: { header: 100 } }, async (gateway, keep) => {
  const stomp = await plain(gateway, keep);
  stomp.publish('/topic/a', '', { a: 'x'.repeat(101) });
  await assertError(stomp, /header/);
});

const CONNECT = frame('CONNECT', { 'accept-version': '1.2', host: 'a', login: 'guest', passcode: 'guest' });
const guarded = (more) => broker({ users: broker().users.concat(JSON.parse(
  readFileSync(new URL('broker.json', import.meta.url))).users), ...more });

bound('kept', 'who sends much behind a CONNECT that is being checked gets an ERROR', {
  base: guarded, limits: { connect_frame: 256 },
}, async (gateway, keep) => {
  const stomp = await keep(TcpStomp.open(gateway));
  stomp.send(CONNECT + frame('SEND', { destination: '/topic/a' }, 'x'.repeat(2000)));
  await assertError(stomp, /Too much came/);
});

bound('logins', 'more logins at once than may be are an ERROR', {
  base: guarded, workers: 1, limits: { logins: 1 },
}, async (gateway, keep) => {
  const clients = await Promise.all(Array.from({ length: 20 }, () => keep(TcpStomp.open(gateway))));
  clients.forEach((client) => client.send(CONNECT));
  const answers = await Promise.all(clients.map((client) => client.frame()));
  assert.ok(answers.some(({ headers }) => headers.message === 'Too many logins are being checked'));
});

bound('waiters', 'of many requests that wait for a held session the last get 503', {
  base: guarded, times: { disconnect: 60_000, connect: 60_000 },
}, async (gateway, keep) => {
  const session = await Session.polling(gateway.port, '/stomp');
  const wires = await Promise.all(Array.from({ length: 40 }, () => keep(Wire.open(gateway.port))));
  const others = await Promise.all(Array.from({ length: 30 }, () => keep(TcpStomp.open(gateway))));
  others.forEach((client) => client.send(CONNECT)); // they are checked first
  assert.equal((await session.send(CONNECT)).status, 204);
  const beat = requestText(`POST ${session.url}/xhr_send`, { body: '["\\n"]' });
  const statuses = await Promise.all(wires.map(async (wire) => (await wire.write(beat).head()).status));
  assert.deepEqual([...new Set(statuses)].sort(), [204, 503]);
});

bound('message', 'a large message closes with 1009', { limits: { frame: 2000 } }, async (gateway, keep) => {
  const socket = await keep(Socket.open(`${gateway.ws}/echo/websocket`));
  assert.equal((await socket.send('x'.repeat(2001)).closes()).code, 1009);
});

bound('fragments', 'a message of many fragments closes with 1009', { limits: { fragments: 10 } }, async (gateway, keep) => {
  const socket = await keep(Socket.open(`${gateway.ws}/echo/websocket`));
  for (let i = 0; i < 11; i += 1) socket.ws.send('x', { fin: false });
  assert.equal((await socket.closes()).code, 1009);
});

bound('pong', 'who answers no ping is ended', { times: { ping: 100, pong: 100 } }, async (gateway, keep) => {
  await (await keep(Socket.open(`${gateway.ws}/echo/websocket`, [], { autoPong: false }))).closes();
}, { figure: 'postern_sessions_closed_total{transport="websocket_raw",reason="no_pong"}' });

bound('disconnect', 'a session that nobody asks for ends', { times: { disconnect: 100 } }, async ({ port }) => {
  const session = await Session.polling(port, '/echo');
  await until('it is over', async () => (await session.send('x')).status === 404);
}, { figure: 'postern_sessions_closed_total{transport="xhr",reason="interrupted"}' });

// Slow consumers.

const FLOOD = 300, SIZE = 50_000; // more than the kernel holds

async function flood(gateway, keep, reader) {
  const loud = await raw(gateway, keep);
  await reader.subscribe('/topic/flood');
  reader.ws.pause();
  for (let i = 0; i < FLOOD; i += 1) loud.publish('/topic/flood', `${i} ${'x'.repeat(SIZE)}`);
  await loud.call('SEND', { destination: '/topic/other' }, 'all has been taken');
  reader.ws.resume();
}

for (const [name, limits] of Object.entries({
  queue_messages: { queue_messages: 10 },
  queue_bytes: { queue_bytes: 500_000 },
})) {
  bound(name, 'a slow reader gets an ERROR, and the end', { limits, times: { progress: 60_000, linger: 60_000 } }, async (gateway, keep) => {
    const reader = await raw(gateway, keep);
    await flood(gateway, keep, reader);
    for (let got; got?.command !== 'ERROR';) {
      got = await reader.frame();
      if (got.command === 'ERROR') assert.match(got.headers.message, /slow consumer/i);
    }
    await reader.closes();
  }, { beside: ['postern_slow_consumers_total{policy="close"}'] });
}

for (const policy of ['drop-oldest', 'latest']) {
  bound(policy, 'a slow reader misses messages', {
    limits: { queue_messages: 10 }, times: { progress: 60_000 },
    endpoints: [{ path: '/slow', handler: 'stomp', slow_consumer: policy }],
  }, async (gateway, keep) => {
    const reader = await keep(Stomp.connect(`${gateway.ws}/slow/websocket`));
    await flood(gateway, keep, reader);
    let count = 0;
    for (let last; last !== FLOOD - 1; count += 1) last = parseInt((await reader.frame('MESSAGE')).body, 10);
    assert.ok(count < FLOOD, `${count} of ${FLOOD} arrived`);
  }, {
    figure: `postern_dropped_messages_total{policy="${policy}"}`,
    beside: [`postern_slow_consumers_total{policy="${policy}"}`],
  });
}

// The broker.

bound('subscriptions', 'one too many is an ERROR', { limits: { subscriptions: 2 } }, async (gateway, keep) => {
  const stomp = await plain(gateway, keep);
  for (let i = 0; i < 2; i += 1) await stomp.subscribe('/topic/a', `${i}`);
  stomp.send(frame('SUBSCRIBE', { id: '2', destination: '/topic/a' }));
  await assertError(stomp, /subscriptions/);
});

bound('destination', 'a long name is an ERROR', { limits: { destination: 20 } }, async (gateway, keep) => {
  const stomp = await plain(gateway, keep);
  stomp.publish(`/topic/${'x'.repeat(14)}`, '');
  await assertError(stomp, /destination/);
});

for (const kind of ['topic', 'queue']) {
  bound('destinations', `one ${kind} too many is told at errors`, { limits: { destinations: 3 } }, async (gateway, keep) => {
    const stomp = await plain(gateway, keep);
    await stomp.subscribe('/user/queue/errors', 'errors');
    for (let i = 0; i < 2; i += 1) await stomp.subscribe(`/${kind}/${i}`, `${i}`);
    stomp.send(frame('SUBSCRIBE', { id: '2', destination: `/${kind}/2` }));
    assert.match((await stomp.frame('MESSAGE')).headers.message, /too many destinations/);
  });
}

bound('destinations', 'one pattern too many is told at errors', { limits: { destinations: 10 } }, async (gateway, keep) => {
  const stomp = await plain(gateway, keep);
  await stomp.subscribe('/user/queue/errors', 'errors');
  stomp.send(frame('SUBSCRIBE', { id: '0', destination: `/topic/${'a/'.repeat(10)}*` }));
  assert.match((await stomp.frame('MESSAGE')).headers.message, /too many patterns/);
});

for (const kind of ['topic', 'queue']) {
  bound('share', `one ${kind} more than the share of an address is told at errors`, {
    exempt_addresses: [], limits: { destinations: 12 },
  }, async (gateway, keep) => {
    const stomp = await plain(gateway, keep);
    await stomp.subscribe('/user/queue/errors', 'errors');
    for (let i = 0; i < 2; i += 1) await stomp.subscribe(`/${kind}/${i}`, `${i}`);
    stomp.send(frame('SUBSCRIBE', { id: '2', destination: `/${kind}/2` }));
    assert.match((await stomp.frame('MESSAGE')).headers.message, /already uses its share/);
    const other = await keep(new TcpStomp(tcpPort(gateway), '127.0.0.2').greet());
    await other.subscribe(`/${kind}/2`);
  });
}

bound('idle_topics', 'the topic that is forgotten numbers anew', {
  workers: 1, limits: { idle_topics: 1 },
}, async (gateway, keep) => {
  const stomp = await plain(gateway, keep);
  await stomp.subscribe('/topic/*');
  const numbered = async (topic) => {
    stomp.publish(topic, '');
    return (await stomp.frame('MESSAGE')).headers['x-postern-seq'].split('-');
  };
  const [epoch, first] = await numbered('/topic/1');
  for (let i = 2; i < 5; i += 1) await numbered(`/topic/${i}`);
  const [later, again] = await numbered('/topic/1');
  assert.notEqual(later, epoch);
  assert.equal(again, first);
});

bound('unacked', 'what is forgotten may be acknowledged all the same', { limits: { unacked: 2 } }, async (gateway, keep) => {
  const stomp = await plain(gateway, keep);
  await stomp.subscribe('/topic/a', '0', { ack: 'client-individual' });
  const got = [];
  for (let i = 0; i < 3; i += 1) {
    stomp.publish('/topic/a', `${i}`);
    got.push(await stomp.frame('MESSAGE'));
  }
  for (const { headers: { ack: id } } of got) await stomp.call('ACK', { id });
});

bound('transactions', 'one too many is an ERROR', { limits: { transactions: 1 } }, async (gateway, keep) => {
  const stomp = await plain(gateway, keep);
  await stomp.call('BEGIN', { transaction: 'a' });
  stomp.send(frame('BEGIN', { transaction: 'b' }));
  await assertError(stomp, /transactions/);
});

for (const [what, limits] of Object.entries({
  actions: { transaction_actions: 2 }, bytes: { transaction_bytes: 500 },
})) {
  bound('transaction', `one of too many ${what} is an ERROR`, { limits }, async (gateway, keep) => {
    const stomp = await plain(gateway, keep);
    await stomp.call('BEGIN', { transaction: 'a' });
    const more = { transaction: 'a' };
    for (let i = 0; i < 2; i += 1) await stomp.call('SEND', { destination: '/topic/a', ...more }, 'x');
    stomp.publish('/topic/a', 'x'.repeat(500), more);
    await assertError(stomp, /transaction/);
  });
}

for (const [what, limits] of Object.entries({
  messages: { backlog_messages: 2 }, bytes: { backlog_bytes: 2000 },
})) {
  bound('backlog', `a queue of too many ${what} is an ERROR to the sender`, { limits }, async (gateway, keep) => {
    const stomp = await plain(gateway, keep);
    for (let i = 0; i < 2; i += 1) await stomp.call('SEND', { destination: '/queue/a' }, 'x');
    stomp.publish('/queue/a', 'x'.repeat(2000));
    await assertError(stomp, /queue is full/);
  });
}

bound('backlog_total', 'queues that have all their memory take no more', { limits: { backlog_total_bytes: 1000 } }, async (gateway, keep) => {
  (await plain(gateway, keep)).publish('/queue/a', 'x'.repeat(2000));
});

bound('inbox', 'publishers wait, and lose nothing', { workers: 3, limits: { inbox_posts: 1 } }, async (gateway, keep) => {
  const [reader, ...loud] = await Promise.all(Array.from({ length: 7 }, () => raw(gateway, keep)));
  await reader.subscribe('/topic/flood');
  const text = frame('SEND', { destination: '/topic/flood' }, 'x').repeat(500);
  loud.forEach((stomp) => stomp.send(text));
  for (let i = 0; i < 500 * loud.length; i += 1) await reader.frame('MESSAGE');
});

// Connections and sessions.

bound('connections', 'one too many gets 503 or an ERROR', { limits: { connections: 3 } }, async (gateway, keep) => {
  for (let i = 0; i < 3; i += 1) await (await say(gateway, keep, requestText('GET /chat'))).answer();
  assert.equal(await status(gateway, keep, requestText('GET /chat')), 503);
  await assertRefusedTcp(gateway, keep, /Too many connections/);
});

bound('address_connections', 'one too many of an address gets 503 or an ERROR', {
  exempt_addresses: [], limits: { address_connections: 3 },
}, async (gateway, keep) => {
  const served = [];
  for (let text = requestText('GET /chat'); served.length < 3;) {
    served.push(await say(gateway, keep, text));
    await served.at(-1).answer();
  }
  assert.equal(await status(gateway, keep, requestText('GET /chat')), 503);
  await assertRefusedTcp(gateway, keep, /Too many connections/);
  served[0].abort(); // or the figures could not be read
});

const PROXY = 'PROXY TCP4 203.0.113.9 127.0.0.1 49152 8080\r\n';

bound('address_connections', 'one too many behind a proxy gets 503 or an ERROR', {
  trusted_proxies: ['127.0.0.1'], proxy_protocol: true, limits: { address_connections: 2 },
}, async (gateway, keep) => {
  for (let i = 0; i < 2; i += 1) await (await say(gateway, keep, PROXY + requestText('GET /chat'))).answer();
  assert.equal(await status(gateway, keep, PROXY + requestText('GET /chat')), 503);
  const stomp = await keep(TcpStomp.open({ log: gateway.log, port: tcpPort(gateway) }));
  await assertError(stomp.send(PROXY), /Too many connections/);
});

const issuer = new Issuer();
bound('token', 'a token of many bytes is not accepted', {
  tokens: [issuer.known], limits: { token: 64 },
}, (gateway, keep) => assertRefusedTcp(gateway, keep, /The token is not accepted/, { passcode: issuer.token('ana') }));

const sendTwice = async (gateway, keep) => {
  const stomp = await plain(gateway, keep);
  for (let i = 0; i < 2; i += 1) await stomp.call('SEND', { destination: '/topic/a' }, 'x');
};
bound('user_messages', 'a client that sends faster waits', {
  base: broker, exempt_addresses: [], limits: { user_messages: 5, user_burst: 1 },
}, sendTwice);
bound('rate', 'a client that sends faster than its rule waits', {
  base: broker, exempt_addresses: [],
  rules: [{ match: '/**', allow: ['subscribe', 'send'], rate: { messages: 1, per: 200 } }],
}, sendTwice);

bound('address_sessions', 'one too many of an address in a second gets 503', {
  exempt_addresses: [], limits: { address_sessions: 2 },
}, async (gateway, keep) => {
  await until('somebody is refused', async () => await status(gateway, keep, poll()) === 503);
});

bound('address_unknown', 'who guesses at sessions gets 429', {
  exempt_addresses: [], limits: { address_unknown: 2 },
}, async (gateway, keep) => {
  const guess = requestText('POST /echo/000/nobody/xhr_send', { body: '["x"]' });
  await until('somebody is refused', async () => await status(gateway, keep, guess) === 429);
});

bound('sessions', 'one too many gets 503, 1013 or an ERROR', { limits: { sessions: 1 } }, async (gateway, keep) => {
  await plain(gateway, keep);
  assert.equal(await status(gateway, keep, poll()), 503);
  await assertRefusedSocket(gateway, keep, 1013);
  await assertRefusedTcp(gateway, keep, /./);
});

bound('ended_sessions', 'the id of one that is forgotten opens a new one', {
  workers: 1, limits: { ended_sessions: 1 },
}, async (gateway) => {
  const [first, second] = [await Session.polling(gateway.port, '/close'), await Session.polling(gateway.port, '/close')];
  const CLOSE = 'c[3000,"Go away!"]\n';
  for (const session of [first, second]) assert.equal(await session.poll(), CLOSE);
  await until('both have ended', () => gateway.log.match(/session ended/g)?.length === 2);
  assert.equal(await second.poll(), CLOSE);
  assert.equal(await first.poll(), 'o\n');
});

bound('memory', 'nobody new is let in', { limits: { memory: 1_000_000 } }, async (gateway, keep) => {
  await until('memory is short', async () => await status(gateway, keep, poll()) === 503);
  await assertRefusedSocket(gateway, keep, 1013);
  await assertRefusedTcp(gateway, keep, /./);
});

bound('descriptors', 'who comes without any left waits until there are some', {}, async (gateway, keep) => {
  const limit = (soft) => execFileSync('prlimit', [`--pid=${gateway.pid}`, `--nofile=${soft}:`]);
  limit(gateway.descriptors + 1);
  const wires = [];
  for (let i = 0; i < 5; i += 1) wires.push(await say(gateway, keep, requestText('GET /chat')));
  await until('the log says so', () => /cannot accept: Too many open files/.test(gateway.log));
  limit(1000);
  for (const wire of wires) assert.equal((await wire.answer()).status, 200);
});

bound('log_lines', 'lines that are provoked are left out', {
  limits: { log_lines: 3 }, allowed_origins: ['https://shop.example'],
}, async (gateway, keep) => {
  for (let i = 0; i < 10; i += 1) {
    const headers = { Origin: `https://${i}.example` };
    assert.equal(await status(gateway, keep, requestText('GET /chat/info', { headers })), 403);
  }
}, { figure: 'postern_log_lines_unwritten_total' });

// And that is all of them.

testWith('no figure of a bound is without its test, or its word in the documents', configuration(ADMIN), async (gateway) => {
  const figures = Object.keys(await scrape(gateway)).filter((name) => name.startsWith('postern_refused_total'));
  assert.ok(figures.length > 30);
  assert.deepEqual(figures.filter((name) => !seen.has(name)), []);
  const document = readFileSync(new URL('../../www/docs/security.md', import.meta.url), 'utf8');
  const names = figures.map((name) => name.match(/"(.*)"/)[1]);
  assert.deepEqual(names.filter((name) => !document.includes(`\`${name}\``)), []);
});
