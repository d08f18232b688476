// Pages of one's own in `www`: what is sent with them, and that an edit shows with the next request.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { configuration } from './lib/config.mjs';
import { ask, Wire } from './lib/http.mjs';
import { testWithFolder } from './lib/pages.mjs';
import { until } from './lib/wait.mjs';

const get = (own, where, headers) => ask(own.port, `GET ${where}`, { headers });
const says = async (own, where, body) => {
  const answer = await get(own, where);
  assert.deepEqual([answer.status, answer.body], [200, body], where);
  return answer;
};
const isGone = async (own, where) => assert.equal((await get(own, where)).status, 404, where);
// Each request goes to one worker after the other: all of them have seen it.
const byAll = async (look) => { for (let i = 0; i < 4; i += 1) await look(); };

testWithFolder('a page of one\'s own has no policy that is not its own', async (write, run) => {
  const www = path.dirname(write('pages/index.html', '<script>alert(1)</script>'));
  await run({ www }, async (own) => {
    const { headers } = await says(own, '/', '<script>alert(1)</script>');
    assert.equal(headers['content-security-policy'], undefined);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['cache-control'], 'no-cache');
  });
});

testWithFolder('www_headers go with every file of www, and with nothing else', async (write, run) => {
  const www = path.dirname(write('pages/index.html', 'Mine'));
  write('pages/js/mine.js', 'mine()');
  const www_headers = {
    'Content-Security-Policy': 'default-src \'self\' \'unsafe-inline\'',
    'cache-control': 'max-age=60',
    'X-Frame-Options': 'DENY',
  };
  await run({ www, www_headers }, async (own) => {
    for (const where of ['/', '/index.html', '/js/mine.js']) {
      const { headers } = await get(own, where);
      assert.equal(headers['content-security-policy'], www_headers['Content-Security-Policy'], where);
      assert.equal(headers['cache-control'], 'max-age=60', where);
      assert.equal(headers['x-frame-options'], 'DENY', where);
      assert.equal(headers['x-content-type-options'], 'nosniff', where);
      const again = await get(own, where, { 'If-None-Match': headers.etag });
      assert.deepEqual([again.status, again.headers['cache-control']], [304, 'max-age=60'], where);
    }
    for (const where of ['/sockjs-client/loader.js', '/echo/info', '/echo/iframe.html', '/health']) {
      assert.equal((await get(own, where)).headers['x-frame-options'], undefined, where);
    }
  });
});

testWithFolder('an edit shows with the next request, and so do new files and removed ones', async (write, run) => {
  const file = write('pages/index.html', 'one');
  await run({ www: path.dirname(file) }, async (own) => {
    const { headers: { etag } } = await says(own, '/', 'one');
    await byAll(() => says(own, '/index.html', 'one'));
    writeFileSync(file, 'two'); // the same size, perhaps in the same tick of the file system's clock
    await byAll(() => says(own, '/', 'two'));
    const answer = await get(own, '/', { 'If-None-Match': etag });
    assert.deepEqual([answer.status, answer.body], [200, 'two']);
    assert.notEqual(answer.headers.etag, etag);
    assert.equal((await get(own, '/', { 'If-None-Match': answer.headers.etag })).status, 304);

    await isGone(own, '/new/page.html');
    write('pages/new/page.html', 'new');
    await byAll(() => says(own, '/new/page.html', 'new'));
    rmSync(path.join(path.dirname(file), 'new'), { recursive: true });
    await byAll(() => isGone(own, '/new/page.html'));
    unlinkSync(file);
    await byAll(() => isGone(own, '/'));
    write('pages/index.html', 'again');
    await byAll(() => says(own, '/', 'again'));
  });
});

testWithFolder('an edit shows whichever way the file is replaced, though its time and size stay', async (write, run) => {
  const file = write('pages/a.txt', 'one');
  const old = new Date(Date.now() - 3_600_000);
  utimesSync(file, old, old);
  await run({ www: path.dirname(file) }, async (own) => {
    await byAll(() => says(own, '/a.txt', 'one'));
    const other = write('other', 'two');
    utimesSync(other, old, old);
    renameSync(other, file);
    await byAll(() => says(own, '/a.txt', 'two'));
    writeFileSync(file, 'six');
    utimesSync(file, old, old);
    await byAll(() => says(own, '/a.txt', 'six'));
    const third = write('third', 'ten');
    copyFileSync(third, file);
    utimesSync(file, old, old);
    await byAll(() => says(own, '/a.txt', 'ten'));
  });
});

testWithFolder('a file that is being written is served as it is, and whole as soon as it is', async (write, run) => {
  const file = write('pages/long.txt', 'a'.repeat(300_000));
  await run({ www: path.dirname(file) }, async (own) => {
    await says(own, '/long.txt', 'a'.repeat(300_000));
    truncateSync(file, 5);
    await says(own, '/long.txt', 'aaaaa');
    writeFileSync(file, '');
    await says(own, '/long.txt', '');
    for (const length of [10, 100_000, 300_000]) {
      writeFileSync(file, 'b'.repeat(length));
      await byAll(() => says(own, '/long.txt', 'b'.repeat(length)));
    }
    // While it is written again and again, an answer is as long as it says, and of one letter.
    let over = false;
    const writing = (async () => {
      for (let i = 0; i < 200; i += 1) {
        writeFileSync(file, 'cd'[i % 2].repeat(100_000));
        await new Promise(setImmediate);
      }
      over = true;
    })();
    while (!over) {
      const { status, bytes, headers } = await get(own, '/long.txt');
      assert.equal(status, 200);
      assert.equal(bytes.length, Number(headers['content-length']));
    }
    await writing;
    await byAll(() => says(own, '/long.txt', 'd'.repeat(100_000)));
  });
});

testWithFolder('links are followed within the folder, and never out of it', async (write, run) => {
  const www = path.dirname(write('pages/index.html', 'Mine'));
  write('pages/..2026/inside.html', 'inside'); // as Kubernetes mounts a ConfigMap
  symlinkSync('..2026', path.join(www, '..data'));
  symlinkSync('..data/inside.html', path.join(www, 'inside.html'));
  symlinkSync(write('secret.txt', 'secret'), path.join(www, 'absolute.txt'));
  symlinkSync('../secret.txt', path.join(www, 'relative.txt'));
  symlinkSync('..', path.join(www, 'up'));
  symlinkSync('loop.txt', path.join(www, 'loop.txt'));
  write('pages-of-others/a.txt', 'secret'); // begins like the folder
  symlinkSync('../pages-of-others/a.txt', path.join(www, 'beside.txt'));
  symlinkSync(www, path.join(path.dirname(www), 'current'));
  await run({ www: path.join(path.dirname(www), 'current') }, async (own) => {
    await says(own, '/', 'Mine');
    await says(own, '/inside.html', 'inside');
    for (const where of ['/absolute.txt', '/relative.txt', '/up/secret.txt', '/loop.txt', '/beside.txt', '/..data/inside.html',
      '/..2026/inside.html']) {
      const { status, body } = await get(own, where);
      assert.ok([400, 404].includes(status), `${where}: ${status}`);
      assert.doesNotMatch(body.replace(`path "${where}"`, ''), /secret|inside/);
    }
    await until('the link is named', () => /warn +files: .*\/relative\.txt leads out of .*: not served\n/.test(own.log));
    // The folder itself may be a link, and another one later: a deploy.
    write('next/index.html', 'Next');
    unlinkSync(path.join(path.dirname(www), 'current'));
    symlinkSync('next', path.join(path.dirname(www), 'current'));
    await byAll(() => says(own, '/', 'Next'));
    await isGone(own, '/inside.html');
  });
});

testWithFolder('only files are served: no folder, pipe, hidden or unreadable file, and none that is too large', async (write, run) => {
  const www = path.dirname(write('pages/index.html', 'Mine'));
  write('pages/.hidden', 'secret');
  write('pages/.git/config', 'secret');
  mkdirSync(path.join(www, 'folder.html'));
  execFileSync('mkfifo', [path.join(www, 'pipe.html')]);
  write('pages/large.bin', '');
  truncateSync(path.join(www, 'large.bin'), 64 * 1024 * 1024 + 1);
  await run({ www }, async (own) => {
    for (const where of ['/.hidden', '/.git/config', '/folder.html', '/folder.html/', '/pipe.html', '/large.bin']) {
      const { status, body } = await get(own, where);
      assert.ok([400, 404].includes(status), `${where}: ${status}`);
      assert.doesNotMatch(body, /secret/);
    }
    await until('the large one is named', () => (
      /warn +files: .*\/large\.bin has 67108865 bytes, more than 67108864: not served\n/.test(own.log)));
    await says(own, '/', 'Mine');
    truncateSync(path.join(www, 'large.bin'), 3);
    await says(own, '/large.bin', '\0\0\0');
  });
});

testWithFolder('what is remembered of files has a bound', async (write, run) => {
  const www = path.dirname(write('pages/index.html', 'Mine'));
  const size = 24 * 1024 * 1024;
  for (const name of ['a', 'b', 'c', 'd']) truncateSync(write(`pages/${name}.bin`, ''), size);
  const old = new Date(Date.now() - 3_600_000);
  for (const name of readdirSync(www)) utimesSync(path.join(www, name), old, old);
  await run({ www, workers: 1 }, async (own) => {
    for (let i = 0; i < 3; i += 1) {
      for (const name of ['a', 'b', 'c', 'd']) {
        const { bytes } = await get(own, `/${name}.bin`);
        assert.equal(bytes.length, size);
      }
    }
    await says(own, '/', 'Mine');
  });
});

testWithFolder('clients that do not read share one copy of a file, also when it has changed meanwhile', async (write, run) => {
  const size = 16 * 1024 * 1024;
  const file = write('pages/large.txt', 'a'.repeat(size));
  await run({ www: path.dirname(file), workers: 1, times: { progress: 100_000, drain: 1000 } }, async (own) => {
    await says(own, '/large.txt', 'a'.repeat(size));
    const [before, descriptors] = [own.memory, own.descriptors];
    const clients = await Promise.all(Array.from({ length: 40 }, () => Wire.open(own.port)));
    for (const client of clients) client.socket.pause();
    for (const client of clients) client.write('GET /large.txt HTTP/1.1\r\nHost: a\r\n\r\n');
    // One that does read gets a whole answer behind them.
    const reader = await Wire.open(own.port);
    assert.equal((await reader.write('GET /large.txt HTTP/1.1\r\nHost: a\r\n\r\n').answer()).bytes.length, size);
    const grown = own.memory - before;
    assert.ok(grown < 10 * size, `${grown} bytes for ${clients.length} clients`);

    writeFileSync(file, 'b'.repeat(size));
    await says(own, '/large.txt', 'b'.repeat(size));
    unlinkSync(file);
    await isGone(own, '/large.txt');
    clients[0].socket.resume();
    const late = await clients[0].answer();
    assert.equal(late.bytes.toString('latin1'), 'a'.repeat(size));
    for (const client of [...clients, reader]) client.abort();
    await until('they are gone', () => own.descriptors <= descriptors);
  });
});

testWithFolder('a reload takes another folder and other headers; one that is not there is none', async (write, run) => {
  const [one, two] = ['one', 'two'].map((name) => path.dirname(write(`${name}/index.html`, name)));
  await run({ www: one, www_headers: { 'X-Which': '1' } }, async (own) => {
    await says(own, '/', 'one');
    await own.reload(configuration({ www: two, www_headers: { 'X-Which': '2' } }));
    await until('the other folder is served', async () => (await get(own, '/')).body === 'two');
    await byAll(async () => assert.equal((await says(own, '/', 'two')).headers['x-which'], '2'));
    await own.reload(configuration());
    await until('the demo is served', async () => (await get(own, '/chat.html')).status === 200);
    await byAll(async () => {
      const { body, headers } = await get(own, '/');
      assert.match(body, /<title>Postern<\/title>/);
      assert.match(headers['content-security-policy'], /default-src 'self'/);
      assert.equal(headers['x-which'], undefined);
    });
    await own.reload(configuration({ www: '' }));
    await until('there are no pages', async () => (await get(own, '/')).status === 404);
    await byAll(() => isGone(own, '/chat.html'));
  });
});

testWithFolder('a folder without a slash leads to its index, and only where it has one', async (write, run) => {
  const www = path.dirname(write('pages/index.html', 'Mine'));
  write('pages/with/deep/index.html', 'deep');
  write('pages/a:b/index.html', 'colon');
  write('pages/without/page.html', 'page');
  await run({ www }, async (own) => {
    for (const [where, location] of [['/with/deep', './deep/'], ['/a:b?x=/y', './a:b/?x=/y']]) {
      const { status, headers } = await get(own, where);
      assert.deepEqual([status, headers.location], [302, location]);
      const there = new URL(location, `${own.url}${where}`);
      assert.equal((await get(own, `${there.pathname}${there.search}`)).status, 200, where);
    }
    for (const where of ['/with', '/without', '/without/', '/with/', '/index.html/']) await isGone(own, where);
  });
});

testWithFolder('404.html of one\'s own answers a browser that asks for what is not there', async (write, run) => {
  const www = path.dirname(write('pages/index.html', 'Mine'));
  const accepts = { Accept: 'text/html' };
  await run({ www, www_headers: { 'X-Mine': '1' } }, async (own) => {
    const made = await get(own, '/nothing', accepts);
    assert.equal(made.status, 404);
    assert.match(made.body, /<h1>Not found<\/h1>/);
    assert.doesNotMatch(made.body, /stylesheet/); // ours is not there
    write('pages/404.html', 'Lost?');
    const { status, body, headers } = await get(own, '/nothing', accepts);
    assert.deepEqual([status, body, headers['x-mine'], headers.etag], [404, 'Lost?', '1', undefined]);
    assert.equal((await get(own, '/nothing')).body.includes('Lost?'), false);
    assert.equal((await get(own, '/404.html')).status, 200);
  });
});

const types = {
  'a.html': 'text/html; charset=UTF-8', 'a.htm': 'text/html; charset=UTF-8', 'a.HTML': 'text/html; charset=UTF-8',
  'a.css': 'text/css; charset=UTF-8', 'a.mjs': 'text/javascript; charset=UTF-8', 'a.gif': 'image/gif',
  'a.jpg': 'image/jpeg', 'a.JPEG': 'image/jpeg', 'a.webp': 'image/webp', 'a.woff': 'font/woff', 'a.woff2': 'font/woff2',
  'a.wasm': 'application/wasm', 'a.pdf': 'application/pdf', 'a.mp3': 'audio/mpeg', 'a.webmanifest': 'application/manifest+json',
  'a.xml': 'application/xml', 'my page.html': 'text/html; charset=UTF-8', '사진 100%.png': 'image/png', 'a.unknown': 'application/octet-stream', 'html': 'application/octet-stream',
};
testWithFolder('a file is served as what its ending says', async (write, run) => {
  for (const name of Object.keys(types)) write(`pages/${name}`, 'x');
  await run({ www: path.dirname(write('pages/index.html', 'Mine')) }, async (own) => {
    for (const [name, type] of Object.entries(types)) {
      assert.equal((await get(own, `/${encodeURIComponent(name)}`)).headers['content-type'], type, name);
    }
  });
});
