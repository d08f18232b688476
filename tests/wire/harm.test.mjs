// Whatever one client does, the others chat on.
import assert from 'node:assert/strict';
import { configuration } from './lib/config.mjs';
import { requestText, Wire } from './lib/http.mjs';
import { Session } from './lib/sockjs.mjs';
import { frame, Socket, Stomp } from './lib/stomp.mjs';
import { test, withGateway } from './lib/test.mjs';

const gateway = withGateway(configuration());

async function throwAtPort(bytes) {
  const wire = await Wire.open(gateway.port);
  await wire.writeOut(bytes);
  wire.abort();
}

async function throwAtStomp(data, ...more) {
  const stomp = await Stomp.connect(`${gateway.ws}/chat/websocket`);
  stomp.ws.send(data, ...more);
  await stomp.closes();
}

const noise = (length) => Buffer.from(Array.from({ length }, (_, i) => (i * 7919 + (i >> 3) * 31) % 256));

const attacks = {
  'bytes without meaning': () => throwAtPort(noise(5000)),
  'a head without end': () => throwAtPort(`GET / HTTP/1.1\r\n${'x: y\r\n'.repeat(5000)}`),
  'a connection that ends inside of a head': () => throwAtPort('GET /chat/in'),
  'a connection that ends inside of a body': () => throwAtPort(
    `${requestText('POST /chat/0/a/xhr_send', { headers: { 'Content-Length': 99 } })}["`),
  'a body of wrong chunks': () => throwAtPort(
    `${requestText('POST /chat/0/a/xhr_send', { headers: { 'Transfer-Encoding': 'chunked' } })}zz\r\n`),
  'STOMP without meaning': () => throwAtStomp('NONSENSE\n\n\0'),
  'STOMP that is no UTF-8': () => throwAtStomp(
    Buffer.concat([Buffer.from('SEND\ndestination:/topic/\xff\n\nx\0', 'latin1'), noise(500)])),
  'text that is no UTF-8': () => throwAtStomp(Buffer.from([0xc0, 0x80]), { binary: false }),
  'a message that is too large': () => throwAtStomp('x'.repeat(4_000_000)),
  'a chat message that is not JSON': () => throwAtStomp(frame('SEND', { destination: '/app/chat' }, '{')),
  'JSON that is deep': () => throwAtStomp(
    frame('SEND', { destination: '/app/chat' }, `{"from":${'['.repeat(100_000)}`)),
  'SockJS frames without meaning': async () => {
    const socket = await Socket.open(`${gateway.ws}/chat/000/a/websocket`);
    socket.send('[[[[');
    await socket.closes();
  },
  'a WebSocket that is cut inside of a frame': async () => {
    const socket = await Socket.open(`${gateway.ws}/chat/websocket`);
    socket.ws._socket.write(Buffer.from([0x81, 0xfe, 0x40]));
    await socket.close();
  },
  'a WebSocket frame of unknown kind': async () => {
    const socket = await Socket.open(`${gateway.ws}/chat/websocket`);
    socket.ws._socket.write(Buffer.from([0x8b, 0x80, 0, 0, 0, 0]));
    await socket.closes();
  },
  'streams that are opened and dropped': async () => {
    for (let i = 0; i < 50; i += 1) (await new Session(gateway.port, '/chat').stream('xhr_streaming')).abort();
  },
  'subscribers that vanish while they are sent to': async () => {
    for (let i = 0; i < 20; i += 1) {
      const stomp = await Stomp.connect(`${gateway.ws}/chat/websocket`);
      stomp.send(frame('SUBSCRIBE', { id: '0', destination: '/topic/messages' }));
      stomp.publish('/app/chat', '{"from":"noise","text":"x"}');
      stomp.close();
    }
  },
  'a subscriber that reads nothing of a flood': async () => {
    const deaf = await Stomp.connect(`${gateway.ws}/chat/websocket`);
    await deaf.subscribe('/topic/flood');
    deaf.ws.pause();
    const loud = await Stomp.connect(`${gateway.ws}/chat/websocket`);
    for (let i = 0; i < 200; i += 1) loud.publish('/topic/flood', 'x'.repeat(50_000));
    await loud.call('SEND', { destination: '/topic/none' }, 'all of it was taken');
    await Promise.all([deaf.close(), loud.close()]);
  },
};

for (const [what, attack] of Object.entries(attacks)) {
  test(`${what}: the others chat on`, async () => {
    const stomp = await Stomp.connect(`${gateway.ws}/chat/websocket`);
    const session = await Session.streaming(gateway.port, '/echo');
    const { pid } = gateway;
    await stomp.subscribe('/topic/unharmed');

    await attack();

    stomp.publish('/topic/unharmed', 'still here');
    assert.equal((await stomp.frame('MESSAGE')).body, 'still here');
    await session.send('still here');
    assert.equal(await session.down.chunk(), 'a["still here"]\n');
    assert.equal(gateway.pid, pid);
    assert.equal(gateway.ended, null);
    session.down.abort();
    await stomp.close();
  });
}
