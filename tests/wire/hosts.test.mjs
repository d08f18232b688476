// allowed_hosts: a page of another site whose name leads here (DNS rebinding) has the same
// origin as its requests, so the name itself must be known.
import assert from 'node:assert/strict';
import { configuration } from './lib/config.mjs';
import { ask, requestText, Wire } from './lib/http.mjs';
import { runPostern } from './lib/gateway.mjs';
import { scrape } from './lib/metrics.mjs';
import { test, testWith, withGateway } from './lib/test.mjs';

const gateway = withGateway(configuration({
  allowed_origins: [], allowed_hosts: ['shop.example', '*.shop.example', 'localhost:8080'],
  admin: { listen: '127.0.0.1:0' },
}));
const HANDSHAKE = {
  Upgrade: 'websocket', Connection: 'Upgrade',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13',
};

// [what, its line, more headers, its status where the host is allowed]
const requests = [
  ['a greeting', 'GET /echo', {}, 200],
  ['/info', 'GET /echo/info', {}, 200],
  ['the iframe', 'GET /echo/iframe.html', {}, 200],
  ['a poll', 'POST /echo/000/ID/xhr', {}, 200],
  ['a message', 'POST /echo/000/ID/xhr_send', {}, 404],
  ['a preflight', 'OPTIONS /echo/000/ID/xhr_send', {}, 204],
  ['a WebSocket', 'GET /echo/websocket', HANDSHAKE, 101],
  ['a file', 'GET /', {}, 200],
  ['a file that is not there', 'GET /nothing', {}, 404],
  ['the server', 'OPTIONS *', {}, 204],
];
const text = (line, host, headers, version) => requestText(
  line.replace('ID', `${Math.random()}`.slice(2)),
  { headers: { ...host && { Host: host }, ...headers }, ...line.startsWith('POST') && { body: '' }, version });

for (const [what, line, headers, status] of requests) {
  for (const which of ['first', 'second']) {
    test(`${what} is served to an allowed host only, as the ${which} request of its connection`, async () => {
      for (const [host, wanted] of [
        ['shop.example', status], ['a.shop.example:8080', status], ['LOCALHOST:8080', status],
        ['localhost', 421], ['localhost:8081', 421], ['evil.example', 421], ['127.0.0.1', 421],
        [`127.0.0.1:${gateway.port}`, 421], ['shop.example.evil', 421],
      ]) {
        const wire = await Wire.open(gateway.port);
        if (which === 'second') await wire.write(text('GET /echo', 'shop.example')).answer();
        wire.write(text(line, host, headers));
        const answer = await wire.head();
        assert.deepEqual([host, answer.status], [host, wanted]);
        if (wanted === 421) assert.equal(answer.headers['access-control-allow-origin'], undefined);
        wire.abort();
      }
    });
  }
}

test('a page of the same origin is refused where its host is not allowed', async () => {
  const from = async (host) => (await (await Wire.open(gateway.port)).write(
    text('GET /echo/info', host, { Origin: `http://${host}` })).answer()).status;
  assert.equal(await from('shop.example'), 200);
  assert.equal(await from('rebound.example'), 421);
});

test('a request without a host is refused', async () => {
  const wire = await Wire.open(gateway.port);
  assert.equal((await wire.write('GET /echo HTTP/1.0\r\n\r\n').head()).status, 421);
  wire.abort();
});

test('how the server is, it tells at every host', async () => {
  for (const path of ['/health', '/ready']) {
    assert.equal((await ask(gateway.port, `GET ${path}`, { headers: { Host: '192.0.2.1' } })).status, 200);
  }
});

test('operators have rules of their own', async () => {
  assert.ok(Object.keys(await scrape(gateway)).length > 0); // its Host is 127.0.0.1
});

testWith('the host that counts is the one that a trusted proxy names', configuration({
  allowed_hosts: ['shop.example'], trusted_proxies: ['127.0.0.1'],
}), async ({ port }) => {
  const status = async (headers) => (await ask(port, 'GET /echo/info', { headers })).status;
  assert.equal(await status({ Host: 'inner', 'X-Forwarded-Host': 'shop.example' }), 200);
  assert.equal(await status({ Host: 'shop.example', 'X-Forwarded-Host': 'evil.example' }), 421);
  assert.equal(await status({ Host: 'shop.example' }), 200);
});

testWith('a proxy that is not trusted is told why it does not count', configuration({
  allowed_hosts: ['shop.example'],
}), async ({ port }) => {
  const { status, body } = await ask(port, 'GET /echo/info', { headers: { Host: 'inner', 'X-Forwarded-Host': 'shop.example' } });
  assert.equal(status, 421);
  assert.match(body, /host "inner". It is not in allowed_hosts. X-Forwarded-Host is not believed/);
});

testWith('without allowed_hosts every host is served, and a reload sets some', configuration(), async (own) => {
  const status = async () => (await ask(own.port, 'GET /echo', { headers: { Host: 'any.example' } })).status;
  assert.equal(await status(), 200);
  await own.reload(configuration({ allowed_hosts: ['shop.example'] }));
  for (let i = 0; i < 1000 && await status() !== 421; i += 1);
  assert.equal(await status(), 421);
});

test('what no host can match is refused with an example', async () => {
  const { status, stderr } = await runPostern('serve', '--allowed-hosts', 'https://shop.example', '--listen', '127.0.0.1:1');
  assert.notEqual(status, 0);
  assert.match(stderr, /allowed_hosts.*must be a host like "shop.example"/);
});
