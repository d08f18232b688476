// Half a surrogate pair, which browsers send when a text is cut inside of a character:
// a shaped message has U+FFFD instead of it, and its sender is not to blame.
import assert from 'node:assert/strict';
import { configuration } from './lib/config.mjs';
import { Session } from './lib/sockjs.mjs';
import { frame, readFrame, Socket, Stomp } from './lib/stomp.mjs';
import { test, withGateway } from './lib/test.mjs';

const gateway = withGateway(configuration());
const CONNECT = frame('CONNECT', { 'accept-version': '1.2', host: 'a' });
const toChat = (body) => frame('SEND', { destination: '/app/chat', receipt: 'sent' }, body);
const bodyOf = (text) => `{"from":"Ana","text":"${text}"}`;

// What a text looks like in a JSON body, and what must arrive. "\ud83d" in single
// quotes is half a pair itself; with two backslashes it is its escape in JSON.
const texts = {
  'an escaped high half': ['a\\ud83d b', 'a\ufffd b'],
  'an escaped low half': ['a\\ude00 b', 'a\ufffd b'],
  'two high halves, escaped': ['\\ud83d\\ud83d', '\ufffd\ufffd'],
  'a high half before a pair, escaped': ['\\ud83d\\ud83d\\ude00', '\ufffd\u{1F600}'],
  'a low half at the end, escaped in capitals': ['x\\uDE00', 'x\ufffd'],
  'an escaped backslash before what only looks like a half': ['\\\\ud83d', '\\ud83d'],
};
const halves = {
  'a high half': ['a\ud83d b', 'a\ufffd b'],
  'a low half': ['a\ude00 b', 'a\ufffd b'],
  'a high half at the end': ['x\ud83d', 'x\ufffd'],
  'a high half before a pair': ['\ud83d\u{1F600}', '\ufffd\u{1F600}'],
  'a pair': ['\u{1F600}', '\u{1F600}'],
};

// Receivers: a plain WebSocket, and one that polls.
async function receivers() {
  const stomp = await Stomp.connect(`${gateway.ws}/chat/websocket`);
  await stomp.subscribe('/topic/messages');
  const session = await Session.polling(gateway.port, '/chat');
  await session.send(CONNECT, frame('SUBSCRIBE', { id: '0', destination: '/topic/messages', receipt: '0' }));
  while (!(await session.poll()).includes('RECEIPT'));
  return {
    async next() {
      const frames = [await stomp.frame('MESSAGE'), ...JSON.parse((await session.poll()).slice(1)).map(readFrame)];
      return frames.map(({ body }) => JSON.parse(body).text);
    },
    close: () => stomp.close(),
  };
}

// Senders: a plain WebSocket, and both ways of SockJS, which escapes what is not UTF-8.
const senders = {
  async 'a plain WebSocket'() {
    const stomp = await Stomp.connect(`${gateway.ws}/chat/websocket`);
    return {
      async send(body) {
        stomp.send(toChat(body));
        await stomp.frame('RECEIPT');
      },
      close: () => stomp.close(),
    };
  },
  async 'SockJS websocket'() {
    const socket = await Socket.open(`${gateway.ws}/chat/000/halves/websocket`);
    const expect = async (command) => {
      for (let text = ''; !text.includes(command);) text = await socket.next();
    };
    socket.send(JSON.stringify([CONNECT]));
    await expect('CONNECTED');
    return {
      async send(body) {
        socket.send(JSON.stringify([toChat(body)]));
        await expect('RECEIPT');
      },
      close: () => socket.close(),
    };
  },
  async 'SockJS xhr_send'() {
    const session = await Session.polling(gateway.port, '/chat');
    const expect = async (command) => assert.match(await session.poll(), new RegExp(`^a\\["${command}`));
    await session.send(CONNECT);
    await expect('CONNECTED');
    return {
      async send(body) {
        assert.equal((await session.send(toChat(body))).status, 204);
        await expect('RECEIPT');
      },
      close: async () => {},
    };
  },
};

for (const [transport, open] of Object.entries(senders)) {
  // WebSocket text is UTF-8: half a pair cannot be sent as it is.
  const all = transport === 'a plain WebSocket' ? texts : { ...texts, ...halves };
  for (const [what, [text, expected]] of Object.entries(all)) {
    test(`${what} in a chat message by ${transport} arrives as text`, async () => {
      const [to, from] = await Promise.all([receivers(), open()]);
      for (const body of [bodyOf(text), bodyOf(`${text} again`)]) {
        await from.send(body);
        assert.deepEqual(await to.next(), body.includes('again')
          ? [`${expected} again`, `${expected} again`] : [expected, expected]);
      }
      await Promise.all([to.close(), from.close()]);
    });
  }
}
