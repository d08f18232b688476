// How a gateway of several workers starts and ends.
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { configuration } from '../lib/config.mjs';
import { Gateway } from '../lib/gateway.mjs';
import { requestText, Wire } from '../lib/http.mjs';
import { openAll } from '../lib/open.mjs';
import { Session } from '../lib/sockjs.mjs';
import { frame, Socket, Stomp } from '../lib/stomp.mjs';
import { test, testWith } from '../lib/test.mjs';
import { deadline, until } from '../lib/wait.mjs';

const NUMBERS = [1, 2, 3, 8];
const workersOf = (count) => (count === 1 ? 'one worker' : `${count} workers`);

async function openAllKept(gateway, keep) {
  const open = await openAll(gateway);
  await Promise.all(open.map((client) => keep(client)));
  return open;
}

// Nobody is left, and nothing of what they had.
const nobody = (gateway, before) => until('what was open is closed', () => gateway.descriptors <= before);

for (const workers of NUMBERS) {
  const many = (times) => configuration({ workers, times });

  testWith(`SIGTERM ends a gateway of ${workersOf(workers)} with everything open, with 0, and all clients learn of it`,
    many({ disconnect: 1000, drain: 60_000 }), async (gateway, keep) => {
      const open = await openAllKept(gateway, keep);
      await gateway.stop();
      await deadline('all clients learn of it', Promise.all(open.map(({ ended }) => ended)));
    });

  testWith(`a second SIGTERM ends a gateway of ${workersOf(workers)} at once, with everything open, with 0`,
    many({ drain: 600_000 }), async (gateway, keep) => {
      await openAllKept(gateway, keep);
      // One who reads nothing of what waits for him keeps the gateway.
      const deaf = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
      await deaf.subscribe('/topic/flood');
      deaf.ws.pause();
      const loud = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
      for (let i = 0; i < 40; i += 1) loud.publish('/topic/flood', 'x'.repeat(100_000));
      await loud.call('SEND', { destination: '/topic/other' }, 'the flood has been taken');
      await gateway.drain();
      assert.equal(gateway.ended, null);
      assert.equal(await gateway.end(), 0);
    });

  testWith(`a gateway of ${workersOf(workers)} keeps nothing of what was opened and closed`,
    many({ disconnect: 200 }), async (gateway) => {
      const before = gateway.descriptors;
      for (let i = 0; i < 4; i += 1) {
        const open = await openAll(gateway);
        assert.ok(gateway.descriptors > before + 10);
        open.forEach((client) => client.abort());
        await nobody(gateway, before);
      }
    });

  test(`SIGTERM as soon as a gateway of ${workersOf(workers)} listens ends it, with 0`, async () => {
    for (let i = 0; i < 5; i += 1) await (await new Gateway(many()).start()).stop();
  });

  test(`SIGTERM while clients come to a gateway of ${workersOf(workers)} ends it, with 0`, async () => {
    const gateway = await new Gateway(many({ drain: 2000 })).start();
    // They come until nobody is let in.
    const come = async () => {
      try {
        for (;;) {
          const wire = await Wire.open(gateway.port);
          wire.write(requestText('POST /echo/000/x/xhr_streaming', { body: '' }));
          const socket = new Socket(`${gateway.ws}/echo/websocket`);
          await Promise.race([socket.opened, socket.closed]);
          socket.abort();
          wire.abort();
        }
      } catch (error) {
        return error.message;
      }
    };
    const coming = Array.from({ length: 5 }, come);
    await Stomp.connect(`${gateway.ws}/chat/websocket`);
    await gateway.stop();
    await deadline('nobody is let in any more', Promise.all(coming));
  });
}

test('a signal before the gateway listens ends it', async () => {
  for (let i = 0; i < 10; i += 1) {
    const gateway = await new Gateway(configuration({ workers: 8 })).begin();
    gateway.child.kill('SIGTERM');
    const how = await deadline('the gateway ends', gateway.exit);
    // Before it has asked for the signal, that ends it without a word.
    assert.ok(how === 0 || (how === 'SIGTERM' && !gateway.log.includes('listening')), `${how}:\n${gateway.log}`);
  }
});

test('there are as many threads as workers', async () => {
  const count = async (...place) => {
    const gateway = await new Gateway(...place).start();
    await (await Stomp.connect(`${gateway.ws}/chat/websocket`)).close();
    const { threads } = gateway;
    await gateway.stop();
    return threads;
  };
  const two = await count(configuration({ workers: 2 })); // a sanitizer's thread comes with the second
  assert.ok(await count(configuration({ workers: 1 })) < two);
  for (const workers of [3, 8]) {
    assert.equal(await count(configuration({ workers })), two + workers - 2);
  }
  const cores = await count(configuration({ workers: availableParallelism() }));
  assert.equal(await count(configuration({ workers: 0 })), cores, '0 workers: one for each core');
  assert.equal(await count(configuration(), { workers: '' }), cores, 'no number: one for each core');
});

// Clients that are cut off while all workers have much to do.

// [what, where it begins, bytes that never end]
const halves = [
  ['a head', 'GET /chat HT'],
  ['a poll', requestText('POST /chat/000/cut/xhr', { headers: { 'Content-Length': 10 } })],
  ['a send', `${requestText('POST /chat/000/cut/xhr_send', { headers: { 'Content-Length': 1000 } })}["`],
  ['a chunk', `${requestText('POST /chat/000/cut/xhr_send', { headers: { 'Transfer-Encoding': 'chunked' } })}ff\r\n["`],
  ['an upgrade', 'GET /chat/websocket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upg'],
];
const half = Buffer.from([0x81, 0xfe, 0x40]); // the head of a WebSocket frame
const MESSAGES = 400, ROUNDS = 15, LISTENERS = 9;

testWith('clients that are killed inside of whatever they send, while three workers are busy, harm nobody', configuration({
  workers: 3, limits: { queue_messages: 1_000_000, queue_bytes: 1_000_000_000 }, times: { disconnect: 200, drain: 2000 },
}), async (gateway, keep) => {
  const before = gateway.descriptors;
  const topics = [0, 1, 2, 3, 4, 5].map((i) => `/topic/busy/${i}`);
  const listeners = await Promise.all(Array.from({ length: LISTENERS }, async () => {
    const stomp = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
    for (const [id, topic] of topics.entries()) await stomp.subscribe(topic, id);
    return stomp;
  }));
  const loud = await Promise.all(topics.map(() => keep(Stomp.connect(`${gateway.ws}/chat/websocket`))));

  // Each round of messages goes out while clients are cut off.
  const cutOff = async () => {
    const wires = await Promise.all([Wire.open, Wire.pooled].flatMap((open) => (
      halves.map(async ([, text]) => {
        const wire = await open(gateway.port);
        await wire.writeOut(text);
        return wire;
      }))));
    const session = await Session.streaming(gateway.port, '/chat');
    await session.send(frame('CONNECT', { 'accept-version': '1.2', host: 'a' }),
      frame('SUBSCRIBE', { id: '0', destination: topics[0] }), 'SEND\ndestination:/topic/busy/1\n\nnever wh');
    const stomp = await Stomp.connect(`${gateway.ws}/chat/websocket`);
    for (const [id, topic] of topics.entries()) stomp.send(frame('SUBSCRIBE', { id, destination: topic }));
    stomp.publish(topics[0], 'on its way');
    stomp.ws._socket.write(half);
    [...wires, session.down, stomp].forEach((client) => client.abort());
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [i, stomp] of loud.entries()) {
      for (let j = 0; j < MESSAGES / ROUNDS; j += 1) stomp.publish(topics[i], `${i} ${'x'.repeat(1000)}`);
    }
    await cutOff();
  }
  for (const [i, stomp] of loud.entries()) await stomp.call('SEND', { destination: topics[i] }, `${i} the last`);

  const each = Math.ceil(MESSAGES / ROUNDS) * ROUNDS;
  for (const stomp of listeners) {
    const heard = topics.map(() => 0);
    for (let open = topics.length; open > 0;) {
      const { body } = await stomp.frame('MESSAGE');
      if (body === 'on its way') continue;
      if (body.endsWith('the last')) {
        assert.equal(heard[Number(body[0])], each);
        open -= 1;
      }
      heard[Number(body[0])] += 1;
    }
  }
  await nobody(gateway, before + listeners.length + loud.length);
});
