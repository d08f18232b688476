// H3: one client cannot take all destinations: what it makes is its own share.
import assert from 'node:assert/strict';
import { frame } from '../wire/lib/stomp.mjs';
import { TcpStomp, tcpPort } from '../wire/lib/tcp.mjs';
import { scrape } from '../wire/lib/metrics.mjs';
import { strict, testBeside } from './lib/honest.mjs';
import { range, Writer } from './lib/writer.mjs';

const QUEUES = 100_000; // as many as limits.destinations allows
const SHARE = 25_000;

const sends = (first, count) => range(count).map((i) => `SEND\ndestination:/queue/${first + i}\n\n\0`).join('');

testBeside('100,000 SENDs to different queues', strict({ admin: { listen: '127.0.0.1:0' } }), async (gateway, keep) => {
  const hog = await keep(Writer.connect(gateway, '1.2', '127.0.0.2'));
  for (let sent = 0; sent < QUEUES; sent += 10_000) {
    // Topics take any number of messages that nobody subscribes to.
    hog.write(sends(sent, 10_000) + 'SEND\ndestination:/topic/none\nreceipt:r\n\n\0');
    await hog.hears(2 + sent / 10_000);
  }
  const figures = await scrape(gateway);
  assert.ok(figures.postern_destinations <= SHARE + 10, `${figures.postern_destinations} destinations`);
  assert.ok(figures['postern_refused_total{bound="share"}'] >= QUEUES - SHARE);

  const honest = await keep(new TcpStomp(tcpPort(gateway), '127.0.0.1').greet());
  await honest.subscribe('/topic/of-a-newcomer');
  await honest.call('SEND', { destination: '/queue/of-a-newcomer' }, 'x');
  honest.send(frame('SUBSCRIBE', { id: 'q', destination: '/queue/of-a-newcomer' }));
  assert.equal((await honest.frame('MESSAGE')).body, 'x');
});
