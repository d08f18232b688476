// A process of its own with very many clients, to be killed: crowd.mjs PORT COUNT. It
// says "open" when all of them are.
import { HandClient } from '../../wire/lib/hand.mjs';
import { Stomp } from '../../wire/lib/stomp.mjs';
import { TcpStomp } from '../../wire/lib/tcp.mjs';
import { frame } from '../../wire/lib/stomp.mjs';

const [port, count, tcp] = process.argv.slice(2).map(Number);

async function open(i) {
  if (i % 4 === 0) return (await Stomp.connect(`ws://127.0.0.1:${port}/chat/websocket`)).subscribe(`/topic/${i % 50}`);
  if (i % 4 === 1) return new TcpStomp(tcp).greet();
  const hand = await HandClient.open(`http://127.0.0.1:${port}/chat`, i % 4 === 2 ? 'xhr-streaming' : 'xhr-polling');
  return hand.send(frame('CONNECT', { 'accept-version': '1.2', host: 'a' })
    + frame('SUBSCRIBE', { id: '0', destination: `/queue/${i % 50}`, ack: 'client' }));
}

for (let i = 0; i < count; i += 50) {
  await Promise.all(Array.from({ length: Math.min(50, count - i) }, (_, j) => open(i + j)));
}
console.log('open');
