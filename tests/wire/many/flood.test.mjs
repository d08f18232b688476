// A flood of messages: what the gateway cannot deliver yet stays with the publishers. Its
// memory does not grow with the flood, nothing is lost, and who only listens, asks or
// comes anew is served meanwhile.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { severalWorkers } from '../lib/config.mjs';
import { ask, requestText, Wire } from '../lib/http.mjs';
import { scrape } from '../lib/metrics.mjs';
import { Session } from '../lib/sockjs.mjs';
import { frame, Socket, Stomp } from '../lib/stomp.mjs';
import { testWith } from '../lib/test.mjs';
import { deadline, until } from '../lib/wait.mjs';

const MB = 1 << 20;
const SUBSCRIBERS = 24, SOCKETS = 6, SENDERS = 2, EACH = 9_000, AT_ONCE = 100;
const GROWTH = 60 * MB; // without any bound the flood takes more than twice of it
const PATIENCE = 400_000; // on a machine with much to do, what comes at last is not late

// What may wait between workers, and how much more there is in what they have read at once.
const INBOX = { posts: 500, bytes: 200_000 };
const READ_AT_ONCE = 20;

const TOPICS = ['/topic/flood/0', '/topic/flood/1', '/topic/flood/2', '/topic/flood/3'];
const CONNECT = frame('CONNECT', { 'accept-version': '1.2', host: 'a' });
// Once in each message, and nowhere else: no frame's length, of 1,190 to 1,250, has it.
const MARK = '^';

const bodyOf = (who, number) => `${MARK}${who} ${number} ${'x'.repeat(1100)}`;
const send = (who, number) => frame('SEND', { destination: TOPICS[number % TOPICS.length] }, bodyOf(who, number));

const inMB = (bytes) => Math.round(bytes / MB);

// A masked text message as a client's WebSocket sends it, with a mask that changes nothing.
function masked(text) {
  const payload = Buffer.from(text);
  assert.ok(payload.length > 125 && payload.length < 65_536);
  const head = Buffer.from([0x81, 0xfe, 0, 0, 0, 0, 0, 0]);
  head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

// Floods by a WebSocket, whose bytes are made before.
class FloodingSocket {
  static async open({ ws }, who) {
    const flooding = new FloodingSocket();
    flooding.stomp = await Stomp.connect(`${ws}/chat/websocket`);
    flooding.pieces = [];
    for (let i = 0; i < EACH; i += AT_ONCE) {
      flooding.pieces.push(Buffer.concat(Array.from({ length: AT_ONCE }, (_, j) => masked(send(who, i + j)))));
    }
    return flooding;
  }

  async flood() {
    for (const piece of this.pieces.splice(0)) {
      if (!this.stomp.ws._socket.write(piece)) await once(this.stomp.ws._socket, 'drain');
    }
  }

  async callOn(text) { await this.stomp.call('SEND', { destination: TOPICS[0] }, text); }

  abort() { this.stomp.abort(); }
}

// Floods by xhr_send, on connections that have served others.
class FloodingSender {
  static async open({ port }, who) {
    const flooding = new FloodingSender();
    flooding.session = await Session.polling(port, '/chat');
    flooding.wires = await Promise.all(Array.from({ length: 3 }, () => Wire.pooled(port)));
    flooding.who = who;
    await flooding.post([CONNECT]);
    return flooding;
  }

  async post(frames) {
    const wire = this.wires[Math.floor(Math.random() * this.wires.length)];
    wire.write(requestText(`POST ${this.session.url}/xhr_send`, { body: JSON.stringify(frames) }));
    assert.equal((await wire.answer()).status, 204);
  }

  async flood() {
    for (let i = 0; i < EACH; i += AT_ONCE) {
      await this.post(Array.from({ length: AT_ONCE }, (_, j) => send(this.who, i + j)));
    }
  }

  callOn(text) { return this.post([frame('SEND', { destination: TOPICS[0] }, text)]); }

  abort() { this.wires.forEach((wire) => wire.abort()); }
}

// Counts what arrives without looking at it, so that it is never slower than the gateway.
class Counter {
  static async open({ ws }) {
    const counter = new Counter();
    counter.count = 0;
    counter.stomp = await Stomp.connect(`${ws}/chat/websocket`);
    for (const [id, topic] of TOPICS.entries()) await counter.stomp.subscribe(topic, id);
    const { _socket: socket } = counter.stomp.ws;
    socket.removeAllListeners('data');
    socket.on('data', (data) => {
      for (let at = -1; (at = data.indexOf(MARK, at + 1)) !== -1;) counter.count += 1;
    });
    return counter;
  }

  abort() { this.stomp.abort(); }
}

// One who reads all of one topic, and wants it in order.
async function reader({ ws }, publishers, keep) {
  const stomp = await keep(Stomp.connect(`${ws}/chat/websocket`));
  await stomp.subscribe(TOPICS[1]);
  const next = Array.from({ length: publishers }, () => 1);
  return async () => {
    for (let i = 0; i < publishers * (EACH / TOPICS.length); i += 1) {
      const { body } = await stomp.frame('MESSAGE');
      const [who, number] = body.slice(1).split(' ').map(Number);
      assert.equal(number, next[who], `from publisher ${who}`);
      next[who] += TOPICS.length;
    }
  };
}

// Who floods nobody: an idle subscriber that pings, and gets heart-beats; who asks; who comes.
class Honest {
  static async open({ port, ws }) {
    const honest = new Honest();
    honest.port = port;
    honest.ws = ws;
    honest.stomp = await Stomp.connect(`${ws}/chat/websocket`, { 'heart-beat': '0,200' });
    await honest.stomp.subscribe('/topic/quiet');
    return honest;
  }

  async pings() {
    const pong = once(this.stomp.ws, 'pong');
    this.stomp.ws.ping();
    await deadline('the pong comes', pong);
  }

  // Those that are here already do not count.
  async beats() {
    await this.stomp.inbox.take(this.stomp.inbox.length);
    assert.equal(await this.stomp.next('a heart-beat comes'), '\n');
  }

  async round() {
    await this.pings();
    await this.beats();
    assert.equal((await ask(this.port, 'GET /chat/info')).status, 200);
    await Session.polling(this.port, '/echo');
    (await Socket.open(`${this.ws}/echo/websocket`)).abort();
    this.rounds = (this.rounds ?? 0) + 1;
  }

  abort() { this.stomp.abort(); }
}

testWith('a flood from all sides is held, and harms nobody', severalWorkers({
  limits: {
    inbox_posts: INBOX.posts, inbox_bytes: INBOX.bytes, queue_messages: 1_000_000, queue_bytes: 1_000_000_000,
  },
  times: { stomp_send: 200, ping: 600_000, progress: 600_000, disconnect: 600_000, drain: 1000 },
  log_level: 'debug',
  admin: { listen: '127.0.0.1:0' },
}), async (gateway, keep) => {
  const publishers = await Promise.all([
    ...Array.from({ length: SOCKETS }, (_, i) => keep(FloodingSocket.open(gateway, i))),
    ...Array.from({ length: SENDERS }, (_, i) => keep(FloodingSender.open(gateway, SOCKETS + i))),
  ]);
  const counters = await Promise.all(Array.from({ length: SUBSCRIBERS }, () => keep(Counter.open(gateway))));
  const readsOn = await reader(gateway, publishers.length, keep);
  const honest = await keep(Honest.open(gateway));
  const total = publishers.length * EACH;
  const allHeard = (more = 0) => counters.every(({ count }) => count >= total + more);
  await honest.round();

  const before = gateway.memory;
  let most = 0, mostWaits = 0;
  const flood = Promise.all([readsOn(), ...publishers.map((publisher) => publisher.flood())]);
  const heard = until('everything arrives', async () => {
    most = Math.max(most, gateway.memory);
    const { postern_send_queue_bytes: waits } = await scrape(gateway);
    mostWaits = Math.max(mostWaits, waits / SUBSCRIBERS);
    return allHeard();
  }, PATIENCE);
  let over = false;
  const all = Promise.all([flood, heard]).finally(() => { over = true; });
  all.catch(() => {});
  while (!over) await honest.round();
  await all;

  const stops = [...gateway.log.matchAll(/publishers are stopped: (\d+) posts with (\d+) bytes wait/g)];
  assert.ok(stops.length > 0, 'publishers are stopped');
  for (const [line, posts, bytes] of stops) {
    assert.ok(Number(posts) < INBOX.posts * READ_AT_ONCE && Number(bytes) < INBOX.bytes * READ_AT_ONCE, line);
  }
  assert.ok(honest.rounds > 2, `${honest.rounds} rounds during the flood`);
  // Without a sanitizer the gateway may write faster than node reads: then its memory holds
  // what waits for subscribers, whose bound is another one.
  if (mostWaits < MB) assert.ok(most - before < GROWTH, `its memory grew by ${inMB(most - before)} MB`);

  // Everybody goes on afterwards.
  for (const publisher of publishers) await publisher.callOn(bodyOf('again', 0));
  await until('what comes after the flood arrives', () => allHeard(publishers.length));
  for (const { count } of counters) assert.equal(count, total + publishers.length);
  console.log(`    the memory grew by ${inMB(most - before)} MB, ${inMB(mostWaits)} MB waited for subscribers, ${honest.rounds} honest rounds`);
}, { timeout: PATIENCE + 100_000, env: { ASAN_OPTIONS: 'quarantine_size_mb=1' } });
