// Logins by JSON Web Tokens: what lets in, what does not, and what a token's end means.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { all, plain, testOver } from './lib/carriers.mjs';
import { frame } from './lib/stomp.mjs';
import { TcpStomp } from './lib/tcp.mjs';
import { testWith, withGateway } from './lib/test.mjs';
import { Issuer, seconds } from './lib/tokens.mjs';
import { deadline } from './lib/wait.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'postern-tokens-'));
after(() => rmSync(folder, { recursive: true }));

const issuer = new Issuer(), other = new Issuer('https://other.example');
const keysOf = (one, name) => {
  const file = path.join(folder, name);
  writeFileSync(file, JSON.stringify(one.jwks));
  return file;
};
const broker = JSON.parse(readFileSync(new URL('broker.json', import.meta.url)));
const tokens = [
  { issuer: issuer.name, audience: 'chat', keys: keysOf(issuer, 'id.json') },
  { issuer: other.name, audience: ['chat', 'shop'], keys: keysOf(other, 'other.json') },
];
const configured = (more) => ({ ...broker, tokens, ...more });

const gateway = withGateway(configured({ limits: { token: 2000 } }));
const CONNECT = { 'accept-version': '1.2', 'host': 'a' };

for (const alg of ['HS256', 'RS256', 'PS256', 'ES256', 'EdDSA']) {
  testOver(all, gateway, `a token with ${alg} logs in, by either header`, async (connect, open) => {
    for (const header of ['Authorization', 'authorization', 'passcode']) {
      const client = await open();
      const scheme = header === 'passcode' ? '' : 'Bearer ';
      client.send(frame('CONNECT', { ...CONNECT, [header]: scheme + issuer.token('ana', {}, alg) }));
      const { headers } = await client.frame('CONNECTED');
      assert.equal(headers['user-name'], 'ana');
      assert.ok(headers['expires-in'] > 3500 && headers['expires-in'] <= 3601);
    }
  });
}

testOver(plain, gateway, 'frames behind a CONNECT whose token is checked on the pool wait for it', async (connect, open) => {
  const client = await open();
  client.send(frame('CONNECT', { ...CONNECT, Authorization: `Bearer ${issuer.token('ana', {}, 'ES256')}` }));
  client.send(frame('SUBSCRIBE', { id: '1', destination: '/user/queue/x' }));
  client.send(frame('SEND', { destination: '/user/ana/queue/x' }, 'hello'));
  await client.frame('CONNECTED');
  assert.equal((await client.frame('MESSAGE')).body, 'hello');
});

testOver(plain, gateway, 'a token may last as long as a number can say', async (connect, open) => {
  const client = await open();
  client.send(frame('CONNECT', { ...CONNECT, Authorization: `Bearer ${issuer.token('ana', { exp: Number.MAX_SAFE_INTEGER })}` }));
  assert.ok((await client.frame('CONNECTED')).headers['expires-in'] > 9e15);
  await client.subscribe('/topic/long');
  client.publish('/topic/long', 'x');
  assert.equal((await client.frame('MESSAGE')).body, 'x');
});

testOver(plain, gateway, 'who has a password may log in by it beside tokens', async (connect) => {
  assert.equal((await connect()).connected.headers['user-name'], 'guest');
});

const refused = {
  'a token that has expired': ['The token has expired', () => issuer.token('ana', { exp: seconds() - 60 })],
  'a token for another audience': ['The token is not accepted', () => issuer.token('ana', { aud: 'shop' })],
  'a token of an issuer who is not known': ['The token is not accepted', () => new Issuer('https://evil.example').token('ana')],
  'a token that names another issuer': ['The token is not accepted', () => other.token('ana', { iss: issuer.name })],
  'a token of many bytes': ['The token is not accepted', () => issuer.token('ana', { more: 'x'.repeat(3000) })],
  'a token with many groups': ['The token is not accepted', () => issuer.token('ana', { groups: Array(200).fill('g') })],
  'a token with groups that are no names': ['The token is not accepted', () => issuer.token('ana', { groups: [1] })],
  'rubbish': ['The token is not accepted', () => 'rubbish'],
};
for (const [what, [message, make]] of Object.entries(refused)) {
  testOver(plain, gateway, `${what} is refused, and the log names no part of it`, async (connect, open) => {
    const client = await open();
    const token = make();
    client.send(frame('CONNECT', { ...CONNECT, Authorization: `Bearer ${token}` }));
    const error = await client.fails();
    assert.equal(error.headers.message, message);
    await gateway.logged(/kind=token.* reason="the token /);
    for (const part of token.split('.')) {
      if (part.length < 20) continue;
      assert.ok(!gateway.log.includes(part), 'the log shows a part of the token');
      assert.ok(!error.body.includes(part), 'the answer shows a part of the token');
    }
  });
}

testWith('what is shown and bad is refused, also where anybody may be nobody', configured({
  users: undefined, login: { anonymous: true },
}), async (open, keep) => {
  const client = await keep(TcpStomp.open(open));
  client.send(frame('CONNECT', { ...CONNECT, Authorization: 'Bearer rubbish' }));
  assert.equal((await client.fails()).headers.message, 'The token is not accepted');
  for (const headers of [{ Authorization: 'Bearer ' }, { Authorization: 'Bearer' }, { authorization: '' },
    { Authorization: 'Basic YTpi' }, { Authorization: ' ' }, { passcode: 'eyJ..' }]) {
    const empty = await keep(TcpStomp.open(open));
    empty.send(frame('CONNECT', { ...CONNECT, ...headers }));
    assert.equal((await empty.fails()).headers.message, 'The token is not accepted', JSON.stringify(headers));
  }
  const passcode = await keep(TcpStomp.open(open));
  passcode.send(frame('CONNECT', { ...CONNECT, passcode: '' }));
  assert.equal((await passcode.fails()).headers.message, 'CONNECT needs a token');
  const nobody = await keep(TcpStomp.open(open));
  nobody.send(frame('CONNECT', CONNECT));
  assert.equal((await nobody.frame('CONNECTED')).headers['user-name'], undefined);
  const login = await keep(TcpStomp.open(open));
  login.send(frame('CONNECT', { ...CONNECT, login: 'ana', passcode: 'x' }));
  assert.equal((await login.fails()).headers.message, 'CONNECT needs a token');
});

testWith('where anybody may be nobody, no user has the name of a session', configured({
  users: undefined, login: { anonymous: true },
}), async (open, keep) => {
  const nobody = await keep(TcpStomp.open(open));
  nobody.send(frame('CONNECT', CONNECT));
  const label = (await nobody.frame('CONNECTED')).headers.session;
  const thief = await keep(TcpStomp.open(open));
  thief.send(frame('CONNECT', { ...CONNECT, Authorization: `Bearer ${issuer.token(label)}` }));
  assert.equal((await thief.fails()).headers.message, 'The token is not accepted');
});

testWith('without a token nobody gets in where there are only tokens', configured({ users: undefined }), async (closed, keep) => {
  const client = await keep(TcpStomp.open(closed));
  client.send(frame('CONNECT', CONNECT));
  assert.equal((await client.fails()).headers.message, 'CONNECT needs a token');
});

// The end of a token, and its successor.

const brief = withGateway(configured({ times: { leeway: 0 }, broker: { ...broker.broker, deny: 'soft' } }));
const login = (token) => ({ Authorization: `Bearer ${token}`, login: undefined, passcode: undefined });
const named = (headers) => Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
const shown = (client, token) => client.send(frame('CONNECT', named({ ...CONNECT, ...login(token) })));

testOver(all, brief, 'a session ends with its token, and is told so', async (connect, open) => {
  const client = await open();
  const until = seconds() + 2;
  shown(client, issuer.token('ana', { exp: until }));
  await client.frame('CONNECTED');
  const error = await client.fails();
  assert.equal(error.headers.message, 'The token has expired');
  assert.ok(Math.abs(Date.now() / 1000 - until) < 5, 'it ends when the token does');
  await brief.logged(/session ended: .*ending=expired .*user=ana/);
});

for (const alg of ['HS256', 'ES256']) {
  testOver(all, brief, `a new token with ${alg} takes the place of the old one`, async (connect, open) => {
    const client = await open();
    shown(client, issuer.token('ana', { exp: seconds() + 3 }));
    await client.frame('CONNECTED');
    await client.subscribe('/user/queue/x');
    await client.call('SEND', { destination: '/session/token', Authorization: `Bearer ${issuer.token('ana', {}, alg)}` });
    await new Promise((resolve) => { setTimeout(resolve, 4000); });
    client.publish('/user/ana/queue/x', 'still here');
    assert.equal((await client.frame('MESSAGE')).body, 'still here');
  });
}

const bad = {
  'another user\'s token': ['The token is another user\'s', () => issuer.token('bob')],
  'an expired token': ['The token has expired', () => issuer.token('ana', { exp: seconds() - 60 })],
  'no token': ['The token is not accepted', () => undefined],
};
for (const [what, [message, make]] of Object.entries(bad)) {
  const headers = () => named({ 'destination': '/session/token', 'receipt': 't', 'Authorization': make() });
  testOver(plain, brief, `${what} is refused softly, and the session goes on`, async (connect, open) => {
    const client = await open();
    shown(client, issuer.token('ana'));
    await client.frame('CONNECTED');
    await client.subscribe('/user/queue/errors');
    client.send(frame('SEND', headers()));
    const told = await client.frame('MESSAGE');
    assert.equal(told.headers.message, message);
    assert.equal(told.headers['receipt-id'], 't');
    await client.call('SEND', { destination: '/topic/a' }, 'x');
  });
  testOver(plain, gateway, `${what} is refused strictly, and the session ends`, async (connect, open) => {
    const client = await open();
    shown(client, issuer.token('ana'));
    await client.frame('CONNECTED');
    client.send(frame('SEND', headers()));
    assert.equal((await client.fails()).headers.message, message);
  });
}

testOver(plain, gateway, 'a client that goes while its token is checked harms nobody', async (connect, open) => {
  for (let i = 0; i < 20; i++) {
    const client = await open();
    shown(client, issuer.token('ana', {}, 'ES256'));
    client.abort();
  }
  const client = await open();
  shown(client, issuer.token('ana', {}, 'EdDSA'));
  await client.frame('CONNECTED');
});

testWith('a reload brings the issuer\'s new keys', configured(), async (rotated, keep) => {
  const next = new Issuer(issuer.name, 'new-');
  const before = await keep(TcpStomp.open(rotated));
  shown(before, next.token('ana'));
  assert.equal((await before.fails()).headers.message, 'The token is not accepted');
  writeFileSync(tokens[0].keys, JSON.stringify(next.jwks));
  process.kill(rotated.pid, 'SIGHUP');
  await deadline('the reload', rotated.logged(/reload/));
  const client = await keep(TcpStomp.open(rotated));
  shown(client, next.token('ana', {}, 'RS256'));
  assert.equal((await client.frame('CONNECTED')).headers['user-name'], 'ana');
  writeFileSync(tokens[0].keys, JSON.stringify(issuer.jwks));
});
