// Rates: whoever sends more than its user or a rule may is read no faster, and loses
// nothing; or is denied, if the rule says so.
// tags: tsan
import assert from 'node:assert/strict';
import { all, plain, testOver } from './lib/carriers.mjs';
import { broker } from './lib/broker.mjs';
import { scrape } from './lib/metrics.mjs';
import { frame } from './lib/stomp.mjs';
import { TcpStomp } from './lib/tcp.mjs';
import { testWith, withGateway } from './lib/test.mjs';
import { Issuer } from './lib/tokens.mjs';

const RATE = 20, BURST = 5; // messages in a second, and in a row
const issuer = new Issuer();
const rules = [
  { match: '/topic/scarce', allow: ['subscribe', 'send'], rate: { messages: 1, per: 60_000 }, over: 'deny' },
  { match: '/**', allow: ['subscribe', 'send'] },
];
const rated = (more = {}) => broker({
  admin: { listen: '127.0.0.1:0' }, tokens: [issuer.known], rules, exempt_addresses: [],
  ...more, limits: { user_messages: RATE, user_burst: BURST, ...more.limits },
});
const gateway = withGateway(rated());

async function enter(opening, user) {
  const client = await opening;
  client.send(frame('CONNECT', { 'accept-version': '1.2', 'host': 'a', 'Authorization': `Bearer ${issuer.token(user)}` }));
  await client.frame('CONNECTED');
  return client;
}

// What so many messages take at least, in ms, after a pause. The clocks have whole ones.
const least = (count) => (count - BURST) / RATE * 1000 - 5;

async function took(work) {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

async function readNumbered(client, count) {
  for (let i = 0; i < count; i += 1) assert.equal((await client.frame('MESSAGE')).body, `${i}`);
}

testOver(all, gateway, 'what comes too soon comes later, in its order', async (connect, open, name) => {
  const client = await enter(open(), `ana over ${name}`);
  const count = 15, topic = `/topic/${name}`;
  await client.subscribe(topic, 's');
  const time = await took(async () => {
    for (let i = 0; i < count; i += 1) client.publish(topic, `${i}`);
    await readNumbered(client, count);
  });
  assert.ok(time >= least(count), `${time} ms`);
  await client.call('DISCONNECT');
});

testOver(all, gateway, 'another user does not wait', async (connect, open, name) => {
  const [eve, bob] = await Promise.all(['eve', 'bob'].map((user) => enter(open(), `${user} over ${name}`)));
  for (let i = 0; i < 200; i += 1) eve.publish('/topic/flood', 'x');
  const time = await took(async () => {
    for (let i = 0; i < BURST; i += 1) await bob.call('SEND', { destination: '/topic/bob' }, 'x');
  });
  assert.ok(time < 2000, `${time} ms, and eve takes ${least(200)} ms`);
});

// Its carrier is not read for 3 s: its beats cannot come, and ours do.
const slow = withGateway(rated({
  limits: { user_messages: 1, user_burst: 1 }, times: { heartbeat: 200, disconnect: 500, ping: 200, pong: 500 },
}));

testOver(all, slow, 'a session that is not read lives on', async (connect, open, name) => {
  const client = await enter(open(), `ana over ${name}`);
  await client.subscribe('/topic/a', 's');
  for (let i = 0; i < 4; i += 1) client.publish('/topic/a', `${i}`);
  await readNumbered(client, 4);
  await client.call('DISCONNECT');
});

testWith('all sessions of a user, on all workers, share its rate', rated({ workers: 3 }), async (many, keep) => {
  const tabs = await Promise.all([1, 2, 3, 4].map(() => enter(keep(TcpStomp.open(many)), 'ana')));
  const time = await took(() => Promise.all(tabs.map((tab) => Promise.all(
    Array.from({ length: 8 }, () => tab.send(frame('SEND', { destination: '/topic/a', receipt: 'r' }, 'x')))
      .map(() => tab.frame('RECEIPT'))))));
  assert.ok(time >= least(32), `${time} ms`);
  const figures = await scrape(many);
  assert.ok(figures['postern_refused_total{bound="user_messages"}'] > 0);
  await many.logged(/client sends too often, and waits: .*user=ana .*bound="?limits\.user_messages"?/);
});

testOver(plain, gateway, 'a rule denies what is above its rate', async (connect, open, name) => {
  const client = await enter(open(), `dan over ${name}`);
  await client.call('SEND', { destination: '/topic/scarce' }, 'x');
  client.publish('/topic/scarce', 'x', { receipt: 'again' });
  const { headers, body } = await client.fails();
  assert.equal(headers.message, 'You send to that destination too often');
  assert.equal(headers['denied-destination'], '/topic/scarce');
  assert.match(body, /The next message may come in \d+ ms\./);
  await gateway.logged(/kind=rate .*reason="rules\[0\] lets 1 through in 60000 ms, 1 in a row"/);
});

testWith('a soft denial dooms its transaction, and the session goes on', rated({ broker: { deny: 'soft' } }),
  async (soft, keep) => {
    const client = await enter(keep(TcpStomp.open(soft)), 'ana');
    await client.subscribe('/user/queue/errors', 'e');
    await client.call('BEGIN', { transaction: 't' });
    for (const receipt of ['1', '2']) client.publish('/topic/scarce', 'x', { transaction: 't', receipt });
    assert.equal((await client.frame('RECEIPT')).headers['receipt-id'], '1');
    assert.equal((await client.frame('MESSAGE')).headers['receipt-id'], '2');
    client.send(frame('COMMIT', { transaction: 't', receipt: 'c' }));
    assert.equal((await client.frame('MESSAGE')).headers['receipt-id'], 'c');
    await client.call('SEND', { destination: '/topic/other' }, 'x');
  });

testWith('a reload changes the rate, also of a client that waits', rated({ limits: { user_messages: 1, user_burst: 1 } }),
  async (reloaded, keep) => {
    const client = await enter(keep(TcpStomp.open(reloaded)), 'ana');
    const time = await took(async () => {
      for (let i = 0; i < 40; i += 1) client.publish('/topic/a', 'x', { receipt: `${i}` });
      await client.frame('RECEIPT');
      await reloaded.reload(rated({ limits: { user_messages: 1000 } }));
      for (let i = 1; i < 40; i += 1) await client.frame('RECEIPT');
    });
    assert.ok(time < 20_000, `${time} ms, and 39,000 ms by the first rate`);
  });
