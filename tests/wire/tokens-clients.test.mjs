// Unmodified clients log in by a token and send the next one before it ends.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pairs, reactive, subscription } from './lib/clients.mjs';
import { TcpStomp, tcpPort } from './lib/tcp.mjs';
import { frame } from './lib/stomp.mjs';
import { test, withGateway } from './lib/test.mjs';
import { Issuer, seconds } from './lib/tokens.mjs';
import { deadline, until } from './lib/wait.mjs';

const issuer = new Issuer();
const broker = JSON.parse(readFileSync(new URL('broker.json', import.meta.url)));
const gateway = withGateway({
  ...broker, users: undefined, times: { leeway: 0, disconnect: 60_000 },
  tokens: [{ issuer: issuer.name, secrets: issuer.secretText }],
  broker: { ...broker.broker, deny: 'soft' },
  rules: [{ match: '/topic/users/{user}', allow: ['subscribe', 'send'] }],
});
const LIFE = 8; // seconds of the first tokens, in which all clients must get their next one
const bearer = (token) => ({ Authorization: `Bearer ${token}` });
const clients = [...pairs, ...reactive];

// A client that sends no next token tells when the first ones have ended.
async function withoutNext(exp) {
  const client = await TcpStomp.open(gateway);
  client.send(frame('CONNECT', { 'accept-version': '1.2', 'host': 'a', ...bearer(issuer.token('late', { exp })) }));
  await client.frame('CONNECTED');
  return client.fails();
}

async function refresh({ name, connect }, user, exp) {
  const client = await connect(`${gateway.url}/stomp`, { login: bearer(issuer.token(user, { exp })) });
  const inbox = await subscription(client, `/topic/users/${user}`);
  const errors = await subscription(client, '/user/queue/errors');
  const fresh = client.receipt('fresh');
  client.publish('/session/token', '', { ...bearer(issuer.token(user)), receipt: 'fresh' });
  await fresh;
  assert.ok(seconds() < exp, `${name} was too slow for this test`);
  client.publish('/session/token', '', bearer(issuer.token('eve')));
  assert.equal((await errors.next()).headers.message, 'The token is another user\'s', name);
  return { name, client, inbox, user };
}

// stomp.py, over TCP: ends well when it has heard that it is still here.
const script = fileURLToPath(new URL('lib/stomp_py_token.py', import.meta.url));
async function refreshPython(version, exp) {
  const user = `python${version}`;
  const destination = `/topic/users/${user}`;
  const child = spawn('/usr/bin/python3', [script, `${tcpPort(gateway)}`, version, user,
    issuer.token(user, { exp }), issuer.token(user), destination]);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { said += text; });
  const status = new Promise((resolve) => { child.once('close', resolve); });
  await until(`${user} has refreshed its token`, () => {
    assert.equal(child.exitCode, null, said);
    return /refreshed/.test(said);
  });
  return async () => {
    const sender = await TcpStomp.open(gateway);
    sender.send(frame('CONNECT', { 'accept-version': '1.2', 'host': 'a', ...bearer(issuer.token(user)) }));
    await sender.frame('CONNECTED');
    sender.publish(destination, 'still here');
    assert.equal(await deadline('stomp.py ends', status), 0, said);
    assert.match(said, /all is well/);
    await sender.close();
  };
}

test('every client outlives its first token, and another user\'s is refused', async () => {
  const exp = seconds() + LIFE;
  const end = withoutNext(exp);
  const [refreshed, pythons] = await Promise.all([
    Promise.all(clients.map((pair, i) => refresh(pair, `user${i}`, exp))),
    Promise.all(['1.0', '1.1', '1.2'].map((version) => refreshPython(version, exp)))]);
  assert.equal((await end).headers.message, 'The token has expired');
  for (const { name, client, inbox, user } of refreshed) {
    client.publish(`/topic/users/${user}`, name);
    assert.equal((await inbox.next()).body, name);
  }
  await Promise.all([...refreshed.map(({ client }) => client.close()), ...pythons.map((hears) => hears())]);
});

test('every client learns that its token has ended', async () => {
  const exp = seconds() + 2;
  const ends = await Promise.all(clients.map(async ({ connect }, i) => {
    const client = await connect(`${gateway.url}/stomp`, { login: bearer(issuer.token(`user${i}`, { exp })) });
    return deadline('its end', client.lost);
  }));
  ends.forEach(({ headers }, i) => assert.equal(headers?.message, 'The token has expired', clients[i].name));
});
