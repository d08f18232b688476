// Sessions of all kinds at once through a proxy that keeps its connections: sockjs-client
// over the transports that it has in node, and all of them by hand. Their requests are on
// any worker.
// tags: tsan
import assert from 'node:assert/strict';
import { SockJsClient } from '../lib/clients.mjs';
import { severalWorkers } from '../lib/config.mjs';
import { byHand, HandClient } from '../lib/hand.mjs';
import { Proxy } from '../lib/proxy.mjs';
import { Socket } from '../lib/stomp.mjs';
import { testWith } from '../lib/test.mjs';
import { until } from '../lib/wait.mjs';

const configuration = (times) => severalWorkers({
  endpoints: [
    { path: '/short', handler: 'echo', response_limit: 1 },
    { path: '/broadcast', handler: 'broadcast' },
  ],
  // On a busy machine a client may take long between two requests.
  times: { drain: 500, disconnect: 60_000, ...times },
});

const openers = Object.fromEntries([
  ...['websocket', 'xhr-streaming', 'eventsource', 'xhr-polling'].map((transport) => (
    [`sockjs-client over ${transport}`, (url) => SockJsClient.open(url, transport)])),
  ...byHand.map((transport) => (
    [`${transport} by hand`, (url, options) => HandClient.open(url, transport, options)])),
]);

// body(proxy, keep, gateway)
function testBehind(title, body, wanted) {
  testWith(title, configuration(wanted), async (gateway, keep) => {
    await body(await keep(Proxy.open(gateway.port)), keep, gateway);
  });
}

const times = (count, body) => Promise.all(Array.from({ length: count }, (_, i) => body(i)));
const random = (below) => Math.floor(Math.random() * below);

// Sends numbered messages, some at once, and wants each back once, in order.
async function converse(client, count, padding = 100) {
  for (let sent = 0, heard = 0; heard < count;) {
    for (let some = 1 + random(4); some > 0 && sent < count; some -= 1, sent += 1) {
      client.send(`${sent} ${'x'.repeat(random(padding))}`);
    }
    // Sometimes the next are on their way before the last have come back.
    for (let some = Math.max(1, sent - heard - random(3)); some > 0 && heard < sent; some -= 1, heard += 1) {
      assert.equal(parseInt(await client.next(), 10), heard);
    }
  }
}

for (const [name, open] of Object.entries(openers)) {
  testBehind(`${name}: ten sessions at once get back what they send, once and in order`, async (proxy, keep) => {
    await times(10, async (i) => {
      // Two endpoints, whose streams end after 4,096 bytes and after each frame.
      const client = await keep(open(`${proxy.url}${i % 2 ? '/echo' : '/short'}`));
      await converse(client, 150);
      if (/streaming|eventsource|htmlfile/.test(name) && client instanceof HandClient) {
        assert.ok(client.receives > 1, 'a stream has reached its limit');
      }
      assert.equal(client.inbox.length, 0);
    });
  });

  testBehind(`${name}: messages of several hundred KB go both ways`, async (proxy, keep) => {
    await times(3, async (i) => {
      const client = await keep(open(`${proxy.url}${i % 2 ? '/echo' : '/short'}`));
      for (const text of ['x'.repeat(300_000), '\u4F60\u2028"\\%'.repeat(60_000), `${i} %25`.repeat(100_000)]) {
        client.send(text);
        assert.ok(await client.next() === text);
      }
    });
  });
}

testBehind('all kinds of sessions at once, six of each', async (proxy, keep) => {
  await Promise.all(Object.values(openers).map((open) => times(6, async (i) => {
    const client = await keep(open(`${proxy.url}${i % 2 ? '/echo' : '/short'}`));
    await converse(client, 100);
    assert.equal(client.inbox.length, 0);
  })));
});

testBehind('all kinds of sessions hear a broadcast, once and in order', async (proxy, keep) => {
  const clients = await Promise.all(Object.values(openers).flatMap((open) => (
    [0, 1].map(() => keep(open(`${proxy.url}/broadcast`))))));
  for (let round = 0; round < 20; round += 1) {
    clients[random(clients.length)].send(`${round}`);
    for (const client of clients) assert.equal(await client.next(), `${round}`);
  }
});

testBehind('a session that the server closes is told so, of every kind', async (proxy, keep) => {
  await Promise.all(Object.values(openers).map((open) => times(4, async () => {
    const client = await keep(open(`${proxy.url}/close`));
    const { code, reason } = await client.closes();
    assert.deepEqual([code, reason], [3000, 'Go away!']);
  })));
});

testBehind('a raw WebSocket on a connection that served others gets its echo', async (proxy, keep) => {
  await times(10, async () => {
    const socket = await keep(Socket.open(`${proxy.ws}/echo/websocket`));
    for (let i = 0; i < 100; i += 1) socket.send(`${i}`);
    for (let i = 0; i < 100; i += 1) assert.equal(await socket.next(), `${i}`);
  });
});

// A proxy that loses connections.

const lasting = { heartbeat: 600_000, disconnect: 600_000 };
const receiving = byHand.filter((transport) => transport !== 'websocket');

for (const transport of receiving) {
  testBehind(`when the proxy loses the connections of ${transport}, those sessions are gone, and no others`, async (proxy, keep) => {
    const open = (id) => keep(HandClient.open(`${proxy.url}/echo`, transport, { id }));
    const lost = await times(8, (i) => open(`lost${i}`));
    const others = await times(8, (i) => open(`other${i}`));
    await Promise.all([...lost, ...others].map((client) => converse(client, 5)));
    const ends = lost.map((client) => client.failed.catch(() => 'ended'));

    // The request of each may be on its way yet.
    const cut = new Set();
    await until('each has lost its connection', () => {
      proxy.cut((path) => {
        const [, id, kind] = path.match(/(lost\d)\/(\w+)/) ?? [];
        return id && !kind.endsWith('send') && !cut.has(id) && cut.add(id);
      });
      return cut.size === lost.length;
    });
    await Promise.all(ends);
    await until('the sessions are gone', async () => {
      const statuses = await Promise.all(lost.map((client) => client.sendNow('x')));
      return statuses.every((status) => status === 404);
    });
    for (let i = 0; i < lost.length; i += 1) {
      const again = new HandClient(`${proxy.url}/echo`, transport, { id: `lost${i}` });
      assert.deepEqual(await again.closes(), { code: 1002, reason: 'Connection interrupted' });
    }
    await Promise.all(others.map((client) => converse(client, 20)));
  }, lasting);
}
