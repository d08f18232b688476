// One user, or one address without a login, uses at most its share of each bound of the process.
import assert from 'node:assert/strict';
import { brokerWithUsers, broker } from './lib/broker.mjs';
import { scrape } from './lib/metrics.mjs';
import { frame } from './lib/stomp.mjs';
import { TcpStomp, tcpPort } from './lib/tcp.mjs';
import { test, testWith } from './lib/test.mjs';
import { runPostern } from './lib/gateway.mjs';

const strict = (limits) => ({ admin: { listen: '127.0.0.1:0' }, exempt_addresses: [], limits, times: { drain: 300 } });
const OTHER = '127.0.0.2';
const connected = (gateway, keep, from) => keep(new TcpStomp(tcpPort(gateway), from).greet());
const opened = (gateway, keep, from) => keep(new TcpStomp(tcpPort(gateway), from));
const CONNECT = frame('CONNECT', { 'accept-version': '1.2', host: 'a', login: 'guest', passcode: 'guest' });

async function assertCounted(gateway, name) {
  assert.ok((await scrape(gateway))[`postern_refused_total{bound="${name}"}`] > 0);
}

// An ERROR or a MESSAGE whose body names both keys.
function assertShare({ headers, body }, key) {
  assert.equal(headers.message, 'This user or address already uses its share');
  assert.match(body, new RegExp(`${key} is \\d+, and limits\\.share 25 per cent\\.`));
}

testWith('the segments of patterns', broker(strict({ destinations: 40 })), async (gateway, keep) => {
  const greedy = await connected(gateway, keep);
  await greedy.subscribe('/user/queue/errors', 'errors');
  for (let i = 0; i < 5; i += 1) await greedy.subscribe(`/topic/${i}*`, `${i}`);
  greedy.send(frame('SUBSCRIBE', { id: '5', destination: '/topic/5*' }));
  assertShare(await greedy.frame('MESSAGE'), 'limits.destinations');
  const other = await connected(gateway, keep, OTHER);
  await other.subscribe('/topic/5*', '5');
  await greedy.call('UNSUBSCRIBE', { id: '0' });
  await greedy.subscribe('/topic/6*', '6');
  await assertCounted(gateway, 'share');
});

testWith('the sessions of an address that have not logged in', broker(strict({ sessions: 8 })), async (gateway, keep) => {
  for (let i = 0; i < 2; i += 1) await connected(gateway, keep);
  assert.equal((await (await opened(gateway, keep)).frame('ERROR')).headers.message, 'Try again later');
  await connected(gateway, keep, OTHER);
  await assertCounted(gateway, 'share');
});

testWith('the sessions of a user, from whatever address', brokerWithUsers(strict({ sessions: 8 })), async (gateway, keep) => {
  await connected(gateway, keep);
  await connected(gateway, keep, OTHER);
  const third = await opened(gateway, keep, OTHER);
  assertShare(await third.send(CONNECT).frame('ERROR'), 'limits.sessions');
  // They do not count to their addresses any more.
  for (const from of [undefined, undefined]) await opened(gateway, keep, from);
  await assertCounted(gateway, 'share');
});

testWith('the logins under way', brokerWithUsers({ ...strict({ logins: 8 }), workers: 1 }), async (gateway, keep) => {
  const clients = [];
  for (let i = 0; i < 20; i += 1) clients.push(await opened(gateway, keep));
  clients.forEach((client) => client.send(CONNECT));
  const answers = await Promise.all(clients.map((client) => client.frame()));
  assertShare(answers.find(({ command }) => command === 'ERROR'), 'limits.logins');
  assert.ok(answers.filter(({ command }) => command === 'CONNECTED').length >= 2);
  await connected(gateway, keep, OTHER);
  await assertCounted(gateway, 'share');
});

testWith('the connections, besides limits.address_connections', broker(strict({ connections: 8 })), async (gateway, keep) => {
  for (let i = 0; i < 2; i += 1) await connected(gateway, keep);
  assert.equal((await (await opened(gateway, keep)).frame('ERROR')).headers.message, 'Too many connections');
  await connected(gateway, keep, OTHER);
  assert.match(gateway.log, /door: more than 2 connections from 127\.0\.0\.1/);
});

testWith('limits.share: 100 switches shares off', broker(strict({ destinations: 4, share: 100 })), async (gateway, keep) => {
  const client = await connected(gateway, keep);
  for (let i = 0; i < 4; i += 1) await client.subscribe(`/topic/${i}`, `${i}`);
  // Four segments in all, though six are charged.
  for (let i = 0; i < 3; i += 1) await client.subscribe(`/topic/${i}*`, `p${i}`);
});

testWith('an address that is exempt has more', broker({ ...strict({ destinations: 4 }), exempt_addresses: ['127.0.0.1'] }), async (gateway, keep) => {
  const client = await connected(gateway, keep);
  for (let i = 0; i < 3; i += 1) await client.subscribe(`/topic/${i}`, `${i}`);
  const other = await connected(gateway, keep, OTHER);
  await other.subscribe('/user/queue/errors', '1');
  other.send(frame('SUBSCRIBE', { id: '2', destination: '/topic/4' }));
  assertShare(await other.frame('MESSAGE'), 'limits.destinations');
});

test('a share is from 1 to 100 per cent', async () => {
  const { status, stderr } = await runPostern('check-config', '--limits.share', '101');
  assert.notEqual(status, 0);
  assert.match(stderr, /limits\.share: .*1 to 100/);
});
