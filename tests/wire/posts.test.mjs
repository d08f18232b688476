// A request that brings messages is read by Postern itself if it is plain, and by
// libmicrohttpd if not. That makes no difference to the answer, to the session, or to what
// comes next on the connection, wherever the bytes are cut.
// tags: tsan
import assert from 'node:assert/strict';
import { configuration, severalWorkers } from './lib/config.mjs';
import { connect, requestText, Wire } from './lib/http.mjs';
import { fetch, made, openIdle, pieces, polls, receivers, request } from './lib/receivers.mjs';
import { Session } from './lib/sockjs.mjs';
import { test, testWith, withGateway } from './lib/test.mjs';

const more = {
  endpoints: [
    { path: '/long', handler: 'echo', response_limit: 1_000_000 },
    { path: '/short', handler: 'echo', response_limit: 1 },
    { path: '/bound', handler: 'echo', bind_cookie: 'ID' },
    { path: '/sticky', handler: 'echo', cookie_needed: true },
    { path: '/shop', handler: 'echo', allowed_origins: ['https://shop.example'] },
  ],
};
const gateway = withGateway(configuration(more));
const far = withGateway(severalWorkers(more));
const both = [gateway, far];

const idle = (tick = 0) => new Promise((resolve) => (tick ? setTimeout(resolve, tick) : setImmediate(resolve)));
const taken = (receiver) => (receiver.send === 'xhr_send' ? 204 : 200);

async function opened(receiver, from, endpoint = '/long') {
  const session = new Session(from.port, endpoint);
  await openIdle(session, receiver);
  return session;
}

const post = (session, receiver, body, headers) =>
  request(session, `POST ${receiver.send}`, { body, headers });

// The raw bytes of an answer, but for its date.
async function raw(wire) {
  const lines = [];
  for (let line; (line = await wire.line()) !== '';) lines.push(line.replace(/^Date: .*GMT$/, 'Date'));
  const length = /^Content-Length: (\d+)$/.exec(lines.at(-1));
  return `${lines.join('\n')}\n\n${length ? await wire.take(Number(length[1])) : ''}`;
}

const head = (status, type, ...rest) => [`HTTP/1.1 ${status}`, 'Date', `Content-Type: ${type}`, ...rest].join('\n');
const NEVER = 'Cache-Control: no-store, no-cache, no-transform, must-revalidate, max-age=0';
const PLAIN = 'text/plain; charset=UTF-8';
const SHOP = { Origin: 'https://shop.example' };
const anyone = ['Vary: Origin', 'Access-Control-Allow-Origin: *'];
const shop = ['Vary: Origin', 'Access-Control-Allow-Origin: https://shop.example', 'Access-Control-Allow-Credentials: true'];

const answers = {
  'a message': [{}, '["x"]', `${head('204 No Content', PLAIN, NEVER, ...anyone)}\n\n`],
  'a message of a page': [SHOP, '["x"]', `${head('204 No Content', PLAIN, NEVER, ...shop)}\n\n`],
  'broken JSON': [{}, '[', `${head('500 Internal Server Error', PLAIN, 'X-Content-Type-Options: nosniff', ...anyone,
    'Content-Length: 21')}\n\nBroken JSON encoding.`],
};

for (const [what, [headers, body, wanted]] of Object.entries(answers)) {
  test(`${what} is answered with these bytes, whoever reads it`, async () => {
    for (const from of both) {
      const session = new Session(from.port, '/long', { origin: headers.Origin });
      await openIdle(session, polls[0]);
      const text = post(session, polls[0], body, headers);
      const fresh = await Wire.open(from.port), greeted = await Wire.open(from.port);
      await greeted.write(requestText('GET /echo')).answer();
      for (const wire of [fresh, greeted]) {
        for (let i = 0; i < 3; i += 1) assert.equal(await raw(wire.write(text)), wanted);
        wire.abort();
      }
    }
  });
}

test('/info is answered with these bytes, whoever reads it', async () => {
  for (const headers of [{}, SHOP]) {
    const text = (path) => requestText(`GET ${path}/info`, { headers });
    const fresh = await Wire.open(gateway.port), greeted = await Wire.open(gateway.port);
    await greeted.write(requestText('GET /echo')).answer();
    for (const path of ['/echo', '/sticky', '/disabled_websocket_echo']) {
      const seen = [];
      for (const wire of [fresh, greeted]) {
        seen.push((await raw(wire.write(text(path)))).replace(/("entropy":)\d+/, '$1').replace(/(Content-Length: )\d+/, '$1'));
      }
      assert.equal(seen[0], seen[1]);
      assert.match(seen[0], /^HTTP\/1.1 200 OK\nDate\nContent-Type: application\/json; charset=UTF-8\nCache-Control: no-store/);
    }
    fresh.abort();
    greeted.abort();
  }
});

for (const receiver of polls) {
  test(`${receiver.send} may be cut anywhere, as the first request of a connection and later`, async () => {
    for (const from of both) {
      const session = await opened(receiver, from);
      const { length } = post(session, receiver, '["000"]');
      const used = await connect(from.port);
      const wanted = [];
      for (let cut = 1; cut <= length; cut += 1) {
        const message = String(cut).padStart(3, '0');
        const text = post(session, receiver, `["${message}"]`);
        for (const wire of [used, await connect(from.port)]) {
          await wire.writeOut(text.slice(0, cut));
          await idle();
          await wire.writeOut(text.slice(cut));
          assert.equal((await wire.answer()).status, taken(receiver));
          wanted.push(message);
          if (wire !== used) wire.abort();
        }
      }
      used.abort();
      assert.deepEqual(await fetch(session, receiver), made(receiver, `a${JSON.stringify(wanted)}`));
    }
  });

  // A look at the socket sees limits.head bytes and one more.
  test(`a request right behind ${receiver.send} is seen, however long both are`, async () => {
    for (const from of both) {
      const session = await opened(receiver, from);
      const wire = await connect(from.port);
      for (let length = 9_214; length <= 9_220; length += 1) {
        const plain = post(session, receiver, `["${'x'.repeat(3_000)}"]`, { 'X-Pad': '' });
        const text = post(session, receiver, `["${'x'.repeat(3_000)}"]`, { 'X-Pad': 'p'.repeat(length - plain.length) });
        assert.equal(text.length, length);
        await wire.writeOut(text + requestText('GET /echo/info'));
        assert.equal((await wire.answer()).status, taken(receiver));
        assert.equal((await wire.answer()).status, 200);
      }
      wire.abort();
    }
  });

  test(`${receiver.send} may come byte by byte`, async () => {
    for (const from of both) {
      const session = await opened(receiver, from);
      const wire = await connect(from.port);
      for (const byte of post(session, receiver, '["slow"]')) {
        await wire.writeOut(byte);
        await idle();
      }
      assert.equal((await wire.answer()).status, taken(receiver));
      assert.deepEqual(await fetch(session, receiver), made(receiver, 'a["slow"]'));
      wire.abort();
    }
  });

  test(`a body of ${receiver.send} may be larger than one read, and of every size around the bounds`, async () => {
    for (const from of both) {
      const session = await opened(receiver, from);
      const wire = await connect(from.port);
      for (const size of [1000, 8191, 8192, 8193, 9215, 9216, 9217, 16_384, 65_535, 65_536, 65_537, 70_000]) {
        const message = 'x'.repeat(size - 4);
        for (const cut of [0, 500, 9000]) {
          const text = post(session, receiver, `["${message}"]`);
          if (cut > 0) {
            await wire.writeOut(text.slice(0, cut));
            await idle();
          }
          await wire.writeOut(text.slice(cut));
          assert.equal((await wire.answer()).status, taken(receiver), `${size}`);
          assert.deepEqual(await fetch(session, receiver), made(receiver, `a["${message}"]`), `${size}`);
        }
      }
      wire.abort();
    }
  });

  test(`several of ${receiver.send} in one packet are taken in order, and requests for frames between them`, async () => {
    for (const from of both) {
      const session = await opened(receiver, from, '/short');
      const wire = await connect(from.port);
      const one = (text) => post(session, receiver, `["${text}"]`);
      for (let i = 0; i < 5; i += 1) {
        wire.write(one('a') + one('b') + request(session, receiver.line) + requestText('GET /echo') + one('c')
          + request(session, receiver.line) + requestText('GET /echo/info'));
        for (const is of [taken(receiver), taken(receiver), '["a","b"]', 'Welcome to SockJS!\n', taken(receiver), '["c"]', '{']) {
          const answer = await wire.answer();
          if (typeof is === 'number') assert.equal(answer.status, is);
          else if (is.startsWith('[')) assert.equal(answer.body, receiver.wrap(`a${is}`));
          else assert.ok(answer.body.startsWith(is), answer.body);
        }
      }
      wire.abort();
    }
  });

  test(`${receiver.send} in many requests that nobody waits for is answered whole`, async () => {
    for (const from of both) {
      const session = await opened(receiver, from);
      const wire = await connect(from.port);
      const count = 5000;
      wire.socket.pause();
      for (let i = 0; i < count; i += 1) wire.write(post(session, receiver, '[]'));
      await idle(300);
      wire.socket.resume();
      for (let i = 0; i < count; i += 1) assert.equal((await wire.answer()).status, taken(receiver));
      wire.abort();
    }
  });

  for (const end of ['FIN', 'a reset']) {
    test(`${end} in the middle of ${receiver.send} brings nothing, and harms nobody`, async () => {
      for (const from of both) {
        const session = await opened(receiver, from);
        const text = post(session, receiver, '["never"]');
        for (let cut = text.length - 9; cut < text.length; cut += 1) {
          const wire = await connect(from.port);
          await wire.writeOut(text.slice(0, cut));
          await idle();
          if (end === 'FIN') {
            wire.socket.end();
            assert.equal((await wire.rest()).length, 0);
          } else {
            wire.socket.resetAndDestroy();
          }
        }
        const wire = await connect(from.port);
        assert.equal((await wire.write(post(session, receiver, '["alive"]')).answer()).status, taken(receiver));
        assert.deepEqual(await fetch(session, receiver), made(receiver, 'a["alive"]'));
        wire.abort();
      }
    });
  }

  test(`${receiver.send} of who only stops speaking is answered`, async () => {
    for (const from of both) {
      const session = await opened(receiver, from);
      for (const wait of [false, true]) {
        const wire = await connect(from.port);
        const text = post(session, receiver, '["last"]');
        if (wait) await wire.writeOut(text.slice(0, -3));
        if (wait) await idle(5);
        wire.socket.end(wait ? text.slice(-3) : text);
        assert.equal((await wire.answer()).status, taken(receiver));
        wire.abort();
      }
      assert.deepEqual(await fetch(session, receiver), made(receiver, 'a["last","last"]'));
    }
  });

  test(`rubbish behind ${receiver.send} is refused behind its answer`, async () => {
    const rubbish = {
      'GET / HTTP/3.0\r\nHost: a\r\n\r\n': 505, 'GET\0/ HTTP/1.1\r\nHost: a\r\n\r\n': 400, 'A B C\r\n\r\n': 400,
      'POST\r\n\r\n': null, '["x"]\r\n\r\n': null,
    };
    for (const from of both) {
      const session = await opened(receiver, from);
      for (const [text, status] of Object.entries(rubbish)) {
        const wire = await connect(from.port);
        wire.write(post(session, receiver, '["x"]') + text);
        assert.equal((await wire.answer()).status, taken(receiver));
        if (status !== null) assert.equal((await wire.answer()).status, status, text);
        await wire.rest();
      }
    }
  });

  test(`a body that is no JSON, and one for nobody, leave the connection of ${receiver.send} as it was`, async () => {
    for (const from of both) {
      const session = await opened(receiver, from);
      const wire = await connect(from.port);
      for (let i = 0; i < 3; i += 1) {
        assert.equal((await wire.write(post(session, receiver, '[1]')).answer()).status, 500);
        assert.equal((await wire.write(post(new Session(from.port, '/long'), receiver, '["x"]')).answer()).status, 404);
        assert.equal((await wire.write(post(session, receiver, '["x"]')).answer()).status, taken(receiver));
      }
      assert.deepEqual(await fetch(session, receiver), made(receiver, 'a["x","x","x"]'));
      wire.abort();
    }
  });
}

for (const receiver of receivers) {
  test(`${receiver.name} and ${receiver.send} take turns on one connection`, async () => {
    for (const from of both) {
      const wire = await connect(from.port);
      const session = new Session(from.port, '/short');
      const fetchOn = async () => {
        wire.opening = await wire.write(request(session, receiver.line)).head();
        return pieces(wire);
      };
      assert.deepEqual(await fetchOn(), made(receiver, 'o'));
      for (let i = 0; i < 5; i += 1) {
        assert.equal((await wire.write(post(session, receiver, `["${i}"]`)).answer()).status, taken(receiver));
        assert.deepEqual(await fetchOn(), made(receiver, `a["${i}"]`));
      }
      wire.abort();
    }
  });
}

test('cookies, Origins and the type of the body are those of the request that is read', async () => {
  for (const from of both) {
    const wire = await connect(from.port);
    const bound = new Session(from.port, '/bound');
    await openIdle({ ...bound, headers: { Cookie: 'ID=mine' } }, polls[0]);
    for (const [cookie, status] of [['ID=mine', 204], ['ID=other', 404], ['', 404], ['x=y; ID=mine', 204]]) {
      assert.equal((await wire.write(post(bound, polls[0], '["x"]', { Cookie: cookie })).answer()).status, status, cookie);
    }
    const sticky = await opened(polls[0], from, '/sticky');
    const answer = await wire.write(post(sticky, polls[0], '["x"]', { Cookie: 'JSESSIONID=node7' })).answer();
    assert.equal(answer.headers['set-cookie'], 'JSESSIONID=node7; path=/');
    const evil = await wire.write(post(new Session(from.port, '/shop'), polls[0], '["x"]', { Origin: 'https://evil.example' })).answer();
    assert.equal(evil.status, 403);
    const jsonp = polls.find(({ send }) => send === 'jsonp_send');
    const form = await opened(jsonp, from);
    for (const [type, body] of [['application/x-www-form-urlencoded', 'd=%5B%22x%22%5D'], ['text/plain', '["y"]']]) {
      assert.equal((await wire.write(post(form, jsonp, body, { 'Content-Type': type })).answer()).status, 200);
    }
    assert.deepEqual(await fetch(form, jsonp), made(jsonp, 'a["x","y"]'));
    wire.abort();
  }
});

testWith('who does not finish a body is told so, and cut off', configuration({ times: { body: 400, linger: 400 } }),
  async (from, keep) => {
    const session = await Session.polling(from.port, '/echo');
    const wires = [];
    for (const later of ['', 'x', '"]', '"]GET /echo HTTP/1.1\r\n\r\n']) {
      const wire = await keep(Wire.open(from.port));
      await wire.writeOut(post(session, polls[0], '["x"]').slice(0, -2));
      wires.push([wire, later]);
    }
    for (const [wire, later] of wires) {
      const answer = await wire.answer();
      assert.equal(answer.status, 408);
      assert.equal(answer.headers.connection, 'close');
      wire.write(later);
      assert.equal((await wire.rest()).length, 0);
    }
  });

testWith('a body above limits.body is refused on a connection that is used', configuration({ limits: { body: 100 } }),
  async (from, keep) => {
    const session = await Session.polling(from.port, '/echo');
    const wire = await keep(Wire.open(from.port));
    assert.equal((await wire.write(post(session, polls[0], JSON.stringify(['x'.repeat(96)]))).answer()).status, 204);
    assert.equal((await wire.write(post(session, polls[0], JSON.stringify(['x'.repeat(97)]))).answer()).status, 413);
    await wire.rest();
  });

testWith('a gateway that drains closes the connections of who sends, behind an answer', configuration(),
  async (from, keep) => {
    const session = await Session.polling(from.port, '/echo');
    const used = await keep(Wire.open(from.port)), late = await keep(Wire.open(from.port));
    assert.equal((await used.write(post(session, polls[0], '["x"]')).answer()).status, 204);
    await late.writeOut(post(session, polls[0], '["x"]').slice(0, -1));
    await idle(20);
    await from.drain();
    for (const [wire, text] of [[late, ']'], [used, post(session, polls[0], '["x"]')]]) {
      const { headers } = await wire.write(text).answer();
      assert.equal(headers.connection, 'close');
      await wire.rest();
    }
  });
