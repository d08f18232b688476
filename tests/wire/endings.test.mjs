// Each way in which a session ends, brought about by a peer, is logged and counted under a
// name of its own. The figures list all names: an ending without a row here fails.
import assert from 'node:assert/strict';
import { configuration } from './lib/config.mjs';
import { clientFrame, openFrames, serverFrame } from './lib/frames.mjs';
import { hogged, takeMemory } from './lib/hog.mjs';
import { scrape } from './lib/metrics.mjs';
import { Session } from './lib/sockjs.mjs';
import { frame, Socket, Stomp } from './lib/stomp.mjs';
import { TcpStomp } from './lib/tcp.mjs';
import { testWith } from './lib/test.mjs';
import { Issuer, seconds } from './lib/tokens.mjs';
import { until } from './lib/wait.mjs';

const seen = new Set();
const closed = (figures) => Object.fromEntries(Object.entries(figures)
  .filter(([name, value]) => value > 0 && name.startsWith('postern_sessions_closed_total'))
  .map(([name, value]) => [name.match(/transport="(\w+)",reason="(\w+)"/).slice(1).join(' '), value]));

// reach(gateway, keep) ends one session, and looks at what its peer gets of it.
function ending(name, { code, reason, transport = 'websocket_raw', beside = {}, settings = {} }, reach) {
  seen.add(name);
  const { times, ...more } = settings;
  testWith(`${name} (${transport}) is logged and counted`, configuration({
    admin: { listen: '127.0.0.1:0' }, tcp: { listen: '127.0.0.1:0' }, ...more, times: { drain: 300, ...times },
  }), async (gateway, keep) => {
    await reach(gateway, keep);
    const expected = { [`${transport} ${name}`]: 1, ...beside };
    await until('the end is counted', async () => closed(await scrape(gateway))[`${transport} ${name}`] === 1);
    assert.deepEqual(closed(await scrape(gateway)), expected);
    const [line] = await gateway.logged(new RegExp(`session ended: .* transport=${transport} .*`));
    assert.ok(line.includes(` ending=${name} code=${code} reason=${reason} `), line);
  });
}

const raw = (gateway, keep) => keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
const echo = (gateway, keep, path = '/echo/websocket', options = {}) => keep(Socket.open(`${gateway.ws}${path}`, [], options));

ending('disconnect', { code: 1000, reason: 'Goodbye' }, async (gateway, keep) => {
  const stomp = await raw(gateway, keep);
  await stomp.call('DISCONNECT');
  assert.deepEqual(await stomp.closes(), { code: 1000, reason: 'Goodbye' });
});

ending('closed', { code: 1001, reason: '"Connection closed"' }, async (gateway, keep) => {
  (await echo(gateway, keep)).ws.close();
});

ending('closed', { code: 1001, reason: '"Connection closed"', transport: 'tcp' }, async (gateway, keep) => {
  const stomp = await keep(TcpStomp.connect(gateway));
  stomp.finish();
  await stomp.closes();
});

ending('interrupted', {
  code: 1002, reason: '"Connection interrupted"', transport: 'xhr', settings: { times: { disconnect: 100 } },
}, async ({ port }) => {
  const session = await Session.polling(port, '/echo');
  await until('it is over', async () => (await session.send('x')).status === 404);
});

ending('no_pong', { code: 1002, reason: '"No pong"', settings: { times: { ping: 100, pong: 100 } } }, async (gateway, keep) => {
  await (await echo(gateway, keep, '/echo/websocket', { autoPong: false })).closes();
});

ending('unfinished', {
  code: 1013, reason: '"A message has not come in time"', settings: { times: { body: 200 } },
}, async (gateway, keep) => {
  const socket = await echo(gateway, keep);
  socket.ws.send('x', { fin: false });
  assert.deepEqual(await socket.closes(), { code: 1013, reason: 'A message has not come in time' });
});

ending('error', { code: 1002, reason: '"STOMP error"' }, async (gateway, keep) => {
  const stomp = await raw(gateway, keep);
  stomp.send(frame('ABORT'));
  await stomp.frame('ERROR');
  assert.deepEqual(await stomp.closes(), { code: 1002, reason: 'STOMP error' });
});

ending('framing', { code: 1002, reason: '"Broken framing."', transport: 'websocket' }, async (gateway, keep) => {
  const socket = await echo(gateway, keep, '/echo/000/a/websocket');
  assert.deepEqual(await socket.send('["').closes(), { code: 1002, reason: 'Broken framing.' });
});

ending('protocol', { code: 1002, reason: '"A WebSocket frame is malformed"' }, async ({ port }) => {
  const wire = await openFrames(port, '/echo/websocket');
  wire.write(clientFrame(3));
  assert.deepEqual((await serverFrame(wire)).payload, Buffer.from('\x03\xeaUnknown opcode', 'latin1'));
  wire.abort();
});

ending('not_text', { code: 1007, reason: '"A text message is not UTF-8"' }, async (gateway, keep) => {
  const socket = await echo(gateway, keep);
  socket.ws.send(Buffer.from([0xff]), { binary: false });
  assert.deepEqual(await socket.closes(), { code: 1007, reason: 'A text message is not UTF-8' });
});

const WRONG_DOOR = "SockJS is spoken here. Plain STOMP is at the endpoint's /websocket";

ending('wrong_door', { code: 1002, reason: `"${WRONG_DOOR}"`, transport: 'websocket' }, async (gateway, keep) => {
  const socket = await echo(gateway, keep, '/chat/000/a/websocket');
  assert.deepEqual(await socket.send(frame('CONNECT')).closes(), { code: 1002, reason: WRONG_DOOR });
});

ending('too_big', { code: 1009, reason: '"Message too big"', settings: { limits: { frame: 2000 } } }, async (gateway, keep) => {
  const socket = await echo(gateway, keep);
  assert.deepEqual(await socket.send('x'.repeat(2001)).closes(), { code: 1009, reason: 'Message too big' });
});

// A STOMP client gets an ERROR first; its end is that of a slow consumer all the same.
ending('slow_consumer', {
  code: 1008, reason: '"Slow consumer"', settings: { limits: { queue_bytes: 4000 } },
}, async (gateway, keep) => {
  const stomp = await raw(gateway, keep);
  await stomp.subscribe('/topic/a');
  stomp.publish('/topic/a', 'x'.repeat(3000));
  stomp.ws.pause();
  for (let i = 0; i < 3000; i += 1) stomp.publish('/topic/a', 'x'.repeat(3000));
  await until('it is given up', () => /slow consumer/.test(gateway.log));
  stomp.ws.resume();
  assert.deepEqual(await stomp.closes(), { code: 1008, reason: 'Slow consumer' });
});

const NO_MEMORY = 'There is no memory for so much now';

ending('no_memory', {
  code: 1013, reason: `"${NO_MEMORY}"`, settings: { limits: hogged, exempt_addresses: [] },
}, async (gateway, keep) => {
  await takeMemory(gateway, keep);
  const socket = await echo(gateway, keep);
  socket.ws.send('x'.repeat(900_000), { fin: false });
  assert.deepEqual(await socket.closes(), { code: 1013, reason: NO_MEMORY });
});

// A session whose client does not come for its close keeps the process, and its figures.
ending('going_away', { code: 1001, reason: '"Going away"', settings: { times: { drain: 4000 } } }, async (gateway, keep) => {
  await Session.polling(gateway.port, '/echo');
  const socket = await echo(gateway, keep);
  await gateway.drain();
  assert.deepEqual(await socket.closes(), { code: 1001, reason: 'Going away' });
});

ending('handler', { code: 3000, reason: '"Go away!"' }, async (gateway, keep) => {
  assert.deepEqual(await (await echo(gateway, keep, '/close/websocket')).closes(), { code: 3000, reason: 'Go away!' });
});

ending('operator', { code: 1008, reason: '"Closed by an operator"' }, async (gateway, keep) => {
  const [member, operator] = [await raw(gateway, keep),
    await keep(Stomp.connect(`ws://127.0.0.1:${gateway.adminPort}/console/stomp/websocket`))];
  const ask = async (what, question) => {
    operator.publish(`/admin/${what}`, JSON.stringify(question), { 'reply-to': '/temp-queue/a' });
    return JSON.parse((await operator.frame('MESSAGE')).body);
  };
  const { rows } = await ask('sessions', { search: '/chat' });
  await ask('kick', { session: rows[0].session });
  assert.deepEqual(await member.closes(), { code: 1008, reason: 'Closed by an operator' });
});

const issuer = new Issuer();

ending('expired', {
  code: 1008, reason: '"The token has expired"', settings: { tokens: [issuer.known], times: { leeway: 0 } },
}, async (gateway, keep) => {
  const stomp = await keep(Stomp.open(`${gateway.ws}/chat/websocket`));
  const token = issuer.token('ana', { exp: seconds() + 2 });
  stomp.send(frame('CONNECT', { 'accept-version': '1.2', 'host': 'a', 'passcode': token }));
  await stomp.frame('CONNECTED');
  await stomp.fails();
});

testWith('every ending that the figures list has a row here', configuration({
  admin: { listen: '127.0.0.1:0' },
}), async (gateway) => {
  const names = Object.keys(await scrape(gateway)).map((name) => name.match(/^postern_sessions_closed_total.*reason="(\w+)"/)?.[1]);
  assert.deepEqual([...new Set(names.filter(Boolean))].sort(), [...seen].sort());
});
