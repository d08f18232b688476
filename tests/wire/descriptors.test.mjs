// The descriptors that a process gets from whoever starts it: too few, or standard ones
// that are closed.
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { configuration } from './lib/config.mjs';
import { freePort, Gateway } from './lib/gateway.mjs';
import { ask } from './lib/http.mjs';
import { Socket, Stomp } from './lib/stomp.mjs';
import { test, testWith } from './lib/test.mjs';
import { until } from './lib/wait.mjs';

const WORKERS = 16, LEAST = 64 + 16 * WORKERS;
const limited = (count) => ['prlimit', `--nofile=${count}:${count}`];

for (const count of [LEAST, 1024]) {
  testWith(`${WORKERS} workers serve with ${count} descriptors`, configuration({ workers: WORKERS }),
    async (gateway, keep) => {
      const stomp = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
      await stomp.call('SEND', { destination: '/topic/a' }, 'here');
      assert.equal((await ask(gateway.port, 'GET /echo')).status, 200);
    }, { under: limited(count) });
}

test('with fewer descriptors Postern does not start, and says how many it needs', async () => {
  const gateway = new Gateway(configuration({ workers: WORKERS }), { under: limited(LEAST - 1) });
  await gateway.begin();
  assert.equal(await gateway.exit, 1);
  assert.match(gateway.log, new RegExp(`${WORKERS} workers need ${LEAST} file descriptors at least, `
    + `and the process may have ${LEAST - 1}: raise its hard limit, or set fewer workers\n`));
});

// libwebsockets gets 1,024 places for descriptors, and 128 for each worker, then four times as
// many. The last but one has room for 4,608 here, the last for as many as are allowed.
testWith('WebSockets with descriptors beyond the first places are served, and closed', configuration({ workers: 1 }),
  async (gateway) => {
    const descriptors = () => readdirSync(`/proc/${gateway.pid}/fd`).length;
    const atRest = descriptors(), sockets = [];
    while (sockets.length < 1300) {
      sockets.push(...await Promise.all(Array.from({ length: 100 }, () => Socket.open(`${gateway.ws}/echo/websocket`))));
    }
    for (const socket of [sockets[0], sockets.at(-1)]) {
      assert.equal(await socket.send('here').next(), 'here');
    }
    await Promise.all(sockets.map((socket) => socket.close()));
    await until('all are closed', () => descriptors() <= atRest);
    const again = await Socket.open(`${gateway.ws}/echo/websocket`);
    assert.equal(await again.send('again').next(), 'again');
    await again.close();
  });

test('standard descriptors that are closed at the start are opened, and no socket gets their numbers', async () => {
  const gateway = new Gateway(configuration(), {
    port: await freePort(),
    under: ['bash', '-c', 'exec "$@" <&- >&- 2>&-', 'bash'],
  });
  await gateway.begin();
  try {
    await until('it answers', async () => (await ask(gateway.port, 'GET /echo').catch(() => ({}))).status === 200);
    for (const fd of [0, 1, 2]) assert.equal(readlinkSync(`/proc/${gateway.pid}/fd/${fd}`), '/dev/null');
    await gateway.stop();
  } finally {
    gateway.kill();
  }
});
