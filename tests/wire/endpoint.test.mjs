// What hangs under an endpoint besides the transports: greeting, info, the iframe
// page, CORS and caching.
import assert from 'node:assert/strict';
import { configuration } from './lib/config.mjs';
import { ask } from './lib/http.mjs';
import { test, withGateway } from './lib/test.mjs';

const gateway = withGateway(configuration());
const get = (path, headers) => ask(gateway.port, `GET ${path}`, { headers });

const UNCACHED = 'no-store, no-cache, no-transform, must-revalidate, max-age=0';

function assertUncached({ headers }) {
  assert.equal(headers['cache-control'], UNCACHED);
  assert.equal(headers.expires, undefined);
  assert.equal(headers['last-modified'], undefined);
}

function assertCachedForAYear({ headers }) {
  assert.match(headers['cache-control'], /\bpublic\b/);
  assert.match(headers['cache-control'], /\bmax-age=31536000\b/);
  assert.ok(Date.parse(headers.expires) - Date.now() > 300 * 24 * 3600 * 1000, headers.expires);
  assert.equal(headers['last-modified'], undefined);
}

for (const path of ['/chat', '/chat/']) {
  test(`GET ${path} greets`, async () => {
    const answer = await get(path);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], 'text/plain; charset=UTF-8');
    assert.equal(answer.headers['set-cookie'], undefined);
    assert.equal(answer.body, 'Welcome to SockJS!\n');
  });
}

for (const path of ['/chat/info', '/chat/info/', '/chat/info?token=1']) {
  test(`GET ${path} tells what the endpoint can do`, async () => {
    const answer = await get(path);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], 'application/json; charset=UTF-8');
    assert.equal(answer.headers['set-cookie'], undefined);
    assertUncached(answer);

    const { entropy, ...info } = JSON.parse(answer.body);
    assert.deepEqual(info, { websocket: true, cookie_needed: false, origins: ['*:*'] });
    assert.ok(Number.isInteger(entropy) && entropy >= 0 && entropy < 2 ** 32, String(entropy));
  });
}

test('info has new entropy in each call', async () => {
  const seen = new Set();
  for (let i = 0; i < 5; i += 1) seen.add(JSON.parse((await get('/chat/info')).body).entropy);
  assert.equal(seen.size, 5);
});

test('info says when WebSocket is switched off', async () => {
  assert.equal(JSON.parse((await get('/disabled_websocket_echo/info')).body).websocket, false);
});

for (const path of ['/chat', '/chat/info']) {
  test(`HEAD ${path} has the head of GET and no body`, async () => {
    const answer = await ask(gateway.port, `HEAD ${path}`, { headers: { Connection: 'close' } });
    const { headers } = await get(path);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], headers['content-type']);
  });
}

const IFRAME = (script) => `<!DOCTYPE html>
<html>
<head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
  <script src="${script}"></script>
  <script>
    document.domain = document.domain;
    SockJS.bootstrap_iframe();
  </script>
</head>
<body>
  <h2>Don't panic!</h2>
  <p>This is a SockJS hidden iframe. It's used for cross domain magic.</p>
</body>
</html>`;

const iframes = ['iframe.html', 'iframe-a.html', 'iframe-1.6.1.html', 'iframe-a_b-c.html',
  'iframe.html?t=1', 'iframe-x.html?t=qr7c'];
for (const name of iframes) {
  test(`GET ${name} is the page that the protocol fixes to the byte`, async () => {
    const answer = await get(`/chat/${name}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], 'text/html; charset=UTF-8');
    assert.equal(answer.headers['set-cookie'], undefined);
    assert.match(answer.headers.etag, /^"[^"]+"$/);
    assertCachedForAYear(answer);

    const [, script] = answer.body.match(/<script src="([^"]*)">/);
    assert.match(script, /^(\/|http)/);
    assert.equal(answer.body.trimEnd(), IFRAME(script));
  });
}

test('If-None-Match saves sending the iframe page again', async () => {
  const { etag } = (await get('/chat/iframe.html')).headers;
  for (const match of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const answer = await get('/chat/iframe.html', { 'If-None-Match': match });
    assert.equal(answer.status, 304, match);
    assert.equal(answer.headers['content-type'], undefined, match);
    assert.equal(answer.body, '', match);
  }
  assert.equal((await get('/chat/iframe.html', { 'If-None-Match': '"other"' })).status, 200);
});

const unknown = ['/chat/a', '/chat/a/b', '/chat/a.html', '/chat/iframe', '/chat/iframe.htm',
  '/chat/IFRAME.HTML', '/chat/iframe.HTML', '/chat/iframe-(.html', '/chat/iframe-.htm',
  '/chat/iframe-/.html', '/chat/info/x', '/chat/000/abc/nothing', '/chat/000/abc/xhr/',
  '/chat/000/abc/xhr/x', '/chat//', '/chat///', '/chat//xhr', '/chat///xhr', '/chat//abc/xhr',
  '/chat/000//xhr', '/chat/a./a/xhr', '/chat/a/a./xhr', '/chat/./a/xhr',
  `/chat/000/${'a'.repeat(129)}/xhr`, '/chatter', '/chatter/info', '/CHAT'];
for (const path of unknown) {
  test(`${path.length > 60 ? 'a session id of 129 characters' : path} is not found`, async () => {
    for (const method of ['GET', 'POST']) {
      const answer = await ask(gateway.port, `${method} ${path}`, method === 'POST' && { body: '' });
      // Outside of endpoints there are files, which nobody can POST.
      const wanted = method === 'POST' && !path.startsWith('/chat/') ? [404, 405] : [404];
      assert.ok(wanted.includes(answer.status), `${method}: ${answer.status}`);
    }
  });
}

test('what is not found below an endpoint is told in plain text', async () => {
  assert.match((await get('/chat/a')).headers['content-type'], /^text\/plain/);
});

const wrong = {
  'POST /chat': ['GET'],
  'POST /chat/info': ['GET', 'OPTIONS'],
  'POST /chat/iframe.html': ['GET'],
  'GET /chat/000/abc/xhr': ['POST', 'OPTIONS'],
  'GET /chat/000/abc/xhr_streaming': ['POST', 'OPTIONS'],
  'GET /chat/000/abc/xhr_send': ['POST', 'OPTIONS'],
  'POST /chat/000/abc/eventsource': ['GET'],
  'POST /chat/000/abc/websocket': ['GET'],
  'POST /chat/websocket': ['GET'],
};
for (const [line, allowed] of Object.entries(wrong)) {
  test(`${line} is a method that is not allowed`, async () => {
    const answer = await ask(gateway.port, line, line.startsWith('POST') && { body: '' });
    assert.equal(answer.status, 405);
    for (const method of allowed) assert.match(answer.headers.allow, new RegExp(`\\b${method}\\b`));
    assert.equal(answer.headers['content-type'], undefined);
    assert.equal(answer.body, '');
  });
}

const preflights = {
  '/chat/info': 'OPTIONS, GET',
  '/chat/000/abc/xhr': 'OPTIONS, POST',
  '/chat/000/abc/xhr_streaming': 'OPTIONS, POST',
  '/chat/000/abc/xhr_send': 'OPTIONS, POST',
};
for (const [path, methods] of Object.entries(preflights)) {
  test(`OPTIONS ${path} answers a preflight for a year`, async () => {
    const answer = await ask(gateway.port, `OPTIONS ${path}`, { headers: {
      Origin: 'https://shop.example', 'Access-Control-Request-Headers': 'a, b, c' } });
    assert.ok([200, 204].includes(answer.status), String(answer.status));
    assert.equal(answer.body, '');
    assert.equal(answer.headers['access-control-allow-methods'], methods);
    assert.equal(answer.headers['access-control-allow-headers'], 'a, b, c');
    assert.ok(Number(answer.headers['access-control-max-age']) >= 1_000_000);
    assertCachedForAYear(answer);
  });

  test(`OPTIONS ${path} allows no headers when none are asked for`, async () => {
    for (const headers of [{}, { 'Access-Control-Request-Headers': '' }]) {
      const answer = await ask(gateway.port, `OPTIONS ${path}`, { headers });
      assert.equal(answer.headers['access-control-allow-headers'], undefined);
    }
  });
}

for (const line of ['GET /chat/info', 'OPTIONS /chat/info', 'POST /chat/000/cors/xhr']) {
  test(`${line} lets other origins read the answer`, async () => {
    const asked = (origin) => ask(gateway.port, line.replace('/cors/', `/${Math.random().toString(36).slice(2)}/`), {
      headers: origin ? { Origin: origin } : {}, ...line.startsWith('POST') && { body: '' } });

    for (const origin of ['https://shop.example', 'http://localhost:3000', 'null']) {
      const { headers } = await asked(origin);
      assert.equal(headers['access-control-allow-origin'], origin);
      assert.equal(headers['access-control-allow-credentials'], 'true');
      assert.match(headers.vary, /\bOrigin\b/);
    }
    const { headers } = await asked();
    assert.equal(headers['access-control-allow-origin'], '*');
    assert.equal(headers['access-control-allow-credentials'], undefined);
    assert.match(headers.vary, /\bOrigin\b/);
  });
}
