// Queues, acknowledgements and transactions as the STOMP libraries of browsers use them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { pairs } from './lib/clients.mjs';
import { test, withGateway } from './lib/test.mjs';
import { Inbox } from './lib/wait.mjs';

const configuration = JSON.parse(readFileSync(new URL('broker.json', import.meta.url)));
const gateway = withGateway(configuration);
const login = { login: 'guest', passcode: 'guest' };

let queues = 0;
const chosen = pairs.filter(({ name }) => /plain WebSocket|xhr-streaming|xhr-polling/.test(name));

function consume(client, queue, headers) {
  const inbox = new Inbox();
  client.subscribe(queue, (message) => inbox.put(message), headers);
  return inbox;
}

async function settled(client, act, id) {
  const answered = client.receipt(id);
  act({ receipt: id });
  await answered;
}

for (const { name, connect } of chosen) {
  const open = () => connect(`${gateway.url}/stomp`, { login });

  test(`what one client has not acknowledged another gets, with ${name}`, async () => {
    const [one, two] = [await open(), await open()];
    const queue = `/queue/clients${queues += 1}`;
    const inbox = consume(one, queue, { ack: 'client-individual' });
    for (const body of ['first', 'second', 'third']) one.publish(queue, body);
    const messages = await inbox.take(3);
    await settled(one, (headers) => messages[1].ack(headers), 'acked');
    one.abort();
    const again = await consume(two, queue, { ack: 'client' }).take(2);
    assert.deepEqual(again.map(({ body, headers }) => [body, headers.redelivered]), [['first', 'true'], ['third', 'true']]);
    await settled(two, (headers) => again[1].ack(headers), 'both');
    await two.close();
  });

  test(`a rejected message comes again, with ${name}`, async () => {
    const client = await open();
    const queue = `/queue/clients${queues += 1}`;
    const inbox = consume(client, queue, { ack: 'client' });
    client.publish(queue, 'x');
    (await inbox.next()).nack();
    const again = await inbox.next();
    assert.equal(again.headers.redelivered, 'true');
    again.ack();
    await client.close();
  });

  test(`transactions commit and abort, with ${name}`, async () => {
    const client = await open();
    const queue = `/queue/clients${queues += 1}`;
    const inbox = consume(client, queue, { ack: 'client-individual' });
    const dropped = client.stomp.begin();
    client.publish(queue, 'dropped', { transaction: dropped.id });
    dropped.abort();
    const kept = client.stomp.begin();
    client.publish(queue, 'one', { transaction: kept.id });
    client.publish(queue, 'two', { transaction: kept.id });
    kept.commit();
    const messages = await inbox.take(2);
    assert.deepEqual(messages.map(({ body }) => body), ['one', 'two']);
    const acks = client.stomp.begin();
    for (const message of messages) message.ack({ transaction: acks.id });
    acks.commit();
    await client.close();
  });
}

for (const { name, connect } of pairs.filter((pair) => /plain WebSocket/.test(pair.name))) {
  test(`a wrong passcode is told, with ${name}`, async () => {
    const [failed] = await Promise.allSettled([Promise.race([
      connect(`${gateway.url}/stomp`, { login: { ...login, passcode: 'wrong' } }).then(() => 'connected'),
      new Promise((resolve) => { setTimeout(() => resolve('not connected'), 3000); })])]);
    assert.notEqual(failed.value, 'connected');
  });
}

// Most of them have message.ack(), and old code calls it whatever the subscription says.
for (const { name, connect } of chosen) {
  test(`what needs no ACK may be acknowledged all the same, with ${name}`, async () => {
    const client = await connect(`${gateway.url}/stomp`, { login });
    for (const place of [`/topic/auto${queues += 1}`, `/queue/auto${queues}`]) {
      const inbox = new Inbox();
      await settled(client, (headers) => client.subscribe(place, (message) => inbox.put(message), headers), `on ${place}`);
      for (const body of ['one', 'two', 'three']) client.publish(place, body);
      const messages = await inbox.take(3);
      messages[0].ack();
      messages[1].nack();
      messages[2].ack();
      messages[2].ack();
      await settled(client, (headers) => client.publish(place, 'four', headers), `after ${place}`);
      assert.equal((await inbox.next()).body, 'four');
    }
    await client.close();
  });
}
