// The other pages.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { freePort, Gateway } from '../wire/lib/gateway.mjs';
import { test, withGateway } from '../wire/lib/test.mjs';
import { closePage, openPage, PHONE, press, screenshot, shows, tabTo, withBrowser } from './lib/browser.mjs';
import { hears, join } from './lib/chat.mjs';

const gateway = withGateway();
const demo = JSON.parse(readFileSync(new URL('../../gateway/config/demo.json', import.meta.url)));
const browser = withBrowser();
const open = (name, options) => openPage(browser, `${gateway.url}/${name}`, options);

for (const withoutWebSocket of [false, true]) {
  test(`a page of the old Spring way chats ${withoutWebSocket ? 'without' : 'with'} WebSocket`, async () => {
    const people = await Promise.all([0, 1].map(() => open('spring.html', { withoutWebSocket })));
    for (const page of people) {
      await tabTo(page, 'connect');
      await press(page, 'Enter');
      await page.locator('#send:enabled').waitFor();
    }
    const say = async (page, text) => {
      await page.keyboard.type(text); // the focus is in the field
      await press(page, 'Enter');
    };
    await say(people[1], 'Am I here'); // then this page has subscribed
    await shows(people[1], '#log li', 'Am I here');
    await say(people[0], 'Hello from Spring');
    for (const page of people) await shows(page, '#log li', /^Ana: Hello from Spring \(\d\d:\d\d\)$/);
    if (!withoutWebSocket) await screenshot(people[1], 'spring');
    for (const page of people) await closePage(page);
  });
}

test('the Spring page and the chat page are in one room', async () => {
  const [old, today] = [await open('spring.html'), await open('chat.html')];
  await join(today, 'Ben');
  await shows(today, '#state', 'Connected over');
  await old.click('#connect');
  await old.locator('#send:enabled').waitFor();
  await old.keyboard.type('One room');
  await press(old, 'Enter');
  await hears(today, 'Ana', 'One room');
  assert.equal(await today.locator('.message.own').count(), 0);
  await closePage(old);
  await closePage(today);
});

test('the plain WebSocket page gets an answer to each text', async () => {
  const page = await open('plain.html');
  await shows(page, '#state', 'Connected to /ws/chat');
  for (const text of ['first', 'second']) {
    await tabTo(page, 'text');
    await page.keyboard.type(text);
    await press(page, 'Enter');
  }
  await page.locator('#log .message:not(.own)').nth(1).waitFor();
  assert.deepEqual(await page.locator('#log .message:not(.own)').allTextContents(),
    ['Welcome chatting sever~^^', 'Welcome chatting sever~^^']);
  await screenshot(page, 'plain');
  await closePage(page);
});

test('every link of the front page leads somewhere', async () => {
  const page = await open('');
  const links = await page.locator('a:visible').evaluateAll((anchors) => anchors.map((a) => a.href));
  assert.ok(links.length >= 5);
  for (const link of links) assert.equal((await page.request.get(link)).status(), 200, link);
  await closePage(page);
});

const looks = {
  light: {},
  dark: { colorScheme: 'dark' },
  phone: PHONE,
  narrow: { ...PHONE, viewport: { width: 320, height: 568 } },
};

for (const name of ['', 'spring.html', 'plain.html', 'chat.html', 'chat-classic.html',
  'docs/', 'docs/from-spring.html', 'docs/configuration.html']) {
  for (const [look, options] of Object.entries(looks)) {
    test(`${name || 'the front page'} needs no sideways scrolling (${look})`, async () => {
      const page = await open(name, options);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
      // chat.test.mjs takes pictures of a chat that goes on.
      if (!name.startsWith('chat')) await screenshot(page, `${name.replace('.html', '').replace(/\/$/, '').replace('/', '-') || 'index'}-${look}`);
      await closePage(page);
    });
  }

  test(`every field of ${name || 'the front page'} has a label`, async () => {
    const page = await open(name);
    const nameless = await page.locator('input, select, button').evaluateAll((all) => (
      all.filter((field) => !field.labels?.length && !field.textContent.trim()).map(({ id }) => id)));
    assert.deepEqual(nameless, []);
    await closePage(page);
  });

  test(`${name || 'the front page'} holds to its content security policy`, async () => {
    const page = await open(name);
    assert.equal(await page.locator('script:not([src]), style, [style], [onclick]').count(), 0);
    const policy = (await page.request.get(page.url())).headers()['content-security-policy'];
    assert.match(policy, /default-src 'self'/);
    await closePage(page);
  });
}

test('the front page shows the console only where it can be reached', async () => {
  const without = await open('');
  assert.equal(await without.locator('#console:visible').count(), 0);
  await closePage(without);

  const listen = `127.0.0.1:${await freePort()}`;
  const operated = await new Gateway({ ...demo, admin: { listen } }).start();
  try {
    const page = await openPage(browser, operated.url);
    const link = await page.locator('#console:visible a').getAttribute('href');
    assert.equal(link, `http://${listen}/console/`);
    assert.equal((await page.request.get(link)).status(), 200);
    await closePage(page);
  } finally {
    await operated.stop();
  }
});

test('a page that needs scripts says so where there are none', async () => {
  for (const name of ['chat.html', 'chat-classic.html', 'plain.html', 'spring.html', 'techniques.html']) {
    const page = await open(name, { javaScriptEnabled: false });
    await shows(page, 'noscript p', 'This page needs JavaScript');
    await closePage(page);
  }
});

test('sliders and boxes have the colour of the buttons', async () => {
  for (const colorScheme of ['light', 'dark']) {
    const page = await open('techniques.html', { colorScheme });
    await page.locator('#start:enabled').waitFor();
    const [accent, button] = await page.evaluate(() => [getComputedStyle(document.querySelector('#rate')).accentColor,
      getComputedStyle(document.querySelector('#start')).backgroundColor]);
    assert.equal(accent, button);
    await closePage(page);
  }
});

test('messages are a list in a log', async () => {
  for (const name of ['chat.html', 'chat-classic.html', 'plain.html', 'spring.html']) {
    const page = await open(name);
    assert.equal(await page.locator('[role=log][aria-label] > ol#log:not([role])').count(), 1, name);
    await closePage(page);
  }
});

const documents = readdirSync(new URL('../../www/docs', import.meta.url))
  .map((name) => `docs/${name.replace('.md', '.html').replace('README', 'index')}`);
const everything = [...documents, '', 'spring.html', 'plain.html', 'chat.html', 'chat-classic.html', 'techniques.html',
  'techniques-ko.html', 'nothing/here'];

for (const width of [390, 1280]) {
  test(`no page and no document is wider than ${width} px`, async () => {
    const page = await open('', { viewport: { width, height: 844 } });
    for (const name of everything) {
      await page.goto(`${gateway.url}/${name}`);
      const wide = await page.evaluate(() => [document.documentElement, ...document.querySelectorAll('.scroll, pre, td, th')]
        .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline' && one.clientWidth > 1)
        .map((one) => `${one.localName} ${one.textContent.trim().slice(0, 40)}`));
      // On a wide window a line of code may still be longer than the column, and scrolls there.
      assert.deepEqual(wide.filter((one) => width === 390 || !one.startsWith('pre')), [], name);
      if (width === 390 && name === 'docs/from-spring.html') {
        assert.equal(await page.locator('.stack td[data-label="Postern"]').first().evaluate((td) => getComputedStyle(td).display), 'block');
      }
      if (name.startsWith('docs/') || name === 'nothing/here') await screenshot(page, `${name.replace(/\W+/g, '-')}-${width}`);
    }
    page.complaints = page.complaints.filter((text) => !text.includes('404')); // the page that is not there
    await closePage(page);
  });
}

test('the snippet of the front page is not cut', async () => {
  for (const width of [390, 600, 768, 1280]) {
    const page = await open('', { viewport: { width, height: 844 } });
    assert.ok(await page.locator('pre').evaluate((pre) => pre.scrollWidth <= pre.clientWidth), `${width} px`);
    await closePage(page);
  }
});

test('on a phone each technique is a card with all its figures', async () => {
  const page = await open('techniques.html', { viewport: { width: 390, height: 844 } });
  const rows = page.locator('.figures tbody tr');
  assert.equal(await rows.count(), 5);
  for (const row of await rows.all()) {
    const cells = await row.locator('td').evaluateAll((all) => all.map((td) => ({
      label: getComputedStyle(td, '::before').content, right: td.getBoundingClientRect().right })));
    assert.equal(cells.length, 8);
    for (const { label, right } of cells) assert.ok(right <= 390 && label.length > 4, `${label} ${right}`);
  }
  await closePage(page);
});
