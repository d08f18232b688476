// docker/nginx/auth-request.conf with real nginx, the dashboard of www/docs/authentication.md behind
// it, and a small program that knows who is logged in, as oauth2-proxy does.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { after, before } from 'node:test';
import { Document } from '../lib/document.mjs';
import { freePort, Gateway } from '../lib/gateway.mjs';
import { HandClient } from '../lib/hand.mjs';
import { Recipe } from '../lib/recipe.mjs';
import { converse, frame, Stomp } from '../lib/stomp.mjs';
import { test } from '../lib/test.mjs';
import { deadline, until } from '../lib/wait.mjs';

const documented = new Document('www/docs/authentication.md').blocks('json').map((text) => JSON.parse(text))
  .find(({ login }) => login?.groups_header);
const LASTS = 6_000; // ms of such a login

// Cookies of those who are logged in. A request for /oauth2/auth is answered as oauth2-proxy
// does with --set-xauthrequest.
class IdentityServer {
  users = new Map();
  asked = 0;

  async start() {
    this.server = http.createServer(({ url, headers }, response) => {
      const [, cookie] = (headers.cookie ?? '').match(/session=(\w+)/) ?? [];
      if (url === '/oauth2/sign_out') {
        this.users.delete(cookie);
        response.writeHead(200).end('goodbye');
        return;
      }
      const user = this.users.get(cookie);
      this.asked += 1;
      response.writeHead(user ? 202 : 401, user && { 'X-Auth-Request-User': user.name, 'X-Auth-Request-Groups': user.groups.join(',') });
      response.end();
    });
    this.server.listen(this.port = await freePort(), '127.0.0.1');
    await once(this.server, 'listening');
  }

  // The cookie of somebody who logs in.
  signIn(name, groups = []) {
    const cookie = randomBytes(8).toString('hex');
    this.users.set(cookie, { name, groups });
    return { Cookie: `a=b; session=${cookie}` };
  }
}

const identity = new IdentityServer();
let gateway, recipe;
before(async () => {
  await identity.start();
  gateway = await new Gateway({ ...documented, times: { user_header: LASTS, leeway: 0, disconnect: 500, drain: 500 } }).start();
  recipe = await Recipe.start('nginx/auth-request.conf', { 'postern:8080': gateway.port, 'oauth2-proxy:4180': identity.port });
});
after(async () => {
  await recipe?.stop();
  identity.server.closeAllConnections();
  identity.server.close();
  await gateway?.stop();
});

async function status(method, path, headers) {
  const asked = https.request(`${recipe.url}${path}`, { agent: false, method, headers }).end();
  const [answer] = await deadline(`${path} answers`, once(asked, 'response'));
  answer.resume();
  return answer.statusCode;
}

const CONNECT = frame('CONNECT', { 'accept-version': '1.2', 'host': 'a' });

async function enter(headers) {
  const client = await Stomp.open(`${recipe.ws}/live/websocket`, [], { headers });
  client.connected = await client.send(CONNECT).frame('CONNECTED');
  return client;
}

// STOMP over a SockJS transport.
class Fallback extends converse(Object) {
  static async open(transport, headers) {
    const client = new Fallback();
    client.hand = await HandClient.open(`${recipe.url}/live`, transport, { headers });
    client.hand.failed.catch(() => {});
    client.inbox = client.hand.inbox;
    client.connected = await client.send(CONNECT).frame('CONNECTED');
    return client;
  }

  send(data) {
    this.hand.send(data);
    return this;
  }

  next(what) { return this.inbox.next(what); }

  abort() { this.hand.abort(); }
}

test('who is logged in at the proxy is so at Postern, with the groups', async () => {
  const ana = await enter(identity.signIn('ana@example.org', ['dev', 'sre']));
  assert.equal(ana.connected.headers['user-name'], 'ana@example.org');
  await ana.subscribe('/topic/ops/alerts', 'a');
  for (const transport of ['xhr-streaming', 'xhr-polling', 'eventsource']) {
    const bob = await Fallback.open(transport, identity.signIn('bob'));
    assert.equal(bob.connected.headers['user-name'], 'bob');
    await bob.subscribe('/topic/weather', 'w');
    await ana.call('SEND', { destination: '/topic/ops/alerts' }, 'x');
    assert.equal((await ana.frame('MESSAGE')).body, 'x');
    bob.send(frame('SEND', { destination: '/topic/ops/alerts' }, 'forged'));
    assert.equal((await bob.frame('ERROR')).headers.message, 'You may not send to that destination');
    bob.abort();
  }
  ana.abort();
});

test('nobody gets in without a login', async () => {
  for (const headers of [{}, { Cookie: 'session=guessed' }, { 'X-Forwarded-User': 'root' }, { 'X-Auth-Request-User': 'root' }]) {
    assert.equal(await status('GET', '/live/info', headers), 401);
    assert.equal(await status('POST', '/live/0/one/xhr', headers), 401);
    await assert.rejects(Stomp.open(`${recipe.ws}/live/websocket`, [], { headers }), /401/);
  }
  assert.equal(await status('GET', '/oauth2/auth', {}), 404, 'only nginx itself asks there');
});

test('a client that names a user itself is not believed', async () => {
  const eve = await enter({ ...identity.signIn('eve'), 'X-Forwarded-User': 'root', 'X-Forwarded-Groups': 'sre' });
  assert.equal(eve.connected.headers['user-name'], 'eve');
  eve.send(frame('SUBSCRIBE', { id: '1', destination: '/topic/ops/alerts' }));
  assert.equal((await eve.fails()).headers.message, 'You may not subscribe to that destination');

  // Past the proxy: the header means nothing from an address that is no trusted proxy.
  const past = await Stomp.open(`${gateway.ws}/live/websocket`, [], { localAddress: '127.0.0.9', headers: { 'X-Forwarded-User': 'root' } });
  past.send(CONNECT);
  assert.equal((await past.fails()).headers.message, 'CONNECT needs a login and a passcode');
});

test('a request of a session with another user\'s cookie is refused, and the session goes on', async () => {
  const ana = await Fallback.open('xhr-polling', identity.signIn('ana', ['sre']));
  const session = new URL(ana.hand.url).pathname;
  const bob = identity.signIn('bob');
  for (const path of ['xhr_send', 'xhr', 'xhr_streaming']) assert.equal(await status('POST', `${session}/${path}`, bob), 404);
  await ana.subscribe('/topic/ops/alerts', 'a');
  await ana.call('SEND', { destination: '/topic/ops/alerts' }, 'still here');
  assert.equal((await ana.frame('MESSAGE')).body, 'still here');
  ana.abort();
});

test('a logout ends the session at its next request', async () => {
  for (const transport of ['xhr-polling', 'xhr-streaming']) {
    const cookie = identity.signIn('carl');
    const carl = await Fallback.open(transport, cookie);
    const { session } = carl.connected.headers;
    assert.equal(await status('POST', '/oauth2/sign_out', cookie), 200);
    assert.equal(await carl.hand.sendNow('\n'), 401);
    carl.abort(); // as sockjs-client does
    await gateway.logged(new RegExp(`session ended: session=${session} .*ending=interrupted`));
    assert.equal(await status('GET', '/live/info', cookie), 401);
  }
});

test('a WebSocket ends when its login does, and who has logged out does not come back', async () => {
  const cookies = [identity.signIn('dora'), identity.signIn('eric')];
  const [dora, eric] = await Promise.all(cookies.map(enter));
  assert.ok(Number(dora.connected.headers['expires-in']) <= LASTS / 1000);
  assert.equal(await status('POST', '/oauth2/sign_out', cookies[0]), 200);
  for (const client of [dora, eric]) assert.equal((await client.fails()).headers.message, 'The token has expired');
  await assert.rejects(Stomp.open(`${recipe.ws}/live/websocket`, [], { headers: cookies[0] }), /401/);
  assert.equal((await enter(cookies[1])).connected.headers['user-name'], 'eric');
});

test('every request of a session is asked for', async () => {
  const fred = await Fallback.open('xhr-polling', identity.signIn('fred'));
  const before = identity.asked;
  await fred.subscribe('/topic/weather', 'w');
  assert.ok(identity.asked >= before + 2, 'for the SUBSCRIBE, and for the poll that brings its RECEIPT');
  fred.abort();
  await until('it has left', () => /session ended: .*user=fred/.test(gateway.log));
});
