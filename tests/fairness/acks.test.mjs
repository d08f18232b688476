// H5: an ACK that names no subscription is found among all unacknowledged deliveries; that
// delays nobody, however many there are.
import { strict, testBeside } from './lib/honest.mjs';
import { range, Writer } from './lib/writer.mjs';

const SUBSCRIPTIONS = 250;
const MESSAGES = 400;
const ACKS = 20_000;

testBeside('20,000 ACKs of STOMP 1.0 with 100,000 unacknowledged deliveries', strict(), async (gateway, keep) => {
  const client = await keep(Writer.connect(gateway, '1.0'));
  const subscribe = (id, destination, ack) => (
    `SUBSCRIBE\nid:${id}\ndestination:${destination}\nack:${ack}\nreceipt:s\n\n\0`);
  // An ACK of an unknown message is no mistake of a client that needs none for some.
  client.write(subscribe('auto', '/topic/other', 'auto'));
  client.write(range(SUBSCRIPTIONS).map((i) => subscribe(i, '/topic/acks', 'client-individual')).join(''));
  let frames = 1 + 1 + SUBSCRIPTIONS;
  await client.hears(frames);
  for (const part of range(MESSAGES / 10)) {
    client.write(`SEND\ndestination:/topic/acks\n\n${part}\0`.repeat(10));
    frames += 10 * SUBSCRIPTIONS;
    await client.hears(frames);
  }
  const ack = 'ACK\nmessage-id:0-0\n\n\0';
  for (let sent = 0; sent < ACKS; sent += 1000) {
    client.write(ack.repeat(999) + 'ACK\nmessage-id:0-0\nreceipt:a\n\n\0');
    frames += 1;
    await client.hears(frames);
  }
});
