// The pages, as the demo serves them.
import assert from 'node:assert/strict';
import http from 'node:http';
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

// A browser says that it wants a page: it gets one that says what is not there.
const browser = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
const missingPages = { '/nothing': './', '/nothing/': './../', '/a/b/nothing.html?a=b': './../../' };
for (const [where, up] of Object.entries(missingPages)) {
  test(`${where} answers a browser with a page that leads to the front page`, async () => {
    const answer = await get(where, browser);
    assert.equal(answer.status, 404);
    assert.match(answer.headers['content-type'], /^text\/html; charset=UTF-8$/);
    assert.match(answer.headers['content-security-policy'], /default-src 'self'/);
    assert.match(answer.headers['cache-control'], /no-store/);
    assert.ok(answer.body.includes(`<code>${where.split('?')[0]}</code>`), answer.body);
    assert.ok(answer.body.includes(`<a href="${up}">`), answer.body);
    assert.ok(answer.body.includes(`href="${up}style.css"`), answer.body);
    for (const headers of [{}, { Accept: '*/*' }, { Accept: 'application/json, text/htmlx' }]) {
      const text = await get(where, headers);
      assert.equal(text.status, 404);
      assert.match(text.headers['content-type'], /^text\/plain/);
      assert.doesNotMatch(text.body, /</);
    }
  });
}

test('what a browser asks for in vain is text in the page', async () => {
  const { body } = await get('/<img src=x>&"'.replaceAll(' ', '/'), browser);
  assert.doesNotMatch(body, /<img/);
  const long = await get(`/${'a'.repeat(3000)}`, browser);
  assert.equal(long.status, 404);
  assert.ok(long.body.length < 2000);
  const deep = await get(`/${'a/'.repeat(1500)}`, browser);
  assert.ok(deep.body.length < 2000);
});

// Behind a proxy that serves Postern below a path the redirect must lead below that path.
for (const [where, location] of [['/docs', './docs/'], ['/docs?a=b', './docs/?a=b']]) {
  test(`${where} leads to the folder, relatively`, async () => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await ask(gateway.port, `${method} ${where}`);
      assert.equal(answer.status, 302);
      assert.equal(answer.headers.location, location);
    }
  });
}

test('a folder and a missing page lead right below a path that a proxy takes away', async () => {
  const proxy = http.createServer((request, response) => {
    http.get({ host: '127.0.0.1', port: gateway.port, path: request.url.replace('/below/it', ''), headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
  });
  await new Promise((resolve) => { proxy.listen(0, '127.0.0.1', resolve); });
  try {
    const site = `http://127.0.0.1:${proxy.address().port}/below/it`;
    const answer = await fetch(`${site}/docs`);
    assert.deepEqual([answer.status, answer.url], [200, `${site}/docs/`]);
    const lost = await fetch(`${site}/docs/nothing/here`, { headers: browser });
    const links = [...(await lost.text()).matchAll(/href="([^"]*)"/g)].map(([, link]) => new URL(link, lost.url).href);
    assert.deepEqual([lost.status, links], [404, [`${site}/style.css`, `${site}/`]]);
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
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
