// What Postern counts as its memory is the same after thousands of requests as before: a
// mistake of some bytes in each would refuse every client in the end.
import assert from 'node:assert/strict';
import { range } from '../fairness/lib/writer.mjs';
import { requestText, Wire } from './lib/http.mjs';
import { scrape } from './lib/metrics.mjs';
import { Stomp } from './lib/stomp.mjs';
import { testWith } from './lib/test.mjs';

const LATE = 65536; // bytes: the count of each thread may be late by that
const MISTAKE = 20; // bytes: a mistake in each request is larger
const AT_ONCE = 100;

const counted = async (gateway) => (await scrape(gateway)).postern_memory_counted_bytes;

// So many that mistakes are larger than what may be late before and after.
const countFor = (workers) => Math.max(40, Math.ceil(2 * workers * LATE / MISTAKE / AT_ONCE)) * AT_ONCE;

for (const workers of [1, 3]) testWith(`what is counted as memory does not grow by requests, workers: ${workers}`, {
  workers,
  endpoints: [{ path: '/chat' }],
  admin: { listen: '127.0.0.1:0' },
  app: { prefixes: ['/app'], routes: [{ match: '/app/n', send_to: ['/topic/n'], body: { n: '{body.n}' } }] },
}, async (gateway, keep) => {
  const wire = await keep(Wire.open(gateway.port));
  const client = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));

  const answers = async (method) => {
    wire.write(requestText(`${method} /chat/info`).repeat(AT_ONCE));
    for (const _ of range(AT_ONCE)) assert.equal((await wire.answer({ method })).status, 200);
  };
  const asks = {
    'GET /info': () => answers('GET'),
    'HEAD /info': () => answers('HEAD'),
    async 'a number in a route'() {
      for (const _ of range(AT_ONCE - 1)) client.publish('/app/n', '{"n":0.25}');
      await client.call('SEND', { destination: '/app/n' }, '{"n":0.25}');
    },
  };
  const count = countFor(workers);
  for (const [what, ask] of Object.entries(asks)) {
    await ask();
    const before = await counted(gateway);
    for (const _ of range(count / AT_ONCE)) await ask();
    const grown = await counted(gateway) - before;
    assert.ok(Math.abs(grown) < count * MISTAKE, `${what}: ${grown} bytes after ${count} requests`);
  }
});
