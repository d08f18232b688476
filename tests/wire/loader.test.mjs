// The loader in the iframe page, and the clients that it finds: they are there whatever
// pages there are. tests/browser has the loader in real browsers; here it runs against
// a page of ours, in an engine as poor as IE 8.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import vm from 'node:vm';
import { configuration } from './lib/config.mjs';
import { Gateway, runPostern } from './lib/gateway.mjs';
import { ask } from './lib/http.mjs';
import { testWithFolder } from './lib/pages.mjs';
import { test, testWith, withGateway } from './lib/test.mjs';

const gateway = withGateway(configuration());
const versions = ['1.0.0', '1.1.5', '1.6.1'];
const clientPath = (version) => `/sockjs-client/${version}/sockjs.min.js`;
const get = (path, { port } = gateway) => ask(port, `GET ${path}`);

test('the iframe page loads the loader, which may change', async () => {
  const page = await get('/echo/iframe.html');
  assert.match(page.body, /^ {2}<script src="\/sockjs-client\/loader\.js"><\/script>$/m);
  const loader = await get('/sockjs-client/loader.js');
  assert.equal(loader.status, 200);
  assert.match(loader.headers['content-type'], /javascript/);
  assert.equal(loader.headers['cache-control'], 'no-cache');
  assert.ok(loader.headers.etag);
});

for (const version of versions) {
  test(`sockjs-client ${version} is there, for ever`, async () => {
    const answer = await get(clientPath(version));
    assert.equal(answer.status, 200);
    assert.match(answer.headers['content-type'], /javascript/);
    assert.equal(answer.headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.ok(answer.body.includes(version));
  });
}

test('only what is in the folder of a version is there for ever', async () => {
  for (const path of ['/vendor/sockjs.min.js', '/chat.html', '/style.css']) {
    assert.equal((await get(path)).headers['cache-control'], 'no-cache', path);
  }
  assert.equal((await get(clientPath('1.2.3'))).status, 404);
});

testWith('the clients are there where there are no pages', configuration({ www: '' }), async (own) => {
  for (const name of ['loader.js', '1.0.0/sockjs.min.js', '1.6.1/sockjs.min.js']) {
    assert.equal((await get(`/sockjs-client/${name}`, own)).status, 200, name);
  }
  for (const path of ['/', '/index.html', '/chat.html', '/style.css', '/vendor/sockjs.min.js']) {
    assert.equal((await get(path, own)).status, 404, path);
  }
});

testWithFolder('pages of one\'s own take nothing from the iframes', async (write, run) => {
  const www = path.dirname(write('pages/index.html', 'Mine'));
  await run({ www }, async (own) => {
    assert.equal((await get('/', own)).body, 'Mine');
    for (const name of ['loader.js', '1.1.5/sockjs.min.js']) {
      assert.equal((await get(`/sockjs-client/${name}`, own)).status, 200, name);
    }
    for (const name of ['/chat.html', '/style.css']) {
      assert.equal((await get(name, own)).status, 404, name);
    }
  });
});

testWithFolder('a client named in the configuration goes before a page, and a page before a bundled client', async (write, run) => {
  const www = path.dirname(write('pages/index.html', 'Mine'));
  write('pages/sockjs-client/1.1.5/sockjs.min.js', 'mine');
  write('pages/sockjs-client/1.6.1/sockjs.min.js', 'mine');
  const sockjs_clients = [{ version: '0.3.4', file: write('old.js', 'named old') },
    { version: '1.6.1', file: write('new.js', 'named new') }];
  await run({ www, sockjs_clients }, async (own) => {
    for (const [version, text] of [['0.3.4', 'named old'], ['1.6.1', 'named new'], ['1.1.5', 'mine']]) {
      const answer = await get(clientPath(version), own);
      assert.equal(answer.body, text, version);
      assert.match(answer.headers['cache-control'], /immutable/);
    }
    assert.match((await get(clientPath('1.0.0'), own)).body, /sockjs-client 1\.0\.0/);
  });
});

testWithFolder('a client that is not there is a mistake in the configuration', async (write) => {
  const sockjs_clients = [{ version: '0.3.4', file: 'clients/old.js' }];
  const file = write('postern.json', JSON.stringify(configuration({ sockjs_clients }), null, 2));
  const { status, stderr } = await runPostern('serve', '--config', file, '--listen', '127.0.0.1:0');
  assert.equal(status, 1);
  assert.ok(stderr.includes(`sockjs_clients[0].file: ${path.dirname(file)}/clients/old.js: No such file or directory`), stderr);
  assert.match(stderr, /postern\.json:\d+:\d+: /);
});

// The loader itself: an iframe with the events of IE 8 (attachEvent, onreadystatechange
// and no onerror) around it, and a parent that keeps what is posted to it.
const source = readFileSync(new URL('../../www/sockjs-loader.js', import.meta.url), 'utf8');
const HERE = 'https://gateway.example/gw/';
const THERE = 'https://shop.example';

class Iframe {
  constructor({ framed = true, old = false } = {}) {
    this.said = [];
    this.listeners = new Set();
    this.scripts = [{ src: `${HERE}sockjs-client/loader.js?v=a/b` }];
    this.began = [];
    const parent = { postMessage: (text, target) => this.said.push({ text, target }) };
    const on = (name, listener) => { if (/message$/.test(name)) this.listeners.add(listener); };
    const off = (name, listener) => this.listeners.delete(listener);
    this.window = {
      location: { hash: '#abcdefgh' }, JSON,
      ...old ? { attachEvent: () => {}, detachEvent: () => {} } : { addEventListener: on, removeEventListener: off } };
    this.window.document = {
      ...old && { attachEvent: on, detachEvent: off },
      createElement: () => ({}),
      getElementsByTagName: (name) => (name === 'script' ? this.scripts : [{ appendChild: (script) => this.scripts.push(script) }]),
    };
    this.window.window = this.window;
    this.window.parent = framed ? parent : this.window;
    vm.runInNewContext(source, this.window);
    this.window.SockJS.bootstrap_iframe();
  }

  get script() { return this.scripts.at(-1); }

  hear(data, { from = this.window.parent, origin = THERE } = {}) {
    for (const listener of [...this.listeners]) listener({ source: from, origin, data });
  }

  // The script that was asked for last came: a client of that version; or nothing did.
  comes(version) {
    const script = this.script;
    if (version) {
      this.window.SockJS = { version, bootstrap_iframe: () => this.began.push(this.window.SockJS.version) };
    }
    if (this.window.attachEvent) {
      script.readyState = 'loading';
      script.onreadystatechange();
      script.readyState = 'loaded';
      script.onreadystatechange();
    } else if (version) script.onload();
    else script.onerror();
  }
}

const modern = (version) => JSON.stringify({
  windowId: 'abcdefgh', type: 's', data: JSON.stringify([version, 'eventsource', `${HERE}chat/1/2`, `${HERE}chat`]) });
const ancient = (version) => `abcdefghs${JSON.stringify([version, 'w-iframe-eventsource', `${HERE}chat/1/2`, `${HERE}chat`])}`;

test('the loader asks the page around it in both forms', () => {
  const { said } = new Iframe();
  assert.deepEqual(said, [
    { text: '{"windowId":"abcdefgh","type":"s","data":""}', target: '*' }, { text: 'abcdefghs', target: '*' }]);
});

for (const old of [false, true]) {
  for (const [version, answer] of [['1.1.5', modern], ['1.4.0', modern], ['0.3.4', ancient]]) {
    test(`the loader takes the page's version, ${version}, from its own folder ${old ? 'in IE 8' : 'today'}`, () => {
      const iframe = new Iframe({ old });
      iframe.hear(answer(version));
      assert.equal(iframe.script.src, `${HERE}sockjs-client/${version}/sockjs.min.js`);
      iframe.comes(version);
      assert.deepEqual(iframe.began, [version]);
      assert.equal(iframe.listeners.size, 0);
      assert.equal(iframe.scripts.length, 2);
    });
  }

  for (const version of ['1.4.0', '2.0']) {
    test(`the newest client stands in for ${version} that is missing ${old ? 'in IE 8' : 'today'}`, () => {
      const iframe = new Iframe({ old });
      iframe.hear(modern(version));
      iframe.comes(null);
      assert.equal(iframe.script.src, `${HERE}sockjs-client/${versions.at(-1)}/sockjs.min.js`);
      iframe.comes(versions.at(-1));
      assert.deepEqual(iframe.began, [version]);
    });
  }

  test(`a page whose client nothing here can speak to is told ${old ? 'in IE 8' : 'today'}`, () => {
    const iframe = new Iframe({ old });
    iframe.hear(ancient('0.2.1'));
    iframe.comes(null);
    assert.equal(iframe.scripts.length, 2);
    assert.deepEqual(iframe.said.at(-1), {
      text: 'abcdefghtc[1006,"The server has no sockjs-client 0.2.1"]', target: THERE });
    const other = new Iframe({ old });
    other.hear(modern('1.4.0'));
    other.comes(null);
    other.comes(null);
    assert.deepEqual(JSON.parse(other.said.at(-1).text), {
      windowId: 'abcdefgh', type: 'c', data: '[1006,"The server has no sockjs-client 1.4.0"]' });
    assert.equal(other.said.at(-1).target, THERE);
  });
}

const strange = ['1.0.0-beta.12', '../../evil', '//evil.example/1', '1/../..', '1..2', '.', '..', '', 'x"]', '1.6.1\n'];
for (const version of strange) {
  test(`the version ${JSON.stringify(version)} becomes no address`, () => {
    const iframe = new Iframe();
    iframe.hear(modern(version));
    assert.equal(iframe.script.src, `${HERE}sockjs-client/${versions.at(-1)}/sockjs.min.js`);
    iframe.comes(versions.at(-1));
    assert.deepEqual(iframe.began, [version]);
    const other = new Iframe();
    other.hear(ancient(version));
    assert.equal(other.scripts.length, 1);
  });
}

const wrong = [null, 17, { windowId: 'abcdefgh' }, '', 'x', '{', '{}', 'null', '{"windowId":"abcdefgh","type":"s"}',
  modern('1.1.5').replace('abcdefgh', 'hgfedcba'), modern('1.1.5').replace('"s"', '"m"'), modern(1),
  modern([]), ancient('0.3.4').replace('abcdefghs', 'abcdefghm'), 'abcdefghs', 'abcdefghs[]', 'abcdefghsnull'];
for (const data of wrong) {
  test(`the loader waits on after ${JSON.stringify(data)}`, () => {
    const iframe = new Iframe();
    iframe.hear(data);
    assert.equal(iframe.scripts.length, 1);
    iframe.hear(modern('1.1.5'));
    assert.equal(iframe.scripts.length, 2);
  });
}

test('the loader listens to the page around it and to nobody else', () => {
  const iframe = new Iframe();
  iframe.hear(modern('1.1.5'), { from: {} });
  iframe.hear(modern('1.1.5'), { from: iframe.window });
  assert.equal(iframe.scripts.length, 1);
  iframe.hear('hello', { origin: THERE });
  iframe.hear(modern('1.1.5'), { origin: 'https://evil.example' });
  assert.equal(iframe.scripts.length, 1);
  iframe.hear(modern('1.1.5'), { origin: THERE });
  iframe.hear(modern('1.0.0'), { origin: THERE });
  assert.equal(iframe.scripts.length, 2);
  assert.match(iframe.script.src, /1\.1\.5/);
});

test('an iframe page that is no iframe does nothing', () => {
  const iframe = new Iframe({ framed: false });
  assert.equal(iframe.listeners.size, 0);
  assert.equal(iframe.scripts.length, 1);
});

test('the newest version that the loader knows is the newest that is here', () => {
  const { dependencies } = JSON.parse(readFileSync(new URL('../../www/package.json', import.meta.url)));
  assert.equal(dependencies['sockjs-client'], versions.at(-1));
  assert.match(source, new RegExp(`NEWEST = '${versions.at(-1)}'`));
});
