// SockJS: what hangs under an endpoint besides the transports. Whole answers are compared:
// a header that the protocol does not know is a fault too.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ANYBODY, CACHED, conformance, known, PLAIN, refusal, UNCACHED } from './lib/conformance.mjs';
import { ask, requestText, stream, Wire } from './lib/http.mjs';
import { Socket } from './lib/stomp.mjs';
import { test, withGateway } from './lib/test.mjs';
import { until } from './lib/wait.mjs';

const gateway = withGateway(conformance({
  endpoints: [
    { path: '/own', handler: 'echo', sockjs_url: 'https://cdn.example/sockjs.js' },
    { path: '/deep/er', handler: 'echo' },
  ],
}));
const talkative = withGateway(conformance({ log_level: 'debug' }));
const get = (path, headers) => ask(gateway.port, `GET ${path}`, { headers });
const send = (line, options) => ask(gateway.port, line, { ...line.startsWith('POST') && { body: '' }, ...options });

for (const path of ['/echo', '/echo/', '/echo?t=1', '/deep/er']) {
  test(`GET ${path} greets`, async () => {
    const answer = await get(path);
    assert.equal(answer.status, 200);
    assert.deepEqual(known(answer), { 'content-type': PLAIN, 'content-length': '19', ...ANYBODY });
    assert.equal(answer.body, 'Welcome to SockJS!\n');
  });
}

for (const path of ['/echo/info', '/echo/info/', '/echo/info?token=1']) {
  test(`GET ${path} tells what the endpoint can do, and is not cached`, async () => {
    const answer = await get(path);
    assert.equal(answer.status, 200);
    assert.deepEqual(known(answer), {
      'content-type': 'application/json; charset=UTF-8', 'content-length': `${answer.body.length}`,
      ...UNCACHED, ...ANYBODY,
    });
    const { entropy, ...info } = JSON.parse(answer.body);
    assert.deepEqual(info, { websocket: true, cookie_needed: false, origins: ['*:*'] });
    assert.ok(Number.isInteger(entropy) && entropy >= 0 && entropy < 2 ** 32, `${entropy}`);
  });
}

test('info has 32 new random bits in each call', async () => {
  const drawn = [];
  for (let i = 0; i < 64; i += 1) drawn.push(JSON.parse((await get('/echo/info')).body).entropy);
  assert.equal(new Set(drawn).size, drawn.length);
  const [ever, always] = [drawn.reduce((a, b) => a | b), drawn.reduce((a, b) => a & b)];
  assert.deepEqual([ever >>> 0, always >>> 0], [0xffffffff, 0], 'each bit changes');
});

test('info says false where WebSocket is switched off', async () => {
  const { websocket, cookie_needed } = JSON.parse((await get('/disabled_websocket_echo/info')).body);
  assert.deepEqual([websocket, cookie_needed], [false, false]);
});

test('info says true where the cookie is wanted', async () => {
  const { websocket, cookie_needed } = JSON.parse((await get('/cookie_needed_echo/info')).body);
  assert.deepEqual([websocket, cookie_needed], [true, true]);
});

for (const path of ['/echo', '/echo/', '/echo/info', '/echo/iframe.html']) {
  test(`HEAD ${path} has the head of GET, and no body`, async () => {
    const wire = await Wire.open(gateway.port);
    wire.write(requestText(`HEAD ${path}`, { headers: { Connection: 'close' } }));
    const answer = await wire.answer({ method: 'HEAD' });
    assert.equal((await wire.rest()).length, 0);
    assert.equal(answer.status, 200);

    const { connection, ...headers } = known(answer), wanted = known(await get(path));
    assert.match(connection, /^close$/i);
    if (path === '/echo/info') { // its entropy has not always as many digits
      delete headers['content-length'];
      delete wanted['content-length'];
    }
    assert.deepEqual(headers, wanted);
  });
}

const page = (script) => `<!DOCTYPE html>
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

const IFRAME = {
  'content-security-policy': "frame-ancestors 'self' *", 'x-content-type-options': 'nosniff', ...CACHED, ...ANYBODY,
};
const iframes = ['iframe.html', 'iframe-a.html', 'iframe-.html', 'iframe-0.html', 'iframe-1.6.1.html', 'iframe-a_b-c.D.html',
  'iframe-0.1.2ab-ignored.html', 'iframe.html?t=1', 'iframe-a.html?t=qr7c', 'iframe-0.1.2abc.html?t=qr_req123'];
for (const name of iframes) {
  test(`GET ${name} is the page that the protocol fixes to the byte, cached for a year`, async () => {
    const answer = await get(`/echo/${name}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.body, page('/sockjs-client/loader.js'));
    const { etag, ...headers } = known(answer);
    assert.match(etag, /^"[!#-~]+"$/, 'a strong one');
    assert.deepEqual(headers, {
      'content-type': 'text/html; charset=UTF-8', 'content-length': `${answer.body.length}`, ...IFRAME });
  });
}

test('the iframe page loads the script that its endpoint names', async () => {
  assert.equal((await get('/own/iframe.html')).body, page('https://cdn.example/sockjs.js'));
});

test('each iframe page has an ETag of its own', async () => {
  const etag = async (path) => (await get(path)).headers.etag;
  assert.equal(await etag('/echo/iframe-a.html'), await etag('/echo/iframe.html'));
  assert.notEqual(await etag('/echo/iframe.html'), await etag('/own/iframe.html'));
});

const conditions = {
  'the ETag': (etag) => etag,
  'the ETag as a weak one': (etag) => `W/${etag}`,
  'a list with the ETag': (etag) => `"other", W/"more" ,${etag}`,
  'an asterisk': () => '*',
};
for (const [what, condition] of Object.entries(conditions)) {
  test(`If-None-Match with ${what} saves sending the iframe page again`, async () => {
    const { etag } = (await get('/echo/iframe.html')).headers;
    const wire = await Wire.open(gateway.port);
    wire.write(requestText('GET /echo/iframe.html', { headers: { 'If-None-Match': condition(etag) } }));
    const answer = await wire.answer();
    assert.equal(answer.status, 304);
    assert.deepEqual(known(answer), { etag, ...IFRAME }); // and no length of a body that is not sent

    // The connection goes on right behind the head.
    assert.equal((await wire.write(requestText('GET /echo')).answer()).body, 'Welcome to SockJS!\n');
    wire.abort();
  });
}

// [what, how the request differs]
const others = [
  ['HEAD', { method: 'HEAD' }],
  ['HTTP/1.0', { version: '1.0' }],
  ['HTTP/1.0 that keeps the connection', { version: '1.0', headers: { Connection: 'keep-alive' } }],
  ['a client that closes', { headers: { Connection: 'close' } }],
];
for (const [what, { method = 'GET', headers, ...more }] of others) {
  test(`a 304 to ${what} says no length either`, async () => {
    const { etag } = (await get('/echo/iframe.html')).headers;
    const wire = await Wire.open(gateway.port);
    wire.write(requestText(`${method} /echo/iframe.html`, { headers: { 'If-None-Match': etag, ...headers }, ...more }));
    const answer = await wire.head();
    assert.equal(answer.status, 304);
    const { connection, ...told } = known(answer);
    assert.deepEqual(told, { etag, ...IFRAME });
    if (method !== 'HEAD') {
      assert.match(connection, /^close$/i);
      assert.equal((await wire.rest()).length, 0);
    }
    wire.abort();
  });
}

// libmicrohttpd has read the others already, and tells the length that a 200 would have.
test('a 304 whose request was not the last one of a write loses no request', async () => {
  const { etag } = (await get('/echo/iframe.html')).headers;
  const wire = await Wire.open(gateway.port);
  const text = requestText('GET /echo/iframe.html', { headers: { 'If-None-Match': etag } });
  wire.write(text + text + requestText('GET /echo'));
  for (let i = 0; i < 2; i += 1) {
    const answer = await wire.answer();
    assert.equal(answer.status, 304);
  }
  assert.equal((await wire.answer()).body, 'Welcome to SockJS!\n');
  wire.abort();
});

test('If-None-Match with another ETag gets the iframe page', async () => {
  const { etag } = (await get('/echo/iframe.html')).headers;
  for (const other of ['"other"', etag.slice(1, -1), etag.replace('"', '"x'), '"*"', '']) {
    const { status, body } = await get('/echo/iframe.html', { 'If-None-Match': other });
    assert.equal(status, 200, other);
    assert.equal(body, page('/sockjs-client/loader.js'));
  }
});

const unknown = ['/echo/a', '/echo/a/b', '/echo/a.html', '/echo/a/', '/echo/iframe', '/echo/iframe.htm',
  '/echo/IFRAME.HTML', '/echo/IFRAME', '/echo/iframe.HTML', '/echo/iframe.xml', '/echo/iframe-(.html', '/echo/iframe-%20.html',
  '/echo/iframe-.htm', '/echo/iframe-/.html', '/echo/iframe.html//', '/echo/INFO', '/echo/info/x', '/echo/info//',
  '/echo/000/abc/nothing', '/echo/000/abc/XHR', '/echo/000/abc/xhr//', '/echo/000/abc/xhr/x', '/echo/000/abc',
  '/echo//', '/echo///', '/echo//xhr', '/echo///xhr', '/echo//abc/xhr', '/echo/000//xhr',
  '/echo/a./a/xhr', '/echo/a/a./xhr', '/echo/./a/xhr', '/echo/a/../xhr', '/echo/./././xhr',
  `/echo/000/${'a'.repeat(129)}/xhr`, '/deep', '/deep/e', '/echoes', '/echoes/info', '/ECHO'];
for (const path of unknown) {
  test(`${path.length > 60 ? 'a session id of 129 characters' : path} is not found`, async () => {
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      const answer = await send(`${method} ${path}`);
      if (path.startsWith('/echo/')) {
        assert.equal(answer.status, 404, method);
        assert.deepEqual(known(answer), { ...refusal(answer.body), ...ANYBODY });
        assert.match(answer.body, /^Nothing is served at this path/);
      } else { // outside of endpoints there are files, which nobody can send
        assert.ok(answer.status === 404 || method !== 'GET' && answer.status === 405, `${method}: ${answer.status}`);
      }
    }
  });
}

// Who may send what: everything else is 405.
const methods = {
  '/echo': 'GET, HEAD', '/echo/': 'GET, HEAD', '/echo/iframe.html': 'GET, HEAD',
  '/echo/info': 'OPTIONS, GET, HEAD',
  '/echo/000/abc/xhr': 'OPTIONS, POST', '/echo/000/abc/xhr_streaming': 'OPTIONS, POST',
  '/echo/000/abc/xhr_send': 'OPTIONS, POST', '/echo/000/abc/jsonp_send': 'OPTIONS, POST',
  '/echo/000/abc/eventsource': 'GET', '/echo/000/abc/htmlfile?c=p': 'GET', '/echo/000/abc/jsonp?c=p': 'GET',
  '/echo/000/abc/websocket': 'GET', '/echo/websocket': 'GET',
};
for (const [path, allow] of Object.entries(methods)) {
  const allowed = allow.split(', ');
  for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'DELETE'].filter((one) => !allowed.includes(one))) {
    test(`${method} ${path} is a method that is not allowed`, async () => {
      const answer = await send(`${method} ${path}`);
      assert.equal(answer.status, 405);
      assert.equal(answer.body, '');
      // What is used nowhere is refused before the path is looked at.
      assert.deepEqual(known(answer), ['PUT', 'DELETE'].includes(method)
        ? { allow: 'GET, HEAD, POST, OPTIONS', 'content-length': '0', connection: 'close' }
        : { allow, 'content-length': '0', ...ANYBODY });
    });
  }
}

test('a method that is used nowhere is 405 on a used connection too', async () => {
  const wire = await Wire.open(gateway.port);
  await wire.write(requestText('GET /echo')).answer();
  const answer = await wire.write(requestText('DELETE /echo')).answer();
  assert.equal(answer.status, 405);
  assert.equal(answer.headers.allow, 'GET, HEAD, POST, OPTIONS');
  assert.equal(answer.headers['content-type'], undefined);
  assert.equal(answer.body, '');
  wire.abort();
});

test('a query, by which tokens arrive, never gets into the log', async () => {
  const { port, ws } = talkative;
  for (const path of [...Object.keys(methods), ...unknown, '/chat.html']) {
    for (const method of ['GET', 'POST', 'OPTIONS', 'DELETE']) {
      const url = `${path.replace('abc', randomUUID())}${path.includes('?') ? '&' : '?'}token=secret`;
      const wire = await stream(port, `${method} ${url}`, { body: '["x"]' });
      wire.abort();
    }
  }
  for (const line of ['GET  /echo?token=secret', 'GET /%zz?token=secret', `GET /echo?token=secret${'x'.repeat(9000)}`]) {
    assert.ok((await ask(port, line)).status >= 400, line);
  }
  for (const path of ['/echo/websocket', '/echo/000/a/websocket', '/close/000/a/websocket', '/disabled_websocket_echo/websocket']) {
    const socket = new Socket(`${ws}${path}?token=secret`);
    await Promise.race([socket.opened, socket.closed]).catch(() => {});
    socket.abort();
  }
  await until('the log speaks of sessions', () => / sticky sessions/.test(talkative.log));
  assert.doesNotMatch(talkative.log, /secret/);
});
