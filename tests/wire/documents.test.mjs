// The documents say nothing that is not so, as Markdown and as pages.
//
// A fence of json is a whole configuration, good by itself. What follows it in the same document
// goes by it: sh runs in a folder with it as postern.json, with `postern` in the path and a
// gateway at work, whose address stands for localhost:8080; javascript runs as a page of that
// gateway would, and has to print what its comments ("// prints ...") say; html is the front page
// of its "www". Before the first configuration it is the demo's. Of what is only shown, as
// console, the programs are there.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after } from 'node:test';
import SockJS from 'sockjs-client';
import WebSocket from 'ws';
import { Document, documents, top } from './lib/document.mjs';
import { Gateway, runPostern } from './lib/gateway.mjs';
import { ask } from './lib/http.mjs';
import { Reader } from './lib/reader.mjs';
import { test, withGateway } from './lib/test.mjs';
import { until } from './lib/wait.mjs';

const require = createRequire(import.meta.url);
const StompJs = require('@stomp/stompjs');
const demo = readFileSync(`${top}gateway/config/demo.json`, 'utf8');
const readme = new Document('README.md');
const beside = ['CONTRIBUTING.md', 'SECURITY.md'].map((file) => new Document(file));

test('the document on the configuration is current', async () => {
  const { stdout, status } = await runPostern('print-config', '--document');
  assert.equal(status, 0);
  assert.equal(readFileSync(`${top}www/docs/configuration.md`, 'utf8'), stdout,
    'postern print-config --document > www/docs/configuration.md');
});

for (const document of [readme, ...beside, ...documents]) {
  test(`every link of ${document.file} leads to a file and its heading`, () => {
    for (const { target, anchor } of document.links) {
      const file = target === '' ? document.file : path.join(path.dirname(document.file), target);
      assert.ok(existsSync(top + file), `${target} is not there`);
      if (anchor !== undefined) assert.ok(new Document(file).anchors.includes(anchor), `${target}#${anchor}`);
    }
  });
}

const site = withGateway();
const attributes = (html, name) => [...html.matchAll(new RegExp(` ${name}="([^"]*)"`, 'g'))].map(([, value]) => value);

for (const { file } of documents) {
  const page = `/docs/${path.basename(file, '.md').replace(/^README$/, 'index')}.html`;
  test(`every link of the page ${page} leads to a page and its heading`, async () => {
    const { status, body } = await ask(site.port, `GET ${page}`);
    assert.equal(status, 200);
    for (const link of attributes(body, 'href').filter((href) => !/^\w+:/.test(href))) {
      const { pathname, hash } = new URL(link, `${site.url}${page}`);
      const there = await ask(site.port, `GET ${pathname}`);
      assert.equal(there.status, 200, link);
      if (hash) assert.ok(attributes(there.body, 'id').includes(decodeURIComponent(hash.slice(1))), link);
    }
  });
}

const reader = new Reader();
const scratch = reader.folder;
after(() => reader.close());

// What a page has, with its addresses below the gateway's.
function pageOf(gateway, opened) {
  const keep = (socket) => { opened.push(socket); return socket; };
  return {
    // a library may make one with `new`, or without
    SockJS: function Socket(url, ...more) { return keep(new SockJS(new URL(url, gateway.url).href, ...more)); },
    WebSocket: function Socket(url, ...more) { return keep(new WebSocket(new URL(url, gateway.ws).href, ...more)); },
    Stomp: require('stompjs'),
    StompJs: { Client: class extends StompJs.Client { constructor(options) { super(options); opened.push(this); } } },
    location: { host: `127.0.0.1:${gateway.port}` },
    fetch: (url) => fetch(new URL(url, gateway.url)),
    setInterval: (...timer) => setInterval(...timer).unref(), // it ends with its page
  };
}

const pattern = (line) => new RegExp(`^${line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('14:05', '\\d\\d:\\d\\d')}$`);

async function runScript(text, gateway) {
  const expected = [...text.matchAll(/\/\/ prints (.*)$/gm)].map(([, line]) => pattern(line));
  assert.ok(expected.length > 0, `it prints nothing:\n${text}`);
  const printed = [];
  const opened = [];
  const console = { log: (...words) => printed.push(words.join(' ')) };
  const page = { ...pageOf(gateway, opened), console };
  try {
    new Function(...Object.keys(page), text)(...Object.values(page));
    await until(`${text} prints what it says, not ${printed}`, () => (
      expected.every((line) => printed.some((word) => line.test(word)))));
  } finally {
    opened.forEach((it) => (it.deactivate ?? it.terminate ?? it.close).call(it));
  }
}

function checkPrograms(text) {
  for (const [, program] of text.matchAll(/^(?:\w+=\S+ )*(\S*\/\S+)/gm)) assert.ok(existsSync(top + program) || program === 'build/release/postern', program);
}

const runners = { sh: (text, gateway) => reader.shell(text, gateway), javascript: runScript };

for (const { file, fences } of [readme, ...documents]) {
  test(`what stands in ${file} works`, async () => {
    let configuration = demo, gateway = null;
    const stop = async () => { await gateway?.stop(); gateway = null; };
    try {
      for (const { language, text } of fences) {
        if (language === 'json') {
          await stop();
          configuration = text;
          writeFileSync(`${scratch}/postern.json`, text);
          const { status, stderr } = await runPostern('check-config', '--config', `${scratch}/postern.json`);
          assert.equal(status, 0, `${text}${stderr}`);
        } else if (language === 'html') {
          writeFileSync(`${scratch}/pages/index.html`, text);
        } else if (language === 'console') {
          checkPrograms(text);
        } else if (language in runners) {
          writeFileSync(`${scratch}/postern.json`, configuration);
          gateway ??= await new Gateway(reader.startable(JSON.parse(configuration))).start();
          await runners[language](text, gateway);
        }
      }
    } finally {
      await stop();
    }
  });
}
