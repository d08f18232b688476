// Debian's Chromium, and pages that fail a test when they complain.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const screenshots = fileURLToPath(new URL('../../../build/screenshots/', import.meta.url));

const flags = ['--headless', '--disable-gpu', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--no-first-run', '--disable-quic'];

export const PHONE = {
  viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

// A browser that lives as long as the tests of a file.
export function withBrowser() {
  const holder = {};
  before(async () => {
    holder.browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      // Chromium's sandbox refuses to run for root.
      args: process.getuid() === 0 ? [...flags, '--no-sandbox'] : flags,
    });
  });
  after(() => holder.browser?.close());
  return holder;
}

// A tab of a user of its own. Its `complaints` are the red lines of its console.
export async function openPage({ browser }, url, { withoutWebSocket = false, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, ...options });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();

  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') page.complaints.push(message.text());
  });
  if (withoutWebSocket) await page.addInitScript(() => { delete window.WebSocket; });
  await page.goto(url);
  return page;
}

export async function closePage(page) {
  await page.context().close();
  assert.deepEqual(page.complaints, []);
}

export async function screenshot(page, name) {
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: path.join(screenshots, `${name}.png`) });
}

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
