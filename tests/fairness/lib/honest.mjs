// How an honest pair of clients fares beside an attack. Every test of this part has one.
import assert from 'node:assert/strict';
import { testWith } from '../../wire/lib/test.mjs';
import { HonestPair } from './honest-pair.mjs';

export { strict } from './strict.mjs';

// Generous: sanitizers, and other programs that want the processor.
const PATIENT = { p99Alone: 500, longest: 5000 };

function print(title, seen) {
  const ms = (name) => `${seen[name].toFixed(1)} ms`;
  const newcomers = seen.arrivals === undefined ? ''
    : `; CONNECTED ${ms('connected')} (alone ${ms('connectedAlone')}), the longest of ${seen.arrivals}`;
  console.log(`${title}: honest p50 ${ms('p50')}, p99 ${ms('p99')} (alone ${ms('p99Alone')}),`
    + ` longest ${ms('longest')} (alone ${ms('longestAlone')}), of ${seen.count}${newcomers}`);
}

// A test whose attack(gateway, keep) runs beside an honest pair: see testWith(). What the
// attack returns, if anything, is called when the pair has stopped.
export function testBeside(title, configuration, attack, { most, newcomers, ...more } = {}) {
  testWith(title, configuration, async (gateway, keep) => {
    const pair = await keep(HonestPair.start(gateway, newcomers));
    const end = await attack(gateway, keep);
    const seen = await pair.stop();
    const bounds = { ...PATIENT, ...most };
    print(title, seen);
    await end?.();
    for (const [name, bound] of Object.entries(bounds)) {
      assert.ok(seen[name] < bound, `${name}: ${seen[name].toFixed(1)} ms, above ${bound} ms`);
    }
  }, more);
}
