// A WebSocket that the gateway closes right after its messages: pages see these first. When
// the end of the connection followed the close frame closely, Firefox dropped both.
import assert from 'node:assert/strict';
import { BROWSERS, closePage, openPage, withBrowser } from './lib/browser.mjs';
import { withPages } from './lib/matrix.mjs';
import { test } from '../wire/lib/test.mjs';

const SOCKETS = 60;
const pages = withPages();

for (const name of BROWSERS) {
  const browser = withBrowser(name);

  test(`${name} shows what came before a close, of ${SOCKETS} WebSockets`, async () => {
    const page = await openPage(browser, pages.cross);
    const seen = await page.evaluate(async ({ url, count }) => {
      const kinds = {};
      for (let i = 0; i < count; i += 1) {
        await new Promise((resolve) => {
          const events = [];
          const socket = new window.WebSocket(`${url}/close/000/closing${i}/websocket`);
          socket.onopen = () => events.push('open');
          socket.onmessage = ({ data }) => events.push(data);
          socket.onclose = ({ code, wasClean }) => {
            const kind = [...events, code, wasClean].join(' ');
            kinds[kind] = (kinds[kind] ?? 0) + 1;
            resolve();
          };
        });
      }
      return kinds;
    }, { url: pages.gateway.ws, count: SOCKETS });
    assert.deepEqual(seen, { 'open o c[3000,"Go away!"] 3000 true': SOCKETS });
    await closePage(page);
  });
}
