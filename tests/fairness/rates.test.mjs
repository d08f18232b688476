// H16: clients of one user send far above the rate of a rule, on many sessions. They are
// not read, and cost the others nothing.
import assert from 'node:assert/strict';
import { scrape } from '../wire/lib/metrics.mjs';
import { strict, testBeside } from './lib/honest.mjs';
import { range, Writer } from './lib/writer.mjs';

const CLIENTS = 50, RATE = 100, SECONDS = 4;

const rated = (over) => strict({
  admin: { listen: '127.0.0.1:0' },
  broker: { deny: 'soft' },
  rules: [
    { match: '/topic/flood', allow: ['subscribe', 'send'], rate: { messages: RATE }, over },
    { match: '/**', allow: ['subscribe', 'send'] },
  ],
});

const FRAMES = Buffer.from('SEND\ndestination:/topic/flood\n\nx\0'.repeat(1000));

async function flood(gateway, keep) {
  const reader = await keep(Writer.connect(gateway, '1.2', '127.0.0.3'));
  reader.write('SUBSCRIBE\nid:1\ndestination:/topic/flood\nreceipt:s\n\n\0');
  await reader.hears(2);
  const begun = performance.now();
  const clients = await Promise.all(range(CLIENTS).map(() => keep(Writer.connect(gateway, '1.2', '127.0.0.2'))));
  let goesOn = true;
  // Else a denial would end the session.
  for (const client of clients) client.write('SUBSCRIBE\nid:e\ndestination:/user/queue/errors\n\n\0');
  for (const { socket } of clients) {
    const more = () => { while (goesOn && socket.write(FRAMES)); };
    socket.on('drain', more);
    socket.on('error', () => {});
    more();
  }
  await new Promise((resolve) => { setTimeout(resolve, SECONDS * 1000); });
  goesOn = false;
  const seconds = (performance.now() - begun) / 1000;
  const most = RATE * (seconds + 1) + 10;
  assert.ok(reader.frames - 2 <= most, `${reader.frames - 2} came, above ${most}`);
  assert.ok(reader.frames - 2 >= RATE * SECONDS / 2, `only ${reader.frames - 2} came`);
  assert.ok((await scrape(gateway))['postern_refused_total{bound="rate"}'] > 0);
}

testBeside(`${CLIENTS} clients of one user send above its rate, and wait`, rated('wait'), flood, { most: { p99Alone: 100 } });
testBeside(`${CLIENTS} clients of one user send above its rate, and are denied`, rated('deny'), flood);
