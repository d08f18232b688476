// How an honest pair of clients fares beside an attack. Every test of this part has one.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { tcpPort } from '../../wire/lib/tcp.mjs';
import { testWith } from '../../wire/lib/test.mjs';
import { deadline } from '../../wire/lib/wait.mjs';

const program = fileURLToPath(new URL('pair.mjs', import.meta.url));

// Generous: sanitizers, and other programs that want the processor.
const PATIENT = { p99: 500, longest: 5000 };

// No address is spared: a test that passes since loopback is exempt shows nothing.
export const strict = (more = {}) => ({
  listen: '127.0.0.1:0',
  tcp: { listen: '127.0.0.1:0' },
  endpoints: [{ path: '/chat', sockjs: true }],
  ...more,
  exempt_addresses: [],
});

class HonestPair {
  constructor(gateway) {
    this.child = spawn(process.execPath, [program, `${tcpPort(gateway)}`], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async #line(what) {
    const { value, done } = await deadline(what, this.lines.next());
    assert.ok(!done, `${what}: the honest pair has ended`);
    return value;
  }

  static async start(gateway) {
    const pair = new HonestPair(gateway);
    assert.equal(await pair.#line('the honest pair is served'), 'ready');
    return pair;
  }

  // Milliseconds of its round trips.
  async stop() {
    this.child.stdin.end();
    const took = JSON.parse(await this.#line('the honest pair ends')).sort((a, b) => a - b);
    const at = (share) => took[Math.min(took.length - 1, Math.floor(took.length * share))];
    return { count: took.length, p50: at(0.5), p99: at(0.99), longest: took.at(-1) };
  }

  abort() { this.child.kill('SIGKILL'); }
}

export const print = (title, { count, p50, p99, longest }) => (
  console.log(`${title}: honest p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms,`
    + ` longest ${longest.toFixed(1)} ms, of ${count}`));

// A test whose attack(gateway, keep) runs beside an honest pair: see testWith().
export function testBeside(title, configuration, attack, { most, ...more } = {}) {
  testWith(title, configuration, async (gateway, keep) => {
    const pair = await keep(HonestPair.start(gateway));
    await attack(gateway, keep);
    const seen = await pair.stop();
    const bounds = { ...PATIENT, ...most };
    print(title, seen);
    for (const [name, bound] of Object.entries(bounds)) {
      assert.ok(seen[name] < bound, `${name}: ${seen[name].toFixed(1)} ms, above ${bound} ms`);
    }
  }, more);
}
