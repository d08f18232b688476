// The identity of the listener for plain STOMP: who its clients are that show no login.
import assert from 'node:assert/strict';
import { broker } from './lib/broker.mjs';
import { frame, Stomp } from './lib/stomp.mjs';
import { TcpStomp } from './lib/tcp.mjs';
import { testWith } from './lib/test.mjs';
import { Issuer } from './lib/tokens.mjs';

const issuer = new Issuer();
const tcp = { listen: '127.0.0.1:0', user: 'worker', groups: ['backend', 'red'] };
const rules = [
  { match: '/queue/**', groups: 'backend', allow: ['subscribe', 'send'] },
  { match: '/topic/of/{user}', allow: 'subscribe' },
  { match: '/topic/of/*', groups: 'red', allow: 'send' },
];
const configured = (more = {}) => broker({ tcp, rules, broker: { deny: 'soft' }, ...more });
const GUEST = [{ login: 'guest', password: '$y$j9T$MdwBGQd58gt4Uq3FN99hW/$NG4rDx/ipFZG1/Ls5iZoCflvVCDklIaU5VZhd8LuSX6' }];

const say = (client, headers = {}) => client.send(frame('CONNECT', { 'accept-version': '1.2', 'host': 'a', ...headers }));
async function enters(client, headers) {
  say(client, headers);
  return (await client.frame('CONNECTED')).headers['user-name'];
}
async function isRefused(client, headers, message) {
  say(client, headers);
  assert.equal((await client.fails()).headers.message, message);
}

testWith('a back end has the rights of its listener, and a browser has not', configured(), async (gateway, keep) => {
  for (const version of ['1.0', '1.1', '1.2']) {
    const back = await keep(TcpStomp.open(gateway));
    assert.equal(await enters(back, { 'accept-version': version }), 'worker');
    await back.subscribe('/queue/work', 'w');
    await back.subscribe('/topic/of/worker', 'own');
    await back.subscribe('/user/queue/x', 'x');
    await back.call('SEND', { destination: '/topic/of/ana' }, 'x');
    await back.call('DISCONNECT', {});
  }
  const page = await keep(Stomp.open(`${gateway.ws}/ws`));
  assert.equal(await enters(page), undefined);
  await page.subscribe('/user/queue/errors', 'errors');
  for (const [command, destination] of [['SUBSCRIBE', '/queue/work'], ['SUBSCRIBE', '/topic/of/worker'], ['SEND', '/topic/of/ana']]) {
    page.send(frame(command, { id: '1', destination }));
    assert.equal((await page.frame('MESSAGE')).headers['denied-destination'], destination);
  }
});

testWith('a login without meaning does not count there', configured(), async (gateway, keep) => {
  assert.equal(await enters(await keep(TcpStomp.open(gateway)), { login: 'guest', passcode: 'guest' }), 'worker');
});

testWith('who shows a login there is that login, or is refused', configured({
  users: GUEST, tokens: [issuer.known], login: { anonymous: true },
}), async (gateway, keep) => {
  const open = () => keep(TcpStomp.open(gateway));
  assert.equal(await enters(await open()), 'worker');
  assert.equal(await enters(await open(), { login: 'guest', passcode: 'guest' }), 'guest');
  assert.equal(await enters(await open(), { Authorization: `Bearer ${issuer.token('ana')}` }), 'ana');
  await isRefused(await open(), { login: 'guest', passcode: 'wrong' }, 'Bad login or passcode');
  await isRefused(await open(), { login: 'guest' }, 'CONNECT needs a login and a passcode');
  await isRefused(await open(), { Authorization: 'Bearer rubbish' }, 'The token is not accepted');
  const ana = await open();
  await enters(ana, { Authorization: `Bearer ${issuer.token('ana')}` });
  await ana.subscribe('/user/queue/errors', 'errors');
  ana.send(frame('SUBSCRIBE', { id: '1', destination: '/queue/work' }));
  assert.equal((await ana.frame('MESSAGE')).headers['denied-destination'], '/queue/work');
});

testWith('where a login is needed, the listener\'s clients need none', configured({ users: GUEST }), async (gateway, keep) => {
  assert.equal(await enters(await keep(TcpStomp.open(gateway))), 'worker');
  await isRefused(await keep(Stomp.open(`${gateway.ws}/ws`)), {}, 'CONNECT needs a login and a passcode');
});

testWith('where only tokens count, a login is refused there too', configured({ tokens: [issuer.known] }), async (gateway, keep) => {
  assert.equal(await enters(await keep(TcpStomp.open(gateway))), 'worker');
  await isRefused(await keep(TcpStomp.open(gateway)), { login: 'worker', passcode: 'x' }, 'CONNECT needs a token');
});

testWith('a reload changes who the next clients are', configured(), async (gateway, keep) => {
  const before = await keep(TcpStomp.open(gateway));
  assert.equal(await enters(before), 'worker');
  await gateway.reload({ ...gateway.configuration, tcp: { ...gateway.configuration.tcp, user: 'other', groups: [] } });
  const next = await keep(TcpStomp.open(gateway));
  assert.equal(await enters(next), 'other');
  await next.subscribe('/user/queue/errors', 'errors');
  next.send(frame('SUBSCRIBE', { id: '1', destination: '/queue/work' }));
  assert.equal((await next.frame('MESSAGE')).headers['denied-destination'], '/queue/work');
});

testWith('without tcp.user they are nobody', configured({ tcp: { listen: tcp.listen } }), async (gateway, keep) => {
  assert.equal(await enters(await keep(TcpStomp.open(gateway))), undefined);
});

testWith('its name is in the line of the session\'s end', configured(), async (gateway, keep) => {
  const back = await keep(TcpStomp.open(gateway));
  assert.equal(await enters(back), 'worker');
  await back.call('DISCONNECT', {});
  await gateway.logged(/session ended: .* user=worker/);
});
