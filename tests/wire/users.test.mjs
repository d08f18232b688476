// Who logs in, and who is what to the broker afterwards.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { all, plain, testOver } from './lib/carriers.mjs';
import { binary, runPostern } from './lib/gateway.mjs';
import { frame, Stomp } from './lib/stomp.mjs';
import { TcpStomp } from './lib/tcp.mjs';
import { test, testWith, withGateway } from './lib/test.mjs';
import { deadline } from './lib/wait.mjs';

const configuration = JSON.parse(readFileSync(new URL('broker.json', import.meta.url)));
const hash = (password) => {
  const { stdout, status } = spawnSync(binary, ['hash-password'], { input: `${password}\n`, encoding: 'utf8' });
  assert.equal(status, 0);
  return stdout.trim();
};
const gateway = withGateway({
  ...configuration,
  users: [...configuration.users, ...['ana/b c', 'team:a\\b'].map((login) => ({ login, password: hash('p\u00E4ss:word') }))],
});

testOver(all, gateway, 'guest with the passcode guest is let in', async (connect) => {
  const client = await connect();
  assert.equal(client.connected.command, 'CONNECTED');
  await client.call('SEND', { destination: '/topic/a' }, 'x');
});

// CONNECT and CONNECTED are never escaped.
for (const version of ['1.0', '1.1', '1.2']) {
  testOver(all, gateway, `CONNECTED gives a name back as it was written, in ${version}`, async (connect, open) => {
    const client = await open();
    client.send(frame('CONNECT', {
      'accept-version': version, 'host': 'a', 'login': 'team:a\\b', 'passcode': 'p\u00E4ss:word' }));
    assert.equal((await client.frame('CONNECTED')).headers['user-name'], 'team:a\\b');
  });
}

const strangers = {
  'a wrong passcode': { login: 'guest', passcode: 'wrong' },
  'an empty passcode': { login: 'guest', passcode: '' },
  'an unknown login': { login: 'nobody', passcode: 'guest' },
  'the passcode of another': { login: 'ana/b c', passcode: 'guest' },
};
for (const [what, headers] of Object.entries(strangers)) {
  testOver(all, gateway, `${what} is refused, and nothing behind it is obeyed`, async (connect, open) => {
    const [client, reader] = [await open(), await connect()];
    await reader.subscribe('/topic/refused');
    client.send(frame('CONNECT', { 'accept-version': '1.2', 'host': 'a', ...headers }));
    client.send(frame('SEND', { destination: '/topic/refused' }, 'not this'));
    assert.equal((await client.fails()).headers.message, 'Bad login or passcode');
    reader.publish('/topic/refused', 'but this');
    assert.equal((await reader.frame('MESSAGE')).body, 'but this');
  });
}

testOver(plain, gateway, 'who names no login is told to', async (connect, open) => {
  const client = await open();
  client.send(frame('CONNECT', { 'accept-version': '1.2', 'host': 'a' }));
  assert.equal((await client.fails()).headers.message, 'CONNECT needs a login and a passcode');
});

testOver(plain, gateway, 'frames that come before CONNECTED are obeyed after it', async (connect, open) => {
  const client = await open();
  client.send(frame('CONNECT', { 'accept-version': '1.2', 'host': 'a', 'login': 'guest', 'passcode': 'guest' }));
  client.send(frame('SUBSCRIBE', { id: '1', destination: '/topic/early', receipt: 's' }));
  client.send(frame('SEND', { destination: '/topic/early' }, 'x'));
  await client.frame('CONNECTED');
  await client.frame('RECEIPT');
  assert.equal((await client.frame('MESSAGE')).body, 'x');
});

testOver(plain, gateway, 'what is sent to a user reaches all his sessions, and nobody else', async (connect) => {
  const ana = { login: 'ana/b c', passcode: 'p\u00E4ss:word' };
  const [one, two, guest] = [await connect(ana), await connect(ana), await connect()];
  for (const client of [one, two, guest]) await client.subscribe('/user/queue/x');
  await guest.call('SEND', { destination: '/user/ana%2Fb%20c/queue/x' }, 'for Ana');
  for (const client of [one, two]) {
    const { headers, body } = await client.frame('MESSAGE');
    assert.deepEqual([headers.destination, body], ['/user/queue/x', 'for Ana']);
  }
  await guest.call('SEND', { destination: '/topic/nobody' }, '');
  assert.equal(guest.inbox.length, 0);
});

test('while many log in, those who are in go on', async () => {
  const client = await Stomp.connect(`${gateway.ws}/ws`);
  const comers = Array.from({ length: 50 }, () => TcpStomp.connect(gateway));
  for (let i = 0; i < 20; i += 1) {
    const pong = once(client.ws, 'pong');
    client.ws.ping();
    await deadline('the pong comes', pong, 10_000);
  }
  for (const comer of await Promise.all(comers)) await comer.close();
  await client.close();
});

test('who goes while he is being checked is forgotten', async () => {
  for (let i = 0; i < 50; i += 1) {
    const client = await TcpStomp.open(gateway);
    client.send(frame('CONNECT', { 'accept-version': '1.2', 'host': 'a', 'login': 'guest', 'passcode': 'guest' }));
    client.socket.resetAndDestroy();
  }
  await (await TcpStomp.connect(gateway)).close();
});

testWith('SIGTERM while logins are being checked ends with 0', configuration, async (own) => {
  const clients = await Promise.all(Array.from({ length: 30 }, () => TcpStomp.open(own)));
  for (const client of clients) {
    client.send(frame('CONNECT', { 'accept-version': '1.2', 'host': 'a', 'login': 'guest', 'passcode': 'guest' }));
    client.socket.on('end', () => client.socket.end());
  }
  assert.equal(await own.end(), 0);
  clients.forEach((client) => client.abort());
});

testWith('more logins at once than may be are refused', {
  ...configuration, workers: 1, limits: { logins: 2 },
}, async (own, keep) => {
  const clients = await Promise.all(Array.from({ length: 20 }, () => keep(TcpStomp.open(own))));
  for (const client of clients) {
    client.send(frame('CONNECT', { 'accept-version': '1.2', 'host': 'a', 'login': 'guest', 'passcode': 'guest' }));
  }
  const answers = await Promise.all(clients.map((client) => client.frame()));
  const refused = answers.filter(({ headers }) => headers.message === 'Too many logins are being checked');
  const welcome = answers.filter(({ command }) => command === 'CONNECTED');
  assert.equal(refused.length + welcome.length, 20);
  assert.ok(refused.length > 0 && welcome.length >= 2, `${welcome.length} are in`);
});

test('a password that is no hash is a mistake in the configuration', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-'));
  try {
    writeFileSync(`${folder}/a.json`, '{"users": [\n  {"login": "a", "password": "plain"}]}');
    const { status, stderr } = await runPostern('serve', '--config', `${folder}/a.json`);
    assert.notEqual(status, 0);
    assert.match(stderr, /a\.json:2:\d+: users\[0\]\.password: must be a hash, as "postern hash-password" makes it/);
    assert.equal(spawnSync(binary, ['hash-password'], { input: '' }).status, 1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

// The user and the refusal are the last fields; most sessions have neither.
for (const [what, end, fields, settings] of [
  ['its user', async (client) => client.call('DISCONNECT'), ' user=guest'],
  ['its user and its latest refusal', async (client) => client.send(frame('SEND')).fails(), ' error=missing_header user=guest'],
  ['neither, if it has none', async (client) => client.call('DISCONNECT'), '', { users: undefined }],
]) {
  testWith(`the last line of a session names ${what}`, { ...configuration, ...settings }, async (own, keep) => {
    const client = await keep(Stomp.connect(`${own.ws}/ws`));
    await end(client);
    const [, last] = await own.logged(/session ended: .* bytes_out=\d+(.*)\n/);
    assert.equal(last, fields);
  });
}

testWith('the last line of a session whose login was refused names no user', configuration, async (own, keep) => {
  const client = await keep(Stomp.open(`${own.ws}/ws`));
  client.send(frame('CONNECT', { 'accept-version': '1.2', 'host': 'a', 'login': 'guest', 'passcode': 'wrong' }));
  await client.fails();
  const [, last] = await own.logged(/session ended: .* bytes_out=\d+(.*)\n/);
  assert.equal(last, ' error=bad_login');
});
