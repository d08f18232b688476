// H10: somebody fills the dead-letter queue, and gets its share of it. Its other letters wait in
// their own queues; those of others pass. None is lost, and nobody takes them who may not.
import assert from 'node:assert/strict';
import { deadLetters, nack } from '../wire/lib/broker.mjs';
import { scrape } from '../wire/lib/metrics.mjs';
import { frame, Stomp } from '../wire/lib/stomp.mjs';
import { until } from '../wire/lib/wait.mjs';
import { strict, testBeside } from './lib/honest.mjs';
import { range } from './lib/writer.mjs';

const ROOM = 1000; // messages of a queue
const SHARE = ROOM / 4; // of one account
const QUEUES = 5, EACH = 300; // of the attacker
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

const figure = async (gateway, name) => (await scrape(gateway))[name];

const parked = (gateway, count) => until(`${count} messages are parked`, async () => (
  await figure(gateway, 'postern_queue_messages{state="parked"}') === count));

// Reads that many letters, as "QUEUE BODY".
async function read(operator, count) {
  const letters = [];
  for (const _ of range(count)) {
    const { headers, body } = await operator.frame('MESSAGE');
    letters.push(`${headers['x-postern-from']} ${body}`);
  }
  return letters;
}

const sentTo = (queue, count) => range(count).map((i) => `${queue} ${i}`);

// The messages are dead when they come. Some may be refused, which closes nothing.
async function expire(client, queue, count) {
  for (const i of range(count)) client.send(frame('SEND', { destination: queue, expiration: 0 }, `${i}`));
  await client.call('SEND', { destination: '/topic/none' }, 'all have come');
}

testBeside(`${QUEUES * EACH} letters of one client, where ${SHARE} of it find room`, configuration, async (gateway, keep) => {
  for (const command of ['SEND', 'SUBSCRIBE']) {
    const client = await connect(gateway, keep, '127.0.0.2');
    client.send(frame(command, { id: '1', destination: '/queue/dead-letter' }));
    await client.fails();
  }
  await Promise.all(range(QUEUES).map((i) => refuse(gateway, keep, `/queue/hog-${i}`, EACH, '127.0.0.2')));
  await parked(gateway, QUEUES * EACH - SHARE);

  // Letters of others pass, and so do later messages.
  const { sender, consumer } = await refuse(gateway, keep, '/queue/honest', HONEST, '127.0.0.1');
  await sender.call('SEND', { destination: '/queue/honest' }, 'later');
  assert.equal((await consumer.frame('MESSAGE')).body, 'later');
  await parked(gateway, QUEUES * EACH - SHARE);

  // Where room comes and goes, letters of one queue may pass each other.
  const operator = await keep(deadLetters(gateway));
  const letters = await read(operator, QUEUES * EACH + HONEST);
  const sent = [sentTo('/queue/honest', HONEST), ...range(QUEUES).map((i) => sentTo(`/queue/hog-${i}`, EACH))].flat();
  assert.deepEqual([...letters].sort(), sent.sort());
  const last = letters.findLastIndex((letter) => letter.startsWith('/queue/honest'));
  assert.ok(last < SHARE + HONEST, `an honest letter came as number ${last}`);
});

// What no consumer can take must not fill a queue in which others send, too.
testBeside('one client sends messages that have expired', configuration, async (gateway, keep) => {
  const hog = await connect(gateway, keep, '127.0.0.2');
  await until('it has no more room', async () => {
    await expire(hog, '/queue/shared', ROOM);
    return await figure(gateway, 'postern_queue_messages{state="parked"}') >= SHARE;
  });

  const honest = await connect(gateway, keep, '127.0.0.1');
  await expire(honest, '/queue/shared', HONEST);
  await until('the honest letters have passed', async () => (
    await figure(gateway, 'postern_queue_messages{state="ready"}') === SHARE + HONEST));
  for (const i of range(ROOM - SHARE)) honest.publish('/queue/shared', `${i}`);
  await honest.subscribe('/queue/shared');
  for (const i of range(ROOM - SHARE)) assert.equal((await honest.frame('MESSAGE')).body, `${i}`);

  assert.ok(await figure(gateway, 'postern_refused_total{bound="share"}') > 1);
  await gateway.logged(/dead letters of one user or address are parked, as those of queue \/queue\/shared/);
  await gateway.logged(/kind=parked .*\/queue\/shared/);
});
