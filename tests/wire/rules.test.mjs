// Rules: who may subscribe and send where, and what becomes of who may not.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { all, plain, testOver } from './lib/carriers.mjs';
import { binary } from './lib/gateway.mjs';
import { frame } from './lib/stomp.mjs';
import { TcpStomp } from './lib/tcp.mjs';
import { test, testWith, withGateway } from './lib/test.mjs';
import { Issuer, seconds } from './lib/tokens.mjs';

const issuer = new Issuer();
const broker = JSON.parse(readFileSync(new URL('broker.json', import.meta.url)));
const rules = [
  { match: '/topic/closed/**', deny: ['subscribe', 'send'] },
  { match: '/topic/users/{user}/**', allow: 'subscribe' },
  { match: '/topic/staff/**', groups: ['staff'], allow: ['subscribe', 'send'] },
  { match: '/topic/tenants/{claim.tenant}/*', allow: ['subscribe', 'send'] },
  { match: '/topic/members/*', login: true, allow: 'subscribe' },
  { match: '/topic/bob', users: 'bob', allow: 'subscribe' },
  { match: '/topic/rooms/*', allow: ['subscribe', 'send'] },
  { match: '/app/**', allow: ['subscribe', 'send'] },
  { match: '/queue/work', allow: 'send' },
  { match: '/user/bob/queue/closed', deny: 'send' },
  { match: '/user/bob/**', allow: 'send' },
];
const configured = (more = {}) => ({
  ...broker, users: undefined, rules, login: { anonymous: true },
  tokens: [{ issuer: issuer.name, audience: 'chat', secrets: issuer.secretText, permissions: 'may' }], ...more,
  broker: { ...broker.broker, deny: 'soft', ...more.broker },
});
const people = {
  nobody: undefined,
  ana: () => issuer.token('ana', { tenant: 'acme' }),
  sam: () => issuer.token('sam/x', { groups: ['staff'] }),
  bob: () => issuer.token('bob', { may: { subscribe: ['/topic/granted/**'], send: ['/topic/granted/x'] } }),
};

async function enter(client, token) {
  client.send(frame('CONNECT', { 'accept-version': '1.2', 'host': 'a', ...token && { Authorization: `Bearer ${token}` } }));
  await client.frame('CONNECTED');
  return client;
}

// Who, does what, where, and whether it is allowed.
const matrix = [
  ['nobody', 'SUBSCRIBE', '/topic/rooms/1', true], ['nobody', 'SEND', '/topic/rooms/1', true],
  ['nobody', 'SUBSCRIBE', '/topic/rooms/1/x', false], ['nobody', 'SEND', '/topic/rooms', false],
  ['nobody', 'SUBSCRIBE', '/topic/members/1', false], ['ana', 'SUBSCRIBE', '/topic/members/1', true],
  ['ana', 'SEND', '/topic/members/1', false], ['nobody', 'SUBSCRIBE', '/topic/users//x', false],
  ['ana', 'SUBSCRIBE', '/topic/users/ana/x', true], ['ana', 'SUBSCRIBE', '/topic/users/ana', true],
  ['ana', 'SUBSCRIBE', '/topic/users/bob/x', false], ['ana', 'SEND', '/topic/users/ana/x', false],
  ['sam', 'SUBSCRIBE', '/topic/users/sam%2Fx/y', true], ['sam', 'SUBSCRIBE', '/topic/users/sam/x', false],
  ['sam', 'SUBSCRIBE', '/topic/staff/a/b', true], ['sam', 'SEND', '/topic/staff/a', true],
  ['ana', 'SUBSCRIBE', '/topic/staff/a', false], ['nobody', 'SEND', '/topic/staff/a', false],
  ['ana', 'SEND', '/topic/tenants/acme/x', true], ['ana', 'SEND', '/topic/tenants/other/x', false],
  ['sam', 'SEND', '/topic/tenants/acme/x', false], ['sam', 'SEND', '/topic/closed/x', false],
  ['bob', 'SUBSCRIBE', '/topic/bob', true], ['ana', 'SUBSCRIBE', '/topic/bob', false],
  ['bob', 'SUBSCRIBE', '/topic/granted/a/b', true], ['bob', 'SEND', '/topic/granted/x', true],
  ['bob', 'SEND', '/topic/granted/y', false], ['ana', 'SUBSCRIBE', '/topic/granted/a', false],
  ['nobody', 'SEND', '/queue/work', true], ['nobody', 'SUBSCRIBE', '/queue/work', false],
  ['nobody', 'SEND', '/app/echo/x', true], ['nobody', 'SUBSCRIBE', '/app/echo/x', true],
  ['ana', 'SEND', '/user/bob/queue/x', true], ['ana', 'SEND', '/user/ana/queue/x', false],
  ['ana', 'SEND', '/user/bob/queue/closed', false], ['ana', 'SEND', '/user/%62o%62/queue/closed', false],
  ['ana', 'SEND', '/user/b%6Fb/queue/x', true], ['ana', 'SEND', '/user/b%6Fb%2Fqueue/x', false],
  ['nobody', 'SUBSCRIBE', '/user/queue/x', true], ['nobody', 'SUBSCRIBE', '/temp-queue/x', true],
  ['ana', 'SUBSCRIBE', '/topic/users/ana/x/y', true], ['ana', 'SUBSCRIBE', '/topic/users/%61na/x', true],
  ['sam', 'SEND', '/queue/work', true], ['bob', 'SUBSCRIBE', '/topic/members/2', true],
  ['bob', 'SEND', '/topic/bob', false], ['sam', 'SUBSCRIBE', '/topic/tenants/acme/x', false],
  // Patterns of clients.
  ['nobody', 'SUBSCRIBE', '/topic/**', false], ['ana', 'SUBSCRIBE', '/topic/tenants/acme/*', true],
  ['ana', 'SUBSCRIBE', '/topic/tenants/*/x', false],
  ['sam', 'SUBSCRIBE', '/topic/**', false], ['sam', 'SUBSCRIBE', '/topic/staff/**', true],
  ['sam', 'SUBSCRIBE', '/topic/#', false], ['sam', 'SUBSCRIBE', '/topic/staff/#', true],
  ['ana', 'SUBSCRIBE', '/topic/rooms/*', true], ['ana', 'SUBSCRIBE', '/topic/rooms/**', false],
  ['ana', 'SUBSCRIBE', '/topic/users/*/y', false], ['ana', 'SUBSCRIBE', '/topic/users/ana/**', true],
  ['ana', 'SUBSCRIBE', '/topic/*/x', false], ['ana', 'SUBSCRIBE', '/topic/clos*/x', false],
  ['bob', 'SUBSCRIBE', '/topic/granted/**', true], ['bob', 'SUBSCRIBE', '/topic/grante?/**', false],
];

const gateway = withGateway(configured());
const words = { SUBSCRIBE: 'subscribe to', SEND: 'send to' };

testOver(all, gateway, 'who may do what is as the rules say, and whoever is denied goes on', async (connect, open) => {
  for (const [who, token] of Object.entries(people)) {
    const client = await enter(await open(), token?.());
    await client.subscribe('/user/queue/errors', 'errors');
    for (const [number, [whose, command, destination, isAllowed]] of matrix.entries()) {
      if (whose !== who) continue;
      const what = `${who}: ${command} ${destination}`;
      client.send(frame(command, { destination, id: `s${number}`, receipt: `r${number}` }, command === 'SEND' ? 'x' : ''));
      const told = await client.frame();
      if (isAllowed) { // a message of its own may come first
        const receipt = told.command === 'RECEIPT' ? told : await client.frame('RECEIPT');
        assert.equal(receipt.headers['receipt-id'], `r${number}`, what);
        if (command === 'SUBSCRIBE') await client.call('UNSUBSCRIBE', { id: `s${number}` });
        continue;
      }
      assert.equal(told.command, 'MESSAGE', what);
      assert.equal(told.headers.message, `You may not ${words[command]} that destination`, what);
      assert.equal(told.headers['denied-destination'], destination, what);
      assert.equal(told.headers['receipt-id'], `r${number}`, what);
      assert.ok(!told.body.includes('rule'), 'a client is told of no rule');
    }
  }
  await gateway.logged(/kind=may_not_subscribe .* reason="rules\[0\] \\"\/topic\/closed\/\*\*\\" denies it"/);
  await gateway.logged(/kind=may_not_send .* reason="no rule allows it"/);
});

// Grants come with a token, which explain does not have.
const described = {
  nobody: [], ana: ['--user', 'ana', '--claim', 'tenant=acme'], sam: ['--user', 'sam/x', '--groups', 'staff'], bob: ['--user', 'bob'],
};

test('explain says of each row what the wire does', async () => {
  const file = path.join(gateway.folder, 'postern.json');
  for (const [who, command, destination, isAllowed] of matrix) {
    if (destination.startsWith('/topic/grant')) continue;
    const words = ['explain', '-c', file, ...described[who], command.toLowerCase(), destination];
    const { status, stdout } = spawnSync(binary, words, { encoding: 'utf8' });
    assert.ok(stdout.startsWith(isAllowed ? 'allowed' : 'denied'), `${words.join(' ')}: ${stdout}`);
    assert.equal(status, isAllowed ? 0 : 1);
  }
});

testOver(plain, gateway, 'a SEND in a transaction is judged too', async (connect, open) => {
  const client = await enter(await open());
  await client.subscribe('/user/queue/errors', 'errors');
  await client.call('BEGIN', { transaction: 't' });
  client.send(frame('SEND', { destination: '/topic/closed/x', transaction: 't', receipt: 'r' }, 'x'));
  assert.equal((await client.frame('MESSAGE')).headers.message, 'You may not send to that destination');
});

// A new token of the same user.
const renew = (client, token) => client.call('SEND', { destination: '/session/token', Authorization: `Bearer ${token}` });

testOver(all, gateway, 'a COMMIT is denied when a right was lost after its SEND', async (connect, open) => {
  const client = await enter(await open(), issuer.token('sam/x', { groups: ['staff'] }));
  await client.subscribe('/user/queue/errors', 'errors');
  await client.subscribe('/topic/rooms/commit', 'room');
  await client.call('BEGIN', { transaction: 't' });
  await client.call('SEND', { destination: '/topic/rooms/commit', transaction: 't' }, 'first');
  await client.call('SEND', { destination: '/topic/staff/a', transaction: 't' }, 'second');
  await renew(client, issuer.token('sam/x'));
  client.send(frame('COMMIT', { transaction: 't', receipt: 'c' }));
  const { headers } = await client.frame('MESSAGE');
  assert.equal(headers.message, 'You may not send to that destination');
  assert.equal(headers['denied-destination'], '/topic/staff/a');
  assert.equal(headers['receipt-id'], 'c');
  await client.call('BEGIN', { transaction: 't' }); // it is over
  await client.call('SEND', { destination: '/topic/rooms/commit', transaction: 't' }, 'third');
  await client.call('ABORT', { transaction: 't' });
  client.publish('/topic/rooms/commit', 'alone');
  assert.equal((await client.frame('MESSAGE')).body, 'alone');
});

testOver(plain, gateway, 'a COMMIT is denied when a grant was lost after its SEND', async (connect, open) => {
  const client = await enter(await open(), issuer.token('bob', { may: { send: ['/queue/only'] } }));
  await client.subscribe('/user/queue/errors', 'errors');
  await client.call('BEGIN', { transaction: 't' });
  await client.call('SEND', { destination: '/queue/only', transaction: 't' }, 'x');
  await renew(client, issuer.token('bob'));
  client.send(frame('COMMIT', { transaction: 't' }));
  assert.equal((await client.frame('MESSAGE')).headers['denied-destination'], '/queue/only');
});

// Whoever answers has other rights than whoever asks.
const replies = [
  ['ana', '/topic/rooms/1', true], ['ana', '/topic/members/1', false], ['ana', '/topic/closed/x', false],
  ['ana', '/queue/work', true], ['ana', '/queue/other', false], ['ana', '/temp-queue/x', true],
  ['ana', '/user/ana/queue/replies', true], ['ana', '/user/%61na/queue/replies', true],
  ['ana', '/user/bob/queue/replies', true], ['ana', '/user/bob/queue/closed', false], ['ana', '/user/sam/queue/x', false],
  ['nobody', '/user/bob/queue/closed', false], ['nobody', '/topic/rooms/1', true], ['nobody', '/reply-queue/0-x', true],
];

testOver(plain, gateway, 'a reply-to must be a place where the sender itself may send, or its own', async (connect, open) => {
  for (const [who, token] of Object.entries(people)) {
    const client = await enter(await open(), token?.());
    await client.subscribe('/user/queue/errors', 'errors');
    for (const [whose, place, isAllowed] of replies) {
      if (whose !== who) continue;
      client.send(frame('SEND', { 'destination': '/queue/work', 'reply-to': place, 'receipt': place }, 'x'));
      const told = await client.frame();
      assert.equal(told.command, isAllowed ? 'RECEIPT' : 'MESSAGE', `${who}: ${place}`);
      if (!isAllowed) assert.equal(told.headers.message, 'You may not send to that destination');
    }
  }
  await gateway.logged(/kind=may_not_send .*what="header reply-to"/);
});

testWith('a strict denial ends the session', configured({ broker: { deny: 'strict' } }), async (strict, keep) => {
  const client = await enter(await keep(TcpStomp.open(strict)));
  client.send(frame('SUBSCRIBE', { id: '1', destination: '/topic/closed/x' }));
  assert.equal((await client.fails()).headers.message, 'You may not subscribe to that destination');
});

testOver(all, gateway, 'a new token that has lost a group ends what the group had, and nothing else', async (connect, open) => {
  const client = await enter(await open(), issuer.token('sam/x', { groups: ['staff'] }));
  await client.subscribe('/user/queue/errors', 'errors');
  await client.subscribe('/topic/staff/a', 'staff');
  await client.subscribe('/topic/rooms/a', 'room');
  client.send(frame('SEND', { destination: '/session/token', receipt: 'r', Authorization: `Bearer ${issuer.token('sam/x')}` }));
  const ended = await client.frame('MESSAGE');
  assert.equal(ended.headers['ended-subscription'], 'staff');
  assert.equal(ended.headers['denied-destination'], '/topic/staff/a');
  assert.equal((await client.frame('RECEIPT')).headers['receipt-id'], 'r');
  await client.call('UNSUBSCRIBE', { id: 'staff' });
  client.publish('/topic/rooms/a', 'x');
  assert.equal((await client.frame('MESSAGE')).headers.subscription, 'room');
});

testWith('a reload that takes a right away ends the subscription', configured(), async (reloaded, keep) => {
  const clients = [];
  for (let i = 0; i < 40; i++) {
    const client = await enter(await keep(TcpStomp.open(reloaded)));
    await client.subscribe('/user/queue/errors', 'errors');
    await client.subscribe('/topic/rooms/a', 'a');
    await client.subscribe('/temp-queue/x', 'kept');
    clients.push(client);
  }
  const file = path.join(reloaded.folder, 'postern.json');
  writeFileSync(file, JSON.stringify({ ...reloaded.configuration, rules: rules.filter(({ match }) => match !== '/topic/rooms/*') }));
  process.kill(reloaded.pid, 'SIGHUP');
  for (const client of clients) {
    const ended = await client.frame('MESSAGE');
    assert.equal(ended.headers['ended-subscription'], 'a');
    assert.equal(ended.headers.message, 'You may not subscribe to that destination');
    await client.call('UNSUBSCRIBE', { id: 'a' });
    await client.call('UNSUBSCRIBE', { id: 'kept' });
  }
});

testWith('rules of a reload that name a new claim deny until the next token, and never allow', configured({
  rules: [{ match: '/topic/**', allow: ['subscribe', 'send'] }],
}), async (reloaded, keep) => {
  const client = await enter(await keep(TcpStomp.open(reloaded)), issuer.token('ana', { barred: 'x', lent: 'y' }));
  await client.subscribe('/user/queue/errors', 'errors');
  await client.subscribe('/topic/barred/z', 'a');
  writeFileSync(path.join(reloaded.folder, 'postern.json'), JSON.stringify({ ...reloaded.configuration, rules: [
    { match: '/topic/barred/{claim.barred}', deny: 'subscribe' }, { match: '/topic/lent/{claim.lent}', allow: 'subscribe' },
    { match: '/topic/barred/*', allow: 'subscribe' }] }));
  process.kill(reloaded.pid, 'SIGHUP');
  assert.equal((await client.frame('MESSAGE')).headers['ended-subscription'], 'a');
  client.send(frame('SUBSCRIBE', { destination: '/topic/lent/y', id: 'b' }));
  assert.equal((await client.frame('MESSAGE')).headers['denied-destination'], '/topic/lent/y');
  await renew(client, issuer.token('ana', { barred: 'x', lent: 'y' }));
  await client.subscribe('/topic/lent/y', 'c');
  await client.subscribe('/topic/barred/z', 'd');
  client.send(frame('SUBSCRIBE', { destination: '/topic/barred/x', id: 'e' }));
  assert.equal((await client.frame('MESSAGE')).headers['denied-destination'], '/topic/barred/x');
});

testWith('no rule opens the dead letters by a wildcard', configured({
  rules: [...rules, { match: '/queue/**', allow: 'subscribe' }],
}), async (closed, keep) => {
  const client = await enter(await keep(TcpStomp.open(closed)));
  client.send(frame('SUBSCRIBE', { id: '1', destination: '/queue/dead-letter' }));
  await client.fails();
});

testWith('a rule that names the dead letters opens them', configured({
  rules: [...rules, { match: '/queue/dead-letter', groups: 'staff', allow: 'subscribe' }],
}), async (opened, keep) => {
  const client = await enter(await keep(TcpStomp.open(opened)), issuer.token('sam', { groups: 'staff' }));
  await client.subscribe('/queue/dead-letter');
});

testWith('dead letters that a rule has opened close with it, though another allows their queue', configured({
  rules: [{ match: '/queue/dead-letter', groups: 'staff', allow: 'subscribe' }, { match: '/queue/**', allow: 'subscribe' }],
}), async (opened, keep) => {
  const client = await enter(await keep(TcpStomp.open(opened)), issuer.token('sam', { groups: 'staff' }));
  await client.subscribe('/user/queue/errors', 'errors');
  await client.subscribe('/queue/dead-letter', 'dead');
  await client.subscribe('/queue/work', 'work');
  client.send(frame('SEND', { destination: '/session/token', Authorization: `Bearer ${issuer.token('sam')}` }));
  assert.equal((await client.frame('MESSAGE')).headers['ended-subscription'], 'dead');
  await client.call('UNSUBSCRIBE', { id: 'work' });
});

testWith('an expired login does not subscribe any more', configured({ times: { leeway: 0 } }), async (brief, keep) => {
  const client = await enter(await keep(TcpStomp.open(brief)), issuer.token('ana', { exp: seconds() + 1 }));
  assert.equal((await client.fails()).headers.message, 'The token has expired');
});
