// Many at once, and one who is slow: nothing is lost, and the rest goes on.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { configuration } from './lib/config.mjs';
import { Gateway } from './lib/gateway.mjs';
import { connect, requestText } from './lib/http.mjs';
import { frame, readFrame, Stomp } from './lib/stomp.mjs';
import { test, withGateway } from './lib/test.mjs';

// Nobody of the crowd is given up while the rest is still coming.
const gateway = withGateway(configuration({ times: { disconnect: 100_000 } }));

const POLLERS = 2_000;
const CONNECT = frame('CONNECT', { 'accept-version': '1.2', host: 'localhost' });

// The frames of the messages in an a[...] frame.
function framesOf(body) {
  assert.equal(body[0], 'a', body);
  return JSON.parse(body.slice(1)).map((data) => readFrame(data));
}

// A STOMP session over xhr-polling on one connection that is kept.
class Poller {
  static async subscribe(port, number, destination) {
    const poller = new Poller();
    poller.url = `/chat/000/crowd${number}`;
    poller.wire = await connect(port);
    assert.equal(await poller.poll(), 'o\n');
    await poller.send(CONNECT, frame('SUBSCRIBE', { id: '0', destination, receipt: 'r' }));
    for (const wanted of ['CONNECTED', 'RECEIPT']) await poller.expect(wanted);
    return poller;
  }

  seen = [];

  begin() { this.wire.write(requestText(`POST ${this.url}/xhr`, { body: '' })); }

  async end() { return (await this.wire.answer()).body; }

  poll() {
    this.begin();
    return this.end();
  }

  async send(...frames) {
    this.wire.write(requestText(`POST ${this.url}/xhr_send`, { body: JSON.stringify(frames) }));
    assert.equal((await this.wire.answer()).status, 204);
  }

  async expect(command) {
    while (this.seen.length === 0) this.seen.push(...framesOf(await this.poll()));
    assert.equal(this.seen.shift().command, command);
  }
}

test(`one message answers ${POLLERS.toLocaleString('en')} polls that wait`, async () => {
  const pollers = [];
  while (pollers.length < POLLERS) {
    pollers.push(...await Promise.all(Array.from({ length: 100 }, (_, i) => (
      Poller.subscribe(gateway.port, pollers.length + i, '/topic/crowd')))));
  }
  pollers.forEach((poller) => poller.begin());
  const publisher = await Stomp.connect(`${gateway.ws}/chat/websocket`);
  await publisher.call('SEND', { destination: '/topic/crowd' }, 'news');

  const bodies = await Promise.all(pollers.map((poller) => poller.end()));
  for (const body of bodies) assert.deepEqual(framesOf(body).map((got) => got.body), ['news']);
  pollers.forEach((poller) => poller.wire.abort());
  await publisher.close();
});

for (const [transport, method] of [['xhr_streaming', 'POST'], ['eventsource', 'GET']]) {
  test(`a slow reader of ${transport} gets every byte in order`, async () => {
    const slow = await new Gateway(configuration({
      endpoints: [{ path: '/long', handler: 'stomp', response_limit: 1_000_000_000 }],
    })).start();
    const url = '/long/000/slow';
    const send = (...frames) => connect(slow.port).then(async (wire) => {
      wire.write(requestText(`POST ${url}/xhr_send`, { body: JSON.stringify(frames) }));
      assert.equal((await wire.answer()).status, 204);
      wire.abort();
    });
    const down = await connect(slow.port);
    down.write(requestText(`${method} ${url}/${transport}`, method === 'POST' ? { body: '' } : {}));
    await down.head();
    await down.chunk();
    await down.chunk();
    await send(CONNECT, frame('SUBSCRIBE', { id: '0', destination: '/topic/slow', receipt: 'r' }));
    for (let got = ''; !got.includes('RECEIPT');) got += await down.chunk();

    // More than the socket's buffers hold, less than the session's queue.
    down.socket.pause();
    const publisher = await Stomp.connect(`${slow.ws}/long/websocket`);
    const texts = Array.from({ length: 300 }, (_, i) => `${i} ${'x'.repeat(10_000)} ${i}.`);
    for (const text of texts) publisher.publish('/topic/slow', text);
    await publisher.call('SEND', { destination: '/topic/slow' }, 'the last.');
    down.socket.resume();

    let body = '';
    while (!body.includes('the last.')) body += await down.chunk();
    assert.deepEqual(body.match(/\d+ x+ \d+\./g), texts);
    down.abort();
    await publisher.close();
    await slow.stop();
  });
}

test('publishers are stopped while the inbox is full, and nothing is lost', async () => {
  const small = await new Gateway(configuration({
    limits: { inbox_posts: 32, queue_messages: 100_000, queue_bytes: 100_000_000 },
    log_level: 'debug',
  })).start();
  const subscriber = await Stomp.connect(`${small.ws}/chat/websocket`);
  await subscriber.subscribe('/topic/flood');
  const count = 20_000;
  const numbers = Array.from({ length: count }, (_, i) => `${i}`);
  const bodies = async () => {
    const got = [];
    for (let i = 0; i < count; i += 1) got.push((await subscriber.frame('MESSAGE')).body);
    return got;
  };

  // By WebSocket: many frames in each message.
  const loud = await Stomp.connect(`${small.ws}/chat/websocket`);
  const send = (text) => frame('SEND', { destination: '/topic/flood' }, text);
  for (let i = 0; i < count; i += 100) loud.send(numbers.slice(i, i + 100).map(send).join(''));
  assert.deepEqual(await bodies(), numbers);

  // By xhr_send: several requests at once, each of which must be answered.
  const url = '/chat/000/flood';
  const receiver = await connect(small.port);
  receiver.write(requestText(`POST ${url}/xhr_streaming`, { body: '' }));
  await receiver.head();
  const senders = await Promise.all(Array.from({ length: 8 }, () => connect(small.port)));
  const post = (wire, frames) => {
    wire.write(requestText(`POST ${url}/xhr_send`, { body: JSON.stringify(frames) }));
    return wire.answer();
  };
  assert.equal((await post(senders[0], [CONNECT])).status, 204);
  for (let i = 0; i < count; i += 800) {
    const answers = await Promise.all(senders.map((wire, who) => (
      post(wire, numbers.slice(i + who * 100, i + who * 100 + 100).map(send)))));
    assert.ok(answers.every(({ status }) => status === 204));
  }
  const sorted = (await bodies()).sort((a, b) => a - b);
  assert.deepEqual(sorted, numbers);

  await small.logged(/publishers are stopped/);
  // Not as often as they were stopped: the log keeps repeats of a second to itself.
  await small.logged(/publishers are read again/);
  [receiver, ...senders].forEach((wire) => wire.abort());
  await loud.close();
  await subscriber.close();
  await small.stop();
});

test('a session that reads nothing ends, and the others hear everything', async () => {
  const strict = await new Gateway(configuration({ times: { progress: 500 } })).start();
  const deaf = await Stomp.connect(`${strict.ws}/chat/websocket`);
  await deaf.subscribe('/topic/flood');
  deaf.ws.pause();
  const healthy = await Stomp.connect(`${strict.ws}/chat/websocket`);
  await healthy.subscribe('/topic/flood');
  const loud = await Stomp.connect(`${strict.ws}/chat/websocket`);
  const text = 'x'.repeat(100_000);
  let heard = 0;
  while (!/Slow consumer/i.test(strict.log)) {
    await loud.call('SEND', { destination: '/topic/flood' }, text);
    assert.equal((await healthy.frame('MESSAGE')).body, text);
    heard += 1;
  }
  assert.ok(heard > 0);
  deaf.ws.resume();
  await once(deaf.ws, 'close');
  await Promise.all([healthy.close(), loud.close()]);
  await strict.stop();
});
