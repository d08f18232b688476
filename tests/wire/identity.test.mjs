// What an operator sees of logins and rules: the figures, and the console.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { plain, testOver } from './lib/carriers.mjs';
import { scrape } from './lib/metrics.mjs';
import { frame, Stomp } from './lib/stomp.mjs';
import { TcpStomp } from './lib/tcp.mjs';
import { test, testWith, withGateway } from './lib/test.mjs';
import { Issuer, seconds } from './lib/tokens.mjs';

const issuer = new Issuer();
const broker = JSON.parse(readFileSync(new URL('broker.json', import.meta.url)));
const configured = {
  ...broker,
  admin: { listen: '127.0.0.1:0' },
  tokens: [{ issuer: issuer.name, secrets: issuer.secretText }],
  login: { user_header: 'X-User', groups_header: 'X-Groups', anonymous: true },
  trusted_proxies: ['127.0.0.1'],
  times: { leeway: 0 },
  broker: { ...broker.broker, deny: 'soft' },
  rules: [
    { match: '/topic/closed', deny: ['subscribe', 'send'] },
    { match: '/topic/open', allow: ['subscribe', 'send'] },
    { match: '/topic/staff', groups: 'staff', allow: 'subscribe' },
  ],
};
const gateway = withGateway(configured);

const bearer = (token) => ({ Authorization: `Bearer ${token}` });
const CONNECT = { 'accept-version': '1.2', 'host': 'a' };
const logins = (source, result) => `postern_logins_total{source="${source}",result="${result}"}`;
const refreshes = (result) => `postern_token_refreshes_total{result="${result}"}`;
const denied = (action, by) => `postern_denied_total{action="${action}",by="${by}"}`;

// Of the figures that this file is about, those that `act` changes, and by how much.
async function counts(act) {
  const before = await scrape(gateway);
  await act();
  const after = await scrape(gateway);
  return Object.fromEntries(Object.keys(after)
    .filter((name) => /^postern_(logins|token_refreshes|denied)_total/.test(name) && after[name] !== before[name])
    .map((name) => [name, after[name] - before[name]]));
}

const attempts = [
  ['a token', 'token', 'ok', () => bearer(issuer.token('ana')), 'CONNECTED'],
  ['a token that is checked on the pool', 'token', 'refused', () => bearer(issuer.token('ana', {}, 'ES256')), 'ERROR'],
  ['a token that has expired', 'token', 'expired', () => bearer(issuer.token('ana', { exp: seconds() - 60 })), 'ERROR'],
  ['a bad token', 'token', 'refused', () => bearer('rubbish'), 'ERROR'],
  ['a password', 'password', 'ok', () => ({ login: 'guest', passcode: 'guest' }), 'CONNECTED'],
  ['a wrong password', 'password', 'refused', () => ({ login: 'guest', passcode: 'x' }), 'ERROR'],
  ['a login without a passcode', 'password', 'refused', () => ({ login: 'guest' }), 'ERROR'],
  ['nothing', 'anonymous', 'ok', () => ({}), 'CONNECTED'],
];
for (const [what, source, result, headers, command] of attempts) {
  testOver(plain, gateway, `a login by ${what} is counted`, async (connect, open) => {
    const client = await open();
    assert.deepEqual(await counts(async () => {
      client.send(frame('CONNECT', { ...CONNECT, ...headers() }));
      assert.equal((await client.frame()).command, command);
    }), { [logins(source, result)]: 1 });
  });
}

for (const [headers, result, command] of [
  [{ 'X-User': 'ana', 'X-Groups': 'dev' }, 'ok', 'CONNECTED'],
  [{ 'X-User': 'a'.repeat(300) }, 'refused', 'ERROR'],
]) {
  test(`a login by a proxy's header is counted as ${result}`, async () => {
    const client = await Stomp.open(`${gateway.ws}/ws`, [], { headers });
    assert.deepEqual(await counts(async () => {
      client.send(frame('CONNECT', CONNECT));
      assert.equal((await client.frame()).command, command);
    }), { [logins('proxy', result)]: 1 });
    client.abort();
  });
}

testWith('of logins that come together those above the bound are counted as busy', {
  ...configured, workers: 1, limits: { logins: 2 },
}, async (own, keep) => {
  const before = await scrape(own);
  const clients = await Promise.all(Array.from({ length: 20 }, () => keep(TcpStomp.open(own))));
  clients.forEach((client) => client.send(frame('CONNECT', { ...CONNECT, login: 'guest', passcode: 'guest' })));
  const answers = await Promise.all(clients.map((client) => client.frame()));
  const welcome = answers.filter(({ command }) => command === 'CONNECTED').length;
  const after = await scrape(own);
  const change = (name) => after[name] - before[name];
  assert.equal(change(logins('password', 'ok')), welcome);
  assert.equal(change(logins('password', 'busy')), 20 - welcome);
});

testOver(plain, gateway, 'new tokens are counted, and so is the end of the last one', async (connect, open, name) => {
  const client = await open();
  client.send(frame('CONNECT', { ...CONNECT, ...bearer(issuer.token('ana')) }));
  await client.frame('CONNECTED');
  await client.subscribe('/user/queue/errors');
  const before = await scrape(gateway);
  const show = async (token) => {
    client.send(frame('SEND', { destination: '/session/token', receipt: 'r', ...token && bearer(token) }));
    await client.frame();
  };
  assert.deepEqual(await counts(async () => {
    await show(issuer.token('bob'));
    await show(undefined);
    await show(issuer.token('ana', { exp: seconds() - 60 }));
    await show(issuer.token('ana', { exp: seconds() + 3 }));
  }), { [refreshes('refused')]: 2, [refreshes('expired')]: 1, [refreshes('ok')]: 1 });
  assert.equal((await client.fails()).headers.message, 'The token has expired');
  const ended = `postern_sessions_closed_total{transport="${name === 'TCP' ? 'tcp' : 'websocket_raw'}",reason="expired"}`;
  const after = await scrape(gateway);
  assert.equal(after[ended] - before[ended], 1);
});

testOver(plain, gateway, 'what rules deny is counted by the action, and by who denies it', async (connect, open) => {
  const client = await open();
  client.send(frame('CONNECT', { ...CONNECT, ...bearer(issuer.token('ana', { groups: 'staff' })) }));
  await client.frame('CONNECTED');
  await client.subscribe('/user/queue/errors', 'errors');
  const say = async (...words) => {
    client.send(frame(...words));
    await client.frame('MESSAGE');
  };
  assert.deepEqual(await counts(async () => {
    await say('SUBSCRIBE', { id: '1', destination: '/topic/closed' });
    await say('SUBSCRIBE', { id: '2', destination: '/topic/**' });
    await say('SUBSCRIBE', { id: '3', destination: '/topic/unknown' });
    await say('SEND', { destination: '/topic/closed' }, 'x');
    await say('SEND', { destination: '/topic/staff' }, 'x');
    await client.call('SEND', { destination: '/topic/open' }, 'x');
  }), { [denied('subscribe', 'rule')]: 2, [denied('subscribe', 'none')]: 1, [denied('send', 'rule')]: 1, [denied('send', 'none')]: 1 });
  assert.deepEqual(await counts(async () => { // a right that ends with its group
    await client.subscribe('/topic/staff', 'staff');
    client.send(frame('SEND', { destination: '/session/token', receipt: 'r', ...bearer(issuer.token('ana')) }));
    assert.equal((await client.frame('MESSAGE')).headers['ended-subscription'], 'staff');
    await client.frame('RECEIPT');
  }), { [refreshes('ok')]: 1, [denied('subscribe', 'none')]: 1 });
});

testWith('where nobody can log in, nothing is counted', {
  ...broker, users: undefined, admin: { listen: '127.0.0.1:0' },
}, async (open, keep) => {
  const before = await scrape(open);
  const client = await keep(TcpStomp.open(open));
  client.send(frame('CONNECT', CONNECT));
  await client.frame('CONNECTED');
  const after = await scrape(open);
  for (const name of Object.keys(after).filter((one) => one.startsWith('postern_logins_total'))) assert.equal(after[name], before[name]);
});

// The console.

async function watcher() {
  const stomp = await Stomp.open(`ws://127.0.0.1:${gateway.adminPort}/console/stomp/websocket`);
  stomp.send(frame('CONNECT', CONNECT));
  await stomp.frame('CONNECTED');
  stomp.ask = (service, question) => stomp.send(frame('SEND', {
    destination: `/admin/${service}`, 'reply-to': '/temp-queue/c' }, JSON.stringify(question)));
  stomp.answer = async (about) => {
    for (;;) {
      const { headers, body } = await stomp.frame('MESSAGE');
      if (headers.about === about) return JSON.parse(body);
    }
  };
  return stomp;
}

testOver(plain, gateway, 'the console shows how a session has logged in, its groups, and when its login ends', async (connect, open, name, keep) => {
  const client = await open();
  client.send(frame('CONNECT', { ...CONNECT, ...bearer(issuer.token('ana', { groups: ['staff', 'b\u00E4r'] })) }));
  const { headers: { session } } = await client.frame('CONNECTED');
  const console = keep(await watcher());
  console.ask('session', { session });
  const { rows: [row] } = await console.answer('/session');
  assert.deepEqual([row.user, row.login, row.groups], ['ana', 'token', ['staff', 'b\u00E4r']]);
  assert.ok(row.expires_in > 3500 && row.expires_in <= 3600, `${row.expires_in}`);

  const guest = await connect();
  console.ask('session', { session: guest.connected.headers.session });
  const { rows: [other] } = await console.answer('/session');
  assert.deepEqual([other.user, other.login, other.groups, other.expires_in], ['guest', 'password', [], undefined]);

  const nobody = await open();
  nobody.send(frame('CONNECT', CONNECT));
  console.ask('session', { session: (await nobody.frame('CONNECTED')).headers.session });
  const { rows: [third] } = await console.answer('/session');
  assert.deepEqual([third.user, third.login, third.groups], [undefined, undefined, undefined]);
});

testOver(plain, gateway, 'a trace says which rule has denied a frame, and shows no token', async (connect, open, name, keep) => {
  const client = await open();
  client.send(frame('CONNECT', { ...CONNECT, ...bearer(issuer.token('ana')) }));
  const { headers: { session } } = await client.frame('CONNECTED');
  await client.subscribe('/user/queue/errors', 'errors');
  const console = keep(await watcher());
  console.ask('trace', { session });
  await console.answer('/trace');
  const token = issuer.token('bob');
  client.send(frame('SUBSCRIBE', { id: '1', destination: '/topic/closed' }));
  client.send(frame('SEND', { destination: '/topic/a' }, 'x'));
  client.send(frame('SEND', { destination: '/session/token', ...bearer(token), mine: token }));
  const told = [];
  while (told.filter(({ direction }) => direction === 'refused').length < 3) told.push(await console.answer('/frame'));
  const refused = told.filter(({ direction }) => direction === 'refused');
  assert.match(refused[0].head, /^You may not subscribe to that destination: destination "\/topic\/closed"/);
  assert.equal(refused[0].body, 'rules[0] "/topic/closed" denies it');
  assert.equal(refused[1].body, 'no rule allows it');
  assert.match(refused[2].head, /another user's/);
  assert.match(told.map(({ head }) => head).join(''), /\nAuthorization:\*\*\*\nmine:\*\*\*\n/);
  for (const part of token.split('.')) assert.ok(!JSON.stringify(told).includes(part));
});
