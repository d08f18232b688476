// What Postern counts as its memory is the same after thousands of requests as before: a
// mistake of some bytes in each would refuse every client in the end.
import assert from 'node:assert/strict';
import { range } from '../fairness/lib/writer.mjs';
import { requestText, Wire } from './lib/http.mjs';
import { scrape } from './lib/metrics.mjs';
import { Stomp } from './lib/stomp.mjs';
import { testWith } from './lib/test.mjs';

const COUNT = 4000;
const MOST = COUNT * 20; // bytes; a mistake in each request is larger

const counted = async (gateway) => (await scrape(gateway)).postern_memory_counted_bytes;

testWith('what is counted as memory does not grow by requests', {
  workers: 1, // the count of other threads may be late by 64 KiB each
  endpoints: [{ path: '/chat' }],
  admin: { listen: '127.0.0.1:0' },
  app: { prefixes: ['/app'], routes: [{ match: '/app/n', send_to: ['/topic/n'], body: { n: '{body.n}' } }] },
}, async (gateway, keep) => {
  const wire = await keep(Wire.open(gateway.port));
  const client = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));

  const asks = {
    'GET /info': async () => {
      const { status } = await wire.write(requestText('GET /chat/info')).answer();
      assert.equal(status, 200);
    },
    'HEAD /info': async () => {
      const { status } = await wire.write(requestText('HEAD /chat/info')).answer({ method: 'HEAD' });
      assert.equal(status, 200);
    },
    'a number in a route': () => client.call('SEND', { destination: '/app/n' }, '{"n":0.25}'),
  };
  for (const [what, ask] of Object.entries(asks)) {
    await ask();
    const before = await counted(gateway);
    for (const _ of range(COUNT)) await ask();
    const grown = await counted(gateway) - before;
    assert.ok(Math.abs(grown) < MOST, `${what}: ${grown} bytes after ${COUNT} requests`);
  }
});
