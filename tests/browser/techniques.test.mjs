// The page that compares the techniques.
import assert from 'node:assert/strict';
import { test, withGateway } from '../wire/lib/test.mjs';
import { until } from '../wire/lib/wait.mjs';
import { closePage, openPage, PHONE, press, screenshot, shows, tabTo, withBrowser } from './lib/browser.mjs';

const gateway = withGateway();
const browser = withBrowser();
const WAYS = ['polling', 'long-polling', 'streaming', 'events', 'websocket'];

const languages = {
  'techniques.html': { ready: 'All five are connected.', running: 'Measuring', waiting: 'A connection is lost' },
  'techniques-ko.html': { ready: '다섯 가지 모두 연결되었습니다.', running: '측정하는 중', waiting: '연결이 끊겨' },
};

// The number in a cell of a way's row.
async function figure(page, way, of) {
  const text = await page.locator(`tr[data-way="${way}"] [data-of="${of}"]`).textContent();
  return Number(text.replaceAll(',', ''));
}

const figures = (page, of) => Promise.all(WAYS.map((way) => figure(page, way, of)));

const hear = (page, least) => until(`each way has heard ${least}`, async () => (
  (await figures(page, 'received')).every((received) => received >= least)));

async function open(name, options) {
  const page = await openPage(browser, `${gateway.url}/${name}`, options);
  await shows(page, '#state', languages[name].ready);
  return page;
}

// By the keyboard: fast polls, many messages.
async function begin(page, name) {
  await tabTo(page, 'rate');
  await press(page, 'End', 'Tab', 'Home', 'Tab', 'Enter');
  await shows(page, '#state', languages[name].running);
}

async function end(page) {
  await press(page, 'Enter');
  await page.locator('#summary[data-is-over]').waitFor();
  return Number((await page.locator('#summary').textContent()).match(/(\d+) messages|메시지 (\d+)개/).slice(1).find(Boolean));
}

for (const [name, options] of [['techniques.html', {}], ['techniques.html', { colorScheme: 'dark' }],
  ['techniques-ko.html', PHONE]]) {
  test(`${name} receives the same messages by all five ways, none missing (${Object.keys(options)[0] ?? 'light'})`, async () => {
    const page = await open(name, options);
    await begin(page, name);
    await hear(page, 60);
    const sent = await end(page);
    assert.ok(sent >= 60);
    assert.deepEqual(await figures(page, 'received'), WAYS.map(() => sent));
    assert.deepEqual(await figures(page, 'missing'), WAYS.map(() => 0));
    // What the techniques are, in figures: who asks again and again, and who asks once.
    const requests = await figures(page, 'requests');
    assert.ok(requests[0] > 5 && requests[1] > 30, `${requests}`);
    assert.ok(requests.slice(2).every((count) => count <= 3), `${requests}`); // heart-beats
    const held = await figures(page, 'held');
    assert.ok(held[0] < 0.5 && held.slice(1).every((connections) => connections > 0.9 && connections < 1.5), `${held}`);
    const bytes = await figures(page, 'each');
    assert.ok(bytes[1] > 4 * bytes[4], `${bytes}`);
    await screenshot(page, `${name.replace('.html', '')}-${options.colorScheme ?? (options.isMobile ? 'phone' : 'light')}`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
    await closePage(page);
  });
}

test('the techniques page says so when connections are lost, and goes on by itself', async () => {
  const name = 'techniques.html';
  const page = await open(name);
  await begin(page, name);
  await hear(page, 10);
  await gateway.end();
  await shows(page, '#state', languages[name].waiting);
  await gateway.resume();
  await shows(page, '#state', languages[name].running);
  const before = Math.max(...await figures(page, 'received'));
  await hear(page, before + 10);
  await end(page);
  page.complaints = page.complaints.filter((complaint) => !/WebSocket connection|ERR_CONNECTION|Failed to load/.test(complaint));
  await closePage(page);
});
