// Clients that are killed by the thousand: of none anything is left.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { configuration } from '../wire/lib/config.mjs';

import { Stomp } from '../wire/lib/stomp.mjs';
import { tcpPort } from '../wire/lib/tcp.mjs';
import { testWith } from '../wire/lib/test.mjs';
import { deadline, until } from '../wire/lib/wait.mjs';
import { giveBack, size } from './lib/size.mjs';

const MB = 1 << 20;
const CROWD = size(200, 1000), KILLS = size(3, 8);
const GROWTH = 30 * MB; // what is remembered of how sessions ended, and a sanitizer's share
const script = fileURLToPath(new URL('lib/crowd.mjs', import.meta.url));

testWith(`of ${KILLS} crowds of ${CROWD} clients that are killed nothing is left`, configuration({
  tcp: { listen: '127.0.0.1:0' }, times: { disconnect: 500, drain: 500 }, broker: { prefixes: ['/topic'] },
}), async (gateway, keep) => {
  const witness = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
  const before = gateway.descriptors;
  const memory = [];
  for (let i = 0; i < KILLS; i += 1) {
    const child = spawn(process.execPath, [script, gateway.port, CROWD, tcpPort(gateway)], { stdio: ['ignore', 'pipe', 'inherit'] });
    await keep({ abort: () => child.kill('SIGKILL') });
    await deadline('the crowd is there', once(child.stdout, 'data'), 60_000);
    // Those who poll are between two polls for a moment.
    await until('all are connected', () => gateway.descriptors >= before + CROWD * 0.8);
    child.kill('SIGKILL');
    await until('all have gone', () => gateway.descriptors <= before);
    await witness.call('SEND', { destination: '/topic/1' }, 'still here');
    memory.push(gateway.memory);
  }
  console.log(`# memory behind each crowd: ${memory.map((bytes) => `${Math.round(bytes / MB)} MB`).join(', ')}`);
  const ended = gateway.log.match(/session ended/g)?.length ?? 0;
  console.log(`# ${ended} ends are in the log`);
  assert.ok(memory.at(-1) - memory[0] < GROWTH, 'memory is back where it was');
}, { env: giveBack });
