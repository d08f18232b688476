// Three generations of sockjs-client in today's browsers, over each transport that they
// have, from a page of the gateway's own and from one of another origin.
import assert from 'node:assert/strict';
import { test } from '../wire/lib/test.mjs';
import { BROWSERS, closePage, openPage, withBrowser } from './lib/browser.mjs';
import { bePatient, converse, imitateXDomainRequest } from './lib/converse.mjs';
import {
  assertRefused, assertWorked, obstacle, ORIGINS, setDomain, texts, TRANSPORTS, VERSIONS, withPages,
} from './lib/matrix.mjs';

const pages = withPages();
const browsers = Object.fromEntries(BROWSERS.map((name) => [name, withBrowser(name)]));

// What converse() finds over a transport.
const speak = (page, transport) => page.evaluate(converse, { gateway: pages.gateway.url, transport, texts });

// Opens a page, in which it runs prepare(), with a client's script: body(page) speaks.
async function withClient({ browser = 'Chromium', origin = 'cross', client, prepare = () => {} }, body) {
  const page = await openPage(browsers[browser], pages[origin]);
  await page.evaluate(prepare);
  await page.addScriptTag(client);
  await page.evaluate(bePatient);
  await body(page);
  await closePage(page);
}

const pathOf = (request) => new URL(request.url()).pathname;

// The scripts that the frames of the page have loaded, each named once.
const scriptsOfFrames = (page) => [...new Set(page.requests
  .filter((request) => request.frame() !== page.mainFrame()).map(pathOf)
  .filter((path) => path.endsWith('.js')))].sort();

for (const browser of BROWSERS) {
  for (const version of VERSIONS) {
    for (const origin of ORIGINS) {
      test(`sockjs-client ${version} in ${browser}, ${origin} origin`, (context) => (
        withClient({ browser, origin, client: pages.client(version) }, async (page) => {
          for (const transport of TRANSPORTS) {
            page.requests = [];
            const why = obstacle(transport, origin);
            await context.test(why ? `does not try ${transport}: ${why}` : `works over ${transport}`, async () => {
              if (transport === 'htmlfile') await page.evaluate(setDomain);
              const found = await speak(page, transport);
              if (why) {
                assertRefused(found);
                assert.deepEqual(page.requests.map(pathOf), ['/echo/info']);
                return;
              }
              assertWorked(found, transport);
              assert.deepEqual(scriptsOfFrames(page), transport.startsWith('iframe-')
                ? [`/sockjs-client/${version}/sockjs.min.js`, '/sockjs-client/loader.js'] : []);
            });
          }
        })));
    }
  }
}

for (const version of VERSIONS) {
  for (const transport of ['xdr-streaming', 'xdr-polling']) {
    test(`sockjs-client ${version} works over ${transport} where something looks like XDomainRequest`, () => (
      withClient({ client: pages.client(version), prepare: imitateXDomainRequest }, async (page) => {
        assertWorked(await speak(page, transport), transport);
      })));
  }
}

test('sockjs-client 1.4.0, which the gateway has not, speaks through the newest in its iframe', async () => {
  const newest = await (await fetch(pages.client('1.6.1').url)).text();
  await withClient({ client: { content: newest.replaceAll('1.6.1', '1.4.0') } }, async (page) => {
    assertWorked(await speak(page, 'iframe-xhr-polling'), 'iframe-xhr-polling');
    assert.deepEqual(scriptsOfFrames(page), ['/sockjs-client/1.4.0/sockjs.min.js',
      '/sockjs-client/1.6.1/sockjs.min.js', '/sockjs-client/loader.js']);
    // A browser tells of the answer, or that the text in it is no script.
    for (const complaint of page.complaints.splice(0)) assert.match(complaint, /404|1\.4\.0\/sockjs\.min\.js' because its MIME/);
  });
});
