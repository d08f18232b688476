// What a MESSAGE says of its body is true for every reader: @stomp/stompjs takes as many
// octets as content-length says, and would take the rest for the next frame.
import assert from 'node:assert/strict';
import { broker, fresh } from './lib/broker.mjs';
import { pairs, subscription } from './lib/clients.mjs';
import { frame } from './lib/stomp.mjs';
import { TcpStomp } from './lib/tcp.mjs';
import { test, withGateway } from './lib/test.mjs';

const gateway = withGateway(broker());

const send = (destination, body, more = {}) => Buffer.concat([
  Buffer.from(frame('SEND', { destination, ...more }).slice(0, -1)), body, Buffer.from([0])]);

// Octets, and the text that SockJS makes of them.
const octets = {
  'Latin-1': [[0x63, 0x61, 0x66, 0xe9], 'caf\ufffd'],
  'no text at all': [[0xff, 0xfe, 0x80, 0xf5], '\ufffd'.repeat(4)],
  'cut inside of a character': [[0x61, 0xe2, 0x82], 'a\ufffd\ufffd'],
  'overlong': [[0xc1, 0xbf], '\ufffd\ufffd'],
  'a surrogate pair in six octets': [[0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80], '\u{1F600}'],
};

// Without content-length, as a program may send it.
const texts = ['', 'ASCII', 'Grüße, 你好', 'a \u{1F600} z', 'quote " \\ \u2028 \u200d \ufffd', '%25 </script>'];

async function receiverOf(connect, path) {
  const publisher = await TcpStomp.connect(gateway);
  const client = await connect(`${gateway.url}${path}`);
  const destination = fresh('topic');
  const inbox = await subscription(client, destination);
  return {
    publish: (body, more) => publisher.send(send(destination, Buffer.from(body), more)),
    next: () => inbox.next(),
    async close() {
      await client.close();
      await publisher.close();
    },
  };
}

for (const { name, connect } of pairs.filter((pair) => pair.name.includes('SockJS'))) {
  test(`a body that is no UTF-8 loses nothing behind it with ${name}`, async () => {
    const receiver = await receiverOf(connect, '/stomp');
    for (const [what, [bytes, seen]] of Object.entries(octets)) {
      receiver.publish(bytes, { 'content-length': bytes.length });
      receiver.publish('second');
      receiver.publish('third');
      const got = [];
      for (let i = 0; i < 3; i += 1) got.push((await receiver.next()).body);
      assert.deepEqual(got, [seen, 'second', 'third'], what);
    }
    await receiver.close();
  });
}

// These cut a frame into messages of 16 KiB UTF-16 units. One of the two bodies has its
// cuts inside of emoji.
for (const { name, connect } of pairs.filter((pair) => /^(stompjs|webstomp).*SockJS/.test(pair.name))) {
  test(`a long frame that is cut inside of characters arrives whole with ${name}`, async () => {
    const client = await connect(`${gateway.url}/stomp`);
    const destination = fresh('topic');
    const inbox = await subscription(client, destination);
    for (const first of ['', 'x']) {
      const body = first + '\u{1F600}'.repeat(20_000);
      client.publish(destination, body);
      client.publish(destination, 'next');
      assert.ok((await inbox.next()).body === body, 'the body is what was sent');
      assert.equal((await inbox.next()).body, 'next');
    }
    await client.close();
  });
}

for (const { name, connect } of pairs) {
  test(`every MESSAGE has a content-length that its reader takes with ${name}`, async () => {
    const receiver = await receiverOf(connect, '/stomp');
    for (const text of texts) {
      receiver.publish(text);
      const { headers, body } = await receiver.next();
      assert.equal(body, text);
      assert.equal(Number(headers['content-length']), Buffer.byteLength(text), text);
    }
    await receiver.close();
  });
}
