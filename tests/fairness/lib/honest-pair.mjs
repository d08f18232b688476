// An honest pair of clients, which measures how long others wait: see pair.mjs.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { tcpPort } from '../../wire/lib/tcp.mjs';
import { deadline } from '../../wire/lib/wait.mjs';

const program = fileURLToPath(new URL('pair.mjs', import.meta.url));

const sorted = (times, which) => times.map((time) => time[which]).sort((a, b) => a - b);
const at = (times, share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];

// `newcomers`: the transport over which others connect meanwhile; by default nobody does.
export class HonestPair {
  constructor(gateway, newcomers = []) {
    const args = [program, gateway.port, tcpPort(gateway), gateway.pid].concat(newcomers);
    this.child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async #line(what) {
    const { value, done } = await deadline(what, this.lines.next());
    assert.ok(!done, `${what}: the honest pair has ended`);
    return value;
  }

  static async start(...how) {
    const pair = new HonestPair(...how);
    assert.equal(await pair.#line('the honest pair is served'), 'ready');
    return pair;
  }

  // Milliseconds: of its round trips, and the longest wait for CONNECTED, if anybody came. The
  // figures "alone" are without the machine's part: see processor.mjs.
  async stop() {
    this.child.stdin.end();
    const { exchanges, arrivals } = JSON.parse(await this.#line('the honest pair ends'));
    const took = sorted(exchanges, 'took'), alone = sorted(exchanges, 'alone');
    return {
      count: took.length, p50: at(took, 0.5), p99: at(took, 0.99), longest: took.at(-1),
      p99Alone: at(alone, 0.99), longestAlone: alone.at(-1),
      ...arrivals.length > 0 && {
        arrivals: arrivals.length, connected: sorted(arrivals, 'took').at(-1),
        connectedAlone: sorted(arrivals, 'alone').at(-1),
      },
    };
  }

  abort() { this.child.kill('SIGKILL'); }
}
