// Attacks on memory: an honest pair is unharmed, newcomers are admitted, and the process has
// never had much more than limits.memory.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Session } from '../../wire/lib/sockjs.mjs';
import { until } from '../../wire/lib/wait.mjs';
import { strict, testBeside } from './honest.mjs';
import { range } from './writer.mjs';

export const MIB = 1 << 20;
export const LIMIT = 128 * MIB;

const NEWCOMERS = 20;

// Bytes of the process's memory: 'VmRSS' now, 'VmHWM' the most that it has had.
export function memory(gateway, what) {
  const status = readFileSync(`/proc/${gateway.pid}/status`, 'utf8');
  return Number(status.match(new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm'))[1]) * 1024;
}

// One that is refused tries again, as clients do: what was taken too much goes soon.
async function admitNewcomers(gateway) {
  let refused = 0;
  for (const i of range(NEWCOMERS)) {
    await until(`newcomer ${i} is admitted`, async () => {
      const { status, body } = await new Session(gateway.port, '/chat').post('xhr');
      assert.ok(status === 503 || body === 'o\n', `${status} ${body}`);
      refused += status === 503;
      return status === 200;
    }, 3000);
  }
  return refused;
}

// attack(gateway, keep) leaves its connections open: they are at their worst in the end.
export function testMemory(title, attack, { limits = {}, settings = {}, ...more } = {}) {
  testBeside(title, strict({
    admin: { listen: '127.0.0.1:0' },
    limits: { memory: LIMIT, ...limits },
    times: { drain: 500 },
    ...settings,
  }), async (gateway, keep) => {
    await attack(gateway, keep);
    const refused = await admitNewcomers(gateway);
    const peak = memory(gateway, 'VmHWM');
    console.log(`${title}: ${(peak / MIB).toFixed(0)} MiB at most, newcomers refused ${refused} times`);
    assert.ok(peak < 1.25 * LIMIT, `${(peak / MIB).toFixed(0)} MiB`);
  }, more);
}
