// What may come from one address is bounded, and the others are served meanwhile. The
// tests' own clients come from 127.0.0.1, the others from 127.0.0.2.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { configuration } from './lib/config.mjs';
import { connect, requestText } from './lib/http.mjs';
import { Session } from './lib/sockjs.mjs';
import { Socket, Stomp } from './lib/stomp.mjs';
import { TcpStomp } from './lib/tcp.mjs';
import { testWith } from './lib/test.mjs';
import { until } from './lib/wait.mjs';

const OTHER = '127.0.0.2';
const bounded = (limits, more) => configuration({ exempt_addresses: [], limits, ...more });

const logs = (gateway, line) => until(`the log says ${line}`, () => line.test(gateway.log));

async function ask({ port }, keep, line, { from, ...more } = {}) {
  const wire = await keep(connect(port, from));
  return { ...await wire.write(requestText(line, more)).answer(), wire };
}

testWith('an address has as many connections as limits.address_connections says, until some close', bounded(
  { address_connections: 6 }, { tcp: { listen: '127.0.0.1:0' } },
), async (gateway, keep) => {
  const served = [
    await keep(Socket.open(`${gateway.ws}/echo/websocket`)),
    await keep(TcpStomp.connect(gateway)),
    await keep(Session.streaming(gateway.port, '/echo').then(({ down }) => down)),
  ];
  const isServed = async () => {
    const { status, wire } = await ask(gateway, keep, 'GET /chat');
    if (status !== 200) {
      assert.equal(status, 503);
      return false;
    }
    served.push(wire);
    return true;
  };
  while (await isServed());
  assert.equal(served.length, 6);
  await logs(gateway, /more than 6 connections from 127\.0\.0\.1/);
  const refused = await keep(TcpStomp.open(gateway));
  assert.equal((await refused.frame('ERROR')).headers.message, 'Too many connections');
  assert.equal((await ask(gateway, keep, 'GET /chat', { from: OTHER })).status, 200);

  served.splice(0).forEach((client) => client.abort());
  await until('the address is served again', isServed);
});

testWith('who is exempt may have any number of connections', configuration({
  limits: { address_connections: 3 },
}), async (gateway, keep) => {
  for (let i = 0; i < 10; i += 1) assert.equal((await ask(gateway, keep, 'GET /chat')).status, 200);
});

const openers = {
  'xhr': async (gateway, keep, from) => (
    await ask(gateway, keep, `POST /echo/0/${Math.random()}`.replace('.', '') + '/xhr', { from, body: '' })).status === 200,
  'a WebSocket': async (gateway, keep, from) => {
    const socket = await keep(Socket.open(`${gateway.ws}/echo/websocket`, [], { localAddress: from }));
    socket.send('x');
    const answered = once(socket.ws, 'message').then(() => true);
    return Promise.race([answered, socket.closed.then(({ code }) => {
      assert.equal(code, 1013);
      return false;
    })]);
  },
};
for (const [what, opens] of Object.entries(openers)) {
  testWith(`an address opens by ${what} at most as many sessions in a second as limits.address_sessions says`, bounded(
    { address_sessions: 2 }, { times: { drain: 500 } },
  ), async (gateway, keep) => {
    const from = async (address) => (await Promise.all(
      Array.from({ length: 40 }, () => opens(gateway, keep, address)))).filter(Boolean).length;
    const opened = await from('127.0.0.1');
    assert.ok(opened >= 2 && opened < 40, `${opened} were opened`);
    assert.ok(await opens(gateway, keep, OTHER));
    await logs(gateway, /more than 2 new sessions in a second from 127\.0\.0\.1/);
    await until('the next second', () => opens(gateway, keep, '127.0.0.1'));
  });
}

testWith('an address may guess at sessions at most limits.address_unknown times in a second', bounded(
  { address_unknown: 5 },
), async (gateway, keep) => {
  const guess = (from) => ask(gateway, keep, 'POST /chat/000/nobody/xhr_send', { from, body: '["x"]' });
  const answers = await Promise.all(Array.from({ length: 50 }, () => guess()));
  const statuses = answers.map(({ status }) => status);
  assert.ok(statuses.filter((status) => status === 404).length >= 5, `${statuses}`);
  const refused = answers.find(({ status }) => status === 429);
  assert.equal(refused.headers.connection, 'close');
  assert.equal(statuses.filter((status) => status !== 404 && status !== 429).length, 0);
  assert.equal((await guess(OTHER)).status, 404);
  await logs(gateway, /sticky sessions\?/);

  const known = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
  await known.call('SEND', { destination: '/topic/a' }, 'still here');
});
