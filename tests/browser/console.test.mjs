// The console, as who runs the gateway sees it.
import assert from 'node:assert/strict';
import { configuration } from '../wire/lib/config.mjs';
import { freePort } from '../wire/lib/gateway.mjs';
import { scrape } from '../wire/lib/metrics.mjs';
import { Session } from '../wire/lib/sockjs.mjs';
import { frame, Stomp } from '../wire/lib/stomp.mjs';
import { test, withGateway } from '../wire/lib/test.mjs';
import { Issuer } from '../wire/lib/tokens.mjs';
import { until } from '../wire/lib/wait.mjs';
import { closePage, openPage, PHONE, press, screenshot, shows, withBrowser } from './lib/browser.mjs';

const gateway = withGateway(configuration({
  admin: { listen: `127.0.0.1:${await freePort()}` }, // the page must find it again
  times: { disconnect: 120_000 },
  broker: { prefixes: ['/topic'], queues: ['/queue'] },
}));
const TOKEN = 'sesame-0123456789';
const guarded = withGateway(configuration({ admin: { listen: '127.0.0.1:0', token: TOKEN } }));
const issuer = new Issuer();
const ruled = withGateway(configuration({
  admin: { listen: '127.0.0.1:0' },
  tokens: [{ issuer: issuer.name, secrets: issuer.secretText }],
  broker: { prefixes: ['/topic'], deny: 'soft' },
  rules: [{ match: '/topic/closed', deny: 'subscribe' }],
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
  page.once('dialog', (dialog) => dialog.dismiss());
  await page.locator('#sessions button', { hasText: 'Kick' }).click();
  assert.equal((await scrape(gateway))['postern_sessions{transport="websocket_raw",endpoint="/chat"}'], 1, 'asked first');
  page.once('dialog', (dialog) => dialog.accept());
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
  assert.ok(Number(await page.evaluate(() => getComputedStyle(document.getElementById('watching')).opacity)) < 1);
  await gateway.resume();
  await shows(page, '#state', 'Connected');
  page.complaints = [];
  await closePage(page);
});

test('the console shows one session: its user, its Origin and what it has subscribed to', async () => {
  const origin = gateway.url;
  const member = await Stomp.open(`${gateway.ws}/chat/websocket`, [], { origin });
  await member.greet();
  await member.subscribe('/topic/details');
  const page = await open();
  await page.fill('#search', 'websocket_raw');
  await until('it alone is there', async () => await page.locator('#sessions tr').count() === 1);
  await page.locator('#sessions th button').click();
  await shows(page, '#facts', origin);
  await shows(page, '#facts', 'nobody has logged in');
  await shows(page, '#subscriptions', '/topic/details');
  await screenshot(page, 'console-session');
  await page.click('#undetail');
  await until('it is closed', async () => await page.locator('#details').isHidden());
  await member.close();
  await closePage(page);
});

test('the console shows how a session has logged in, and which rule denies what it asks for', async () => {
  const member = await Stomp.open(`${ruled.ws}/chat/websocket`);
  const token = issuer.token('ana', { groups: ['staff', 'editors'] });
  member.send(frame('CONNECT', { 'accept-version': '1.2', 'host': 'a', 'Authorization': `Bearer ${token}` }));
  await member.frame('CONNECTED');
  await member.subscribe('/user/queue/errors');
  const page = await openPage(browser, `http://127.0.0.1:${ruled.adminPort}/console/`);
  await shows(page, '#state', 'Connected');
  await page.fill('#search', 'websocket_raw');
  await until('it alone is there', async () => await page.locator('#sessions tr').count() === 1);
  await page.locator('#sessions th button').click();
  for (const fact of ['ana', 'a token', 'staff, editors', /in (59|60) min/]) await shows(page, '#facts', fact);
  await page.locator('#sessions button', { hasText: 'Trace' }).click();
  await shows(page, '#traced', /^[0-9a-f]{16}$/);
  await until('the denial is shown', async () => {
    member.send(frame('SUBSCRIBE', { id: '1', destination: '/topic/closed' }));
    return await page.locator('#frames .refused').count() > 0;
  });
  const told = await page.locator('#frames .refused').first().textContent();
  assert.match(told, /^You may not subscribe to that destination: destination "\/topic\/closed"/);
  assert.match(told, /rules\[0\] "\/topic\/closed" denies it$/);
  await screenshot(page, 'console-denied');
  await member.close();
  await closePage(page);
});

test('the console offers no trace of itself', async () => {
  const page = await open();
  await page.fill('#search', '/console/stomp');
  await until('it alone is there', async () => await page.locator('#sessions tr').count() === 1);
  assert.equal(await page.locator('#sessions button', { hasText: 'Trace' }).count(), 0);
  assert.equal(await page.locator('#sessions button', { hasText: 'Kick' }).count(), 1);
  await closePage(page);
});

test('the console sorts its tables, and shows what a queue has not got back', async () => {
  const member = await Stomp.connect(`${gateway.ws}/chat/websocket`);
  for (let i = 0; i < 3; i += 1) await member.call('SEND', { destination: '/queue/sorted' }, 'x');
  member.send(frame('SUBSCRIBE', { id: 'q', destination: '/queue/sorted', ack: 'client', 'prefetch-count': '1' }));
  await member.frame('MESSAGE');
  await member.subscribe('/topic/sorted-1', '1');
  await member.subscribe('/topic/sorted-2', '2');
  const page = await open();
  const cells = (column) => page.locator(`#destinations tr > :nth-child(${column})`).allTextContents();
  await shows(page, '#destinations', '/queue/sorted');
  const [row] = (await page.locator('#destinations tr').allTextContents()).filter((text) => text.startsWith('/queue/sorted'));
  assert.match(row, /^\/queue\/sortedqueue13.*210$/, 'one consumer, three messages, two ready, one not acknowledged, none parked');
  const head = page.locator('thead', { hasText: 'ready' }).locator('button', { hasText: 'Destination' });
  await head.click();
  const ascending = await cells(1);
  assert.deepEqual(ascending, [...ascending].sort((a, b) => a.localeCompare(b)));
  await head.click();
  assert.deepEqual(await cells(1), [...ascending].reverse());
  assert.equal(await page.locator('[aria-sort="descending"]').count(), 1);
  await member.close();
  await closePage(page);
});

test('the console says why a message was refused', async () => {
  const page = await open();
  await page.fill('#destination', '/nowhere/at/all');
  await page.locator('#send button').click();
  await shows(page, '#sent', /refused/);
  await shows(page, '#state', 'Connected');
  page.complaints = [];
  await closePage(page);
});

test('the figures of the last minutes survive a reload of the page', async () => {
  const page = await open();
  const points = () => page.evaluate(() => JSON.parse(sessionStorage.getItem('figures'))?.plots.rates[0].length ?? 0);
  await until('some are there', async () => {
    await page.evaluate(() => dispatchEvent(new Event('pagehide')));
    return await points() >= 3;
  });
  const before = await points();
  await page.reload();
  await shows(page, '#state', 'Connected');
  await until('more are there', async () => {
    await page.evaluate(() => dispatchEvent(new Event('pagehide')));
    return await points() > before;
  });
  await closePage(page);
});

test('nothing is cut at 1280 pixels', async () => {
  const page = await open({ viewport: { width: 1280, height: 800 } });
  await shows(page, '#found', /session/);
  const cut = await page.evaluate(() => [...document.querySelectorAll('.scroll')]
    .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.getAttribute('aria-label')));
  assert.deepEqual(cut, []);
  await screenshot(page, 'console-1280');
  await closePage(page);
});

test('the console asks for its token, and again after a wrong one', async () => {
  const page = await openPage(browser, `http://127.0.0.1:${guarded.adminPort}/console/`);
  const enter = async (token) => {
    await page.fill('#token', token);
    await press(page, 'Enter');
  };
  await shows(page, '#state', 'The gateway requires its token.');
  assert.ok(await page.locator('#watching').isHidden());
  await enter('guessed-0123456789');
  await shows(page, '#state', 'The gateway requires its token.');
  assert.ok(await page.locator('#watching').isHidden());
  await enter(TOKEN);
  await shows(page, '#state', 'Connected');
  await shows(page, '#found', /session/);
  assert.ok(await page.locator('#login').isHidden());
  await page.reload(); // the tab remembers it
  await shows(page, '#state', 'Connected');
  assert.doesNotMatch(page.url(), /sesame/);
  for (const request of page.requests) assert.doesNotMatch(request.url(), /sesame/);
  await screenshot(page, 'console-token');
  await closePage(page);
});
