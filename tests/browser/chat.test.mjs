// The two chat pages: two people talk, by keyboard alone, with WebSocket and without.
import assert from 'node:assert/strict';
import { test, withGateway } from '../wire/lib/test.mjs';
import { BROWSERS, closePage, openPage, PHONE, press, screenshot, shows, tabTo, withBrowser } from './lib/browser.mjs';
import { hears, join, say } from './lib/chat.mjs';

const gateway = withGateway();
const browsers = Object.fromEntries(BROWSERS.map((name) => [name, withBrowser(name)]));
const browser = browsers.Chromium;

// The transports by the words that the page shows when it is connected.
const pages = {
  'chat.html': {
    automatic: 'WebSocket',
    fallback: 'SockJS xhr-streaming',
    choices: ['WebSocket', 'SockJS websocket', 'SockJS xhr-streaming', 'SockJS eventsource', 'SockJS xhr-polling'],
  },
  'chat-classic.html': {
    automatic: 'SockJS websocket',
    fallback: 'SockJS xhr-streaming',
    choices: ['SockJS websocket', 'SockJS xhr-streaming', 'SockJS eventsource', 'SockJS xhr-polling'],
  },
};

const looks = {
  light: {},
  dark: { colorScheme: 'dark' },
  phone: PHONE,
  'phone-dark': { ...PHONE, colorScheme: 'dark' },
};

for (const [name, { automatic, fallback, choices }] of Object.entries(pages)) {
  const open = (options) => openPage(browser, `${gateway.url}/${name}`, options);

  for (const one of BROWSERS) {
    for (const [how, options, transport] of [
      ['with WebSocket', {}, automatic],
      ['without WebSocket', { withoutWebSocket: true }, fallback],
    ]) {
      test(`two people chat on ${name} in ${one} ${how}`, async () => {
        const openAlike = () => openPage(browsers[one], `${gateway.url}/${name}`, options);
        const [ana, ben] = [await openAlike(), await openAlike()];
        await join(ana, 'Ana');
        await join(ben, 'Ben');
        for (const page of [ana, ben]) await shows(page, '#state', `Connected over ${transport}`);

        await say(ana, 'Hello, Ben');
        await hears(ben, 'Ana', 'Hello, Ben');
        await say(ben, 'Hello, Ana');
        await hears(ana, 'Ben', 'Hello, Ana');

        const own = (page) => page.locator('.message.own .text').allTextContents();
        assert.deepEqual(await own(ana), ['Hello, Ben']);
        assert.deepEqual(await own(ben), ['Hello, Ana']);
        assert.match(await ana.locator('.message .time').first().textContent(), /^\d\d:\d\d$/);
        await screenshot(ana, `${name.replace('.html', '')}-${one.toLowerCase()}`);
        await closePage(ana);
        await closePage(ben);
      });
    }
  }

  for (const transport of choices) {
    test(`${name} uses ${transport} when it is chosen`, async () => {
      const page = await open();
      await join(page, 'Ana', transport);
      await shows(page, '#state', `Connected over ${transport}`);
      await say(page, `over ${transport}`);
      await hears(page, 'Ana', `over ${transport}`);
      await closePage(page);
    });
  }

  test(`markup in a message is text on ${name}`, async () => {
    const page = await open();
    const markup = '<img src=x onerror="document.title = 1"><b>bold</b> & "quotes" \u{1F600}';
    await join(page, '<i>Ana</i>');
    await shows(page, '#state', 'Connected over');
    await say(page, markup);
    await hears(page, '<i>Ana</i>', markup);
    assert.equal(await page.locator('#log img, #log b, #log i').count(), 0);
    assert.notEqual(await page.title(), '1');
    await closePage(page);
  });

  test(`who disconnects from ${name} hears no more, and may connect again`, async () => {
    const [ana, ben] = [await open(), await open()];
    await join(ana, 'Ana');
    await join(ben, 'Ben');
    for (const page of [ana, ben]) await shows(page, '#state', 'Connected over');

    await tabTo(ana, 'leave');
    await press(ana, 'Enter');
    await shows(ana, '#state', 'Not connected');
    assert.ok(await ana.locator('#send').isDisabled());
    await say(ben, 'Is Ana there?');
    await hears(ben, 'Ben', 'Is Ana there?');

    await press(ana, 'Enter'); // the focus is on Connect
    await shows(ana, '#state', 'Connected over');
    await say(ben, 'Welcome back');
    await hears(ana, 'Ben', 'Welcome back');
    assert.deepEqual(await ana.locator('.message .text').allTextContents(), ['Welcome back']);
    await closePage(ana);
    await closePage(ben);
  });

  test(`${name} asks for a nickname before it connects`, async () => {
    const page = await open();
    await join(page, '  ');
    await shows(page, '#state', 'Not connected');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'nickname');
    await closePage(page);
  });

  for (const [look, options] of Object.entries(looks)) {
    test(`${name} fits its window (${look})`, async () => {
      const page = await open(options);
      const fits = () => page.evaluate(() => {
        const { scrollWidth, clientWidth, scrollHeight, clientHeight } = document.documentElement;
        return scrollWidth <= clientWidth && scrollHeight <= clientHeight;
      });
      const shot = name.replace('.html', `-${look}`);
      assert.ok(await fits());
      await screenshot(page, `${shot}-before`);

      const other = await open();
      await join(page, 'Ana', 'SockJS xhr-streaming');
      await join(other, 'Ben');
      for (const one of [page, other]) await shows(one, '#state', 'Connected over');
      await say(page, 'Good morning! Is the side gate open today?');
      await hears(other, 'Ana', 'Good morning!');
      await say(other, 'It is. WebSocket first, and streaming where nothing else gets through the wall.');
      await hears(page, 'Ben', 'It is.');
      await say(page, `https://shop.example/${'long'.repeat(40)}`);
      await hears(other, 'Ana', 'longlong');
      await say(other, 'Fits.');
      await hears(page, 'Ben', 'Fits.');
      assert.ok(await fits());
      await screenshot(page, shot);
      await closePage(page);
      await closePage(other);
    });
  }
}
