// A process of its own with very many who never finish what they begin, and as many who
// never read: enemies.mjs PORT SLOW DEAF. It says "here" when all of them are.
import net from 'node:net';
import { requestText } from '../../wire/lib/http.mjs';
import { Session } from '../../wire/lib/sockjs.mjs';
import { frame, Stomp } from '../../wire/lib/stomp.mjs';

const [port, slow, deaf] = process.argv.slice(2).map(Number);

const begun = ['GET /chat/info HTTP/1.1\r\nHost: a\r\n', 'POST /chat/0/slow/xhr_send HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n["', 'G'];

// Drips a byte from time to time, into a head or a body that never ends.
function slowloris(i) {
  const socket = net.connect(port, '127.0.0.1').on('error', () => {});
  socket.write(begun[i % begun.length]);
  const drip = setInterval(() => socket.write('x'), 200);
  socket.once('close', () => clearInterval(drip));
}

const SUBSCRIBE = frame('CONNECT', { 'accept-version': '1.2', host: 'a', 'heart-beat': '0,0' })
  + frame('SUBSCRIBE', { id: '0', destination: '/topic/flood' });

// Reads nothing of a flooded topic, or of answers that it asks for again and again.
const neverReaders = [
  async () => {
    const stomp = await Stomp.connect(`ws://127.0.0.1:${port}/chat/websocket`);
    await stomp.subscribe('/topic/flood');
    stomp.ws.on('error', () => {}).pause();
  },
  async () => {
    const session = await Session.streaming(port, '/long');
    await session.send(SUBSCRIBE);
    session.down.socket.pause();
  },
  async () => {
    const socket = net.connect(port, '127.0.0.1').on('error', () => {}).pause();
    const ask = (error) => error || socket.write(requestText('GET /chat/iframe.html').repeat(100), ask);
    ask();
  },
];

for (let i = 0; i < slow; i += 1) slowloris(i);
await Promise.all(Array.from({ length: deaf }, (_, i) => neverReaders[i % neverReaders.length]()));
console.log('here');
