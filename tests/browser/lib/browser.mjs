// Debian's browsers, and pages that fail a test when they complain.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium, firefox } from 'playwright-core';
import { bePatient } from './converse.mjs';

const screenshots = fileURLToPath(new URL('../../../build/screenshots/', import.meta.url));

const flags = ['--headless', '--disable-gpu', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--no-first-run', '--disable-quic'];

const launchers = {
  Chromium: () => chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    // Chromium's sandbox refuses to run for root.
    args: process.getuid() === 0 ? [...flags, '--no-sandbox'] : flags,
  }),
  // The Firefox that people have speaks WebDriver BiDi; without this channel playwright
  // wants one that it has patched.
  Firefox: () => firefox.launch({
    channel: 'moz-firefox', executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr' }),
};

export const BROWSERS = Object.keys(launchers);

export const PHONE = {
  viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

// A browser that lives as long as the tests of a file.
export function withBrowser(name = 'Chromium') {
  const holder = {};
  before(async () => { holder.browser = await launchers[name](); });
  after(() => holder.browser?.close());
  return holder;
}

// Playwright tries to put "body {}" into a page before it takes a picture. Firefox tells
// that the page's policy forbids it, by the hash of that style.
const ofPlaywright = createHash('sha256').update('body {}').digest('base64');

// A tab of a user of its own. Its `complaints` are the red lines of its console, its
// `requests` what it and its frames have asked for.
export async function openPage({ browser }, url, { withoutWebSocket = false, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, ...options });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();

  page.complaints = [];
  page.requests = [];
  const complain = (text) => text.includes(ofPlaywright) || page.complaints.push(text);
  page.on('pageerror', (error) => complain(String(error)));
  page.on('console', (message) => message.type() === 'error' && complain(message.text()));
  page.on('request', (request) => page.requests.push(request));
  if (withoutWebSocket) await page.addInitScript(() => { delete window.WebSocket; });
  await page.goto(url);
  await page.evaluate(bePatient);
  return page;
}

export async function closePage(page) {
  await page.context().close();
  assert.deepEqual(page.complaints, []);
}

export function screenshotFile(name) {
  mkdirSync(screenshots, { recursive: true });
  return path.join(screenshots, `${name}.png`);
}

export const screenshot = (page, name) => page.screenshot({ path: screenshotFile(name) });

// Waits until an element has this text in it.
export function shows(page, selector, text) {
  return page.locator(selector).filter({ hasText: text }).last().waitFor();
}

export async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key);
}

// Tabs on to an element, as who has no mouse does.
export async function tabTo(page, id) {
  const focused = () => page.evaluate(() => document.activeElement.id);
  for (let i = 0; i < 20 && await focused() !== id; i += 1) await page.keyboard.press('Tab');
  assert.equal(await focused(), id, `${id} is not reached by the tab key`);
}
