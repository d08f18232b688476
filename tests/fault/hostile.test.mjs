// Very many who never finish what they begin, and as many who never read, while some
// honest clients go on: these notice nothing, and of the others nothing is left.
import assert from 'node:assert/strict';
import { configuration } from '../wire/lib/config.mjs';
import { HandClient } from '../wire/lib/hand.mjs';
import { frame, readFrame, Stomp } from '../wire/lib/stomp.mjs';
import { testWith } from '../wire/lib/test.mjs';
import { until } from '../wire/lib/wait.mjs';
import { beside } from './lib/beside.mjs';
import { size } from './lib/size.mjs';

const SLOW = size(150, 500), DEAF = size(150, 500), HONEST = size(20, 50);
const ROUNDS = size(40, 200);

// One who speaks and listens; it measures how long its own words take.
class Honest {
  static async open(gateway, i) {
    const honest = new Honest();
    honest.topic = `/topic/honest/${i}`;
    honest.times = [];
    const transport = ['websocket', 'xhr-streaming', 'xhr-polling', 'eventsource'][i % 4];
    honest.hand = await HandClient.open(`${gateway.url}/chat`, transport);
    honest.hand.send(frame('CONNECT', { 'accept-version': '1.2', host: 'a', 'heart-beat': '0,0' }));
    honest.hand.send(frame('SUBSCRIBE', { id: '0', destination: honest.topic, receipt: 'r' }));
    for (const command of ['CONNECTED', 'RECEIPT']) assert.equal(readFrame(await honest.hand.next()).command, command);
    return honest;
  }

  async run() {
    for (let i = 0; i < ROUNDS; i += 1) {
      const at = performance.now();
      this.hand.send(frame('SEND', { destination: this.topic }, `${i}`));
      assert.equal(readFrame(await this.hand.next()).body, `${i}`);
      this.times.push(performance.now() - at);
      await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
  }

  abort() { this.hand.abort(); }
}

// More than the kernel takes for one who does not read.
async function flood(loud) {
  for (let i = 0; i < 60; i += 1) {
    loud.publish('/topic/flood', 'x'.repeat(100_000));
    if (i % 10 === 9) await loud.call('SEND', { destination: '/topic/other' }, 'taken');
  }
}

testWith(`${SLOW} slowloris and ${DEAF} who never read, and ${HONEST} honest clients go on`, configuration({
  endpoints: [{ path: '/long', handler: 'stomp', response_limit: 1_000_000_000 }],
  // Short, but not for an honest client on a machine that is busy with the others.
  times: { body: 10_000, keep_alive: 10_000, ping: 5000, pong: 10_000, drain: 1000 },
}), async (gateway, keep) => {
  const honest = await Promise.all(Array.from({ length: HONEST }, (_, i) => keep(Honest.open(gateway, i))));
  const loud = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
  const before = gateway.descriptors;
  await beside(keep, 'enemies.mjs', gateway.port, SLOW, DEAF);
  await Promise.all([flood(loud), ...honest.map((one) => one.run())]);
  const times = honest.flatMap((one) => one.times).sort((a, b) => a - b);
  console.log(`# round trips: median ${times[times.length >> 1].toFixed(1)} ms, `
    + `99 % ${times[Math.floor(times.length * 0.99)].toFixed(1)} ms, most ${times.at(-1).toFixed(1)} ms`);
  await until('the hostile ones have been sent away', () => gateway.descriptors <= before + HONEST / 2, 120_000);
}, { timeout: 300_000 });
