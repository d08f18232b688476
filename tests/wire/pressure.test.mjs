// Memory runs short: nobody new is let in, then the slowest are closed, and in the end all
// is as before.
import assert from 'node:assert/strict';
import { configuration } from './lib/config.mjs';
import { ask } from './lib/http.mjs';
import { Session } from './lib/sockjs.mjs';
import { Stomp } from './lib/stomp.mjs';
import { testWith } from './lib/test.mjs';
import { until } from './lib/wait.mjs';

const MB = 1 << 20;
const SOFT = 250 * MB; // a sanitizer's own takes most of it
// Small enough for a publisher to be served while there is any room (budget.h).
const DEAF = 12, COUNT = 60, EACH = 10, SIZE = 50_000;

// What is freed must be given back, as it is without a sanitizer.
const env = { ASAN_OPTIONS: 'quarantine_size_mb=0:thread_local_quarantine_size_kb=0:allocator_release_to_os_interval_ms=100' };

testWith('above limits.memory nobody new is served, the slowest are closed, and all are served again', configuration({
  limits: { memory: SOFT, queue_bytes: 100 * MB },
  times: { progress: 600_000, drain: 500 },
}), async (gateway, keep) => {
  const opens = async () => (await ask(gateway.port, `POST /echo/000/${Math.random()}`.replace('0.', '') + '/xhr', { body: '' })).status;
  assert.equal(await opens(), 200);
  const honest = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
  await honest.subscribe('/topic/calm');
  const deaf = [];
  for (let i = 0; i < DEAF; i += 1) {
    deaf.push(await keep(Stomp.connect(`${gateway.ws}/chat/websocket`)));
    await deaf[i].subscribe(`/topic/flood/${i}`);
    deaf[i].ws.pause();
  }
  const waiting = await keep(Session.streaming(gateway.port, '/echo').then(({ down }) => down));

  let refused = 0, highest = 0;
  const text = 'x'.repeat(SIZE);
  for (let i = 0; i < COUNT; i += 1) {
    for (let j = 0; j < DEAF * EACH; j += 1) honest.publish(`/topic/flood/${j % DEAF}`, text);
    await honest.call('SEND', { destination: '/topic/other' }, 'taken');
    refused += await opens() === 503;
    highest = Math.max(highest, gateway.memory);
  }
  await gateway.logged(/memory: \d+ MiB are above the limit: no session is opened/);
  await gateway.logged(/slow consumer, its queue is emptied and it ends/);
  await until('all are served again', async () => await opens() === 200);
  assert.ok(refused > 0, 'somebody was refused');
  assert.ok(highest < SOFT + 100 * MB, `${highest / MB} MB`);
  await gateway.logged(/sessions are opened again/);
  honest.publish('/topic/calm', 'still here');
  assert.equal((await honest.frame('MESSAGE')).body, 'still here');
  assert.equal(waiting.ended, false);
}, { env });
