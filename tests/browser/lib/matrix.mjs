// What each sockjs-client must be able to do over each of its transports, in any browser,
// in a page of the gateway's own and in one of another origin.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before } from 'node:test';
import { conformance } from '../../wire/lib/conformance.mjs';
import { freePort } from '../../wire/lib/gateway.mjs';
import { hardTexts } from '../../wire/lib/quoting.mjs';
import { withGateway } from '../../wire/lib/test.mjs';

export const VERSIONS = ['1.0.0', '1.1.5', '1.6.1'];
export const ORIGINS = ['same', 'cross'];
export const TRANSPORTS = ['websocket', 'xhr-streaming', 'xdr-streaming', 'eventsource', 'iframe-eventsource',
  'iframe-htmlfile', 'xhr-polling', 'xdr-polling', 'iframe-xhr-polling', 'jsonp-polling', 'htmlfile'];

// Why the client does not try this transport; nothing where it does.
export function obstacle(transport, origin) {
  if (transport.startsWith('xdr')) return 'there is no XDomainRequest';
  if (transport === 'htmlfile' && origin === 'cross') return 'a page cannot look into a frame of another origin';
  return '';
}

// The frame of htmlfile sets its domain, as the protocol has it. Where that still means
// something (Chromium has done away with it), a page must do so too to be looked at.
export const setDomain = () => { document.domain = document.domain; };

const LENGTH = 4096;
const allUnits = Array.from({ length: 0x10000 / LENGTH }, (_, piece) => (
  Array.from({ length: LENGTH }, (_, unit) => piece * LENGTH + unit)));

// As code units: the texts that encodings break, and each of the 65,536 units.
export const texts = [...hardTexts.map((text) => text.split('').map((half) => half.charCodeAt(0))), ...allUnits];

// `found` is what converse() said.
export function assertWorked(found, transport) {
  const opened = { opened: true, transport };
  const done = { ...opened, code: 3001, reason: 'done', wasClean: true };
  assert.deepEqual(found, {
    echo: { ...done, wrong: [] },
    amplify: { ...done, length: 1 << 18, isAllX: true },
    close: { ...opened, code: 3000, reason: 'Go away!', wasClean: true },
  });
}

// The client's own words when it has nothing to try.
export function assertRefused(found) {
  assert.deepEqual(found, {
    echo: { opened: false, code: 2000, reason: 'All transports failed', wasClean: false } });
}

// The gateway of the conformance tests with the demo's pages: `same` is the address of one
// of them, `cross` that of an empty page of another origin.
export function withPages() {
  const { www, ...configuration } = conformance();
  const gateway = withGateway(configuration);
  const pages = { gateway, client: (version) => ({ url: `${gateway.url}/sockjs-client/${version}/sockjs.min.js` }) };
  const server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end('<!DOCTYPE html><title>A page of somebody else</title><link rel="icon" href="data:,">');
  });
  before(async () => {
    const port = await freePort();
    await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
    pages.same = `${gateway.url}/`;
    pages.cross = `http://localhost:${port}/`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return pages;
}
