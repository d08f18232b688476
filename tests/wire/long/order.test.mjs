// Too long for every commit: order over a long time, directly and through a proxy that
// mixes its connections.
import { severalWorkers } from '../lib/config.mjs';
import { assertOrder } from '../lib/order.mjs';
import { Proxy } from '../lib/proxy.mjs';
import { testWith } from '../lib/test.mjs';

const MINUTES = 60_000;

testWith('50 subscribers hear 20,000 messages of each of four publishers, by several topics, once and in order', severalWorkers({
  limits: { queue_messages: 10_000_000, queue_bytes: 4_000_000_000 },
  times: { progress: MINUTES, pong: MINUTES, disconnect: MINUTES },
}), async (gateway, keep) => {
  const proxy = await keep(Proxy.open(gateway.port));
  const urls = [`${gateway.url}/chat`, `${proxy.url}/chat`];
  const began = performance.now();
  await assertOrder((i) => urls[Math.floor(i / 5) % 2], { subscribers: 50, each: 20_000, patience: 20 * MINUTES });
  console.log(`# all heard all in ${Math.round((performance.now() - began) / 1000)} s`);
}, { timeout: 30 * MINUTES });
