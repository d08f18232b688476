// What whoever watches over a gateway asks it, and the command that asks for him.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { configuration } from './lib/config.mjs';
import { Gateway, runPostern, runPosternWith, freePort } from './lib/gateway.mjs';
import { ask, connect, requestText, Wire } from './lib/http.mjs';
import { Session } from './lib/sockjs.mjs';
import { test, testWith, withGateway } from './lib/test.mjs';

const gateway = withGateway(configuration());

const answers = { '/health': 'live\n', '/ready': 'ready\n' };
for (const [path, body] of Object.entries(answers)) {
  test(`${path} answers with 200, for now and not for later`, async () => {
    const answer = await ask(gateway.port, `GET ${path}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.body, body);
    assert.match(answer.headers['content-type'], /^text\/plain/);
    assert.match(answer.headers['cache-control'], /no-store/);
  });

  test(`${path} answers HEAD without a body, and forbids to change it`, async () => {
    const head = await ask(gateway.port, `HEAD ${path}`);
    assert.equal(head.status, 200);
    assert.equal(head.headers['content-length'], String(body.length));
    const post = await ask(gateway.port, `POST ${path}`, { body: 'x' });
    assert.equal(post.status, 405);
    assert.equal(post.headers.allow, 'GET, HEAD');
  });
}

testWith('a gateway that drains lives, but is not ready', configuration({
  times: { drain: 60_000, disconnect: 60_000 },
}), async (draining, keep) => {
  const [ready, health] = await Promise.all([1, 2].map(() => keep(connect(draining.port))));
  for (const wire of [ready, health]) {
    assert.equal((await wire.write(requestText('GET /ready')).answer()).status, 200);
  }
  await Session.polling(draining.port, '/echo'); // nobody comes for its close frame
  await draining.drain();
  const refused = await ready.write(requestText('GET /ready')).answer();
  assert.deepEqual([refused.status, refused.body], [503, 'draining\n']);
  const alive = await health.write(requestText('GET /health')).answer();
  assert.equal(alive.status, 200);
});

test('healthcheck finds the server at the address of its configuration', async () => {
  for (const host of ['127.0.0.1', 'localhost', '0.0.0.0', '']) {
    const { status, stderr } = await runPostern('healthcheck', '--listen', `${host}:${gateway.port}`);
    assert.equal(status, 0, `${host}: ${stderr}`);
  }
  const { status } = await runPosternWith({ POSTERN_LISTEN: `:${gateway.port}` }, 'healthcheck');
  assert.equal(status, 0);
});

test('healthcheck finds a server that listens at IPv6', async () => {
  for (const host of ['[::1]', '[::]']) {
    const six = await new Gateway(configuration(), { host }).start();
    const { status, stderr } = await runPostern('healthcheck', '--listen', `${host}:${six.port}`);
    assert.equal(status, 0, stderr);
    await six.stop();
  }
});

test('healthcheck fails where nobody listens, and says so', async () => {
  const { status, stderr } = await runPostern('healthcheck', '--listen', `127.0.0.1:${await freePort()}`);
  assert.equal(status, 1);
  assert.match(stderr, /Connection refused/);
});

// Who restarted it for that would end the connections of all who are served.
testWith('healthcheck finds a server well that has all the connections that it may have', configuration({
  limits: { connections: 2 }, admin: { listen: '127.0.0.1:0' },
}), async ({ port, adminPort }, keep) => {
  for (let i = 0; i < 2; i += 1) await (await keep(Wire.open(port))).write(requestText('GET /echo')).answer();
  assert.equal((await ask(port, 'GET /health')).status, 503);
  assert.equal((await ask(adminPort, 'GET /health')).status, 200);
  const { status, stderr } = await runPostern('healthcheck', '--listen', `127.0.0.1:${port}`);
  assert.deepEqual([status, stderr], [0, '']);
});

const strangers = {
  'never answers': [() => {}, /no answer/],
  'ends without an answer': [(socket) => socket.end(), /not the answer/],
  'is not well': [(socket) => socket.end('HTTP/1.1 500 Internal Server Error\r\n\r\n'), /not the answer/],
};
for (const [what, [answer, sentence]] of Object.entries(strangers)) {
  test(`healthcheck fails when the server ${what}`, async () => {
    const server = net.createServer((socket) => {
      socket.on('error', () => {}).once('data', () => answer(socket));
    }).listen(await freePort(), '127.0.0.1');
    await once(server, 'listening');
    const { status, stderr } = await runPostern('healthcheck', '--listen', `127.0.0.1:${server.address().port}`);
    server.close();
    assert.equal(status, 1);
    assert.match(stderr, sentence);
  });
}
