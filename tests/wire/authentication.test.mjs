// The files of www/docs/authentication.md, as they stand there: each is started and used. The first
// one, with its shell and its page, documents.test.mjs follows.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { Document } from './lib/document.mjs';
import { binary } from './lib/gateway.mjs';
import { Wire } from './lib/http.mjs';
import { Stomp, frame } from './lib/stomp.mjs';
import { TcpStomp, tcpPort } from './lib/tcp.mjs';
import { test, testWith } from './lib/test.mjs';
import { Issuer } from './lib/tokens.mjs';

const document = new Document('www/docs/authentication.md');
const files = document.blocks('json').map((text) => JSON.parse(text));
const withTokens = files.find(({ tokens }) => tokens?.[0].keys);
const site = files.find(({ login, users }) => login?.user_header && !users);
const dashboard = files.find(({ login, users }) => login?.user_header && users);
const withPasswords = files.find(({ login, tcp }) => login?.anonymous && !tcp);
const withPrograms = files.find(({ tcp }) => tcp?.user);
const folder = mkdtempSync(path.join(tmpdir(), 'postern-auth-'));
after(() => rmSync(folder, { recursive: true }));

const issuer = new Issuer();
const keys = path.join(folder, withTokens.tokens[0].keys);
writeFileSync(keys, JSON.stringify(issuer.jwks));
const chat = { ...withTokens, tokens: [{ ...withTokens.tokens[0], keys }] };
const bearer = (token) => ({ login: '', passcode: token });
const bare = (headers) => frame('CONNECT', { 'accept-version': '1.2', 'host': 'a', ...headers });

testWith('the chat with tokens', chat, async ({ ws }, keep) => {
  const enter = (token) => keep(Stomp.connect(`${ws}/chat/websocket`, bearer(token)));
  const ana = await enter(issuer.token('ana'));
  const boss = await enter(issuer.token('bob', { realm_access: { roles: ['staff'] } }, 'RS256'));
  for (const client of [ana, boss]) await client.subscribe('/user/queue/errors', 'errors');
  await ana.subscribe('/topic/rooms/7', 'room');
  await boss.call('SEND', { destination: '/app/rooms/7' }, '{"text":"hi"}');
  assert.deepEqual(JSON.parse((await ana.frame('MESSAGE')).body), { from: 'bob', text: 'hi' });
  await boss.subscribe('/topic/staff/plans', 'plans');
  await ana.subscribe('/topic/users/ana/notes', 'notes');
  ana.send(frame('SUBSCRIBE', { id: 'x', destination: '/topic/staff/plans' }));
  assert.equal((await ana.frame('MESSAGE')).headers.message, 'You may not subscribe to that destination');
  ana.send(frame('SEND', { destination: '/topic/rooms/7' }, 'forged'));
  assert.equal((await ana.frame('MESSAGE')).headers.message, 'You may not send to that destination');
  await ana.call('SEND', { destination: '/session/token', Authorization: `Bearer ${issuer.token('ana')}` });
});

// A WebSocket that a proxy has passed on, with what it says of its user.
const passedOn = ({ ws }, keep) => async (headers) => {
  const client = await keep(Stomp.open(`${ws}/live/websocket`, [], { headers }));
  client.send(bare());
  return client;
};

testWith('the site behind a proxy', site, async (gateway, keep) => {
  const named = passedOn(gateway, keep);
  const ana = await named({ 'X-Forwarded-User': 'ana', 'X-Forwarded-Groups': 'staff' });
  const { headers } = await ana.frame('CONNECTED');
  assert.equal(headers['user-name'], 'ana');
  assert.ok(Number(headers['expires-in']) > 890 && Number(headers['expires-in']) <= 900);
  const bob = await named({ 'X-Forwarded-User': 'bob' });
  await bob.frame('CONNECTED');
  for (const client of [ana, bob]) await client.subscribe('/user/queue/errors', 'errors');
  await ana.subscribe('/topic/orders/17', 'order');
  await bob.call('SEND', { destination: '/app/orders/17' }, '{"note":"sent today"}');
  assert.deepEqual(JSON.parse((await ana.frame('MESSAGE')).body), { from: 'bob', note: 'sent today' });
  await ana.subscribe('/topic/users/ana/bills', 'mine');
  for (const destination of ['/topic/users/ana/bills', '/topic/**', '/topic/orders/**']) {
    bob.send(frame('SUBSCRIBE', { id: destination, destination }));
    assert.equal((await bob.frame('MESSAGE')).headers.message, 'You may not subscribe to that destination');
  }
  const nobody = await named({});
  assert.equal((await nobody.fails()).headers.message, 'The proxy in front of Postern names no user');
});

testWith('the dashboard behind a proxy', dashboard, async (gateway, keep) => {
  const named = passedOn(gateway, keep);
  const ana = await named({ 'X-Forwarded-User': 'ana@example.org', 'X-Forwarded-Groups': 'dev, sre' });
  const connected = await ana.frame('CONNECTED');
  assert.equal(connected.headers['user-name'], 'ana@example.org');
  assert.equal(connected.headers['expires-in'], '43200');
  await ana.subscribe('/topic/ops/alerts', 'a');
  const bob = await named({ 'X-Forwarded-User': 'bob' });
  await bob.frame('CONNECTED');
  await bob.subscribe('/topic/weather', 'w');
  const eve = await named({ 'X-Forwarded-User': 'eve' });
  await eve.frame('CONNECTED');
  eve.send(frame('SUBSCRIBE', { id: '1', destination: '/topic/ops/alerts' }));
  assert.equal((await eve.fails()).headers.message, 'You may not subscribe to that destination');
  bob.send(frame('SEND', { destination: '/topic/ops/alerts' }, 'x'));
  assert.equal((await bob.fails()).headers.message, 'You may not send to that destination');
  const nobody = await named({});
  assert.equal((await nobody.fails()).headers.message, 'CONNECT needs a login and a passcode');

  const [script] = document.blocks('python');
  const cron = spawn('/usr/bin/python3', ['-c', script.replace('61613', tcpPort(gateway))], { stdio: 'inherit' });
  assert.equal((await ana.frame('MESSAGE')).body, 'The disk is full');
  assert.deepEqual(await once(cron, 'close'), [0, null]);

  const head = (path, ...users) => [`POST /live/0/one/${path} HTTP/1.1`, 'Host: a', 'Content-Length: 0',
    ...users.map((user) => `X-Forwarded-User: ${user}`), '', ''].join('\r\n');
  const ask = async (text) => {
    const wire = await keep(Wire.open(Number(new URL(gateway.url).port)));
    return wire.write(text).answer();
  };
  assert.equal((await ask(head('xhr', 'ana', 'root'))).status, 400);
  assert.equal((await ask(head('xhr', 'ana'))).status, 200);
  assert.equal((await ask(head('xhr_send', 'root'))).status, 404);
  assert.notEqual((await ask(head('xhr_send', 'ana'))).status, 404);
});

testWith('a stranger\'s header names nobody', { ...site, trusted_proxies: ['192.0.2.1'] }, async (gateway, keep) => {
  const client = await passedOn(gateway, keep)({ 'X-Forwarded-User': 'ana' });
  assert.equal((await client.fails()).headers.message, 'The proxy in front of Postern names no user');
});

testWith('passwords, and visitors who read', withPasswords, async ({ ws }, keep) => {
  const visitor = await keep(Stomp.open(`${ws}/chat/websocket`));
  visitor.send(bare());
  assert.equal((await visitor.frame('CONNECTED')).headers['user-name'], undefined);
  await visitor.subscribe('/topic/news');
  const ana = await keep(Stomp.connect(`${ws}/chat/websocket`, { login: 'ana', passcode: 'guest' }));
  await ana.call('SEND', { destination: '/topic/news' }, 'hello');
  assert.equal((await visitor.frame('MESSAGE')).body, 'hello');
  visitor.send(frame('SEND', { destination: '/topic/news' }, 'forged'));
  assert.equal((await visitor.fails()).headers.message, 'You may not send to that destination');
});

testWith('programs know who has sent a message, and answer to one tab', withPrograms, async (gateway, keep) => {
  const open = () => keep(Stomp.connect(`${gateway.ws}/chat/websocket`, { login: 'ana', passcode: 'guest' }));
  const [tab, otherTab] = [await open(), await open()];
  for (const client of [tab, otherTab]) await client.subscribe('/user/queue/replies', 'replies');
  await tab.subscribe('/user/queue/errors', 'errors');
  const program = await keep(TcpStomp.open(gateway));
  program.send(bare());
  assert.equal((await program.frame('CONNECTED')).headers['user-name'], 'worker');
  await program.subscribe('/queue/orders', 'orders');
  tab.send(frame('SEND', { 'destination': '/app/orders', 'x-postern-user': 'root', ' X-Postern-Groups': 'backend' }, '{"book":17}'));
  const { headers } = await program.frame('MESSAGE');
  assert.equal(headers['x-postern-user'], 'ana');
  assert.equal(headers['x-postern-destination'], '/app/orders');
  assert.ok(!Object.keys(headers).some((name) => /groups/i.test(name)));
  await program.call('SEND', { destination: headers['reply-to'] }, 'sold');
  assert.equal((await tab.frame('MESSAGE')).body, 'sold');
  tab.send(frame('SUBSCRIBE', { id: 'x', destination: '/queue/orders' }));
  assert.equal((await tab.frame('MESSAGE')).headers.message, 'You may not subscribe to that destination');
  await otherTab.call('UNSUBSCRIBE', { id: 'replies' });
});

test('explain says what the wire does', async () => {
  const file = path.join(folder, 'postern.json');
  const text = JSON.stringify(chat, null, 2);
  writeFileSync(file, text);
  const lineOf = (index) => text.slice(0, text.indexOf(JSON.stringify(chat.rules[index].match))).split('\n').length - 1;
  const explain = (...words) => spawnSync(binary, ['explain', '-c', file, ...words], { encoding: 'utf8' });
  const rules = (index, match) => `rules[${index}] (${file}:${lineOf(index)}): ${match}`;
  const rows = [
    [['--user', 'ana', '--groups', 'staff,red', 'subscribe', '/topic/staff/**'], 0, `allowed by ${rules(2, '/topic/staff/**')}`],
    [['--user', 'ana', '--groups', 'staff', 'subscribe', '/topic/staff/#'], 0, `allowed by ${rules(2, '/topic/staff/**')}`],
    [['--user', 'ana', 'subscribe', '/topic/staff/**'], 1, 'denied: no rule allows it'],
    [['--user', 'ana', 'subscribe', '/topic/users/ana/x'], 0, `allowed by ${rules(0, '/topic/users/{user}/**')}`],
    [['--user', 'ana', 'subscribe', '/user/queue/x'], 0, 'allowed: it is the client\'s own'],
    [['--user', 'ana', 'subscribe', '/user/ana/queue/x'], 0, 'allowed: it is the client\'s own'],
    [['--user', 'ana', 'subscribe', '/user/bob/queue/x'], 1, /^denied: .*Write \/user\/queue/],
    [['subscribe', '/user//queue/x'], 1, /^denied: /],
    [['subscribe', '/temp-queue/x'], 0, 'allowed: it is the client\'s own'],
    [['subscribe', '/topic/price.#'], 1, /^denied: .*write \/\*\*/],
    [['subscribe', '/nowhere/x'], 1, 'denied: no rule allows it'],
    [['send', '/app/x'], 0, `allowed by ${rules(3, '/app/**')}`],
    [['send', '/topic/rooms/1'], 1, 'denied: no rule allows it'],
    [['--user', 'ana', 'send', '/user/ana/queue/x'], 1, 'denied: no rule allows it'],
    [['send', '/reply-queue/0-x'], 0, 'allowed: it answers a reply-to'],
    [['send', '/session/token'], 0, 'allowed: it takes the client\'s next token'],
  ];
  for (const [words, status, line] of rows) {
    const said = explain(...words);
    if (line instanceof RegExp) assert.match(said.stdout, line, words.join(' '));
    else assert.equal(said.stdout, `${line}\n`, words.join(' '));
    assert.equal(said.status, status);
  }
  for (const words of [[], ['subscribe'], ['read', '/x'], ['--claim', 'x', 'send', '/app/x']]) {
    assert.equal(explain(...words).status, 1);
  }
});
