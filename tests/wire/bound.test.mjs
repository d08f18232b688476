// Who may use a session besides its opener, and who asks for one that has ended.
import assert from 'node:assert/strict';
import http from 'node:http';
import { configuration, severalWorkers } from './lib/config.mjs';
import { ask, requestText, Wire } from './lib/http.mjs';
import { Session } from './lib/sockjs.mjs';
import { test, testWith, withGateway } from './lib/test.mjs';

const gateway = withGateway(configuration({
  endpoints: [
    { path: '/by-address', handler: 'echo', bind_address: true },
    { path: '/by-cookie', handler: 'echo', bind_cookie: 'ID' },
  ],
}));

// A POST to the session from that address of this machine: its status and its body.
function from(localAddress, session, transport, body = '') {
  return new Promise((resolve, reject) => {
    const request = http.request(`${gateway.url}${session.url}/${transport}`,
      { method: 'POST', localAddress, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece) => { text += piece; });
        response.on('end', () => resolve([response.statusCode, text]));
      });
    request.once('error', reject).end(body);
  });
}

test('a session that is bound to an address serves no other', async () => {
  const session = new Session(gateway.port, '/by-address');
  assert.deepEqual(await from('127.0.0.1', session, 'xhr'), [200, 'o\n']);
  assert.equal((await from('127.0.0.2', session, 'xhr_send', '["no"]'))[0], 404);
  assert.equal((await from('127.0.0.2', session, 'xhr'))[0], 404);
  assert.equal((await from('127.0.0.1', session, 'xhr_send', '["yes"]'))[0], 204);
  assert.deepEqual(await from('127.0.0.1', session, 'xhr'), [200, 'a["yes"]\n']);
});

test('a session is bound to no address unless its endpoint wants it', async () => {
  const session = new Session(gateway.port, '/echo');
  assert.deepEqual(await from('127.0.0.1', session, 'xhr'), [200, 'o\n']);
  assert.equal((await from('127.0.0.2', session, 'xhr_send', '["yes"]'))[0], 204);
  assert.deepEqual(await from('127.0.0.2', session, 'xhr'), [200, 'a["yes"]\n']);
});

const post = (session, transport, cookie, body = '') => (
  ask(gateway.port, `POST ${session.url}/${transport}`, { headers: cookie ? { Cookie: cookie } : {}, body }));

test('a session that is bound to a cookie serves no other value of it', async () => {
  const session = new Session(gateway.port, '/by-cookie');
  assert.equal((await post(session, 'xhr', 'a=b; ID=mine')).body, 'o\n');
  assert.equal((await post(session, 'xhr_send', 'ID=other', '["no"]')).status, 404);
  assert.equal((await post(session, 'xhr_send', undefined, '["no"]')).status, 404);
  assert.equal((await post(session, 'xhr', 'xID=mine')).status, 404);
  assert.equal((await post(session, 'xhr_send', 'ID=mine', '["yes"]')).status, 204);
  assert.equal((await post(session, 'xhr', 'ID=mine; a=b')).body, 'a["yes"]\n');
});

test('a session that is opened without the cookie is not bound to it', async () => {
  const session = new Session(gateway.port, '/by-cookie');
  assert.equal((await post(session, 'xhr')).body, 'o\n');
  assert.equal((await post(session, 'xhr_send', 'ID=any', '["yes"]')).status, 204);
  assert.equal((await post(session, 'xhr')).body, 'a["yes"]\n');
});

// A session that has ended; how it did has been said once.
async function ended(port) {
  const session = await Session.polling(port, '/close');
  assert.equal(await session.poll(), 'c[3000,"Go away!"]\n');
  return session;
}

testWith('who polls an ended session again and again is answered five times, then has to wait',
  configuration({ times: { late_poll: 600_000 } }), async ({ port }) => {
    const session = await ended(port);
    for (let i = 0; i < 5; i += 1) assert.equal(await session.poll(), 'c[3000,"Go away!"]\n');

    let answered = false;
    session.stream('xhr_streaming').then(() => { answered = true; }, () => {});
    session.poll().then(() => { answered = true; }, () => {});
    await ended(port); // others need not
    assert.equal(answered, false);
  });

testWith('late polls that wait far from their connections are forgotten at the end',
  severalWorkers({ times: { late_poll: 600_000 } }), async (own, keep) => {
    for (let i = 0; i < 12; i += 1) {
      const { url } = await ended(own.port);
      const wire = await keep(Wire.pooled(own.port));
      for (let polls = 0; polls < 5; polls += 1) {
        assert.equal((await wire.write(requestText(`POST ${url}/xhr`)).answer()).status, 200);
      }
      wire.write(requestText(`POST ${url}/xhr`));
    }
    await own.stop();
  });

testWith('after the wait comes the close frame again', configuration({ times: { late_poll: 50 } }),
  async ({ port }) => {
    const session = await ended(port);
    for (let i = 0; i < 8; i += 1) assert.equal(await session.poll(), 'c[3000,"Go away!"]\n');
    const stream = await session.stream('eventsource');
    assert.equal(await stream.chunk(), '\r\n');
    assert.equal(await stream.chunk(), 'data: c[3000,"Go away!"]\r\n\r\n');
    assert.equal(await stream.chunk(), null);
  });
