// What a person does on the chat pages, with the keyboard alone.
import { press, shows, tabTo } from './browser.mjs';

export async function join(page, nickname, transport) {
  await tabTo(page, 'nickname');
  await page.keyboard.type(nickname);
  if (transport) {
    await tabTo(page, 'transport');
    while (await chosen(page) !== transport) await press(page, 'ArrowDown');
    await tabTo(page, 'connect');
  }
  await press(page, 'Enter');
}

const chosen = (page) => page.locator('#transport option:checked').textContent();

export async function say(page, text) {
  await tabTo(page, 'text');
  await page.keyboard.type(text);
  await press(page, 'Enter');
}

export const hears = (page, from, text) => shows(page, '#log .message', `${from} `)
  .then(() => shows(page, '#log .message .text', text));
