// Secrets that are marked go in by every door, and are looked for in all that comes out: the log in
// both forms, answers, the console, its trace, /metrics, and what the commands print.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { freePort, Gateway, runPostern, runPosternWith } from './lib/gateway.mjs';
import { Wire, requestText } from './lib/http.mjs';
import { frame, Stomp } from './lib/stomp.mjs';
import { TcpStomp, tcpPort } from './lib/tcp.mjs';
import { Session } from './lib/sockjs.mjs';
import { test } from './lib/test.mjs';
import { Issuer, seconds } from './lib/tokens.mjs';
import { until } from './lib/wait.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'postern-secrets-'));
after(() => rmSync(folder, { recursive: true }));

// Everything that nobody may ever see, by what it is. Its parts, too: windows of 12 characters.
const marked = new Map();
const mark = (what) => {
  const secret = `M${randomBytes(20).toString('hex')}`;
  marked.set(what, secret);
  return secret;
};
const markToken = (what, token) => {
  marked.set(what, token);
  return token;
};
const WINDOW = 12;

function assertHidden(where, text) {
  for (const [what, secret] of marked) {
    for (let at = 0; at + WINDOW <= secret.length; at += 1) {
      const part = secret.slice(at, at + WINDOW);
      const found = text.indexOf(part);
      assert.equal(found, -1, `${where} shows a part of ${what}: ...${text.slice(Math.max(0, found - 200), found + 100)}`);
    }
  }
}

const issuer = new Issuer();
const broker = JSON.parse(readFileSync(new URL('broker.json', import.meta.url)));
const [adminToken, hmac] = [mark('the admin token'), mark('the HMAC secret').padEnd(40, '=')];
writeFileSync(`${folder}/admin`, `${adminToken}\n`);
writeFileSync(`${folder}/hmac`, `${hmac}\n`);
writeFileSync(`${folder}/keys.json`, JSON.stringify(issuer.jwks));
marked.set('the key of an issuer', issuer.jwks.keys.at(-1).k);
marked.set('a password\'s hash', broker.users[0].password.slice(8));

const configured = {
  ...broker,
  log_level: 'debug',
  limits: { log_lines: 100_000, header: 3000, token: 2000 },
  admin: { listen: `127.0.0.1:${await freePort()}`, token: `file:${folder}/admin` },
  tokens: [
    { issuer: 'https://hmac.example', secrets: [`file:${folder}/hmac`] },
    { issuer: issuer.name, audience: 'chat', keys: `${folder}/keys.json` },
  ],
  login: { token_headers: ['Authorization', 'passcode', 'x-id'], token_cookie: 'site', token_query: 'token' },
  broker: { ...broker.broker, deny: 'soft' },
  rules: [{ match: '/topic/**', allow: ['subscribe', 'send'] }],
};
const CONNECT = { 'accept-version': '1.2', 'host': 'a' };
const guest = { login: 'guest', passcode: 'guest' };

// Tokens that are no good, each for another reason, and some that are.
const tokens = {
  'a good token': () => issuer.token('ana', {}, 'RS256'),
  'a token that has expired': () => issuer.token('ana', { exp: seconds() - 60 }),
  'a token for others': () => issuer.token('ana', { aud: 'shop' }),
  'a token of a stranger': () => new Issuer('https://evil.example').token('ana'),
  'a token with a broken signature': () => `${issuer.token('ana').slice(0, -8)}AAAAAAAA`,
  'a token with groups that are none': () => issuer.token('ana', { groups: [1] }),
  'a token without a signature': () => issuer.token('ana').replace(/[^.]*$/, ''),
  'a token that is too long': () => issuer.token('ana', { more: mark('a claim').repeat(45) }),
};

async function answered(wire) {
  try {
    return JSON.stringify(await wire.answer());
  } catch {
    return ''; // the connection has ended without one
  }
}

// What comes back for what is said at these doors, as text.
class Doors {
  constructor(gateway) {
    this.gateway = gateway;
    this.heard = [];
  }

  // STOMP, until the gateway has answered something.
  async stomp(open, ...said) {
    const client = await open();
    said.forEach((one) => client.send(one));
    const { data } = await client.frame();
    this.heard.push(`${data}`);
    client.abort();
  }

  tcp(...said) { return this.stomp(() => TcpStomp.open(this.gateway), ...said); }

  websocket(options, ...said) {
    const { path: suffix = '', ...rest } = options;
    return this.stomp(() => Stomp.open(`${this.gateway.ws}/ws${suffix}`, [], rest), ...said);
  }

  async http(port, text) {
    const wire = await Wire.open(port);
    this.heard.push(await answered(wire.write(text)));
    wire.abort();
  }
}

async function logins(doors) {
  await doors.tcp(frame('CONNECT', { ...CONNECT, login: 'guest', passcode: mark('a wrong passcode') }));
  await doors.tcp(frame('CONNECT', { ...CONNECT, passcode: mark('a passcode without a login') }));
  for (const [what, make] of Object.entries(tokens)) {
    const token = markToken(what, make());
    for (const header of ['Authorization', 'passcode', 'x-id']) {
      await doors.tcp(frame('CONNECT', { ...CONNECT, login: 'ana', [header]: header === 'Authorization' ? `Bearer ${token}` : token }));
    }
    await doors.websocket({ headers: { Cookie: `a=b; site=${token}` } }, frame('CONNECT', CONNECT));
    await doors.websocket({ path: `?token=${token}` }, frame('CONNECT', CONNECT));
  }
}

// Frames that are malformed, about the place where a secret stands.
async function malformed(doors) {
  const secret = () => mark('a secret in a malformed frame');
  const token = markToken('a token in a malformed frame', issuer.token('ana'));
  const connected = frame('CONNECT', { ...CONNECT, ...guest });
  await doors.tcp(`CONNECT\npasscode ${secret()}\n\n\0`);
  await doors.tcp(`CONNECT\npasscode:${secret().repeat(60)}\n\n\0`);
  await doors.tcp(`CONNECT\naccept-version:1.2\npasscode:${secret()}\\x\n\n\0`);
  await doors.tcp(`CONNECT\nheart-beat:${secret()}\n\n\0`);
  await doors.tcp(`CONNECT\naccept-version:${secret()}\n\n\0`);
  await doors.tcp(`SEND\npasscode:${secret()}\n\n\0`);
  await doors.tcp(`passcode:${secret()}\n\n\0`);
  await doors.tcp(`GET /?token=${secret()} HTTP/1.1\r\nAuthorization: Bearer ${secret()}\r\n\r\n`);
  for (const line of [`Authorization:Bearer ${secret()}\\y`, `x-id ${token}`, `x-id:${token}\\z`, `x-id:${token.repeat(20)}`,
    `x-csrf-token:${secret()}\\q`, `passcode ${secret()}`]) {
    const client = await TcpStomp.open(doors.gateway);
    client.send(connected);
    await client.frame('CONNECTED');
    client.send(`SEND\ndestination:/session/token\n${line}\n\n\0`);
    doors.heard.push(`${(await client.frame()).data}`);
    client.abort();
  }
  const again = await TcpStomp.open(doors.gateway);
  again.send(connected);
  await again.frame('CONNECTED');
  again.send(frame('CONNECT', { ...CONNECT, login: 'guest', passcode: secret() }));
  doors.heard.push(`${(await again.frame()).data}`);
  again.abort();
}

async function requests(doors) {
  const secret = () => mark('a secret in a request');
  const token = markToken('a token in a path', issuer.token('ana'));
  const port = doors.gateway.port;
  const headers = () => ({ Authorization: `Bearer ${secret()}`, Cookie: `site=${secret()}` });
  for (const target of [`/nothing?token=${secret()}`, `/stomp/info?token=${secret()}`, `/stomp/0/x/xhr_send?token=${secret()}`,
    `/nothing/${token}`, `/stomp/0/${token}/xhr_send`, `/stomp/0/y/jsonp?c=%${secret()}`]) {
    await doors.http(port, requestText(`POST ${target}`, { headers: headers(), body: `["CONNECT\\npasscode:${secret()}\\n\\n\\u0000"]` }));
  }
  await doors.http(port, `GET /?${secret()} HTTP/1.1\r\nHost: a\r\nAuthorization ${secret()}\r\n\r\n`);
  await doors.http(port, `CONNECT\nlogin:ana\npasscode:${secret()}\n\n\0`);
  const session = await Session.polling(port, '/stomp');
  doors.heard.push(JSON.stringify(await session.send(`CONNECT\npasscode:${secret()}\n\n\0`)));
  const broken = await Session.polling(port, '/stomp');
  await doors.http(port, requestText(`POST ${broken.url}/xhr_send`, { body: `"CONNECT\\npasscode:${secret()}` }));
  const socket = await Stomp.open(`${doors.gateway.ws}/stomp/0/z/websocket`);
  socket.send(`CONNECT\npasscode:${secret()}\n\n\0`);
  doors.heard.push(JSON.stringify(await socket.closes()));
  await doors.http(tcpPort(doors.gateway), `CONNECT\npasscode:${secret()}`.padEnd(20_000, 'x'));
}

// The listener for operators: what it takes, and all that it shows.
async function operators(doors, adminPort, traced) {
  const bearer = (token) => ({ headers: { Authorization: `Bearer ${token}` } });
  await doors.http(adminPort, requestText('GET /metrics', bearer(mark('a wrong token for operators'))));
  await doors.http(adminPort, requestText(`GET /metrics?token=${mark('a token of operators in a query')}`));
  await doors.http(adminPort, requestText('GET /metrics', bearer(adminToken)));
  const enter = async (passcode) => {
    const client = await Stomp.open(`ws://127.0.0.1:${adminPort}/console/stomp/websocket`);
    client.send(frame('CONNECT', { ...CONNECT, login: 'console', passcode }));
    doors.heard.push(`${(await client.frame()).data}`);
    return client;
  };
  (await enter(mark('a wrong passcode of the console'))).abort();
  const console = await enter(adminToken);
  const ask = async (service, question = {}) => {
    console.send(frame('SEND', { destination: `/admin/${service}`, 'reply-to': '/temp-queue/c' }, JSON.stringify(question)));
    doors.heard.push((await console.frame('MESSAGE')).body);
  };
  const { session } = traced.connected.headers;
  await ask('trace', { session });
  for (const [what, make] of Object.entries(tokens)) {
    const token = markToken(`${what}, traced`, make());
    traced.send(frame('SEND', { 'destination': '/session/token', 'Authorization': `Bearer ${token}`, 'mine': token }));
  }
  traced.send(frame('SEND', { 'destination': '/topic/a', 'x-csrf-token': mark('a header of a page'), 'set-cookie': mark('a cookie') }, 'the last one'));
  do doors.heard.push((await console.frame('MESSAGE')).body); while (!/the last one/.test(doors.heard.at(-1)));
  for (const service of ['overview', 'sessions', 'destinations']) await ask(service);
  await ask('session', { session });
  console.abort();
}

async function reloads(gateway) {
  const short = mark('a secret that is too short').slice(0, 16), secret = mark('a secret in the file');
  marked.set('a short secret', short);
  writeFileSync(`${folder}/short`, short);
  const issuers = (secrets) => ({ ...gateway.configuration, tokens: [{ issuer: 'https://hmac.example', secrets }] });
  for (const file of [issuers([short]), issuers([`file:${folder}/short`]), issuers([`file:${folder}/none`, secret]), issuers([secret, 7]),
    { ...gateway.configuration, users: [{ login: 'a', password: secret }] },
    { ...gateway.configuration, admin: { ...gateway.configuration.admin, token: short.slice(0, 13) } },
    `{"admin": {"token": "${secret}" "x"}}`, `{"admin": {"tokn": "${secret}"}}`, issuers([secret.padEnd(40, 'x')])]) {
    await gateway.reload(file);
  }
}

for (const format of ['text', 'json']) {
  test(`nothing that is secret comes out, with a log in ${format}`, async () => {
    const gateway = new Gateway(configured, { env: { POSTERN_LOG_FORMAT: format } });
    gateway.port = await freePort();
    const listening = () => /listening on .*:\d+("})?\n/.test(gateway.log);
    try {
      await gateway.begin();
      await until('it listens', listening);
      const doors = new Doors(gateway);
      await logins(doors);
      await malformed(doors);
      await requests(doors);
      const traced = await TcpStomp.open(gateway);
      traced.send(frame('CONNECT', { ...CONNECT, Authorization: `Bearer ${markToken('the traced token', issuer.token('ana', {}, 'ES256'))}` }));
      traced.connected = await traced.frame('CONNECTED');
      await traced.subscribe('/user/queue/errors');
      await operators(doors, Number(configured.admin.listen.split(':')[1]), traced);
      traced.abort();
      await reloads(gateway);
      await gateway.stop();
      assert.ok(doors.heard.length > 80, `${doors.heard.length} answers`);
      for (const text of doors.heard) assertHidden('an answer', text);
      assertHidden('the log', gateway.log);
      assert.match(gateway.log, /bad_login[^]*the token/); // it says much all the same
    } finally {
      gateway.kill();
    }
  });
}

test('no command prints a secret, unless it is asked to', async () => {
  const file = `${folder}/postern.json`;
  const inline = { ...configured, tokens: [{ issuer: 'https://a.example', secrets: [mark('a secret in the file').padEnd(40, 'x')] }] };
  const secret = mark('a secret in the environment');
  const environment = [{ POSTERN_ADMIN_TOKEN: secret }, { POSTERN_ADMIN_TOKEN: secret.slice(0, 13) }, { POSTERN_USERS: `[{"login":"a","password":"${secret}"}]` },
    { POSTERN_TOKENS: `[{"issuer":"https://b.example","secrets":["${secret.slice(0, 20)}"]}]` }, { POSTERN_TOKENS: `["${secret}` }];
  for (const one of [configured, inline]) {
    writeFileSync(file, JSON.stringify(one));
    for (const words of [['print-config'], ['check-config'], ['explain', 'send', '/topic/a']]) {
      const { status, stdout, stderr } = await runPostern(words[0], '-c', file, ...words.slice(1));
      assert.equal(status, 0, stdout + stderr);
      assertHidden(words[0], stdout + stderr);
    }
    for (const env of environment) {
      const { stdout, stderr } = await runPosternWith(env, 'check-config', '-c', file);
      assertHidden(`check-config with ${Object.keys(env)}`, stdout + stderr);
    }
  }
  for (const words of [[`--admin.token=${secret.slice(0, 13)}`], ['--admin.token', secret.slice(0, 13)], ['--tokens', `[{"secrets":["${secret}"]}]`],
    [`--admin.tokn=${secret}`]]) {
    const { status, stdout, stderr } = await runPostern('check-config', '-c', file, ...words);
    assert.notEqual(status, 0, stdout);
    assertHidden(`check-config ${words[0].slice(0, 13)}`, stdout + stderr);
  }
  const { stdout } = await runPostern('print-config', '--secrets', '-c', file);
  assert.ok(stdout.includes(marked.get('the admin token')), 'it is there when it is asked for');
});
