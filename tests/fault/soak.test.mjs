// Sessions come and go for a long time: memory and descriptors stay where they were after
// the first part of it. The curve is printed.
import assert from 'node:assert/strict';
import { configuration } from '../wire/lib/config.mjs';
import { HandClient, byHand } from '../wire/lib/hand.mjs';
import { frame, readFrame, Stomp } from '../wire/lib/stomp.mjs';
import { testWith } from '../wire/lib/test.mjs';
import { until } from '../wire/lib/wait.mjs';
import { giveBack, size } from './lib/size.mjs';

const MB = 1 << 20;
const SECONDS = size(20, 20 * 60), SAMPLES = 20;
const WALKERS = 24;
const ALLOWED = size(0.4, 0.15); // from the first half on; at first the ends of sessions are remembered

// Comes, subscribes, speaks, hears itself and leaves: politely, or without a word.
async function walk(gateway, i, round) {
  const topic = `/topic/${round % 97}/${i}`, queue = `/queue/${(round + i) % 31}`;
  const hand = await HandClient.open(`${gateway.url}/chat`, byHand[(i + round) % byHand.length]);
  const say = (...more) => hand.send(frame(...more));
  say('CONNECT', { 'accept-version': '1.2', host: 'a', 'heart-beat': '0,0' });
  say('SUBSCRIBE', { id: 't', destination: topic });
  say('SUBSCRIBE', { id: 'q', destination: queue, ack: round % 4 === 0 ? 'client' : 'auto' });
  say('SEND', { destination: queue }, 'x'.repeat(round % 3000));
  say('SEND', { destination: topic }, 'end');
  for (let got = {}; got.body !== 'end';) got = readFrame(await hand.next());
  if (round % 2 === 0) await say('DISCONNECT', { receipt: 'bye' });
  hand.abort();
}

testWith(`after ${SECONDS} s of coming and going memory and descriptors are as before`, configuration({
  times: { disconnect: 300, drain: 1000 }, broker: { prefixes: ['/topic'] },
  limits: { backlog_messages: 50, address_sessions: 100_000 },
}), async (gateway, keep) => {
  const witness = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
  const before = gateway.descriptors;
  const end = performance.now() + SECONDS * 1000;
  const samples = [];
  let walks = 0, refused = 0;
  const sampling = setInterval(() => samples.push(gateway.memory), SECONDS * 1000 / SAMPLES);
  await keep({ abort: () => clearInterval(sampling) });
  await Promise.all(Array.from({ length: WALKERS }, async (_, i) => {
    for (let round = 0; performance.now() < end; round += 1) {
      try {
        await walk(gateway, i, round);
        walks += 1;
      } catch (error) {
        refused += 1; // a queue that nobody empties is full: the sender hears an ERROR
        if (!/closed with|ended|closed/.test(error.message)) throw error;
      }
    }
  }));
  clearInterval(sampling);
  await until('all have gone', () => gateway.descriptors <= before);
  await witness.call('SEND', { destination: '/topic/a' }, 'still here');
  console.log(`# ${walks} conversations, ${refused} refused, in ${SECONDS} s; memory in MB: `
    + samples.map((bytes) => Math.round(bytes / MB)).join(' '));
  const half = Math.max(...samples.slice(0, samples.length >> 1));
  assert.ok(samples.at(-1) < half * (1 + ALLOWED), 'memory does not grow');
}, { timeout: 30 * 60_000, env: giveBack });
