// A reader that is too slow for a flood, under the policies that let it stay: it misses
// messages and sees that it does, and what a queue has for it all arrives.
import assert from 'node:assert/strict';
import { configuration } from './lib/config.mjs';
import { Session } from './lib/sockjs.mjs';
import { frame, readFrame, Stomp } from './lib/stomp.mjs';
import { testWith } from './lib/test.mjs';

const COUNT = 400; // far more than queue and kernel hold together
const QUEUED = 20;
const flood = (i) => `${i} ${'x'.repeat(50_000)}`;

const policies = configuration({
  limits: { queue_messages: 20 },
  times: { progress: 60_000 },
  endpoints: ['drop-oldest', 'latest'].map((policy) => (
    { path: `/${policy}`, handler: 'stomp', slow_consumer: policy, response_limit: 1_000_000_000 })),
});

class SlowSocket {
  static async open(gateway, path) {
    const reader = new SlowSocket();
    reader.stomp = await Stomp.connect(`${gateway.ws}${path}/websocket`);
    await reader.stomp.subscribe('/topic/flood', 't');
    await reader.stomp.subscribe('/queue/work', 'q');
    return reader;
  }

  get socket() { return this.stomp.ws._socket; }

  next() { return this.stomp.frame('MESSAGE'); }

  abort() { this.stomp.abort(); }
}

class SlowStream {
  static async open({ port }, path) {
    const reader = new SlowStream();
    reader.session = await Session.streaming(port, path);
    reader.frames = [];
    await reader.session.send(frame('CONNECT', { 'accept-version': '1.2', host: 'a' }),
      frame('SUBSCRIBE', { id: 't', destination: '/topic/flood', receipt: 't' }),
      frame('SUBSCRIBE', { id: 'q', destination: '/queue/work', receipt: 'q' }));
    for (const command of ['CONNECTED', 'RECEIPT', 'RECEIPT']) assert.equal((await reader.next()).command, command);
    return reader;
  }

  get socket() { return this.session.down.socket; }

  async next() {
    while (this.frames.length === 0) {
      const chunk = await this.session.down.chunk();
      if (chunk[0] === 'a') this.frames.push(...JSON.parse(chunk.slice(1)).map(readFrame));
    }
    return this.frames.shift();
  }

  abort() { this.session.down.abort(); }
}

const offset = ({ headers }) => Number(headers['x-postern-seq'].split('-')[1]);

for (const policy of ['drop-oldest', 'latest']) {
  for (const [kind, Reader] of Object.entries({ 'a plain WebSocket': SlowSocket, 'xhr_streaming': SlowStream })) {
    testWith(`${policy}: a slow reader by ${kind} stays, sees its gaps, and gets the newest and all of a queue`, policies,
      async (gateway, keep) => {
        const reader = await keep(Reader.open(gateway, `/${policy}`));
        const publisher = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
        reader.socket.pause();
        for (let i = 1; i <= COUNT; i += 1) {
          publisher.publish('/topic/flood', flood(i));
          if (i % (COUNT / QUEUED) === 0) publisher.publish('/queue/work', `${i * QUEUED / COUNT}`);
        }
        await publisher.call('SEND', { destination: '/topic/other' }, 'all has been taken');
        reader.socket.resume();

        const topic = [], queue = [];
        while (topic.at(-1) !== COUNT || queue.length < QUEUED) {
          const message = await reader.next();
          const number = parseInt(message.body, 10);
          if (message.headers.subscription === 'q') {
            queue.push(number);
          } else {
            assert.equal(offset(message), number, 'the number tells what was missed');
            assert.ok(message.body === flood(number), 'no message is torn');
            assert.ok(number > (topic.at(-1) ?? 0), 'order is kept');
            topic.push(number);
          }
        }
        assert.deepEqual(queue, Array.from({ length: QUEUED }, (_, i) => i + 1));
        assert.ok(topic.length < COUNT, `${topic.length} of ${COUNT} arrived`);
        await gateway.logged(/slow consumer, messages of topics are dropped/);
        publisher.publish('/topic/flood', 'the end');
        assert.equal((await reader.next()).body, 'the end');
      });
  }
}
