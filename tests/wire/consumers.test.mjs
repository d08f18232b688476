// Consumers that die at random while messages pass through a queue: nothing is lost, and
// what comes twice says so.
// tags: tsan
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { TcpStomp } from './lib/tcp.mjs';
import { frame, Stomp } from './lib/stomp.mjs';
import { test, withGateway } from './lib/test.mjs';
import { deadline } from './lib/wait.mjs';

const MESSAGES = 10_000, CONSUMERS = 6, QUEUE = '/queue/work';
const configuration = JSON.parse(readFileSync(new URL('broker.json', import.meta.url)));
const gateway = withGateway({ ...configuration, limits: { backlog_messages: MESSAGES } });

const open = () => (Math.random() < 0.5
  ? TcpStomp.connect(gateway) : Stomp.connect(`${gateway.ws}/ws`));

test('10,000 messages pass through a queue whose consumers die at random', async () => {
  const done = new Set(); // acknowledged, and the server has said so
  const perhaps = new Set(); // acknowledged by one who died before he heard of it
  const seen = new Map(); // how often it came
  let deaths = 0;
  let finish;
  const finished = new Promise((resolve, reject) => { finish = { resolve, reject }; });

  const isOver = () => done.size + perhaps.size === MESSAGES;

  // One consumer after the other, each for a while.
  async function consume(mode) {
    while (!isOver()) {
      const client = await open();
      client.send(frame('SUBSCRIBE', { 'id': '1', 'destination': QUEUE, 'ack': mode, 'prefetch-count': 50 }));
      const asked = new Map(); // receipts of ACKs, and what they acknowledge
      let unacked = [];
      let left = 100 + Math.floor(Math.random() * 600);
      while (left > 0 && !isOver()) {
        const got = await Promise.race([client.frame().catch(() => null), finished]);
        if (!got) break;
        if (got.command === 'RECEIPT') {
          for (const body of asked.get(got.headers['receipt-id'])) done.add(body);
          asked.delete(got.headers['receipt-id']);
          if (isOver()) finish.resolve();
          continue;
        }
        assert.equal(got.command, 'MESSAGE', JSON.stringify(got));
        const times = (seen.get(got.body) ?? 0) + 1;
        seen.set(got.body, times);
        assert.ok(!done.has(got.body), `${got.body} came after its ACK`);
        perhaps.delete(got.body);
        if (times > 1) assert.equal(got.headers.redelivered, 'true', got.body);
        left -= 1;
        unacked.push(got.body);
        // All up to this one, now and then; or each by itself.
        if (mode === 'client' && client.inbox.length > 0 && Math.random() < 0.9) continue;
        const id = got.headers['message-id'];
        asked.set(id, unacked);
        unacked = [];
        client.send(frame('ACK', { id: got.headers.ack, receipt: id }));
      }
      for (const bodies of asked.values()) bodies.forEach((body) => perhaps.add(body));
      deaths += 1;
      client.abort();
      if (isOver()) finish.resolve();
    }
  }

  const publisher = await open();
  for (let i = 0; i < MESSAGES; i += 1) publisher.publish(QUEUE, `${i}`);
  const consumers = Array.from({ length: CONSUMERS }, (_, i) => consume(i % 2 ? 'client' : 'client-individual'));
  consumers.forEach((consumer) => consumer.catch(finish.reject));
  await deadline('every message is acknowledged', finished, 100_000);
  await Promise.all(consumers);

  // Only what may not have been acknowledged is still there, and it says that it comes again.
  publisher.publish(QUEUE, 'the end');
  publisher.send(frame('SUBSCRIBE', { id: 'rest', destination: QUEUE }));
  for (let got; (got = await publisher.frame('MESSAGE')).body !== 'the end';) {
    assert.ok(perhaps.delete(got.body), `${got.body} came after its ACK`);
    assert.equal(got.headers.redelivered, 'true', got.body);
  }
  publisher.abort();
  assert.equal(seen.size, MESSAGES);
  assert.ok(deaths > 10, `${deaths} deaths`);
  const twice = [...seen.values()].filter((times) => times > 1).length;
  console.log(`    ${deaths} consumers died, ${twice} messages came more than once`);
});
