// The console, as who runs the gateway sees it.
import assert from 'node:assert/strict';
import { configuration } from '../wire/lib/config.mjs';
import { freePort } from '../wire/lib/gateway.mjs';
import { scrape } from '../wire/lib/metrics.mjs';
import { Session } from '../wire/lib/sockjs.mjs';
import { frame, Stomp } from '../wire/lib/stomp.mjs';
import { test, withGateway } from '../wire/lib/test.mjs';
import { until } from '../wire/lib/wait.mjs';
import { closePage, openPage, PHONE, press, screenshot, shows, withBrowser } from './lib/browser.mjs';

const gateway = withGateway(configuration({
  admin: { listen: `127.0.0.1:${await freePort()}` }, // the page must find it again
  times: { disconnect: 120_000 },
}));
const browser = withBrowser();

async function open(options) {
  const page = await openPage(browser, `http://127.0.0.1:${gateway.adminPort}/console/`, options);
  await shows(page, '#state', 'Connected');
  return page;
}

const tile = async (page, of) => page.locator(`#tiles [data-of="${of}"]`).textContent();

test('the console shows a thousand sessions, and its figures are those of the metrics', async () => {
  const crowd = [];
  for (let i = 0; i < 990; i += 1) crowd.push(await Session.polling(gateway.port, '/chat'));
  const members = await Promise.all(Array.from({ length: 10 }, () => Stomp.connect(`${gateway.ws}/chat/websocket`)));
  for (const member of members) await member.subscribe('/topic/news');
  const page = await open();
  await shows(page, '#found', 'The first 1,000 of 1,001'); // its own, too
  await until('all rows are there', async () => await page.locator('#sessions tr').count() === 1000);
  const metrics = Object.entries(await scrape(gateway));
  const sum = (name) => metrics.filter(([sample]) => sample.replace(/{.*/, '') === name).reduce((all, [, value]) => all + value, 0);
  assert.equal(Number((await tile(page, 'sessions')).replaceAll(',', '')), sum('postern_sessions'));
  assert.equal(Number((await tile(page, 'subscriptions')).replaceAll(',', '')), sum('postern_subscriptions'));
  assert.equal(Number((await tile(page, 'destinations')).replaceAll(',', '')), sum('postern_destinations'));
  await shows(page, '#destinations', '/topic/news');
  await screenshot(page, 'console-light');
  for (const member of members) await member.close();
  await closePage(page);
});

test('the console finds a session, traces it without its secrets, and kicks it', async () => {
  const member = await Stomp.connect(`${gateway.ws}/chat/websocket`);
  await member.subscribe('/topic/traced');
  const page = await open({ colorScheme: 'dark' });
  await page.fill('#search', 'websocket_raw');
  await page.locator('#sessions tr').first().waitFor();
  await until('it alone is there', async () => await page.locator('#sessions tr').count() === 1);
  await page.locator('#sessions button', { hasText: 'Trace' }).focus();
  await press(page, 'Enter');
  await shows(page, '#traced', /^[0-9a-f]{16}$/);
  await until('frames are shown', async () => {
    member.send(frame('SEND', { destination: '/topic/traced', passcode: 'sesame' }, 'hello'));
    return await page.locator('#frames .in').count() > 0 && await page.locator('#frames .out').count() > 0;
  });
  const told = await page.locator('#frames').textContent();
  assert.match(told, /SEND\ndestination:\/topic\/traced\npasscode:\*\*\*\n/);
  assert.match(told, /MESSAGE\n(.*\n)*hello/);
  assert.doesNotMatch(told, /sesame/);
  await screenshot(page, 'console-dark');
  await page.locator('#sessions button', { hasText: 'Kick' }).click();
  assert.deepEqual(await member.closes(), { code: 1008, reason: 'Closed by an operator' });
  await until('it is gone', async () => await page.locator('#sessions tr').count() === 0);
  await closePage(page);
});

test('the console sends a message, and fits a phone', async () => {
  const member = await Stomp.connect(`${gateway.ws}/chat/websocket`);
  await member.subscribe('/topic/sent');
  const page = await open(PHONE);
  await page.fill('#destination', '/topic/sent');
  await page.fill('#body', 'from the console');
  await page.locator('#send button').click();
  assert.equal((await member.frame('MESSAGE')).body, 'from the console');
  await shows(page, '#sent', 'Sent to /topic/sent');
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
  await screenshot(page, 'console-phone');
  await member.close();
  await closePage(page);
});

test('the console says that its connection is lost, and comes back', async () => {
  const page = await open();
  await gateway.end();
  await shows(page, '#state', 'No connection');
  await gateway.resume();
  await shows(page, '#state', 'Connected');
  page.complaints = [];
  await closePage(page);
});
