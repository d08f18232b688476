// Who may ask at the admin listener, for its console above all.
import assert from 'node:assert/strict';
import { configuration } from './lib/config.mjs';
import { freePort, Gateway } from './lib/gateway.mjs';
import { ask } from './lib/http.mjs';
import { frame, Stomp } from './lib/stomp.mjs';
import { test, withGateway } from './lib/test.mjs';

const TOKEN = 'sesame-0123456789';
const open = withGateway(configuration({ admin: { listen: '127.0.0.1:0' } }));
const guarded = withGateway(configuration({
  admin: { listen: '127.0.0.1:0', token: TOKEN }, allowed_origins: ['*'],
  users: [{ login: 'ana', password: '$5$rounds=1000$x$L7dqJgTfE3mC1Rn0qGKxY1oJx4nN3r0h0JmYJt2VxqB' }],
}));
const admin = (gateway) => `ws://127.0.0.1:${gateway.adminPort}/console/stomp`;
const overview = frame('SEND', { destination: '/admin/overview', 'reply-to': '/temp-queue/c' });

// Connected at /console/stomp; what answers the CONNECT is in `connected`.
async function enter(gateway, headers) {
  const stomp = await Stomp.open(`${admin(gateway)}/websocket`);
  stomp.send(frame('CONNECT', { 'accept-version': '1.2', host: 'a', ...headers }));
  stomp.answer = await stomp.frame();
  return stomp;
}

test('the console asks over a WebSocket, and is answered in JSON', async () => {
  const stomp = await enter(open);
  assert.equal(stomp.answer.command, 'CONNECTED');
  stomp.send(overview);
  const { headers, body } = await stomp.frame('MESSAGE');
  assert.deepEqual([headers.about, headers['content-type']], ['/overview', 'application/json']);
  assert.equal(JSON.parse(body).sessions.websocket_raw, 1);
  await stomp.close();
});

for (const [what, headers, command] of [
  ['its token', { login: 'console', passcode: TOKEN }, 'CONNECTED'],
  ['another token', { login: 'console', passcode: 'sesame' }, 'ERROR'],
  ['no token', {}, 'ERROR'],
  ['a user of the gateway', { login: 'ana', passcode: 'x' }, 'ERROR'],
]) {
  test(`a console with ${what} hears ${command}`, async () => {
    const stomp = await enter(guarded, headers);
    assert.equal(stomp.answer.command, command);
    await stomp.close();
  });
}

test('nobody asks from the main port', async () => {
  const stomp = await Stomp.connect(`${open.ws}/chat/websocket`);
  stomp.send(overview);
  assert.equal((await stomp.frame()).command, 'ERROR');
  await stomp.close();
  for (const path of ['/console/', '/console/stomp/info', '/metrics']) {
    assert.equal((await ask(open.port, `GET ${path}`)).status, 404, path);
  }
});

test('a page of another site does not get in, by its Origin or by a name of its own', async () => {
  for (const gateway of [open, guarded]) {
    const { status } = await ask(gateway.adminPort, 'GET /console/stomp/info', { headers: { Origin: 'https://evil.example' } });
    assert.equal(status, 403);
  }
  const evil = { Host: `evil.example:${open.adminPort}` };
  for (const path of ['/console/', '/console/stomp/info', '/metrics']) {
    assert.equal((await ask(open.adminPort, `GET ${path}`, { headers: evil })).status, 403, path);
    assert.equal((await ask(open.adminPort, `GET ${path}`)).status, 200, path);
  }
  assert.equal((await ask(open.adminPort, 'GET /health', { headers: evil })).status, 200);
});

test('/console leads to /console/', async () => {
  const { status, headers } = await ask(open.adminPort, 'GET /console');
  assert.deepEqual([status, headers.location], [302, './console/']);
});

test('the front page says where the console is to who sits at the machine, and to nobody else', async () => {
  const listen = `127.0.0.1:${await freePort()}`;
  const said = async (gateway, headers, path = '/') => (await ask(gateway.port, `HEAD ${path}`, { headers })).headers['postern-console'];
  const demo = new Gateway(configuration({ admin: { listen }, trusted_proxies: ['127.0.0.1'] }));
  try {
    await demo.start();
    for (const Host of [`localhost:${demo.port}`, '127.0.0.1', '[::1]:8080']) {
      assert.equal(await said(demo, { Host }), `http://${listen}/console/`, Host);
    }
    assert.equal(await said(demo, {}, '/index.html'), `http://${listen}/console/`);
    assert.equal(await said(demo, {}, '/chat.html'), undefined);
    for (const headers of [{ Host: 'shop.example' }, { 'Host': 'localhost', 'X-Forwarded-For': '192.0.2.1' }, { Host: 'localhost.evil' }]) {
      assert.equal(await said(demo, headers), undefined, JSON.stringify(headers));
    }
    await demo.stop();
  } finally {
    demo.kill();
  }
  assert.equal(await said(open, {}), undefined); // its port is the kernel's choice
});

test('the page and its files come as pages do, without the figures', async () => {
  for (const [path, type] of [['/console/', 'text/html'], ['/console/js/console.js', 'text/javascript'],
    ['/console/vendor/stomp.umd.min.js', 'text/javascript']]) {
    const { status, headers } = await ask(guarded.adminPort, `GET ${path}`);
    assert.equal(status, 200);
    assert.match(headers['content-type'], new RegExp(type));
    assert.match(headers['content-security-policy'], /default-src 'self'/);
  }
  assert.equal((await ask(guarded.adminPort, 'GET /metrics')).status, 401);
  assert.equal((await ask(guarded.adminPort, 'GET /')).status, 404);
});
