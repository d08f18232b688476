// While the inbox is full, publishers are not read: nothing that they have sent is lost,
// and nobody takes it for silence.
// tags: tsan
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { configuration } from './lib/config.mjs';
import { Session } from './lib/sockjs.mjs';
import { frame, readFrame, Socket, Stomp } from './lib/stomp.mjs';
import { testWith } from './lib/test.mjs';

const FLOOD = '/topic/flood';
const CONNECT = frame('CONNECT', { 'accept-version': '1.2', host: 'a' });
const send = (text) => frame('SEND', { destination: FLOOD }, text);

// Silence.

// A subscriber of very many subscriptions, which makes each message a lot of work. It
// never asks for what waits for it, and has no connection that would have to be alive.
async function crowd(gateway, size) {
  const session = await Session.polling(gateway.port, '/chat');
  const all = Array.from({ length: size }, (_, i) => frame('SUBSCRIBE', { id: i, destination: FLOOD }));
  const last = frame('SEND', { destination: '/topic/other', receipt: 'all have subscribed' });
  assert.equal((await session.send(CONNECT, all.join(''), last)).status, 204);
  while (!(await session.poll()).includes('all have subscribed'));
}

// A slow machine: the gateway hardly runs. Some work takes it at least so long.
async function slowDown({ child }, ms) {
  for (const end = Date.now() + ms; Date.now() < end;) {
    child.kill('SIGSTOP');
    await pause(50);
    child.kill('SIGCONT');
    await pause(4);
  }
}

const crowded = (times) => configuration({
  limits: {
    inbox_posts: 100, subscriptions: 100_000, queue_messages: 16_000_000, queue_bytes: 4_000_000_000,
  },
  times: { disconnect: 1_000_000, drain: 0, ...times },
});

const silences = [
  ['pong', { ping: 250, pong: 500 }, '0,0', 2000],
  ['heart-beats', { stomp_want: 1 }, '1,0', 5500], // the gateway adds 5 seconds of its own
];
for (const [what, times, beats, held] of silences) {
  testWith(`a publisher that is held is not given up for want of its ${what}`, crowded(times), async (gateway, keep) => {
    const count = 2000;
    const listener = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
    await listener.subscribe(FLOOD);
    await crowd(gateway, 1500);
    const publisher = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`, { 'heart-beat': beats }));
    publisher.send(Array.from({ length: count }, (_, i) => send(`${i}`)).join(''));
    const beating = setInterval(() => publisher.send('\n'), 100);
    try {
      await slowDown(gateway, held);
      for (let i = 0; i < count; i += 1) assert.equal((await listener.frame('MESSAGE')).body, `${i}`);
      await publisher.call('SEND', { destination: '/topic/other' }, 'still here');
    } finally {
      clearInterval(beating);
    }
  });
}

// Loss.

// Readers: each has next(), the frames that came meanwhile.
async function plainReader(gateway, keep) {
  const stomp = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
  await stomp.subscribe(FLOOD);
  return async () => [await stomp.frame()];
}

const framesOf = (text) => (text[0] === 'a' ? JSON.parse(text.slice(1)).map(readFrame) : []);
const SUBSCRIBE = frame('SUBSCRIBE', { id: '0', destination: FLOOD, receipt: '0' });

async function subscribed(next) {
  while (!(await next()).some(({ command }) => command === 'RECEIPT'));
  return next;
}

async function sockjsReader(gateway, keep) {
  const socket = await keep(Socket.open(`${gateway.ws}/chat/000/reader/websocket`));
  socket.send(JSON.stringify([CONNECT, SUBSCRIBE]));
  return subscribed(async () => framesOf(await socket.next()));
}

async function streamReader(gateway, keep) {
  const session = await Session.streaming(gateway.port, '/long');
  await keep(session.down);
  await session.send(CONNECT, SUBSCRIBE);
  return subscribed(async () => framesOf(await session.down.chunk()));
}

const WRITERS = 12, EACH = 1000;

// How a writer hands its frames over.
const manners = [
  (stomp, frames) => frames.forEach((text) => stomp.send(text)),
  (stomp, frames) => stomp.send(frames.join('')),
  (stomp, frames) => {
    const text = frames.join('');
    for (let at = 0; at < text.length; at += 777) stomp.send(text.slice(at, at + 777));
  },
];

for (const posts of [1, 50]) {
  testWith(`${WRITERS} publishers by WebSocket that fill an inbox of ${posts} lose nothing, for each reader in order`,
    configuration({
      limits: { inbox_posts: posts, queue_messages: 100_000, queue_bytes: 100_000_000 },
      endpoints: [{ path: '/long', handler: 'stomp', response_limit: 1_000_000_000 }],
    }), async (gateway, keep) => {
      const readers = await Promise.all([plainReader, sockjsReader, streamReader].map((open) => open(gateway, keep)));
      const writers = await Promise.all(Array.from({ length: WRITERS }, () => (
        keep(Stomp.connect(`${gateway.ws}/chat/websocket`)))));
      writers.forEach((stomp, who) => {
        const frames = Array.from({ length: EACH }, (_, i) => send(`${who} ${i}`));
        for (let i = 0; i < EACH; i += 250) manners[who % manners.length](stomp, frames.slice(i, i + 250));
      });

      await Promise.all(readers.map(async (next) => {
        const seen = Array.from({ length: WRITERS }, () => []);
        for (let count = 0; count < WRITERS * EACH;) {
          for (const { command, body } of await next()) {
            assert.equal(command, 'MESSAGE');
            const [who, number] = body.split(' ').map(Number);
            seen[who].push(number);
            count += 1;
          }
        }
        for (const numbers of seen) assert.deepEqual(numbers, Array.from({ length: EACH }, (_, i) => i));
      }));
      for (const stomp of writers) await stomp.call('SEND', { destination: '/topic/other' }, 'still here');
    });
}
