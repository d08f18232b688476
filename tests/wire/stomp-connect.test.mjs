// STOMP: from the first byte to CONNECTED, heart-beats, and the end.
import assert from 'node:assert/strict';
import { configuration } from './lib/config.mjs';
import { ask, requestText, Wire } from './lib/http.mjs';
import { Session } from './lib/sockjs.mjs';
import { frame, readFrame, Stomp } from './lib/stomp.mjs';
import { test, withGateway } from './lib/test.mjs';

const gateway = withGateway(configuration());
const impatient = withGateway(configuration({ times: { connect: 400 } }));
const beating = withGateway(configuration({ times: { stomp_send: 200, stomp_want: 200 } }));

const open = (at = gateway) => Stomp.open(`${at.ws}/chat/websocket`);
const connect = (headers) => Stomp.connect(`${gateway.ws}/chat/websocket`, headers);

const versions = {
  '1.1': '1.1', '1.2': '1.2', '1.0,1.1,1.2': '1.2', '1.2,1.1,1.0': '1.2',
  '1.1,1.0': '1.1', '1.0,1.2,1.7,2.0': '1.2',
};
for (const [accepted, chosen] of Object.entries(versions)) {
  test(`of the versions ${accepted}, ${chosen} is chosen`, async () => {
    const stomp = await connect({ 'accept-version': accepted });
    assert.equal(stomp.connected.headers.version, chosen);
    await stomp.close();
  });
}

// 1.0 knows no version header.
for (const [who, headers] of [['names no version', {}], ['names 1.0', { 'accept-version': '1.0' }]]) {
  test(`who ${who} speaks 1.0`, async () => {
    const stomp = await open();
    stomp.send(frame('CONNECT', { login: 'a', passcode: 'b', ...headers }));
    const { version } = (await stomp.frame('CONNECTED')).headers;
    assert.ok([undefined, '1.0'].includes(version), version);
    await stomp.close();
  });
}

test('with no version in common there is an ERROR that names ours', async () => {
  const stomp = await open();
  stomp.send(frame('CONNECT', { 'accept-version': '0.9,2.0', host: 'a' }));
  assert.equal((await stomp.fails()).headers.version, '1.0,1.1,1.2');
});

for (const command of ['CONNECT', 'STOMP']) {
  test(`${command} is answered with all that old clients need`, async () => {
    const stomp = await open();
    stomp.send(frame(command, { 'accept-version': '1.1', host: 'anything' }));
    const { headers, body } = await stomp.frame('CONNECTED');
    assert.match(headers['heart-beat'], /^\d+,\d+$/);
    assert.match(headers.session, /^[^:\\\s]+$/);
    assert.match(headers.server, /^postern\/\d/i);
    assert.equal(body, '');
    await stomp.close();
  });
}

test('no answer is empty or has CRs: old clients lose such frames', async () => {
  const stomp = await connect();
  assert.doesNotMatch(stomp.connected.data, /\r/);
  await stomp.close();
});

test('two sessions have two names', async () => {
  const [one, two] = await Promise.all([connect(), connect()]);
  assert.notEqual(one.connected.headers.session, two.connected.headers.session);
  await Promise.all([one.close(), two.close()]);
});

const early = ['SEND', 'SUBSCRIBE', 'DISCONNECT', 'BEGIN', 'NONSENSE', 'connect'];
for (const command of early) {
  test(`${command} before CONNECT is an ERROR, and the end`, async () => {
    const stomp = await open();
    stomp.send(frame(command, { destination: '/topic/a', id: '0' }));
    await stomp.fails();
  });
}

test('a second CONNECT is an ERROR, and the end', async () => {
  const stomp = await connect();
  stomp.send(frame('CONNECT', { 'accept-version': '1.2', host: 'a' }));
  await stomp.fails();
});

test('who does not CONNECT in time is not waited for', async () => {
  const stomp = await open(impatient);
  await stomp.closes();
});

test('who does not CONNECT in time over SockJS is not waited for', async () => {
  const session = await Session.streaming(impatient.port, '/chat');
  for (let chunk; (chunk = await session.down.chunk()) !== null && !chunk.startsWith('c['););
  session.down.abort();
});

for (const offer of ['x', '1', '1,', ',1', '-1,0', '1,2,3']) {
  test(`the heart-beat offer "${offer}" is an ERROR, and the end`, async () => {
    const stomp = await open();
    stomp.send(frame('CONNECT', { 'accept-version': '1.2', host: 'a', 'heart-beat': offer }));
    await stomp.fails();
  });
}

test('heart-beats come, each alone in its message', async () => {
  const stomp = await Stomp.connect(`${beating.ws}/chat/websocket`, { 'heart-beat': '0,200' });
  for (let i = 0; i < 5; i += 1) assert.equal(await stomp.next(), '\n');
  await stomp.close();
});

test('heart-beats are for who wants them', async () => {
  const [wanting, other] = await Promise.all(['0,200', '0,0'].map((offer) => (
    Stomp.connect(`${beating.ws}/chat/websocket`, { 'heart-beat': offer }))));
  for (let i = 0; i < 5; i += 1) assert.equal(await wanting.next(), '\n');
  assert.equal(other.inbox.length, 0);
  await Promise.all([wanting.close(), other.close()]);
});

test('who promises heart-beats and sends none is closed', async () => {
  const silent = await Stomp.connect(`${beating.ws}/chat/websocket`, { 'heart-beat': '200,0' });
  await silent.closes();
});

test('DISCONNECT is answered with its receipt, then the connection ends', async () => {
  const stomp = await connect();
  stomp.send(frame('DISCONNECT', { receipt: '77' }));
  assert.equal((await stomp.frame('RECEIPT')).headers['receipt-id'], '77');
  await stomp.closes();
});

test('DISCONNECT without receipt ends the connection', async () => {
  const stomp = await connect();
  stomp.send(frame('DISCONNECT'));
  await stomp.closes();
  assert.equal(stomp.inbox.length, 0);
});

test('frames after DISCONNECT are ignored', async () => {
  const [listener, leaver] = await Promise.all([connect(), connect()]);
  await listener.subscribe('/topic/after');
  leaver.send(frame('SEND', { destination: '/topic/after' }, 'before')
    + frame('DISCONNECT', { receipt: '1' }) + frame('SEND', { destination: '/topic/after' }, 'after'));
  await leaver.closes();
  listener.publish('/topic/after', 'last');
  assert.equal((await listener.frame('MESSAGE')).body, 'before');
  assert.equal((await listener.frame('MESSAGE')).body, 'last');
  await listener.close();
});

async function subprotocol(offer) {
  const wire = await Wire.open(gateway.port);
  wire.write(requestText('GET /chat/websocket', { headers: {
    Upgrade: 'websocket', Connection: 'Upgrade',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13',
    ...offer && { 'Sec-WebSocket-Protocol': offer } } }));
  const head = await wire.head();
  wire.abort();
  assert.equal(head.status, 101);
  return head.headers['sec-websocket-protocol'];
}

const offers = {
  'v10.stomp': 'v10.stomp', 'v11.stomp': 'v11.stomp', 'v12.stomp': 'v12.stomp',
  'v10.stomp, v11.stomp, v12.stomp': 'v12.stomp', 'v12.stomp,v11.stomp': 'v12.stomp',
  'chat, v11.stomp': 'v11.stomp', 'chat': undefined, '': undefined,
};
for (const [offer, chosen] of Object.entries(offers)) {
  test(`of the subprotocols "${offer}", ${chosen ?? 'none'} is echoed`, async () => {
    assert.equal(await subprotocol(offer), chosen);
  });
}

test('the subprotocol does not fix the version', async () => {
  const stomp = await Stomp.connect(`${gateway.ws}/chat/websocket`, { 'accept-version': '1.1' }, ['v12.stomp']);
  assert.equal(stomp.connected.headers.version, '1.1');
  await stomp.close();
});

test('a STOMP session over polls gets its ERROR, then the close frame', async () => {
  const session = await Session.polling(gateway.port, '/chat');
  await session.send(frame('SEND', { destination: '/topic/a', receipt: '9' }));
  let frames = '';
  while (!frames.includes('c[')) frames += await session.poll();
  const [, quoted] = frames.match(/^a\[(".*")\]\n/);
  const error = readFrame(JSON.parse(quoted));
  assert.equal(error.command, 'ERROR');
  assert.equal(error.headers['receipt-id'], '9');
  assert.match(frames, /\nc\[\d{4},".*"\]\n$/);
  assert.equal((await ask(gateway.port, 'GET /chat')).status, 200);
});
