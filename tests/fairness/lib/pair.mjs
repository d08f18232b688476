// An honest pair: a process of its own, so that only the gateway can delay it. One client
// sends to a topic, the other one receives, one message after the other, until stdin ends.
//   node pair.mjs PORT TCP-PORT PID [TRANSPORT]
// It prints "ready" after the first round trip, and at its end how long each one took. With a
// transport, newcomers connect over that, one after the other: how long each of them waited
// for CONNECTED is printed too. PID is the gateway's, to know its waits for a processor.
import { connectOver } from './clients.mjs';
import { stopwatch } from './processor.mjs';

const PAUSE = 2; // ms between two messages: an honest client sends no flood
const BETWEEN = 10; // ms between two newcomers: an address may open so many sessions a second

const [port, tcp, pid, transport] = process.argv.slice(2);
const start = stopwatch(pid);
const gateway = { port, tcp };
const pass = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
let isOver = false;

// What the stopwatch shows of each, until it is over.
async function measure(pause, one) {
  const times = [];
  do {
    const stop = start();
    const after = await one();
    times.push(stop());
    after?.();
    await pass(pause);
  } while (!isOver);
  return times;
}

const [sender, receiver] = await Promise.all([1, 2].map(() => connectOver.tcp(gateway)));
const destination = `/topic/honest-${process.pid}`;

async function exchange() {
  sender.send(`SEND\ndestination:${destination}\n\nx\0`);
  await receiver.next('the message comes');
}

async function arrive() {
  const newcomer = await connectOver[transport](gateway);
  return () => newcomer.abort();
}

await receiver.subscribe(destination, '1');
await exchange();
process.stdin.once('end', () => { isOver = true; }).resume();
console.log('ready');
const [exchanges, arrivals] = await Promise.all([
  measure(PAUSE, exchange), transport === undefined ? [] : measure(BETWEEN, arrive)]);
console.log(JSON.stringify({ exchanges, arrivals }));
await Promise.all([sender.close(), receiver.close()]);
