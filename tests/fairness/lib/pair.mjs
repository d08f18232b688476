// An honest pair: a process of its own, so that only the gateway can delay it. One client
// sends to a topic, the other one receives, one message after the other, until stdin ends.
//   node pair.mjs TCP-PORT
// It prints "ready" after the first round trip, and at its end how long each one took.
import { TcpStomp } from '../../wire/lib/tcp.mjs';

const PAUSE = 2; // ms between two messages: an honest client sends no flood

const log = `plain STOMP at 127.0.0.1:${process.argv[2]}\n`;
const [sender, receiver] = await Promise.all([1, 2].map(() => TcpStomp.connect({ log })));
const destination = `/topic/honest-${process.pid}`;
const milliseconds = [];
let isOver = false;

process.stdin.once('end', () => { isOver = true; }).resume();
await receiver.subscribe(destination, '1');
while (!isOver) {
  const begun = performance.now();
  sender.send(`SEND\ndestination:${destination}\n\nx\0`);
  await receiver.next('the message comes');
  if (milliseconds.push(performance.now() - begun) === 1) console.log('ready');
  await new Promise((resolve) => { setTimeout(resolve, PAUSE); });
}
console.log(JSON.stringify(milliseconds));
await Promise.all([sender.close(), receiver.close()]);
