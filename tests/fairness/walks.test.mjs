// Work that grows with what a client made: frames without posts, long messages, a queue
// whose consumers leave, COMMITs to many queues. It stops nobody.
import { strict, testBeside } from './lib/honest.mjs';
import { range, Writer } from './lib/writer.mjs';

const queues = strict({ broker: { prefixes: ['/topic'], queues: ['/queue'] } });
const connectAll = (gateway, keep, count) => (
  Promise.all(range(count).map(() => keep(Writer.connect(gateway)))));

testBeside('50 clients send 400,000 frames that make no post', strict(), async (gateway, keep) => {
  const writers = await connectAll(gateway, keep, 50);
  const frames = 'BEGIN\ntransaction:a\n\n\0ABORT\ntransaction:a\n\n\0'.repeat(4000);
  writers.forEach((writer) => writer.write(`${frames}BEGIN\ntransaction:z\nreceipt:r\n\n\0`));
  for (const writer of writers) await writer.hears(2);
});

const LEAVERS = 9, PREFETCH = 1024;

// Each consumer takes its part; the older messages wait again when the younger ones come back.
testBeside('nine consumers leave a queue of 9,216 messages, one after the other', queues, async (gateway, keep) => {
  const [sender] = await connectAll(gateway, keep, 1);
  sender.write(`${'SEND\ndestination:/queue/a\n\n\0'.repeat(LEAVERS * PREFETCH - 1)}`
    + 'SEND\ndestination:/queue/a\nreceipt:r\n\n\0');
  await sender.hears(2);
  for (let round = 0; round < 2; round += 1) {
    const consumers = [];
    for (const consumer of await connectAll(gateway, keep, LEAVERS)) {
      consumer.write('SUBSCRIBE\nid:0\ndestination:/queue/a\nack:client-individual\n'
        + `prefetch-count:${PREFETCH}\n\n\0`);
      await consumer.hears(1 + PREFETCH);
      consumers.push(consumer);
    }
    consumers.forEach((consumer) => consumer.write('UNSUBSCRIBE\nid:0\nreceipt:u\n\n\0'));
    for (const consumer of consumers) await consumer.hears(2 + PREFETCH);
  }
});

testBeside('ten clients COMMIT to 1,000 queues each', queues, async (gateway, keep) => {
  const writers = await connectAll(gateway, keep, 10);
  const long = 'x'.repeat(200); // alike, up to their ends
  const sends = range(1000).map((n) => (
    `SEND\ntransaction:t\ndestination:/queue/${long}${1000 + n}\n\n\0`)).join('');
  for (const part of range(5)) {
    writers.forEach((writer) => writer.write(
      `BEGIN\ntransaction:t\n\n\0${sends}COMMIT\ntransaction:t\nreceipt:r\n\n\0`));
    for (const writer of writers) await writer.hears(2 + part);
  }
});
