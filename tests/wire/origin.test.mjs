// Whose pages may use an endpoint.
import assert from 'node:assert/strict';
import { configuration } from './lib/config.mjs';
import { ask, requestText, Wire } from './lib/http.mjs';
import { test, withGateway } from './lib/test.mjs';

const gateway = withGateway(configuration({
  allowed_origins: undefined, // the same origin only
  endpoints: [
    { path: '/shop', handler: 'echo', sockjs: true, allowed_origins: ['https://shop.example'] },
    { path: '/open', handler: 'echo', sockjs: true, allowed_origins: ['*'] },
    { path: '/dev', handler: 'echo', allowed_origins: ['http://localhost:*', 'file://', 'null'] },
  ],
}));

const strict = withGateway(configuration({ require_origin: true, allowed_origins: ['https://shop.example'] }));

const UPGRADE = {
  Upgrade: 'websocket', Connection: 'Upgrade',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13',
};

// Every way into an endpoint, with the status that a welcome client sees.
const ways = [
  ['GET', '/info', 200],
  ['OPTIONS', '/info', 204],
  ['GET', '/iframe.html', 200],
  ['POST', '/000/ID/xhr', 200],
  ['POST', '/000/ID/xhr_streaming', 200],
  ['OPTIONS', '/000/ID/xhr', 204],
  ['GET', '/000/ID/eventsource', 200],
  ['GET', '/000/ID/htmlfile?c=p', 200],
  ['POST', '/000/ID/poll', 200],
  ['POST', '/000/ID/xhr_send', 404], // welcome, but no such session
  ['OPTIONS', '/000/ID/xhr_send', 204],
  ['GET', '/000/ID/websocket', 101],
  ['GET', '/websocket', 101],
  ['GET', '', 101],
];

async function status([method, path, welcome], endpoint, origin, { port } = gateway) {
  const wire = await Wire.open(port);
  const id = Math.random().toString(36).slice(2);
  const headers = { ...welcome === 101 && UPGRADE, ...origin && { Origin: origin } };
  wire.write(requestText(`${method} ${endpoint}${path.replace('ID', id)}`, {
    headers, ...method === 'POST' && { body: '[]' } }));
  const head = await wire.head();
  wire.abort();
  return head.status;
}

for (const way of ways) {
  const name = `${way[0]} ${way[1] || 'the endpoint'}${way[2] === 101 ? ', upgraded,' : ''}`;

  test(`${name} is open to the origin that was named`, async () => {
    assert.equal(await status(way, '/shop', 'https://shop.example'), way[2]);
  });

  for (const origin of ['https://evil.example', 'http://shop.example', 'https://shop.example:8443',
    'https://shop.example.evil.example', 'https://evilshop.example', 'null', 'http://localhost']) {
    test(`${name} is closed to ${origin}`, async () => {
      assert.equal(await status(way, '/shop', origin), 403);
    });
  }

  test(`${name} is open to who sends no Origin`, async () => {
    assert.equal(await status(way, '/shop'), way[2]);
  });

  test(`${name} is closed to who sends no Origin where that is required`, async () => {
    assert.equal(await status(way, '/echo', undefined, strict), 403);
    assert.equal(await status(way, '/echo', 'https://shop.example', strict), way[2]);
  });

  test(`${name} is by default for the same origin only`, async () => {
    assert.equal(await status(way, '/echo', 'http://localhost'), way[2]); // as in Host
    assert.equal(await status(way, '/echo', 'http://localhost:81'), 403);
    assert.equal(await status(way, '/echo', 'https://shop.example'), 403);
  });

  test(`${name} is open to an app that sends the scheme of its WebSocket`, async () => {
    for (const origin of ['ws://localhost', 'wss://localhost']) assert.equal(await status(way, '/echo', origin), way[2]);
    for (const origin of ['wss://shop.example', 'wss://localhost:444']) assert.equal(await status(way, '/echo', origin), 403);
    assert.equal(await status(way, '/shop', 'wss://shop.example'), way[2]);
    assert.equal(await status(way, '/shop', 'ws://shop.example'), 403);
  });

  test(`${name} is open to every port and to files where they are allowed`, async () => {
    for (const origin of ['http://localhost:5173', 'http://localhost', 'file://', 'null']) {
      assert.equal(await status(way, '/dev', origin), way[2], origin);
    }
    for (const origin of ['https://localhost:5173', 'http://localhost.evil.example:80', 'file://evil.example']) {
      assert.equal(await status(way, '/dev', origin), 403, origin);
    }
  });
}

// A script tag sends no Origin: any page can use it.
test('jsonp is there only where every origin is allowed', async () => {
  for (const way of [['GET', '/000/ID/jsonp?c=p'], ['POST', '/000/ID/jsonp_send']]) {
    for (const origin of [undefined, 'https://shop.example', 'https://evil.example']) {
      for (const endpoint of ['/shop', '/echo']) assert.ok([403, 404].includes(await status(way, endpoint, origin)), `${way}`);
    }
  }
  assert.equal(await status(['GET', '/000/ID/jsonp?c=p'], '/open', 'https://evil.example'), 200);
});

test('an endpoint that is open to all is open in every way', async () => {
  for (const way of ways) {
    for (const origin of ['https://evil.example', 'null', undefined]) assert.equal(await status(way, '/open', origin), way[2], `${way}`);
  }
});

test('the iframe page may be framed by the allowed origin only', async () => {
  const { headers } = await ask(gateway.port, 'GET /shop/iframe.html');
  assert.match(headers['content-security-policy'], /frame-ancestors [^;]*https:\/\/shop\.example/);
  assert.equal(headers['x-frame-options'], undefined);
});

test('the iframe page names files and ports as a policy writes them', async () => {
  const { headers } = await ask(gateway.port, 'GET /dev/iframe.html');
  assert.equal(headers['content-security-policy'], "frame-ancestors 'self' http://localhost:* file:");
});

test('a refusal lets nobody read it, and is not kept', async () => {
  const { headers } = await ask(gateway.port, 'GET /shop/info', { headers: { Origin: 'https://evil.example' } });
  assert.equal(headers['access-control-allow-origin'], undefined);
  assert.match(headers.vary, /\bOrigin\b/);
});
