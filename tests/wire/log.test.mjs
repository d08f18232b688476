// tags: tsan
// Nobody reads the log, or reads it late: no client notices, and what is lost is counted.
import assert from 'node:assert/strict';
import { configuration } from './lib/config.mjs';
import { requestText, Wire } from './lib/http.mjs';
import { scrape } from './lib/metrics.mjs';
import { Stomp } from './lib/stomp.mjs';
import { testWith } from './lib/test.mjs';
import { until } from './lib/wait.mjs';

const LOST = 'postern_log_lines_lost_total';
const settings = configuration({
  admin: { listen: '127.0.0.1:0' },
  endpoints: [{ path: '/shop', handler: 'echo', allowed_origins: ['https://shop.example'] }],
  limits: { log_lines: 1_000_000 },
  exempt_addresses: [],
});

// Provokes as many lines that all differ.
async function provoke(wire, lines) {
  const requests = Array.from({ length: lines }, () => requestText('GET /shop/info', {
    headers: { Origin: `https://${Math.random()}.${'example'.repeat(6)}` },
  }));
  wire.write(requests.join(''));
  for (let i = 0; i < lines; i += 1) assert.equal((await wire.answer()).status, 403);
}

// Until lines are lost, an honest client is served all the time.
async function fill(gateway, keep) {
  const honest = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
  const wire = await keep(Wire.open(gateway.port));
  gateway.child.stderr.pause();
  await until('lines are lost', async () => {
    await provoke(wire, 100);
    await honest.call('SEND', { destination: '/topic/a' }, 'still here');
    return (await scrape(gateway))[LOST] > 0;
  });
  return honest;
}

testWith('nobody waits for the reader of the log, who is told how many lines he has missed', settings,
  async (gateway, keep) => {
    const honest = await fill(gateway, keep);
    const { [LOST]: lost } = await scrape(gateway);
    gateway.child.stderr.resume();
    const [, told] = await gateway.logged(/ warn {2}log: lines are lost, which nobody read in time: lines=(\d+)\n/);
    assert.ok(Number(told) >= lost, `${told} of ${lost}`);
    assert.equal((await scrape(gateway))[LOST], Number(told));
    await honest.call('SEND', { destination: '/topic/a' }, 'still here');
    await honest.close();
    await gateway.logged(/session ended: .*endpoint=\/chat/);
  });

testWith('SIGTERM ends a gateway whose log nobody reads', settings, async (gateway, keep) => {
  await (await fill(gateway, keep)).close();
  gateway.child.kill('SIGTERM');
  await until('the process is over', () => gateway.child.exitCode !== null);
  assert.equal(gateway.child.exitCode, 0);
  gateway.child.stderr.resume();
});
