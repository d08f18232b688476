// Tests beside a flood.
import assert from 'node:assert/strict';
import { scrape } from '../../wire/lib/metrics.mjs';
import { flooded, floods } from './floods.mjs';
import { testBeside } from './honest.mjs';

// A flood of floods.mjs over a transport, over which newcomers connect, too. It lasts until
// watch(gateway) returns; its audience must be there still. Then, beside the flood,
// end(gateway) is called.
export function testFlood(title, flood, { over = 'tcp', configuration, watch, end, ...more }) {
  const admin = { listen: '127.0.0.1:0' };
  testBeside(title, flooded({ admin, ...configuration }), async (gateway, keep) => {
    await floods[flood](gateway, keep, over);
    const { postern_subscriptions: subscriptions } = await scrape(gateway);
    await watch(gateway);
    assert.equal((await scrape(gateway)).postern_subscriptions, subscriptions, 'the audience stays');
    return () => end?.(gateway);
  }, { newcomers: over, ...more });
}
