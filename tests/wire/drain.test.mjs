// The end of a conversation, and of the gateway: nobody can put it off, and who reads
// on gets everything that waits, and the last words.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { configuration } from './lib/config.mjs';
import { requestText } from './lib/http.mjs';
import { Session } from './lib/sockjs.mjs';
import { frame, readFrame, Stomp } from './lib/stomp.mjs';
import { TcpStomp } from './lib/tcp.mjs';
import { testWith } from './lib/test.mjs';
import { deadline, until } from './lib/wait.mjs';

// SIGTERM.

// A client that sends requests without end, on one connection.
class Flood {
  static async open(port, request, { reads }) {
    const flood = new Flood();
    flood.read = 0;
    flood.socket = net.connect(port, '127.0.0.1').on('error', () => {})
      .on('data', (data) => { flood.read += data.length; });
    await once(flood.socket, 'connect');
    const requests = request.repeat(10_000);
    const more = (error) => error || flood.socket.write(requests, more);
    for (let i = 0; i < 2; i += 1) more(); // there is always something to send
    await until('the flood is under way', () => flood.read > 1_000_000);
    if (!reads) flood.socket.pause();
    return flood;
  }

  abort() { this.socket.destroy(); }
}

const floods = {
  'asks for pages without end': ['GET /echo', { reads: true }],
  'asks for pages without end and never reads': ['GET /echo', { reads: false }],
  'asks for what is not there without end': ['GET /nothing', { reads: true }],
};
for (const [what, [line, how]] of Object.entries(floods)) {
  testWith(`SIGTERM ends a gateway in its time, with 0, while a client ${what}`, configuration({
    times: { drain: 1000 },
  }), async (gateway, keep) => {
    await Promise.all([1, 2].map(() => keep(Flood.open(gateway.port, requestText(line), how))));
    assert.equal(await gateway.end(10_000), 0);
  });
}

testWith('SIGTERM ends a gateway in its time, with 0, while a client polls a closed session without end', configuration({
  times: { drain: 1000, late_poll: 0 },
}), async (gateway, keep) => {
  const session = await Session.polling(gateway.port, '/close');
  await session.poll();
  const poll = requestText(`POST ${session.url}/xhr`, { body: '' });
  await Promise.all([1, 2].map(() => keep(Flood.open(gateway.port, poll, { reads: true }))));
  assert.equal(await gateway.end(10_000), 0);
});

testWith('a second SIGTERM ends a gateway at once, with 0, while a client asks without end', configuration({
  times: { drain: 600_000 },
}), async (gateway, keep) => {
  await waiting(gateway, keep, 'a plain WebSocket'); // what the drain takes so long for
  await keep(Flood.open(gateway.port, requestText('GET /echo'), { reads: true }));
  await gateway.drain();
  assert.equal(await gateway.end(10_000), 0);
});

// Last words. The messages are far more than what the kernel holds for a connection, the
// lingering is far less than what their reader takes.

const COUNT = 24;
const texts = Array.from({ length: COUNT }, (_, i) => `${i} ${'x'.repeat(500_000)} ${i}.`);
const PACE = 8; // ms for each piece of 64 KB

// With several workers, an end may come ahead of what is still on its way from the home
// of the topic; here all must wait in the session.
const unhurried = (times) => configuration({
  workers: 1,
  limits: { queue_bytes: 100_000_000 },
  times: { linger: 1000, drain: 100_000, ...times },
  endpoints: [{ path: '/long', handler: 'stomp', response_limit: 1_000_000_000 }],
});

// From now on the client rests after each piece that it has read.
function readSlowly(socket) {
  socket.on('data', () => {
    socket.pause();
    setTimeout(() => socket.resume(), PACE);
  });
  socket.resume();
}

class SlowSocket {
  constructor(gateway) { this.url = `${gateway.ws}/chat/websocket`; }

  async subscribe(destination) {
    this.stomp = await Stomp.connect(this.url);
    await this.stomp.subscribe(destination);
  }

  get socket() { return this.stomp.ws._socket; }

  disconnect(receipt) { this.stomp.send(frame('DISCONNECT', { receipt })); }

  async next() { return this.stomp.frame(); }

  async ends() {
    assert.equal(this.stomp.inbox.length, 0);
    return (await this.stomp.closes()).code;
  }

  abort() { this.stomp.abort(); }
}

class SlowStream {
  constructor(gateway) { this.port = gateway.port; }

  async subscribe(destination) {
    this.session = await Session.streaming(this.port, '/long');
    this.frames = [];
    await this.session.send(frame('CONNECT', { 'accept-version': '1.2', host: 'a' }),
      frame('SUBSCRIBE', { id: '0', destination, receipt: '0' }));
    for (const command of ['CONNECTED', 'RECEIPT']) assert.equal((await this.next()).command, command);
  }

  get socket() { return this.session.down.socket; }

  async disconnect(receipt) {
    assert.equal((await this.session.send(frame('DISCONNECT', { receipt }))).status, 204);
  }

  async next() {
    while (this.frames.length === 0) {
      const chunk = await this.session.down.chunk();
      if (chunk[0] === 'a') this.frames.push(...JSON.parse(chunk.slice(1)).map(readFrame));
      else assert.equal(chunk, 'h\n');
    }
    return this.frames.shift();
  }

  async ends() {
    const [code] = JSON.parse((await this.session.down.chunk()).match(/^c(\[.*\])\n$/)[1]);
    assert.equal(await this.session.down.chunk(), null);
    return code;
  }

  abort() { this.session.down.abort(); }
}

const readers = { 'a plain WebSocket': SlowSocket, 'xhr_streaming': SlowStream };

// A reader of that kind which has stopped reading, and for whom everything waits.
async function waiting(gateway, keep, kind) {
  const reader = new readers[kind](gateway);
  await reader.subscribe('/topic/slow');
  await keep(reader);
  reader.socket.pause();
  const publisher = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
  for (const text of texts) publisher.publish('/topic/slow', text);
  await publisher.call('SEND', { destination: '/topic/other' }, 'all has been taken');
  return reader;
}

async function getsEverything(reader) {
  for (const [i, text] of texts.entries()) {
    const { command, body } = await reader.next();
    assert.equal(command, 'MESSAGE');
    assert.ok(body === text, `message ${i} is whole and in its place`);
  }
}

for (const kind of Object.keys(readers)) {
  testWith(`after SIGTERM a slow reader by ${kind} gets everything that waits, then the close`, unhurried(),
    async (gateway, keep) => {
      const reader = await waiting(gateway, keep, kind);
      await gateway.drain();
      readSlowly(reader.socket);
      await getsEverything(reader);
      assert.equal(await reader.ends(), 1001);
      assert.equal(await deadline('the gateway ends', gateway.exit), 0);
    });

  testWith(`a slow reader by ${kind} that says DISCONNECT gets everything that waits, its receipt and the close`,
    unhurried(), async (gateway, keep) => {
      const reader = await waiting(gateway, keep, kind);
      await reader.disconnect('bye');
      readSlowly(reader.socket);
      await getsEverything(reader);
      const { command, headers } = await reader.next();
      assert.deepEqual([command, headers['receipt-id']], ['RECEIPT', 'bye']);
      await reader.ends();
    });

  testWith(`SIGTERM does not wait for a reader by ${kind} that reads no more`, unhurried({ progress: 300 }),
    async (gateway, keep) => {
      await waiting(gateway, keep, kind);
      assert.equal(await gateway.end(10_000), 0);
    });
}

// Logins that wait. The hash is of bcrypt, with a cost at which a check takes a second.

const heavy = '$2b$14$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';
const login = { login: 'guest', passcode: 'guest' };
const hello = frame('CONNECT', { 'accept-version': '1.2', host: 'a', ...login });

const waitingLogins = {
  'a plain WebSocket': async (gateway, keep) => {
    const stomp = await keep(Stomp.open(`${gateway.ws}/chat/websocket`));
    stomp.send(hello);
    return async () => assert.equal((await stomp.closes()).code, 1001);
  },
  TCP: async (gateway, keep) => {
    const stomp = await keep(TcpStomp.open(gateway));
    stomp.send(hello);
    return async () => deadline('the connection ends', stomp.closed);
  },
  xhr_streaming: async (gateway, keep) => {
    const session = await Session.streaming(gateway.port, '/chat');
    await keep(session.down);
    assert.equal((await session.send(hello)).status, 204);
    return async () => assert.match(await session.down.chunk(), /^c\[1001,/);
  },
};
for (const [kind, waits] of Object.entries(waitingLogins)) {
  testWith(`SIGTERM ends a client by ${kind} whose login waits for those of others`, configuration({
    tcp: { listen: '127.0.0.1:0' },
    users: [{ login: 'guest', password: heavy }],
    times: { drain: 600_000 },
  }), async (gateway, keep) => {
    for (let i = 0; i < 200; i += 1) (await keep(TcpStomp.open(gateway))).send(hello);
    const ends = await waits(gateway, keep);
    await gateway.drain();
    await ends();
    assert.equal(await deadline('the gateway ends', gateway.exit), 0);
  });
}
