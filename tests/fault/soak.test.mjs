// Sessions come and go for a long time: memory stays where it is after the first part of
// it, in which the ends of sessions are remembered. The curve is printed.
// tags: release
import assert from 'node:assert/strict';
import { configuration } from '../wire/lib/config.mjs';
import { HandClient, byHand } from '../wire/lib/hand.mjs';
import { countSessions } from '../wire/lib/metrics.mjs';
import { frame, readFrame, Stomp } from '../wire/lib/stomp.mjs';
import { testWith } from '../wire/lib/test.mjs';
import { until } from '../wire/lib/wait.mjs';
import { giveBack, size } from './lib/size.mjs';

const MB = 1 << 20;
const SECONDS = size(20, 20 * 60), SAMPLES = size(20, 40);
const WALKERS = 24, QUEUES = 31;
const ALLOWED = size(0.4, 0.1); // of growth behind the warm-up; a short one is none

// Comes, subscribes, speaks, hears itself and leaves: politely, or without a word. Who has
// vanished is a consumer for a while: it keeps one message of its queue, not more.
async function walk(gateway, i, round) {
  const topic = `/topic/${round % 97}/${i}`, queue = `/queue/${(round + i) % QUEUES}`;
  const ack = round % 4 === 0 ? 'client' : 'auto';
  const hand = await HandClient.open(`${gateway.url}/chat`, byHand[(i + round) % byHand.length]);
  const say = (...more) => hand.send(frame(...more));
  say('CONNECT', { 'accept-version': '1.2', host: 'a', 'heart-beat': '0,0' });
  say('SUBSCRIBE', { id: 't', destination: topic });
  say('SUBSCRIBE', { id: 'q', destination: queue, ack, 'prefetch-count': 1 });
  say('SEND', { destination: queue }, 'x'.repeat(round % 3000));
  say('SEND', { destination: topic }, 'end');
  for (let got = {}; got.body !== 'end';) got = readFrame(await hand.next());
  if (round % 2 === 0) await say('DISCONNECT', { receipt: 'bye' });
  hand.abort();
}

// Takes what the walkers leave in their queues, which would fill.
async function sweep(sweeper) {
  for (let i = 0; i < QUEUES; i += 1) sweeper.send(frame('SUBSCRIBE', { id: `${i}`, destination: `/queue/${i}` }));
  for (;;) await sweeper.frame('MESSAGE');
}

testWith(`after ${SECONDS} s of coming and going memory and descriptors are as before`, configuration({
  admin: { listen: '127.0.0.1:0' }, times: { drain: 1000 }, broker: { prefixes: ['/topic'] },
  limits: { address_sessions: 100_000 },
}), async (gateway, keep) => {
  const connect = () => keep(Stomp.connect(`${gateway.ws}/chat/websocket`, { 'heart-beat': '0,0' }));
  const witness = await connect();
  const sweeper = await connect();
  sweep(sweeper).catch(() => {}); // when it is ended
  const before = gateway.descriptors;
  const end = performance.now() + SECONDS * 1000;
  const samples = [];
  let walks = 0;
  const sampling = setInterval(() => samples.push(gateway.memory), SECONDS * 1000 / SAMPLES);
  await keep({ abort: () => clearInterval(sampling) });
  await Promise.all(Array.from({ length: WALKERS }, async (_, i) => {
    for (let round = 0; performance.now() < end; round += 1) {
      await walk(gateway, i, round);
      walks += 1;
    }
  }));
  clearInterval(sampling);
  await until('all have gone', async () => gateway.descriptors <= before && await countSessions(gateway) === 2);
  await witness.call('SEND', { destination: '/topic/a' }, 'still here');

  const curve = samples.map((bytes) => (bytes / MB).toFixed(1));
  console.log(`# ${walks} conversations in ${SECONDS} s; memory in MB, every ${SECONDS / SAMPLES} s: ${curve.join(' ')}`);
  const quarter = samples.length >> 2;
  const [warm, last] = [samples.slice(quarter, -quarter), samples.slice(-quarter)].map((part) => Math.max(...part));
  assert.ok(last < warm * (1 + ALLOWED), `memory grows: ${curve.join(' ')}`);
}, { timeout: 30 * 60_000, env: giveBack });
