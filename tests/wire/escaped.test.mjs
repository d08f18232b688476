// limits.frame bounds the text of a message, not what a transport makes of it: what one
// transport takes, all take. SockJS writes 6 octets for a control character, 12 for an
// emoji, and a form more.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { SockJsClient } from './lib/clients.mjs';
import { configuration, severalWorkers } from './lib/config.mjs';
import { ask, requestText, Wire } from './lib/http.mjs';
import { Session } from './lib/sockjs.mjs';
import { Socket } from './lib/stomp.mjs';
import { test, testWith, withGateway } from './lib/test.mjs';

const escape = createRequire(import.meta.url)('sockjs-client/lib/utils/escape');

const endpoints = [{ path: '/long', handler: 'echo', response_limit: 100_000_000 }];
const gateway = withGateway(configuration({ endpoints, limits: { queue_bytes: 20_000_000 } }));
const narrow = withGateway(configuration({ endpoints, limits: { frame: 1000 } }));

const texts = {
  '800 KB of emoji': '\u{1F600}'.repeat(200_000),
  '1 MiB of control characters': '\u0001'.repeat(1 << 20),
  '1 MiB of quotes': '"'.repeat(1 << 20),
};

// The body of a jsonp_send as sockjs-client's form makes it.
const form = (text) => `d=${encodeURIComponent(`[${escape.quote(text)}]`)}`;
const jsonpSend = (session, text) => ask(session.port, `POST ${session.url}/jsonp_send`, {
  headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: form(text) });

async function jsonpPoll(session) {
  const { body } = await ask(session.port, `GET ${session.url}/jsonp?c=p`);
  const [, script] = body.match(/^\/\*\*\/p\((.*)\);\r\n$/s) ?? assert.fail(body.slice(0, 100));
  return JSON.parse(script);
}

async function jsonpEcho(session, text) {
  assert.equal(await jsonpPoll(session), 'o');
  assert.equal((await jsonpSend(session, text)).status, 200);
  const got = [];
  const length = () => got.reduce((sum, one) => sum + one.length, 0);
  while (length() < text.length) got.push(...JSON.parse((await jsonpPoll(session)).slice(1)));
  return got.join('');
}

for (const [what, text] of Object.entries(texts)) {
  test(`${what} pass over a plain WebSocket`, async () => {
    const socket = await Socket.open(`${gateway.ws}/long/websocket`);
    socket.send(text);
    assert.ok(await socket.next() === text);
    await socket.close();
  });

  for (const transport of ['websocket', 'xhr-streaming', 'xhr-polling']) {
    test(`${what} pass over ${transport}, as sockjs-client escapes them`, async () => {
      const client = await SockJsClient.open(`${gateway.url}/long`, transport);
      client.send(text);
      assert.ok(await client.next() === text);
      await client.close();
    });
  }

  test(`${what} pass over jsonp, as sockjs-client escapes them`, async () => {
    assert.ok(await jsonpEcho(new Session(gateway.port, '/long'), text) === text);
  });
}

// [what it is made of, octets of UTF-8 that each has]
for (const [unit, octets] of [['x', 1], ['\u0001', 1], ['"', 1], ['\u{1F600}', 4], ['\uffff', 3]]) {
  const name = JSON.stringify(unit);
  const fits = unit.repeat(Math.floor(1000 / octets)), beyond = `${fits}${unit}`;

  test(`limits.frame counts octets of text: ${name} over WebSocket`, async () => {
    for (const [path, wrap] of [['/long/websocket', (text) => text],
      ['/long/000/a/websocket', (text) => `[${escape.quote(text)}]`]]) {
      const socket = await Socket.open(`${narrow.ws}${path}`);
      if (path.includes('000')) assert.equal(await socket.next(), 'o');
      socket.send(wrap(fits));
      const got = await socket.next();
      assert.equal(path.includes('000') ? JSON.parse(got.slice(1))[0] : got, fits);
      socket.send(wrap(beyond));
      assert.equal((await socket.closes()).code, 1009);
    }
  });

  test(`limits.frame counts octets of text: ${name} over xhr_send and jsonp_send`, async () => {
    const session = await Session.polling(narrow.port, '/long');
    assert.equal((await session.post('xhr_send', `[${escape.quote(beyond)}]`)).status, 413);
    assert.equal((await session.post('xhr_send', `[${escape.quote(fits)}]`)).status, 204);
    assert.deepEqual(JSON.parse((await session.poll()).slice(1)), [fits]);

    const jsonp = new Session(narrow.port, '/long');
    assert.equal(await jsonpPoll(jsonp), 'o');
    assert.equal((await jsonpSend(jsonp, beyond)).status, 413);
    assert.equal((await jsonpSend(jsonp, fits)).status, 200);
    assert.deepEqual(JSON.parse((await jsonpPoll(jsonp)).slice(1)), [fits]);
  });
}

test('many messages in one body have twice limits.frame together, and each counts 32 octets more', async () => {
  const session = await Session.polling(narrow.port, '/long');
  const two = ['x'.repeat(968), 'y'.repeat(968)];
  assert.equal((await session.send(...two)).status, 204);
  assert.equal((await session.send(...two, '')).status, 413);
  assert.equal((await session.send(...Array.from({ length: 63 }, () => ''))).status, 413);
});

// Heads that tell what their bodies will be.

const expecting = { Expect: '100-continue' };
for (const [how, headers] of [['', {}], [', and told so before it is told to continue', expecting]]) {
  test(`a body that is declared too large is refused at its head${how}`, async () => {
    const session = await Session.polling(narrow.port, '/long');
    for (const [transport, most] of [['xhr_send', 6064], ['jsonp_send', 8064], ['xhr', 6064]]) {
      const wire = await Wire.open(narrow.port);
      wire.write(requestText(`POST ${session.url}/${transport}`, { headers: { ...headers, 'Content-Length': most + 1 } }));
      const answer = await wire.head();
      assert.equal(answer.status, 413, transport);
      assert.match(answer.headers.connection, /close/i);
      await wire.rest();
    }
    const wire = await Wire.open(narrow.port);
    wire.write(requestText(`POST ${session.url}/xhr_send`, { headers: { ...headers, 'Content-Length': 6064 } }));
    if (how) assert.equal((await wire.head()).status, 100);
    const padding = ' '.repeat(6064 - 5);
    assert.equal((await wire.write(`["x"]${padding}`).answer()).status, 204);
    wire.abort();
  });
}

const nobody = '/long/000/nobody-is-here/xhr_send';
const large = { 'Content-Length': 1_000_000 };
const several = severalWorkers({ endpoints });

for (const [where, open] of [['', Wire.open], [', on a connection of others', Wire.pooled]]) {
  testWith(`a large body for an unknown session is refused at its head${where}`, several, async ({ port }, keep) => {
    for (let i = 0; i < 12; i += 1) {
      const wire = await keep(open(port));
      const headers = i % 2 ? large : { 'Transfer-Encoding': 'chunked' };
      wire.write(requestText(`POST /long/000/nobody-${i}/xhr_send`, { headers }));
      // A home on another worker is asked while the body comes.
      wire.write(i % 2 ? '["x' : '3\r\n["x\r\n');
      const answer = await wire.head();
      assert.equal(answer.status, 404);
      assert.match(answer.headers.connection, /close/i);
    }
  });

  testWith(`a short body for an unknown session is read, and the connection goes on${where}`, several, async ({ port }, keep) => {
    for (let i = 0; i < 12; i += 1) {
      const wire = await keep(open(port));
      const answer = await wire.write(requestText(`POST /long/000/nobody${i}/xhr_send`, { body: '["x"]' })).answer();
      assert.equal(answer.status, 404);
      assert.match(answer.body, /^There is no such session here/);
      assert.equal((await wire.write(requestText('GET /chat')).answer()).status, 200);
    }
  });

  testWith(`a large body for a session that is there is taken${where}`, several, async ({ port }, keep) => {
    for (let i = 0; i < 6; i += 1) {
      const session = await Session.polling(port, '/long');
      const wire = await keep(open(port));
      const text = 'x'.repeat(500_000);
      const answer = await wire.write(requestText(`POST ${session.url}/xhr_send`, { body: JSON.stringify([text]) })).answer();
      assert.equal(answer.status, 204);
      assert.deepEqual(JSON.parse((await session.poll()).slice(1)), [text]);
    }
  });
}

test('who expects to continue with a body for an unknown session is refused instead', async () => {
  for (const length of [5, 1_000_000]) {
    const wire = await Wire.open(gateway.port);
    wire.write(requestText(`POST ${nobody}`, { headers: { ...expecting, 'Content-Length': length } }));
    assert.equal((await wire.head()).status, 404);
    await wire.rest();
  }
});
