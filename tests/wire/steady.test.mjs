// A reader that is slow but steady is no slow consumer, and one that reads nothing has
// little in the kernel.
import assert from 'node:assert/strict';
import { configuration } from './lib/config.mjs';
import { HandClient } from './lib/hand.mjs';
import { frame, readFrame, Stomp } from './lib/stomp.mjs';
import { TcpStomp } from './lib/tcp.mjs';
import { testWith } from './lib/test.mjs';
import { until } from './lib/wait.mjs';

const MB = 1_000_000;
const TOTAL = 6 * MB; // more than the kernel takes by itself
const EVERY = 100; // ms between two reads, of at most 64 KB

const withTcp = (more) => configuration({ tcp: { listen: '127.0.0.1:0' }, ...more });

// Each has the socket that it reads from.
const readers = {
  TCP: async (gateway) => {
    const stomp = await TcpStomp.connect(gateway);
    return Object.assign(stomp, { wire: stomp.socket });
  },
  WebSocket: async (gateway) => {
    const stomp = await Stomp.connect(`${gateway.ws}/large/websocket`);
    return Object.assign(stomp, { wire: stomp.ws._socket });
  },
  'xhr-streaming': async (gateway) => {
    const hand = await HandClient.open(`${gateway.url}/large`, 'xhr-streaming');
    await hand.send(frame('CONNECT', { 'accept-version': '1.2', host: 'x' }));
    await hand.next('CONNECTED comes');
    return {
      wire: [...hand.asked][0].socket,
      frame: async () => readFrame(await hand.next()),
      abort: () => hand.abort(),
      subscribe: async (destination) => {
        await hand.send(frame('SUBSCRIBE', { id: '0', destination, receipt: 'r' }));
        await hand.next('its RECEIPT comes');
      },
    };
  },
};

// One piece, then a rest.
function readSlowly({ wire }) {
  wire.on('data', () => wire.pause());
  const going = setInterval(() => wire.resume(), EVERY);
  wire.once('close', () => clearInterval(going));
}

for (const [title, size] of Object.entries({ small: 16_000, large: MB })) {
  testWith(`readers that are slow but steady get all messages: ${title} ones`, withTcp({
    times: { progress: 1000 }, limits: { frame: 2 * MB, body: 2 * MB, queue_bytes: 100 * MB, queue_messages: 100_000 },
    endpoints: [{ path: '/large', handler: 'stomp', sockjs: true, response_limit: 100 * MB }],
  }), async (gateway, keep) => {
    const count = TOTAL / size;
    const publisher = await keep(TcpStomp.connect(gateway));
    await Promise.all(Object.entries(readers).map(async ([name, open]) => {
      const reader = await keep(open(gateway));
      await reader.subscribe(`/topic/${name}`);
      readSlowly(reader);
      for (let i = 0; i < count; i += 1) publisher.publish(`/topic/${name}`, `${i} ${'x'.repeat(size)}`);
      for (let i = 0; i < count; i += 1) {
        const { body } = await reader.frame();
        assert.ok(body.startsWith(`${i} x`) && body.length > size, `${name}: ${body.slice(0, 20)}`);
      }
    }));
    assert.doesNotMatch(gateway.log, /session ended/);
  });
}

testWith('of a reader that stands still the kernel holds little', withTcp({
  times: { progress: 1000 }, limits: { queue_bytes: 100 * MB, queue_messages: 100_000 },
  endpoints: [{ path: '/large', handler: 'stomp', sockjs: true, response_limit: 100 * MB }],
}), async (gateway, keep) => {
  const publisher = await keep(TcpStomp.connect(gateway));
  await Promise.all(Object.values(readers).map(async (open) => {
    const reader = await keep(open(gateway));
    await reader.subscribe('/topic/still');
    reader.wire.pause();
  }));
  for (let i = 0; i < 600; i += 1) publisher.publish('/topic/still', 'x'.repeat(16_000));
  const ends = /session ended: .*code=1008.* bytes_out=(\d+)/g;
  await until('all three are ended', () => gateway.log.match(ends)?.length === 3);
  for (const [line, bytes] of gateway.log.matchAll(ends)) assert.ok(bytes < MB, line);
});
