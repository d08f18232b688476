// A bound that a peer reaches, as counted.test.mjs tests each.
import assert from 'node:assert/strict';
import { configuration } from './config.mjs';
import { increases, scrape } from './metrics.mjs';
import { testWith } from './test.mjs';
import { until } from './wait.mjs';

export const ADMIN = { admin: { listen: '127.0.0.1:0' } };
export const refused = (bound) => `postern_refused_total{bound="${bound}"}`;

export const seen = new Set();

// reach(gateway, keep) brings a peer to the bound and looks at his answer; the figures that
// it may raise beside the one of the bound are named.
export function bound(name, what, settings, reach, { figure = refused(name), beside = [] } = {}) {
  seen.add(figure);
  const { base = configuration, ...more } = settings;
  testWith(`${name}: ${what}, and counted`, base({
    ...ADMIN, tcp: { listen: '127.0.0.1:0' }, ...more, times: { drain: 300, ...more.times },
  }), async (gateway, keep) => {
    const before = await scrape(gateway);
    await reach(gateway, keep);
    let after;
    await until(`${figure} counts`, async () => {
      after = await scrape(gateway);
      return after[figure] > before[figure];
    });
    assert.deepEqual(increases(before, after).filter((one) => one !== figure && !beside.includes(one)), []);
  });
}
