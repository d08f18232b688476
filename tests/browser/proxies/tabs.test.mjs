// What only a browser shows of a proxy: how many streams may be open to one host at a time,
// and that sockjs-client finds a way behind an untouched proxy_pass.
import assert from 'node:assert/strict';
import { test as nodeTest } from 'node:test';
import { configuration } from '../../wire/lib/config.mjs';
import { freePort, Gateway } from '../../wire/lib/gateway.mjs';
import { Recipe } from '../../wire/lib/recipe.mjs';
import { deadline } from '../../wire/lib/wait.mjs';
import { withBrowser } from '../lib/browser.mjs';

const TABS = 12; // HTTP/1.1 allows six connections to a host

const holder = withBrowser();

// A gateway behind a recipe, and tabs of one user.
function testBehind(file, title, settingsOf, body) {
  nodeTest(`${file}: ${title}`, async () => {
    const port = await freePort();
    let recipe, gateway, context;
    try {
      recipe = await Recipe.start(file, { 'postern:8080': port });
      gateway = new Gateway(configuration({ times: { drain: 500 }, ...settingsOf(recipe) }), { port });
      await gateway.start();
      context = await holder.browser.newContext({ ignoreHTTPSErrors: true });
      context.setDefaultTimeout(30_000);
      await deadline(title, body(context, recipe), 120_000);
      await context.close();
      await recipe.stop();
      await gateway.stop();
    } finally {
      await context?.close();
      recipe?.kill();
      gateway?.kill();
    }
  });
}

async function openTab(context, { url }) {
  const page = await context.newPage();
  await page.goto(`${url}/echo`);
  await page.addScriptTag({ url: '/sockjs-client/1.6.1/sockjs.min.js' });
  return page;
}

// Opens a session in the page and has its answer to a message, and stays open.
function converse(page, transports) {
  return page.evaluate((names) => new Promise((resolve, reject) => {
    const socket = new SockJS('/echo', null, names ? { transports: names } : {});
    socket.onopen = () => socket.send('hello');
    socket.onmessage = ({ data }) => resolve(`${data} over ${socket.transport}`);
    socket.onclose = ({ code, reason }) => reject(new Error(`${code} ${reason}`));
  }), transports);
}

// Where the proxy says what site it is, that is the only one; else it must be named.
const trusting = () => ({ trusted_proxies: ['127.0.0.1'], allowed_origins: undefined });
const naming = ({ url }) => ({ allowed_origins: [url] });

for (const file of ['nginx/one-node.conf', 'haproxy/one-node.cfg']) {
  testBehind(file, `${TABS} tabs hold a stream open at the same time`, trusting, async (context, recipe) => {
    const tabs = [];
    for (let i = 0; i < TABS; i += 1) tabs.push(await openTab(context, recipe));
    const protocol = await tabs[0].evaluate(() => performance.getEntriesByType('navigation')[0].nextHopProtocol);
    assert.equal(protocol, 'h2');
    const answers = await Promise.all(tabs.map((page) => converse(page, ['xhr-streaming'])));
    assert.deepEqual(answers, tabs.map(() => 'hello over xhr-streaming'));
  });

  testBehind(file, 'a page of the site has its WebSocket', trusting, async (context, recipe) => {
    assert.equal(await converse(await openTab(context, recipe)), 'hello over websocket');
  });
}

testBehind('nginx/untouched.conf', 'a page falls back to streaming, and then it works', naming,
  async (context, recipe) => {
    assert.equal(await converse(await openTab(context, recipe)), 'hello over xhr-streaming');
  });
