// Runs inside of a network namespace whose loopback is a bad line: 8 Mbit/s, 5 % of all
// packets lost, and a while without any. What was promised is kept all the same.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { byHand, HandClient } from '../../wire/lib/hand.mjs';
import { configuration } from '../../wire/lib/config.mjs';
import { Gateway } from '../../wire/lib/gateway.mjs';
import { frame, readFrame } from '../../wire/lib/stomp.mjs';
import { deadline } from '../../wire/lib/wait.mjs';
import { size } from './size.mjs';

const MESSAGES = size(120, 1500), PARTITION = size(1000, 3000);
const PATIENCE = 300_000;

const run = (line) => execFileSync('/bin/sh', ['-c', line]);
const lose = (how) => run(`iptables -w -${how} INPUT -i lo -p tcp -j DROP`);

run('ip link set lo up');
run('tc qdisc add dev lo root tbf rate 8mbit burst 64kb latency 400ms');
run('iptables -w -A INPUT -i lo -p tcp -m statistic --mode random --probability 0.05 -j DROP');

const gateway = new Gateway(configuration({
  times: Object.fromEntries(['head', 'body', 'progress', 'connect', 'disconnect', 'pong'].map((name) => [name, 120_000])),
}));
await gateway.start();

async function open(transport, ...subscriptions) {
  const hand = await HandClient.open(`${gateway.url}/chat`, transport, {});
  const say = (...more) => hand.send(frame(...more));
  say('CONNECT', { 'accept-version': '1.2', host: 'a', 'heart-beat': '0,0' });
  for (const destination of subscriptions) say('SUBSCRIBE', { id: destination, destination });
  say('SEND', { destination: '/topic/none', receipt: 'ready' });
  while (readFrame(await hand.inbox.next()).command !== 'RECEIPT');
  return hand;
}

const began = Date.now();
const subscribers = await Promise.all(byHand.map((transport) => open(transport, '/topic/weather')));
const publisher = await open('websocket');
for (let i = 1; i <= MESSAGES; i += 1) {
  publisher.send(frame('SEND', { destination: '/topic/weather', receipt: `${i}` }, `${i} ${'x'.repeat(500)}`));
  if (i === MESSAGES / 2) {
    lose('I');
    setTimeout(() => lose('D'), PARTITION);
  }
  const got = readFrame(await publisher.inbox.next());
  assert.deepEqual([got.command, got.headers['receipt-id']], ['RECEIPT', `${i}`]);
}
await deadline('all hear all', Promise.all(subscribers.map(async (hand) => {
  for (let i = 1; i <= MESSAGES; i += 1) assert.equal(parseInt(readFrame(await hand.inbox.next()).body, 10), i);
})), PATIENCE);
subscribers.forEach((hand) => hand.abort());
publisher.abort();
await gateway.stop();
console.log(`# ${MESSAGES} messages to each of ${subscribers.length} transports, with ${PARTITION} ms of silence: ${Date.now() - began} ms`);
