// A client that joins a full queue gets hundreds of messages by one short frame, and the
// queue takes them back by the next: they count as messages that it has sent.
// tags: release
import { once } from 'node:events';
import { strict, testBeside } from './lib/honest.mjs';
import { range, Writer } from './lib/writer.mjs';

const CLIENTS = 4, QUEUES = 8, MESSAGES = 8000, SECONDS = 4;

// It never waits for an answer.
const joinAndLeave = (queue) => (
  `SUBSCRIBE\nid:1\nack:client\nprefetch-count:200\ndestination:/queue/${queue}\n\n\0UNSUBSCRIBE\nid:1\n\n\0`);

testBeside(`${CLIENTS} clients join and leave ${QUEUES} full queues`, strict(), async (gateway, keep) => {
  const filler = await keep(Writer.connect(gateway));
  for (const queue of range(QUEUES)) {
    const send = `SEND\ndestination:/queue/${queue}\n\nx\0`;
    filler.write(`${send.repeat(MESSAGES - 1)}SEND\ndestination:/queue/${queue}\nreceipt:r\n\nx\0`);
    await filler.hears(2 + queue);
  }
  const end = Date.now() + SECONDS * 1000;
  await Promise.all(range(CLIENTS).map(async (number) => {
    const { socket } = await keep(Writer.connect(gateway));
    const gone = once(socket, 'close').then(() => true);
    const frames = range(50).map((turn) => joinAndLeave((number + turn) % QUEUES)).join('');
    while (Date.now() < end) {
      if (!socket.write(frames) && await Promise.race([gone, once(socket, 'drain')]) === true) return;
    }
  }));
}, { most: { p99Alone: 100 } });
