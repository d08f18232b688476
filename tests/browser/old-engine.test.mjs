// QtWebKit, a real engine of 2016, without WebSocket: the chat page for old browsers, and
// what three generations of sockjs-client can do in it.
import assert from 'node:assert/strict';
import { test, withGateway } from '../wire/lib/test.mjs';
import { closePage, openPage, shows, withBrowser } from './lib/browser.mjs';
import { hears, join, say } from './lib/chat.mjs';
import { converse } from './lib/converse.mjs';
import {
  assertRefused, assertWorked, obstacle, ORIGINS, setDomain, texts, TRANSPORTS, VERSIONS, withPages,
} from './lib/matrix.mjs';
import { OldPage } from './lib/old_page.mjs';

const gateway = withGateway();
const pages = withPages();
const browser = withBrowser();

// A page that ends with its test, however that ends.
const testWithPage = (title, where, body) => test(title, async (context) => {
  const page = await OldPage.open(where());
  try {
    await body(page, context);
    page.close();
  } finally {
    page.abort();
  }
});

const testOnChat = (title, body) => testWithPage(title, () => `${gateway.url}/chat-classic.html`, body);

// By keyboard alone, as everywhere; the focus is on the nickname when the page is there.
async function joinOld(page, nickname, choice = 0) {
  await page.type(nickname);
  await page.press('Tab');
  for (let i = 0; i < choice; i += 1) await page.press('Down');
  await page.press('Tab');
  await page.press('Return');
}

async function sayOld(page, text) {
  await page.type(text);
  await page.press('Return');
}

testOnChat('one in an old engine and one in today\'s chat on chat-classic.html', async (old) => {
  assert.equal(await old.evaluate('"WebSocket" in window'), 'false');
  const ben = await openPage(browser, `${gateway.url}/chat-classic.html`);
  await joinOld(old, 'Ana');
  await join(ben, 'Ben');
  await old.shows('#state', 'Connected over SockJS xhr-streaming');
  await shows(ben, '#state', 'Connected over SockJS websocket');

  await sayOld(old, 'Hello, Ben');
  await hears(ben, 'Ana', 'Hello, Ben');
  await say(ben, 'Grüße, Ana \u{1F600} <b>&');
  await old.shows('.message .text', 'Grüße, Ana \u{1F600} <b>&');
  assert.deepEqual(await old.texts('.message.own .text'), ['Hello, Ben']);
  assert.match((await old.texts('.message .time'))[0], /^\d\d:\d\d$/);
  await old.screenshot('chat-classic-old-engine');
  await closePage(ben);
});

['xhr-streaming', 'eventsource', 'xhr-polling'].forEach((transport, i) => {
  testOnChat(`chat-classic.html uses ${transport} in an old engine when it is chosen`, async (page) => {
    await joinOld(page, 'Ana', i + 2); // after "automatic" and "websocket"
    await page.shows('#state', `Connected over SockJS ${transport}`);
    await sayOld(page, `over ${transport}`);
    await page.shows('.message.own .text', `over ${transport}`);
  });
});

// WebKit of that time brings each text that it sends into Unicode's normal form C, which
// puts marks into another order. The client escapes those that it knows, from before 2011.
const normalizes = true;

for (const version of VERSIONS) {
  for (const origin of ORIGINS) {
    testWithPage(`sockjs-client ${version} in an old engine, ${origin} origin`, () => pages[origin], async (page, context) => {
      await page.load(pages.client(version).url);
      for (const transport of TRANSPORTS) {
        const why = transport === 'websocket' ? 'there is no WebSocket' : obstacle(transport, origin);
        await context.test(why ? `does not try ${transport}: ${why}` : `works over ${transport}`, async () => {
          if (transport === 'htmlfile') await page.evaluate(`(${setDomain})()`);
          const found = await page.run(converse, { gateway: pages.gateway.url, transport, texts, normalizes });
          if (why) assertRefused(found);
          else assertWorked(found, transport);
        });
      }
    });
  }
}
