// Clients that are killed by the thousand: of none anything is left.
import assert from 'node:assert/strict';
import { configuration } from '../wire/lib/config.mjs';
import { countSessions } from '../wire/lib/metrics.mjs';
import { Stomp } from '../wire/lib/stomp.mjs';
import { tcpPort } from '../wire/lib/tcp.mjs';
import { testWith } from '../wire/lib/test.mjs';
import { until } from '../wire/lib/wait.mjs';
import { beside } from './lib/beside.mjs';
import { giveBack, size } from './lib/size.mjs';

const MB = 1 << 20;
const CROWD = size(200, 1000), KILLS = size(3, 8);
const GROWTH = 30 * MB; // what is remembered of how sessions ended, and a sanitizer's share

testWith(`of ${KILLS} crowds of ${CROWD} clients that are killed nothing is left`, configuration({
  admin: { listen: '127.0.0.1:0' }, tcp: { listen: '127.0.0.1:0' }, times: { disconnect: 3000, drain: 500 }, broker: { prefixes: ['/topic'] },
}), async (gateway, keep) => {
  const witness = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
  const before = gateway.descriptors;
  const memory = [];
  for (let i = 0; i < KILLS; i += 1) {
    const child = await beside(keep, 'crowd.mjs', gateway.port, CROWD, tcpPort(gateway));
    // Those who poll are between two polls for a moment.
    await until('all are connected', () => gateway.descriptors >= before + CROWD * 0.8);
    child.kill('SIGKILL');
    await until('all have gone', async () => gateway.descriptors <= before && await countSessions(gateway) === 1)
      .catch(async ({ message }) => {
        const left = gateway.descriptors - before;
        assert.fail(`${message}: ${left} descriptors and ${await countSessions(gateway) - 1} sessions are left`);
      });
    await witness.call('SEND', { destination: '/topic/1' }, 'still here');
    memory.push(gateway.memory);
  }
  console.log(`# memory behind each crowd: ${memory.map((bytes) => `${Math.round(bytes / MB)} MB`).join(', ')}`);
  assert.ok(memory.at(-1) - memory[0] < GROWTH, 'memory is back where it was');
}, { env: giveBack });
