// The other pages.
import assert from 'node:assert/strict';
import { test, withGateway } from '../wire/lib/test.mjs';
import { closePage, openPage, PHONE, press, screenshot, shows, tabTo, withBrowser } from './lib/browser.mjs';
import { hears, join } from './lib/chat.mjs';

const gateway = withGateway();
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
    await people[0].keyboard.type('Hello from Spring'); // the focus is in the field
    await press(people[0], 'Enter');
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
  const all = await page.locator('a').evaluateAll((anchors) => anchors.map((a) => a.href));
  assert.ok(all.includes('http://localhost:8081/console/')); // as ./run starts it; console.test.mjs looks at it
  const links = all.filter((link) => link.startsWith(gateway.url));
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
