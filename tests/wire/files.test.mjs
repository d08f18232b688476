// The pages, as the demo serves them.
import assert from 'node:assert/strict';
import { ask } from './lib/http.mjs';
import { test, withGateway } from './lib/test.mjs';

const gateway = withGateway(); // the built-in demo
const get = (path, headers) => ask(gateway.port, `GET ${path}`, { headers });

const types = {
  '/': /^text\/html; charset=utf-8$/i,
  '/index.html': /^text\/html; charset=utf-8$/i,
  '/chat.html?name=Ana': /^text\/html; charset=utf-8$/i,
  '/style.css': /^text\/css; charset=utf-8$/i,
  '/js/chat.js': /^(text|application)\/javascript; charset=utf-8$/i,
  '/vendor/sockjs.min.js': /^(text|application)\/javascript; charset=utf-8$/i,
  '/icon.svg': /^image\/svg\+xml/i,
};
for (const [path, type] of Object.entries(types)) {
  test(`${path} is served as what it is`, async () => {
    const answer = await get(path);
    assert.equal(answer.status, 200);
    assert.match(answer.headers['content-type'], type);
    assert.equal(Number(answer.headers['content-length']), answer.bytes.length);
    assert.ok(answer.bytes.length > 0);
    assert.match(answer.headers['content-security-policy'], /default-src 'self'/);
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
  });
}

test('a file that has not changed is not sent again', async () => {
  const { etag } = (await get('/style.css')).headers;
  const again = await get('/style.css', { 'If-None-Match': etag });
  assert.equal(again.status, 304);
  assert.equal(again.headers.etag, etag);
  assert.notEqual(again.headers['content-length'], '0', 'caches may believe it');
  assert.equal(again.body, '');
  assert.equal((await get('/style.css', { 'If-None-Match': '"other"' })).status, 200);
});

test('HEAD tells the length of a file', async () => {
  const answer = await ask(gateway.port, 'HEAD /style.css');
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-length'], (await get('/style.css')).headers['content-length']);
});

test('POST to a file is not allowed', async () => {
  const answer = await ask(gateway.port, 'POST /style.css', { body: 'x' });
  assert.equal(answer.status, 405);
  assert.match(answer.headers.allow, /GET/);
});

const missing = ['/nothing', '/nothing/at/all', '/js', '/js/', '/index.html/', '/style.css/x', '/STYLE.CSS',
  '/../www/style.css', '/js/../style.css', '/js/..%2fstyle.css', '/%2e%2e/www/style.css', '/..%5cstyle.css',
  '/js/%2e%2e/style.css', '/./style.css', '//style.css', '//etc/passwd', '/etc/passwd',
  '/../../../../../../../etc/passwd', '/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd',
  '/....//....//etc/passwd', '/%2fetc%2fpasswd', '/.gitignore', '/%2e', '/..', '/CMakeCache.txt', '/cmake_install.cmake'];
for (const path of missing) {
  test(`${path} is not served`, async () => {
    const answer = await get(path);
    assert.ok([400, 404].includes(answer.status), String(answer.status));
    assert.doesNotMatch(answer.body, /root:|font-size/);
  });
}
