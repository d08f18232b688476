// H10: somebody fills the dead-letter queue. The letters of others wait in their own queues:
// none is lost, and nobody takes them who may not.
import assert from 'node:assert/strict';
import { deadLetters, nack } from '../wire/lib/broker.mjs';
import { scrape } from '../wire/lib/metrics.mjs';
import { frame, Stomp } from '../wire/lib/stomp.mjs';
import { until } from '../wire/lib/wait.mjs';
import { strict, testBeside } from './lib/honest.mjs';
import { range } from './lib/writer.mjs';

const ROOM = 1000; // messages of a queue
const QUEUES = 5, EACH = 300; // of the attacker: half of its letters find no room
const HONEST = 100;

// Clients over TCP are operators, who read dead letters. The others have WebSockets.
const configuration = strict({
  admin: { listen: '127.0.0.1:0' },
  tcp: { listen: '127.0.0.1:0', dead_letters: true },
  limits: { backlog_messages: ROOM },
});

const connect = async ({ ws }, keep, localAddress) => (
  (await keep(Stomp.open(`${ws}/chat/websocket`, [], { localAddress }))).greet());

// Sends messages to a queue, and refuses each for good.
async function refuse(gateway, keep, queue, count, address) {
  const [sender, consumer] = await Promise.all([1, 2].map(() => connect(gateway, keep, address)));
  consumer.send(frame('SUBSCRIBE', { id: '1', destination: queue, ack: 'client-individual' }));
  for (const i of range(count)) sender.publish(queue, `${i}`);
  for (const i of range(count)) {
    const message = await consumer.frame('MESSAGE');
    assert.equal(message.body, `${i}`);
    nack(consumer, message, { requeue: false });
  }
  return { sender, consumer };
}

const parked = (gateway, count) => until(`${count} messages are parked`, async () => (
  (await scrape(gateway))['postern_queue_messages{state="parked"}'] === count));

testBeside(`${QUEUES * EACH} letters of one client, where ${ROOM} find room`, configuration, async (gateway, keep) => {
  for (const command of ['SEND', 'SUBSCRIBE']) {
    const client = await connect(gateway, keep, '127.0.0.2');
    client.send(frame(command, { id: '1', destination: '/queue/dead-letter' }));
    await client.fails();
  }
  await Promise.all(range(QUEUES).map((i) => refuse(gateway, keep, `/queue/hog-${i}`, EACH, '127.0.0.2')));
  await parked(gateway, QUEUES * EACH - ROOM);

  const { sender, consumer } = await refuse(gateway, keep, '/queue/honest', HONEST, '127.0.0.1');
  await parked(gateway, QUEUES * EACH - ROOM + HONEST);
  await sender.call('SEND', { destination: '/queue/honest' }, 'later');
  assert.equal((await consumer.frame('MESSAGE')).body, 'later');

  // Where room comes and goes, letters of one queue may pass each other.
  const operator = await keep(deadLetters(gateway));
  const letters = [];
  for (const _ of range(QUEUES * EACH + HONEST)) {
    const { headers, body } = await operator.frame('MESSAGE');
    letters.push(`${headers['x-postern-from']} ${body}`);
  }
  const sent = [['/queue/honest', HONEST], ...range(QUEUES).map((i) => [`/queue/hog-${i}`, EACH])]
    .flatMap(([queue, count]) => range(count).map((i) => `${queue} ${i}`));
  assert.deepEqual(letters.sort(), sent.sort());
});
