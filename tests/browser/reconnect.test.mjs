// The chat pages when the server goes away, and when it comes back.
import assert from 'node:assert/strict';
import { test, withGateway } from '../wire/lib/test.mjs';
import { openPage, press, screenshot, shows, tabTo, withBrowser } from './lib/browser.mjs';
import { hears, join, say } from './lib/chat.mjs';

const gateway = withGateway();
const browser = withBrowser();

for (const name of ['chat.html', 'chat-classic.html']) {
  for (const withoutWebSocket of [false, true]) {
    const how = withoutWebSocket ? 'without WebSocket' : 'with WebSocket';

    test(`${name} says that the connection is lost, and comes back by itself, ${how}`, async () => {
      const page = await openPage(browser, `${gateway.url}/${name}`, { withoutWebSocket });
      await join(page, 'Ana');
      await shows(page, '#state', 'Connected over');

      await gateway.end();
      await shows(page, '#state', 'No connection');
      await shows(page, '#countdown', /in \d+ s/);
      await shows(page, '#log .note', 'Connection lost');
      assert.ok(await page.locator('#send').isDisabled());
      if (!withoutWebSocket) await screenshot(page, name.replace('.html', '-lost'));

      await gateway.resume();
      await shows(page, '#state', 'Connected over');
      await say(page, 'I am back');
      await hears(page, 'Ana', 'I am back');
      await page.context().close();
    });
  }

  test(`${name} tries again at once when it is told to, and not when it left`, async () => {
    const page = await openPage(browser, `${gateway.url}/${name}`);
    await gateway.end();
    await join(page, 'Ana');
    // Until the pause is so long that only the button can be what ends it.
    await shows(page, '#countdown', /in [48] s/);
    await gateway.resume();
    await tabTo(page, 'retry');
    await press(page, 'Enter');
    await shows(page, '#state', 'Connected over');

    await gateway.end();
    await shows(page, '#state', 'No connection');
    await tabTo(page, 'leave');
    await press(page, 'Enter');
    await shows(page, '#state', 'Not connected');
    assert.equal(await page.locator('#countdown').textContent(), '');
    await gateway.resume();
    await page.context().close();
  });
}
