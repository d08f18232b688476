// Plain STOMP over TCP: a stream of bytes, cut anywhere, that anybody may break off.
// Who gets in, and how a gateway ends: tcp-door.test.mjs.
// tags: tsan
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { configuration } from './lib/config.mjs';
import { Session } from './lib/sockjs.mjs';
import { frame, readFrame, Socket, Stomp } from './lib/stomp.mjs';
import { TcpStomp } from './lib/tcp.mjs';
import { test, testWith, withGateway } from './lib/test.mjs';
import { until } from './lib/wait.mjs';

const withTcp = (more) => configuration({ tcp: { listen: '127.0.0.1:0' }, ...more });
const CONNECT = frame('CONNECT', { 'accept-version': '1.2', host: 'a' });

const gateway = withGateway(withTcp());
const connect = (headers) => TcpStomp.connect(gateway, headers);
const overWebSocket = () => Stomp.connect(`${gateway.ws}/chat/websocket`);

let topics = 0;
const newTopic = () => `/topic/tcp/${topics++}`;

async function listening(headers) {
  const stomp = await connect(headers);
  stomp.topic = newTopic();
  await stomp.subscribe(stomp.topic);
  return stomp;
}

// Frames.

test('a client connects, hears what it says, and leaves with a receipt', async () => {
  const stomp = await listening();
  assert.equal(stomp.connected.headers.version, '1.2');
  stomp.publish(stomp.topic, 'hello', { note: 'mine' });
  const message = await stomp.frame('MESSAGE');
  assert.deepEqual([message.body, message.headers.note], ['hello', 'mine']);
  stomp.send(frame('DISCONNECT', { receipt: 'bye' }));
  assert.equal((await stomp.frame('RECEIPT')).headers['receipt-id'], 'bye');
  await stomp.ends();
  stomp.abort();
});

test('frames may come in single bytes', async () => {
  const stomp = await TcpStomp.open(gateway);
  const topic = newTopic();
  const bytes = Buffer.from(`\n${CONNECT}\n\r\n${frame('SUBSCRIBE', { id: '0', destination: topic, receipt: '1' })}`
    + `${frame('SEND', { destination: topic, note: 'é' }, 'in pieces')}\n`);
  for (const byte of bytes) {
    await new Promise((resolve) => stomp.socket.write(Buffer.from([byte]), resolve));
  }
  await stomp.frame('CONNECTED');
  const answers = [await stomp.frame(), await stomp.frame()];
  const { headers, body } = answers.find(({ command }) => command === 'MESSAGE');
  assert.deepEqual([headers.note, body], ['é', 'in pieces']);
  stomp.abort();
});

test('frames may be cut in two anywhere', async () => {
  const text = CONNECT + frame('SEND', { destination: '/topic/cut', receipt: 'r' }, 'x');
  for (let at = 1; at < text.length; at += 1) {
    const stomp = await TcpStomp.open(gateway);
    await new Promise((resolve) => stomp.socket.write(text.slice(0, at), resolve));
    stomp.send(text.slice(at));
    await stomp.frame('CONNECTED');
    await stomp.frame('RECEIPT');
    stomp.abort();
  }
});

test('many frames may come in one write', async () => {
  const stomp = await listening();
  const bodies = Array.from({ length: 5000 }, (_, i) => `${i}`);
  stomp.send(bodies.map((body) => frame('SEND', { destination: stomp.topic }, body)).join(''));
  for (const body of bodies) assert.equal((await stomp.frame('MESSAGE')).body, body);
  stomp.abort();
});

// More comes in one turn than may wait for a session, but its reader is not slow.
for (const [carrier, subscribe] of Object.entries({ TCP: () => connect(), WebSocket: overWebSocket })) {
  test(`a burst of several publishers is no slow consumer's fault, over ${carrier}`, async () => {
    const topic = newTopic();
    const subscriber = await subscribe();
    await subscriber.subscribe(topic);
    const publishers = await Promise.all(Array.from({ length: 4 }, () => connect()));
    const sends = Array.from({ length: 1200 }, (_, i) => frame('SEND', { destination: topic }, `${i}`)).join('');
    gateway.pause();
    for (const { socket } of publishers) socket.write(sends);
    await Promise.all(publishers.map(({ socket }) => until('all is sent', () => socket.writableLength === 0)));
    gateway.goOn();
    for (let i = 0; i < 4800; i += 1) assert.equal((await subscriber.frame()).command, 'MESSAGE');
    publishers.forEach((publisher) => publisher.abort());
    await subscriber.close();
  });
}

test('a body of a megabyte arrives whole', async () => {
  const stomp = await listening();
  const body = Array.from({ length: 1 << 20 }, (_, i) => 'abcdefghijk'[i % 11]).join('');
  const COUNT = 3; // limits.queue_bytes, which is how far a reader may lag, has room for them
  for (let i = 0; i < COUNT; i += 1) stomp.publish(stomp.topic, body, { number: i });
  for (let i = 0; i < COUNT; i += 1) {
    const message = await stomp.frame('MESSAGE');
    assert.ok(message.body === body && message.headers.number === `${i}`, `message ${i} is whole and in its place`);
  }
  stomp.abort();
});

const octets = {
  'NULs': Buffer.from([0, 0, 65, 0]),
  'every byte there is': Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
  'half of a surrogate pair': Buffer.from([0xed, 0xa0, 0x80]),
  'a broken character': Buffer.from([0x61, 0xc3]),
  'line ends': Buffer.from('\r\n\n\r'),
};
for (const [what, body] of Object.entries(octets)) {
  test(`a body with ${what} arrives as it was sent, over TCP and by WebSocket`, async () => {
    const stomp = await listening();
    const socket = await overWebSocket();
    await socket.subscribe(stomp.topic);
    stomp.send(Buffer.concat([
      Buffer.from(`SEND\ndestination:${stomp.topic}\ncontent-length:${body.length}\n\n`), body, Buffer.from([0])]));
    assert.deepEqual((await stomp.next()).subarray(-body.length - 1, -1), body);
    const message = Buffer.from(await socket.next());
    // By WebSocket it is a text if it can be: then U+FFFD takes the place of half a pair.
    const shown = what.startsWith('half') ? Buffer.from('\ufffd') : body;
    assert.deepEqual(message.subarray(-body.length - 1, -1), shown);
    await socket.close();
    stomp.abort();
  });
}

// Rubbish.

const TLS_HELLO = Buffer.from('16030100c8010000c4030358b4a0b0c1d2e3f405162738495a6b7c8d9eafb0c1d2e3f40516', 'hex');
const rubbish = {
  'an HTTP request': ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', /HTTP is spoken/],
  'a TLS hello': [TLS_HELLO, /./],
  'a frame before CONNECT': [frame('SEND', { destination: '/topic/a' }, 'x'), /CONNECT/],
  'a command without end': ['C'.repeat(100_000), /command/],
  'a CONNECT without end': [`CONNECT\n${'a:b\n'.repeat(50_000)}`, /headers/],
  'a second CONNECT': [CONNECT + CONNECT, /connected already/],
  'no version in common': [frame('CONNECT', { 'accept-version': '3.0' }), /version/i],
};
for (const [what, [bytes, message]] of Object.entries(rubbish)) {
  test(`${what} is answered by an ERROR, and the end`, async () => {
    const stomp = await TcpStomp.open(gateway);
    stomp.send(bytes);
    if (what === 'a second CONNECT') await stomp.frame('CONNECTED');
    assert.match((await stomp.fails()).headers.message, message);
    await stomp.ends();
    stomp.abort();
  });
}

test('an ERROR is heard also by who goes on sending', async () => {
  const stomp = await connect();
  stomp.publish('/nowhere', 'x');
  for (let i = 0; i < 50; i += 1) stomp.publish('/topic/a', 'x'.repeat(10_000));
  assert.match((await stomp.fails()).headers.message, /prefix/);
  stomp.abort();
});

testWith('who says nothing hears an ERROR after a while, and the end', withTcp({ times: { connect: 200 } }),
  async (strict, keep) => {
    const stomp = await keep(TcpStomp.open(strict));
    assert.match((await stomp.fails()).headers.message, /CONNECT/);
    await stomp.ends();
  });

// Ends.

test('what was said before the end counts', async () => {
  const listener = await listening();
  const stomp = await connect();
  for (let i = 0; i < 1000; i += 1) stomp.publish(listener.topic, `${i}`);
  stomp.finish();
  for (let i = 0; i < 1000; i += 1) assert.equal((await listener.frame('MESSAGE')).body, `${i}`);
  await stomp.ends();
  [stomp, listener].forEach((client) => client.abort());
});

// With one worker nothing is on its way from another when DISCONNECT comes.
testWith('who disconnects and says no more gets what waits, and its receipt', withTcp({ workers: 1 }), async (alone, keep) => {
  const stomp = await keep(TcpStomp.connect(alone));
  stomp.topic = newTopic();
  await stomp.subscribe(stomp.topic);
  const body = 'x'.repeat(300_000);
  stomp.publish(stomp.topic, body);
  assert.ok((await stomp.frame('MESSAGE')).body === body);
  stomp.socket.pause();
  for (let i = 0; i < 10; i += 1) stomp.publish(stomp.topic, body);
  const other = await keep(Stomp.connect(`${alone.ws}/chat/websocket`));
  await other.subscribe(stomp.topic);
  stomp.publish(stomp.topic, 'the last');
  while ((await other.frame('MESSAGE')).body !== 'the last'); // all has been taken
  stomp.send(frame('DISCONNECT', { receipt: 'bye' }));
  stomp.finish();
  stomp.socket.resume();
  for (let i = 0; i < 10; i += 1) assert.ok((await stomp.frame('MESSAGE')).body === body);
  assert.equal((await stomp.frame('MESSAGE')).body, 'the last');
  assert.equal((await stomp.frame('RECEIPT')).headers['receipt-id'], 'bye');
  await stomp.ends();
});

const ends = {
  'resets its connection inside of a frame': (stomp) => {
    stomp.send(`SEND\ndestination:${stomp.topic}\ncontent-length:1000\n\nhalf`);
    return stomp.reset();
  },
  'resets its connection with output pending': async (stomp) => {
    stomp.socket.pause();
    for (let i = 0; i < 50; i += 1) stomp.publish(stomp.topic, 'x'.repeat(100_000));
    await stomp.reset();
  },
  'ends inside of a frame': (stomp) => {
    stomp.send(`SEND\ndestination:${stomp.topic}\n`);
    stomp.finish();
  },
  'ends with output pending': (stomp) => {
    stomp.socket.pause();
    for (let i = 0; i < 20; i += 1) stomp.publish(stomp.topic, 'x'.repeat(100_000));
    stomp.abort();
  },
};
for (const [what, end] of Object.entries(ends)) {
  test(`a client that ${what} harms nobody, and is gone`, async () => {
    const other = await overWebSocket();
    await other.call('SEND', { destination: '/topic/other' }, 'ready');
    const before = gateway.descriptors;
    const stomp = await listening();
    await end(stomp);
    await until('its connection is closed', () => gateway.descriptors <= before);
    await other.subscribe(stomp.topic);
    other.publish(stomp.topic, 'still here');
    while ((await other.frame('MESSAGE')).body !== 'still here'); // behind what the client had sent
    stomp.abort();
    await other.close();
  });
}

test('1,000 connections are opened and dropped, in any state, and leave nothing behind', async () => {
  const before = gateway.descriptors;
  for (let round = 0; round < 5; round += 1) {
    const clients = await Promise.all(Array.from({ length: 200 }, async (_, i) => {
      const stomp = await TcpStomp.open(gateway);
      if (i % 4 > 0) stomp.send(CONNECT);
      if (i % 4 > 1) stomp.send(frame('SUBSCRIBE', { id: '0', destination: `/topic/drop/${i % 7}` }));
      if (i % 4 > 2) await stomp.frame('CONNECTED');
      return stomp;
    }));
    clients.forEach((stomp, i) => (i % 3 === 0 ? stomp.reset() : stomp.abort()));
  }
  await until('all are closed', () => gateway.descriptors <= before);
  const stomp = await listening();
  stomp.abort();
});

// Heart-beats.

testWith('heart-beats go both ways, and the one who stops is given up',
  withTcp({ times: { stomp_send: 200, stomp_want: 200 } }), async (brisk, keep) => {
    const stomp = await keep(TcpStomp.connect(brisk, { 'heart-beat': '200,200' }));
    const beating = setInterval(() => stomp.send('\n'), 100);
    try {
      await until('it beats', () => stomp.beats >= 5);
      await pause(6000); // longer than a silent one is borne
      await stomp.call('SEND', { destination: '/topic/a' }, 'still here');
      assert.ok(stomp.beats >= 20, `${stomp.beats} beats`);
    } finally {
      clearInterval(beating);
    }
    assert.match((await stomp.fails()).headers.message, /heart-beat/);
    await stomp.ends();
  });

// Readers.

const roomy = withTcp({ limits: { queue_bytes: 100_000_000 } });

testWith('a slow reader gets everything, in order, and keeps nobody waiting', roomy, async (wide, keep) => {
  const slow = await keep(TcpStomp.connect(wide));
  await slow.subscribe('/topic/slow');
  const quick = await keep(TcpStomp.connect(wide));
  await quick.subscribe('/topic/slow');
  slow.socket.pause();
  const publisher = await keep(TcpStomp.connect(wide));
  const texts = Array.from({ length: 24 }, (_, i) => `${i} ${'x'.repeat(500_000)} ${i}.`);
  for (const text of texts) publisher.publish('/topic/slow', text);
  for (const text of texts) assert.ok((await quick.frame('MESSAGE')).body === text);

  slow.socket.on('data', () => {
    slow.socket.pause();
    setTimeout(() => slow.socket.resume(), 5);
  });
  slow.socket.resume();
  for (const text of texts) assert.ok((await slow.frame('MESSAGE')).body === text);
});

testWith('a reader whose queue is full hears an ERROR behind what had left, and the end',
  withTcp({ limits: { queue_bytes: 1_000_000 }, times: { linger: 20_000 } }), async (narrow, keep) => {
    const slow = await keep(TcpStomp.connect(narrow));
    await slow.subscribe('/topic/slow');
    slow.socket.pause();
    const publisher = await keep(TcpStomp.connect(narrow));
    for (let i = 0; i < 60; i += 1) publisher.publish('/topic/slow', `${i} ${'x'.repeat(500_000)}`);
    await publisher.call('SEND', { destination: '/topic/other' }, 'all has been taken');
    await until('its queue is dropped', () => /slow consumer/i.test(narrow.log));
    slow.socket.resume();
    let count = 0;
    let got;
    for (got = await slow.frame(); got.command === 'MESSAGE'; got = await slow.frame()) {
      assert.ok(got.body.startsWith(`${count} x`) && got.body.length > 500_000);
      count += 1;
    }
    assert.equal(got.command, 'ERROR');
    assert.equal(got.headers.message, 'Slow consumer');
    assert.ok(count < 60, `${count} had left`);
    await slow.ends();
  });

testWith('who reads nothing any more is given up', withTcp({
  times: { progress: 300, linger: 300 }, limits: { queue_bytes: 100_000_000 },
}), async (strict, keep) => {
  const publisher = await keep(TcpStomp.connect(strict));
  const before = strict.descriptors;
  const deaf = await keep(TcpStomp.connect(strict));
  await deaf.subscribe('/topic/deaf');
  deaf.socket.pause();
  for (let i = 0; i < 60; i += 1) publisher.publish('/topic/deaf', 'x'.repeat(500_000));
  await publisher.call('SEND', { destination: '/topic/other' }, 'all has been taken');
  await until('its connection is closed', () => strict.descriptors <= before);
});

// With others.

test('TCP, WebSocket and SockJS hear each other, in order', async () => {
  const EACH = 500, topic = newTopic();
  const tcp = await connect(), socket = await overWebSocket();
  const session = await Session.streaming(gateway.port, '/chat');
  await session.send(CONNECT, frame('SUBSCRIBE', { id: '0', destination: topic, receipt: '0' }));
  await tcp.subscribe(topic);
  await socket.subscribe(topic);
  const sockjsFrames = [];
  const ofSockjs = async () => {
    while (sockjsFrames.length === 0) {
      const chunk = await session.down.chunk();
      if (chunk === null) { // its response limit: the next stream goes on
        session.down = await session.stream('xhr_streaming');
      } else if (chunk[0] === 'a') {
        sockjsFrames.push(...JSON.parse(chunk.slice(1)).map(readFrame));
      }
    }
    return sockjsFrames.shift();
  };
  while ((await ofSockjs()).command !== 'RECEIPT');

  for (let i = 0; i < EACH; i += 1) {
    tcp.publish(topic, `tcp ${i}`);
    socket.publish(topic, `socket ${i}`);
  }
  for (const next of [() => tcp.frame('MESSAGE'), () => socket.frame('MESSAGE'), ofSockjs]) {
    const seen = { tcp: 0, socket: 0 };
    while (seen.tcp + seen.socket < 2 * EACH) {
      const [who, number] = (await next()).body.split(' ');
      assert.equal(Number(number), seen[who]);
      seen[who] += 1;
    }
  }
  session.down.abort();
  tcp.abort();
  await socket.close();
});

// Back-pressure.

for (const posts of [1, 50]) {
  testWith(`publishers by TCP that fill an inbox of ${posts} lose nothing, for each reader in order`,
    withTcp({ limits: { inbox_posts: posts, queue_messages: 100_000, queue_bytes: 100_000_000 } }),
    async (small, keep) => {
      const WRITERS = 8, WRITES = 1000;
      const reader = await keep(TcpStomp.connect(small));
      await reader.subscribe('/topic/flood');
      const writers = await Promise.all(Array.from({ length: WRITERS }, () => keep(TcpStomp.connect(small))));
      writers.forEach((stomp, who) => {
        const frames = Array.from({ length: WRITES }, (_, i) => frame('SEND', { destination: '/topic/flood' }, `${who} ${i}`));
        if (who % 2 === 0) frames.forEach((text) => stomp.send(text));
        else stomp.send(frames.join(''));
        if (who % 4 === 0) stomp.finish(); // what it has said counts all the same
      });
      const seen = writers.map(() => 0);
      for (let i = 0; i < WRITERS * WRITES; i += 1) {
        const [who, number] = (await reader.frame('MESSAGE')).body.split(' ').map(Number);
        assert.equal(number, seen[who]);
        seen[who] += 1;
      }
    });
}

// Each COMMIT stops the peer's input until its queues have answered.
const COMMITS = 200;
const transactions = Array.from({ length: COMMITS }, (_, i) => [
  frame('BEGIN', { transaction: `t${i}` }),
  frame('SEND', { destination: `/queue/commit/${i % 5}`, transaction: `t${i}` }, 'x'),
  frame('COMMIT', { transaction: `t${i}` }),
  frame('SEND', { destination: '/topic/commits' }, `${i}`),
]).flat();

const committers = {
  'TCP, in one write': async (held, keep) => {
    (await keep(TcpStomp.connect(held))).send(transactions.join(''));
  },
  'TCP, frame by frame': async (held, keep) => {
    const stomp = await keep(TcpStomp.connect(held));
    for (const text of transactions) stomp.send(text);
  },
  'WebSocket, in one message': async (held, keep) => {
    (await keep(Stomp.connect(`${held.ws}/chat/websocket`))).send(transactions.join(''));
  },
  'WebSocket, frame by frame': async (held, keep) => {
    const stomp = await keep(Stomp.connect(`${held.ws}/chat/websocket`));
    stomp.ws._socket.cork();
    for (const text of transactions) stomp.send(text);
    stomp.ws._socket.uncork();
  },
  'the WebSocket of SockJS': async (held, keep) => {
    const socket = await keep(Socket.open(`${held.ws}/chat/000/committer/websocket`));
    socket.send(JSON.stringify([CONNECT]));
    for (const text of transactions) socket.send(JSON.stringify([text]));
  },
  'xhr_send': async (held) => {
    const session = await Session.polling(held.port, '/chat');
    assert.equal((await session.send(CONNECT)).status, 204);
    for (let i = 0; i < transactions.length; i += 10) {
      assert.equal((await session.send(...transactions.slice(i, i + 10))).status, 204);
    }
  },
};
for (const [way, commit] of Object.entries(committers)) {
  testWith(`what follows a COMMIT comes behind it, by ${way}`, withTcp({ times: { disconnect: 60_000 } }),
    async (held, keep) => {
      const listener = await keep(TcpStomp.connect(held));
      await listener.subscribe('/topic/commits');
      await commit(held, keep);
      for (let i = 0; i < COMMITS; i += 1) assert.equal((await listener.frame('MESSAGE')).body, `${i}`);
      for (let queue = 0; queue < 5; queue += 1) {
        await listener.subscribe(`/queue/commit/${queue}`, `q${queue}`);
        for (let i = 0; i < COMMITS / 5; i += 1) await listener.frame('MESSAGE');
      }
    });
}
