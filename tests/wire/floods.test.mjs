// Floods that cost a peer nothing: the gateway neither grows nor stops serving others.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { configuration } from './lib/config.mjs';
import { ask, connect, requestText, Wire } from './lib/http.mjs';
import { clientFrame, closeFrame, openFrames, TEXT } from './lib/frames.mjs';
import { scrape } from './lib/metrics.mjs';
import { frame, Socket, Stomp } from './lib/stomp.mjs';
import { testWith } from './lib/test.mjs';
import { deadline, until } from './lib/wait.mjs';

const MB = 1 << 20;

// Writes the same bytes again and again, and reads nothing.
async function flood(socket, bytes, times) {
  socket.pause();
  for (let i = 0; i < times && !socket.destroyed; i += 1) {
    await new Promise((resolve) => { socket.write(bytes, resolve); });
  }
}

// What a client's WebSocket sends: a mask of zeros changes nothing.
const control = (opcode, payload) => (
  Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0]), Buffer.from(payload)]));
const beats = Buffer.concat(Array(4000).fill(control(1, '\n')));
const pings = Buffer.concat(Array(4000).fill(control(9, 'x'.repeat(125))));
const pongs = Buffer.concat(Array(4000).fill(control(10, 'x'.repeat(125))));

for (const [what, bytes] of Object.entries({ pings, pongs, 'heart-beats': beats })) {
  testWith(`a flood of ${what} from who never reads costs no memory, and harms nobody`, configuration({
    times: { drain: 500 },
  }), async (gateway, keep) => {
    const stomp = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
    const deaf = await Promise.all([1, 2, 3].map(() => keep(Stomp.connect(`${gateway.ws}/chat/websocket`))));
    const before = gateway.memory;
    const floods = deaf.map(({ ws }) => flood(ws._socket, bytes, 50));
    for (let i = 0; i < 50; i += 1) await stomp.call('SEND', { destination: '/topic/a' }, 'still here');
    await deadline('the floods are over', Promise.all(floods));
    await stomp.call('SEND', { destination: '/topic/a' }, 'still here');
    assert.ok(gateway.memory - before < 30 * MB, `it grew by ${(gateway.memory - before) / MB} MB`);
  });
}

testWith('without descriptors nobody new is served, who is there is, and all are when there are some again', configuration(),
  async (gateway, keep) => {
    const limit = (soft) => execFileSync('prlimit', [`--pid=${gateway.pid}`, `--nofile=${soft}:`]);
    const stomp = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
    const before = gateway.descriptors;
    limit(before + 3);
    const wires = [];
    for (let i = 0; i < 12; i += 1) {
      const wire = await keep(Wire.open(gateway.port)); // the kernel takes it, for a while
      wires.push(wire.write(requestText('GET /echo')));
    }
    await until('the log says so', () => /cannot accept: Too many open files/.test(gateway.log));
    await stomp.call('SEND', { destination: '/topic/a' }, 'still here');
    const lines = gateway.log.match(/cannot accept/g).length;
    assert.ok(lines < 12, `${lines} lines`);
    limit(1000);
    for (const wire of wires) assert.equal((await wire.answer()).status, 200);
  });

testWith('who provokes lines of the log provokes a bounded number of them', configuration({
  limits: { log_lines: 20 },
  endpoints: [{ path: '/shop', handler: 'echo', allowed_origins: ['https://shop.example'] }],
}), async (gateway, keep) => {
  const wire = await keep(connect(gateway.port));
  for (let i = 0; i < 500; i += 1) {
    const { status } = await wire.write(requestText('GET /shop/info', { headers: { Origin: `https://${i}.example` } })).answer();
    assert.equal(status, 403);
  }
  await until('a line tells of the others', async () => {
    await ask(gateway.port, 'GET /shop/info', { headers: { Origin: `https://${Math.random()}.example` } });
    return /\(and \d+ others like it before\)/.test(gateway.log);
  });
  const lines = gateway.log.match(/refused at http: kind=origin/g).length;
  const seconds = new Set(gateway.log.match(/\S+(?=\.\d+Z info {2}refused at http: kind=origin)/g)).size;
  assert.ok(lines <= 20 * seconds, `${lines} lines in ${seconds} seconds`);
});

testWith('who subscribes to more destinations than there may be is told so; they are free again when he has gone', configuration({
  limits: { destinations: 100, subscriptions: 1000 },
}), async (gateway, keep) => {
  const greedy = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
  await greedy.subscribe('/user/queue/errors', 'errors');
  for (let i = 0; i < 100; i += 1) greedy.send(frame('SUBSCRIBE', { id: i, destination: `/topic/${i}` }));
  assert.equal((await greedy.frame('MESSAGE')).headers.message, 'There are too many destinations');
  await greedy.call('SEND', { destination: '/topic/nobody' }, 'he goes on');
  await greedy.close();
  const modest = async () => {
    const stomp = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
    stomp.send(frame('SUBSCRIBE', { id: 0, destination: '/topic/mine', receipt: 'r' }));
    return (await stomp.frame()).command === 'RECEIPT';
  };
  await until('there is room again', modest);
  const socket = await keep(Socket.open(`${gateway.ws}/echo/websocket`));
  socket.send('still here');
  assert.equal(await socket.next(), 'still here');
});

// More than the time to read allows in one turn: the rest is read in the next ones.
const MANY = 8000;
const many = 'SEND\ndestination:/queue/many\n\n\0'.repeat(MANY);
const connectFrame = 'CONNECT\naccept-version:1.2\nhost:x\n\n\0';

for (const [what, write] of Object.entries({
  'one message': () => [clientFrame(TEXT, many)],
  'many messages': () => Array(MANY / 100).fill(clientFrame(TEXT, many.slice(0, many.length / (MANY / 100)))),
})) {
  testWith(`all frames in ${what} before a CLOSE are taken`, configuration({
    admin: { listen: '127.0.0.1:0' },
    limits: { backlog_messages: MANY },
    broker: { prefixes: ['/topic'], queues: ['/queue'] },
  }), async (gateway) => {
    const wire = await openFrames(gateway.port, '/chat/websocket');
    wire.write(Buffer.concat([clientFrame(TEXT, connectFrame), ...write(), closeFrame(1000)]));
    await until('all are queued', async () => (await scrape(gateway))['postern_queue_messages{state="ready"}'] === MANY);
  });
}
