// Clients that keep their part: each promises a beat a second, and says it whatever the
// gateway does. A process of its own: beaters.mjs PORT TCP-PORT COUNT. It says "ready" when
// all are connected, and when stdin ends which of them have been ended, and why.
import { connectOver } from './clients.mjs';

const EVERY = 1000;
const TOGETHER = 50; // that connect at a time
const promise = { 'heart-beat': `${EVERY},0` };

const [port, tcp, count] = process.argv.slice(2).map(Number);
const names = Object.keys(connectOver);
const ended = [];
const clients = [];

async function begin(i) {
  const kind = names[i % names.length];
  const client = await connectOver[kind]({ port, tcp }, promise);
  const beating = setInterval(() => client.send('\n'), EVERY);
  clients.push({ stop: () => clearInterval(beating) });
  // Nothing is published, so what comes is an ERROR.
  const error = client.next('an ERROR', 2 ** 30).then((text) => `${text}`, (reason) => reason.message);
  Promise.race([error, client.closed]).then((why) => {
    clearInterval(beating);
    ended.push(`${kind}: ${JSON.stringify(why ?? 'the end')}`);
  });
}

for (let i = 0; i < count; i += TOGETHER) {
  await Promise.all(Array.from({ length: Math.min(TOGETHER, count - i) }, (_, j) => begin(i + j)));
}
console.log('ready');
process.stdin.once('end', () => {
  console.log(JSON.stringify({ count: clients.length, ended }));
  process.exit(0);
}).resume();
