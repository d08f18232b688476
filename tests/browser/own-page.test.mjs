// Pages of one's own in `www`: as Spring's tutorials have them, and as getting-started.md does.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Document } from '../wire/lib/document.mjs';
import { binary, Gateway } from '../wire/lib/gateway.mjs';
import { Reader } from '../wire/lib/reader.mjs';
import { test } from '../wire/lib/test.mjs';
import { closePage, openPage, screenshot, shows, withBrowser } from './lib/browser.mjs';

const browser = withBrowser();
const demo = JSON.parse(readFileSync(new URL('../../gateway/config/demo.json', import.meta.url)));

// body(reader, start): start(configuration) serves pages from the reader's folder.
const testAsReader = (title, body) => test(title, async () => {
  const reader = new Reader();
  let gateway = null;
  try {
    await body(reader, async (configuration) => {
      gateway = await new Gateway(reader.startable(configuration)).start();
      return gateway;
    });
    await gateway.stop();
  } finally {
    gateway?.kill();
    reader.close();
  }
});

// A page without an icon: browsers ask for one all the same, and say that there is none.
async function closeOwn(page) {
  page.complaints = page.complaints.filter((complaint) => !/status of 404/.test(complaint));
  await closePage(page);
}

const edit = (file, from, to) => {
  const text = readFileSync(file, 'utf8');
  assert.ok(text.includes(from), text);
  writeFileSync(file, text.replace(from, to));
};

testAsReader('a page as Spring\'s tutorials have it connects, sends, hears, and shows an edit after a reload', async (reader, start) => {
  const file = path.join(reader.folder, 'pages/index.html');
  const scripts = path.join(reader.folder, 'pages/resources/js');
  const vendor = path.join(path.dirname(binary), 'www/vendor');
  copyFileSync(new URL('lib/tutorial.html', import.meta.url), file);
  mkdirSync(scripts, { recursive: true });
  copyFileSync(path.join(vendor, 'sockjs.min.js'), path.join(scripts, 'sockjs.js'));
  copyFileSync(path.join(vendor, 'stomp.min.js'), path.join(scripts, 'stomp.js'));
  const gateway = await start({ ...demo, www: 'pages' });
  const page = await openPage(browser, gateway.url);

  const talk = async (text) => {
    await page.click('#connect');
    await page.locator('#sendMessage:visible').waitFor();
    await page.locator('#disconnect:enabled').waitFor();
    await page.fill('#from', 'Ana');
    await page.fill('#text', text);
    await page.click('#sendMessage');
    await shows(page, '#response p', new RegExp(`^Ana: ${text} \\(\\d\\d:\\d\\d\\)$`));
  };
  await talk('Hello');
  assert.equal(await page.locator('#response p').first().evaluate((p) => getComputedStyle(p).color), 'rgb(1, 2, 3)');
  await screenshot(page, 'own-tutorial');
  edit(file, 'A tutorial\'s page', 'An edited page');
  edit(path.join(scripts, 'stomp.js'), '', 'window.isEdited = true;\n');
  await page.reload();
  await shows(page, 'h1', 'An edited page');
  assert.equal(await page.evaluate(() => window.isEdited), true);
  await talk('Hello again');
  await closeOwn(page);
});

testAsReader('who follows getting-started.md has a page that works', async (reader, start) => {
  const { fences } = new Document('www/docs/getting-started.md');
  const from = fences.findIndex(({ text }) => text.includes('npm install'));
  const [fetching, configuration, html] = fences.slice(from);
  const file = path.join(reader.folder, 'pages/index.html');
  assert.deepEqual([fetching, configuration, html].map(({ language }) => language), ['sh', 'json', 'html']);
  await reader.shell(fetching.text);
  writeFileSync(file, html.text);
  const gateway = await start(JSON.parse(configuration.text));

  const people = [await openPage(browser, gateway.url), await openPage(browser, gateway.url)];
  await Promise.all(people.map((page) => page.waitForFunction('client.connected')));
  const say = async (page, text, ...listeners) => {
    await page.fill('#text', text);
    await page.keyboard.press('Enter');
    for (const one of listeners) await shows(one, '#messages li', new RegExp(`^\\d\\d:\\d\\d Ana: ${text}$`));
  };
  // A page that receives its own message has subscribed.
  for (const page of people) await say(page, 'Hello', page);
  await say(people[0], 'How are you', ...people);
  await screenshot(people[1], 'own-getting-started');
  edit(file, 'The blue room', 'The red room');
  await people[1].reload();
  await shows(people[1], 'h1', 'The red room');
  for (const page of people) await closeOwn(page);
});
