// A page in QtWebKit, an engine of 2016, that has no WebSocket as far as the page can see.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Inbox, until } from '../../wire/lib/wait.mjs';
import { screenshotFile } from './browser.mjs';
import { bePatient } from './converse.mjs';

const driver = fileURLToPath(new URL('old_page.py', import.meta.url));

// The engine is older than this part of a policy, and says so.
const NO_ERROR = /Unrecognized Content-Security-Policy directive 'frame-ancestors'/;

export class OldPage {
  // Debian's own python: another one that comes first in the path has not its modules.
  constructor(url) {
    this.complaints = [];
    this.answers = new Inbox();
    this.child = spawn('/usr/bin/python3', [driver, url], {
      env: { ...process.env, QT_QPA_PLATFORM: 'offscreen', QT_LOGGING_RULES: '*.warning=false' },
      stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      const { answer, complaint } = JSON.parse(line);
      if (complaint === undefined) this.answers.put(answer);
      else if (!NO_ERROR.test(complaint)) this.complaints.push(complaint);
    });
  }

  static async open(url) {
    const page = new OldPage(url);
    assert.equal(await page.answers.next(`${url} is loaded`), 'loaded');
    await page.evaluate(`(${bePatient})()`);
    return page;
  }

  ask(command) {
    this.child.stdin.write(`${JSON.stringify(command)}\n`);
    return this.answers.next(JSON.stringify(command).slice(0, 200));
  }

  evaluate(expression) { return this.ask({ evaluate: expression }); }

  type(text) { return this.ask({ type: text }); }

  press(key) { return this.ask({ press: key }); }

  screenshot(name) { return this.ask({ screenshot: screenshotFile(name) }); }

  // The texts of all that a selector finds.
  async texts(selector) {
    return JSON.parse(await this.evaluate(`JSON.stringify(Array.prototype.map.call(
      document.querySelectorAll(${JSON.stringify(selector)}), function (one) { return one.textContent; }))`));
  }

  shows(selector, text) {
    return until(`${selector} shows "${text}"`, async () => (await this.texts(selector)).some((one) => one.includes(text)));
  }

  // Runs a function of a page that returns a promise, and waits for what comes of it.
  async run(body, argument) {
    await this.evaluate(`window.found = '', (${body})(${JSON.stringify(argument)}).then(function (found) {
      window.found = JSON.stringify(found);
    })`);
    let found;
    await until(`${body.name}() is done`, async () => (found = await this.evaluate('window.found')) !== '', 60_000);
    return JSON.parse(found);
  }

  async load(script) {
    await this.evaluate(`document.body.appendChild(document.createElement('script')).src = ${JSON.stringify(script)}`);
    await until(`${script} is loaded`, async () => await this.evaluate('typeof SockJS') === 'function');
    await this.evaluate(`(${bePatient})()`);
  }

  abort() { this.child.kill(); }

  close() {
    this.abort();
    assert.deepEqual(this.complaints, []);
  }
}
