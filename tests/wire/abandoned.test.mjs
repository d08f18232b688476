// Browsers that open a session and vanish, in every way and by the thousands: whatever
// they had is given back.
import assert from 'node:assert/strict';
import { conformance } from './lib/conformance.mjs';
import { requestText, Wire } from './lib/http.mjs';
import { open, receivers, request, streams, wait } from './lib/receivers.mjs';
import { Session } from './lib/sockjs.mjs';
import { testWith } from './lib/test.mjs';
import { until } from './lib/wait.mjs';

const MB = 1 << 20;
const EACH = 2000, WARM_UP = 400, AT_ONCE = 8;
const SESSIONS = 2000; // as many as there may be at a time
const ROOM = SESSIONS * 3 / 4;
const DISCONNECT = 1000;
const GROWTH = 12 * MB; // 600 bytes for each session; what is remembered of each takes half

const UPGRADE = {
  Upgrade: 'websocket', Connection: 'Upgrade',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13',
};

const leaves = [
  (wire) => wire.abort(),
  (wire) => wire.socket.resetAndDestroy(),
];

// Closed ports are not free for a minute: many addresses have more of them.
const addresses = Array.from({ length: 8 }, (_, i) => `127.0.1.${i + 1}`);
let turn = 0;
const nextOf = (all) => all[(turn += 1) % all.length];

const sessionAt = ({ port }, endpoint = '/echo') => (
  Object.assign(new Session(port, endpoint), { localAddress: nextOf(addresses) }));

// Lets one after the other in as long as there is room: on a fast machine more would be
// opened in the time of a disconnect than there may be.
const turnstile = {
  passed: 0,
  async pass() {
    if (this.passed - this.obituaries.count >= ROOM) {
      await until('sessions end', () => this.passed - this.obituaries.count < ROOM);
    }
    this.passed += 1;
  },
};

// One who asks on his own connection for one session after the other: visit(wire, i).
async function visits(gateway, count, visit) {
  const wire = await Wire.open(gateway.port, nextOf(addresses));
  for (let i = 0; i < count; i += 1) {
    await turnstile.pass();
    await visit(wire, i);
  }
  wire.abort();
}

// Opens sessions by polls and never comes back: every third one with messages that wait,
// every third one with a close that nobody hears.
const idlers = receivers.filter(({ prelude }) => !prelude).map((receiver) => (
  [`polls by ${receiver.name}`, (gateway, count) => visits(gateway, count, async (wire, i) => {
    const session = sessionAt(gateway, i % 3 === 1 ? '/close' : '/echo');
    assert.equal((await wire.write(request(session, receiver.line)).answer()).body, receiver.wrap('o'));
    if (i % 3 !== 2) return;
    wire.write(request(session, `POST ${receiver.send}`, { body: '["never","heard"]' }));
    const { status } = await wire.answer();
    // On a machine with much to do the session may be over by now.
    assert.ok(status < 300 || status === 404, `${status}`);
  })]));

// The same by streams that have reached their limit.
const ended = ['streams that have ended', (gateway, count) => visits(gateway, count, async (wire, i) => {
  const receiver = streams[i % streams.length];
  wire.write(request(sessionAt(gateway, '/one'), receiver.line));
  assert.equal((await wire.answer()).body, receiver.prelude + receiver.wrap('o'));
})];

// Vanishes while a request waits.
const waiting = receivers.map((receiver) => (
  [`waiting by ${receiver.name}`, async (gateway, count) => {
    for (let i = 0; i < count; i += 1) {
      await turnstile.pass();
      leaves[i % 2](await wait(sessionAt(gateway), receiver));
    }
  }]));

const sockets = [['/echo/000/ID/websocket', '\x81\x01o'], ['/echo/websocket', '']].map(([path, first]) => (
  [`a WebSocket at ${path}`, async (gateway, count) => {
    for (let i = 0; i < count; i += 1) {
      await turnstile.pass();
      const wire = await Wire.open(gateway.port, nextOf(addresses));
      assert.equal((await wire.write(requestText(`GET ${path}`, { headers: UPGRADE })).head()).status, 101);
      assert.equal((await wire.take(first.length)).toString('latin1'), first);
      leaves[i % 2](wire);
    }
  }]));

const ways = [...idlers, ended, ...waiting, ...sockets];

// Opens and abandons that many sessions in each way.
const abandon = (gateway, each) => Promise.all(ways.flatMap(([what, go]) => (
  Array.from({ length: AT_ONCE }, () => go(gateway, each / AT_ONCE).catch((error) => {
    throw new Error(what, { cause: error });
  })))));

// Reads in the log which sessions have ended: each says so once.
class Obituaries {
  constructor(gateway) { Object.assign(this, { gateway, read: 0, labels: new Set() }); }

  get count() {
    const { log } = this.gateway;
    const end = log.lastIndexOf('\n') + 1;
    for (const [, label] of log.slice(this.read, end).matchAll(/session ended: session=(\w+)/g)) {
      assert.ok(!this.labels.has(label), `session ${label} has ended twice`);
      this.labels.add(label);
    }
    this.read = end;
    return this.labels.size;
  }
}

// How many sessions can be opened at once, tried with more than there may be.
async function countFree(gateway) {
  const wire = await Wire.open(gateway.port);
  wire.write(Array.from({ length: SESSIONS + 10 }, () => request(sessionAt(gateway), 'POST xhr')).join(''));
  let free = 0;
  for (let i = 0; i < SESSIONS + 10; i += 1) {
    const { status } = await wire.answer();
    assert.ok(status === 200 || status === 503, `${status}`);
    free += status === 200;
  }
  wire.abort();
  return free;
}

testWith('of 20,000 sessions that are opened and abandoned nothing is left', conformance({
  endpoints: [{ path: '/one', handler: 'echo', response_limit: 1 }],
  times: { disconnect: DISCONNECT, drain: 1000 },
  limits: { sessions: SESSIONS, log_lines: 1_000_000 }, // each end is read in the log
}), async (gateway) => {
  assert.equal(ways.length * EACH, 20_000);
  const before = gateway.descriptors, obituaries = new Obituaries(gateway);
  let opened = 0;
  turnstile.obituaries = obituaries;
  const allEnd = () => until('each session has ended, once', () => obituaries.count === opened);
  const round = async (each) => {
    await abandon(gateway, each);
    opened += ways.length * each;
    await allEnd();
    await until('its descriptors are closed', () => gateway.descriptors === before);
  };

  await round(WARM_UP);
  const warm = gateway.memory;
  await round(EACH);
  const grown = gateway.memory - warm;
  console.log(`    the memory grew by ${(grown / MB).toFixed(1)} MB`);
  assert.ok(grown < GROWTH, `its memory grew by ${(grown / MB).toFixed(1)} MB`);

  // None of them counts any more. (The first that are counted must not end meanwhile.)
  for (let quick = false; !quick;) {
    const begin = Date.now(), free = await countFree(gateway);
    quick = Date.now() - begin < DISCONNECT;
    if (quick) assert.equal(free, SESSIONS);
    opened += free;
    await allEnd();
  }
}, { env: { ASAN_OPTIONS: 'quarantine_size_mb=1' } });
