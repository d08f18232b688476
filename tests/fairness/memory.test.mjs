// H1, H9 and H11: limits.memory is a bound, whatever a client makes Postern hold. The honest
// pair has the attacker's own address.
// tags: release
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { scrape } from '../wire/lib/metrics.mjs';
import { Session } from '../wire/lib/sockjs.mjs';
import { tcpPort } from '../wire/lib/tcp.mjs';
import { until } from '../wire/lib/wait.mjs';
import { strict, testBeside } from './lib/honest.mjs';
import { LIMIT, memory, MIB, testMemory } from './lib/memory.mjs';
import { Raw } from './lib/raw.mjs';
import { range, Writer } from './lib/writer.mjs';

const BODY = Math.floor(2.2e6);
const piece = Buffer.alloc(MIB - 4096, 'x');
const post = (session, length) => (
  `POST ${session.url}/xhr_send HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`);
const refused = (figures) => figures['postern_refused_total{bound="memory"}'];

// Sends all but the last byte, as far as it is taken.
async function postInPart(gateway, keep, session) {
  const raw = await keep(Raw.open(gateway.port));
  await raw.write(post(session, BODY));
  raw.socket.write(Buffer.alloc(BODY - 1, 'x'));
  return raw;
}

const answered = (raws, status) => raws.filter(({ text }) => text.startsWith(`HTTP/1.1 ${status}`)).length;

testMemory('180 large bodies for an unknown session', async (gateway, keep) => {
  const session = new Session(gateway.port, '/chat');
  const raws = [];
  for (const _ of range(180)) raws.push(await postInPart(gateway, keep, session));
  await until('all are answered', () => answered(raws, 404) + answered(raws, 429) + answered(raws, 503) === 180);
  assert.ok(answered(raws, 404) > 0);
});

testMemory('300 large bodies for a session', async (gateway, keep) => {
  const session = await Session.polling(gateway.port, '/chat');
  const raws = [];
  for (const _ of range(300)) raws.push(await postInPart(gateway, keep, session));
  await until('many are refused at the head', () => answered(raws, 503) > 200);
  assert.ok(refused(await scrape(gateway)) >= answered(raws, 503));
});

// libmicrohttpd has a pool of 32 KiB for each of them.
testMemory('7,000 kept connections of two addresses that are idle', async (gateway, keep) => {
  const raws = [];
  for (const i of range(7000)) {
    const raw = await keep(Raw.open(gateway.port, `127.0.0.${2 + i % 2}`));
    raws.push(raw);
    raw.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
  }
  await until('all are answered', () => answered(raws, 200) + answered(raws, 503) === 7000);
  assert.ok(answered(raws, 200) > 1000);
});

// They are those of many clients: none of them is refused while there is room.
const proxy = '127.0.0.9';
testMemory('2,400 kept connections of a trusted proxy that are idle', async (gateway, keep) => {
  const raws = [];
  for (const _ of range(2400)) {
    const raw = await keep(Raw.open(gateway.port, proxy));
    raws.push(raw);
    raw.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
  }
  await until('all are answered', () => answered(raws, 200) + answered(raws, 503) === 2400);
  assert.equal(answered(raws, 200), 2400);
}, { settings: { trusted_proxies: [proxy] } });

// A frame of a client, masked with zeroes. Without `final` its message goes on.
function clientFrame(payload, opcode, final = 0) {
  const head = Buffer.alloc(14);
  head[0] = final | opcode;
  head[1] = 0x80 | 127;
  head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, payload]);
}

const textFrame = (text) => clientFrame(Buffer.from(text), 1, 0x80);

const upgrade = 'GET /chat/websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
  + `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`;

testMemory('300 WebSockets with an unfinished message', async (gateway, keep) => {
  const raws = [];
  for (const _ of range(300)) {
    const raw = await keep(Raw.open(gateway.port));
    raws.push(raw);
    await raw.write(upgrade);
    await until('it is open', () => raw.text.includes('\r\n\r\n'));
    raw.socket.write(clientFrame(piece, 1));
  }
  // 1013 in a close frame
  await until('many are ended', () => raws.filter(({ text }) => text.includes('\x03\xf5')).length > 150);
});

testMemory('400 frames over TCP that do not end', async (gateway, keep) => {
  const writers = [];
  for (const _ of range(400)) {
    const writer = await keep(Writer.connect(gateway));
    writers.push(writer);
    writer.write('SEND\ndestination:/topic/x\n\n').write(piece);
  }
  const ended = () => writers.filter(({ latest }) => `${latest}`.includes('no memory for so large a frame')).length;
  await until('many are ended', () => ended() > 200);
});

testMemory('20 connections with 16 open transactions each', async (gateway, keep) => {
  const body = 'x'.repeat(100_000);
  const writers = [];
  for (const i of range(20)) {
    const writer = await keep(told(gateway));
    writers.push(writer);
    const frames = range(16).map((t) => `BEGIN\ntransaction:${t}\n\n\0`
      + `SEND\ntransaction:${t}\ndestination:/topic/none\n\n${body}\0`.repeat(9));
    writer.socket.write(`${frames.join('')}SEND\ndestination:/topic/none\nreceipt:${i}\n\n\0`);
  }
  await until('all were read', () => writers.every(({ text }) => /receipt-id:\d|ERROR\nmessage/.test(text)));
  await until('some are refused', async () => refused(await scrape(gateway)) > 0);
});

const TOLD = 'CONNECT\naccept-version:1.2\nhost:x\n\n\0'
  + 'SUBSCRIBE\nid:e\ndestination:/user/queue/errors\nreceipt:e\n\n\0';

// They keep what a header says, 8 KB of it each time. The last ones of that address are ended.
const long = 'x'.repeat(8000);
const keepers = {
  'subscriptions with long ids': (id) => `SUBSCRIBE\nid:${id}${long}\ndestination:/topic/a\n\n\0`,
  'transactions with long ids': (id) => `BEGIN\ntransaction:${id}${long}\n\n\0`,
};
for (const [what, frame] of Object.entries(keepers)) {
  testMemory(`80 connections with 240 ${what} each`, async (gateway, keep) => {
    for (const i of range(80)) {
      const raw = await keep(Raw.open(tcpPort(gateway)));
      await raw.write(`${TOLD}${range(240).map((j) => frame(`${i}-${j}`)).join('')}SEND\ndestination:/topic/none\nreceipt:${i}\n\n\0`);
      await until('it was read', () => /receipt-id:\d|ERROR\nmessage/.test(raw.text));
    }
    assert.ok(refused(await scrape(gateway)) > 80 / 4, 'half of the memory is for others');
  }, { limits: { transactions: 256 } });
}

// What forgets is the attacker's own subscription.
testMemory('40 sessions x 255 subscriptions that acknowledge nothing', async (gateway, keep) => {
  const writers = [];
  for (const _ of range(40)) {
    const writer = await keep(Writer.connect(gateway));
    writers.push(writer);
    writer.write(range(255).map((i) => (
      `SUBSCRIBE\nid:${i}\ndestination:/topic/u\nack:client\n${i === 254 ? 'receipt:r\n' : ''}\n\0`)).join(''));
  }
  for (const writer of writers) await writer.hears(2);
  const sender = await keep(Writer.connect(gateway));
  for (const i of range(45)) {
    await sender.write(`${'SEND\ndestination:/topic/u\n\n\0'.repeat(23)}SEND\ndestination:/topic/u\nreceipt:${i}\n\n\0`).hears(2 + i);
  }
}, { most: { p99Alone: 4000, longest: 20_000 } });

// A client that is told what fails, and goes on.
async function told(gateway) {
  const raw = await Raw.open(tcpPort(gateway));
  await raw.write(TOLD);
  await until('it is connected', () => raw.text.includes('receipt-id:e\n'));
  return raw;
}

testMemory('a session goes on sending to queues', async (gateway, keep) => {
  const body = 'x'.repeat(60_000);
  const writer = await keep(told(gateway));
  for (const i of range(80)) {
    await writer.write(range(50).map((j) => `SEND\ndestination:/queue/${j}\n\n${body}\0`).join('')
      + `SEND\ndestination:/topic/none\nreceipt:${i}\n\n\0`);
    await until('it was read', () => writer.text.includes(`receipt-id:${i}\n`));
  }
  const figures = await scrape(gateway);
  assert.ok(figures['postern_refused_total{bound="backlog_total"}'] > 0, 'it is told');
  assert.ok(figures.postern_queue_kept_bytes < LIMIT / 2);
});

// Each takes all its messages; a queue that nobody reads takes the memory.
testMemory('60 honest readers, while a queue fills memory', async (gateway, keep) => {
  const readers = [];
  for (const _ of range(60)) {
    const reader = await keep(Writer.connect(gateway));
    readers.push(reader);
    await reader.write('SUBSCRIBE\nid:1\ndestination:/topic/read\nreceipt:r\n\n\0').hears(2);
  }
  const sender = await keep(told(gateway));
  const body = 'x'.repeat(60_000);
  for (const i of range(60)) {
    await sender.write(`SEND\ndestination:/queue/hog\n\n${body}\0`.repeat(30)
      + `SEND\ndestination:/topic/read\nreceipt:${i}\n\n${body}\0`);
    await until('it was read', () => sender.text.includes(`receipt-id:${i}\n`));
  }
  await until('all readers have all', () => readers.every(({ frames }) => frames === 62));
}, { limits: { backlog_messages: 1_000_000, backlog_bytes: 1 << 30 } });

const readNothing = async (gateway, keep, destination) => {
  const writer = await keep(Writer.connect(gateway));
  await writer.write(`SUBSCRIBE\nid:1\ndestination:${destination}\nreceipt:r\n\n\0`).hears(2);
  writer.socket.pause();
  return writer;
};

testMemory('100 readers on topics of their own read nothing', async (gateway, keep) => {
  for (const i of range(100)) await readNothing(gateway, keep, `/topic/still-${i}`);
  const sender = await keep(Writer.connect(gateway));
  const body = 'x'.repeat(100_000);
  for (const round of range(60)) {
    sender.write(range(100).map((i) => `SEND\ndestination:/topic/still-${i}\n\n${body}\0`).join('')
      + `SEND\ndestination:/topic/none\nreceipt:${round}\n\n\0`);
    await until('it was read', () => [`receipt-id:${round}\n`, 'ERROR'].some((text) => `${sender.latest}`.includes(text)));
    if (`${sender.latest}`.includes('ERROR')) break; // its frames find no memory any more
  }
}, { limits: { queue_bytes: 16 * MIB } });

const WIDE = ['CONNECT\naccept-version:1.2\nhost:x\n\n\0', 'SUBSCRIBE\nid:1\ndestination:/topic/wide\n\n\0'];

// A connection that has written that, and reads no more after its answer.
async function writeAndStop(gateway, keep, port, text) {
  const raw = await keep(Raw.open(port));
  await raw.write(text);
  await until('it is answered', () => raw.text !== '');
  raw.socket.pause();
  return raw;
}

// Subscribers of /topic/wide that read nothing of it.
const stillReaders = {
  async 'xhr-streaming'(gateway, keep) {
    const session = await Session.streaming(gateway.port, '/chat');
    session.down.socket?.pause();
    await keep({ abort: () => session.down.abort() });
    assert.equal((await session.send(...WIDE)).status, 204);
  },
  async 'xhr-polling'(gateway, keep) {
    const session = await Session.polling(gateway.port, '/chat');
    assert.equal((await session.send(...WIDE)).status, 204);
    assert.match(await session.poll(), /CONNECTED/);
    const raw = await keep(Raw.open(gateway.port));
    await raw.write(`POST ${session.url}/xhr HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`);
    raw.socket.pause();
  },
  async 'eventsource'(gateway, keep) {
    const session = new Session(gateway.port, '/chat');
    await writeAndStop(gateway, keep, gateway.port, `GET ${session.url}/eventsource HTTP/1.1\r\nHost: x\r\n\r\n`);
    assert.equal((await session.send(...WIDE)).status, 204);
  },
  async 'SockJS WebSocket'(gateway, keep) {
    const { url } = new Session(gateway.port, '/chat');
    const raw = await writeAndStop(gateway, keep, gateway.port, upgrade.replace('/chat', url));
    raw.socket.write(textFrame(JSON.stringify(WIDE)));
  },
  async 'WebSocket'(gateway, keep) {
    const raw = await writeAndStop(gateway, keep, gateway.port, upgrade);
    raw.socket.write(textFrame(WIDE.join('')));
  },
  async 'TCP'(gateway, keep) {
    await writeAndStop(gateway, keep, tcpPort(gateway), WIDE.join(''));
  },
};

// Each control character takes six octets in JSON. Each worker renders, and fills its readers,
// at the same time.
function testWide(transport, workers) {
  testMemory(`1 MB of control characters for 60 readers by ${transport} that read nothing, workers: ${workers}`, async (gateway, keep) => {
    for (const _ of range(60)) await stillReaders[transport](gateway, keep);
    await until('all have subscribed', async () => (await scrape(gateway)).postern_subscriptions >= 60);
    const sender = await keep(Writer.connect(gateway));
    const body = '\x01'.repeat(MIB - 4096);
    for (const i of range(3)) {
      await sender.write(`SEND\ndestination:/topic/wide\nreceipt:${i}\n\n${body}\0`).hears(2 + i);
      if (`${sender.latest}`.includes('ERROR')) break; // its frames find no memory any more
    }
  }, { workers });
}

for (const workers of [1, 2, 3, 8]) testWide('xhr-streaming', workers);
for (const transport of Object.keys(stillReaders).slice(1)) testWide(transport, 3);

testBeside('after a peak the memory comes back', strict({ limits: { memory: 4 * LIMIT } }), async (gateway, keep) => {
  const before = memory(gateway, 'VmRSS');
  const writer = await keep(Writer.connect(gateway));
  const body = 'x'.repeat(10_000);
  await writer.write(`SEND\ndestination:/queue/peak\n\n${body}\0`.repeat(5999)
    + `SEND\ndestination:/queue/peak\nreceipt:r\n\n${body}\0`).hears(2);
  const peak = memory(gateway, 'VmRSS');
  assert.ok(peak > before + 50 * MIB, 'the queue has much');
  const reader = await keep(Writer.connect(gateway));
  await reader.write('SUBSCRIBE\nid:1\ndestination:/queue/peak\n\n\0').hears(1 + 6000);
  await until('the memory has come back', () => memory(gateway, 'VmRSS') < 1.3 * before + 4 * MIB, 20_000);
  console.log(`before ${(before / MIB).toFixed(0)}, peak ${(peak / MIB).toFixed(0)}, after `
    + `${(memory(gateway, 'VmRSS') / MIB).toFixed(0)} MiB`);
});
