// STOMP: from the first byte to CONNECTED, and heart-beats. The numbers are those of
// www/docs/stomp.md.
import assert from 'node:assert/strict';
import { broker, brokerWithUsers, listening } from './lib/broker.mjs';
import { all, overSockJs, plain, testOver } from './lib/carriers.mjs';
import { requestText, Wire } from './lib/http.mjs';
import { frame, Stomp } from './lib/stomp.mjs';
import { TcpStomp } from './lib/tcp.mjs';
import { test, withGateway } from './lib/test.mjs';
import { until } from './lib/wait.mjs';

const gateway = withGateway(broker());
const guarded = withGateway(brokerWithUsers());
const impatient = withGateway(broker({ times: { connect: 400 } }));
const beating = withGateway(broker({ times: { stomp_send: 200, stomp_want: 200, heartbeat: 100 } }));

const CONNECT = frame('CONNECT', { 'accept-version': '1.2', 'host': 'a' });

// 11: versions.

const chosen = {
  '1.1': '1.1', '1.2': '1.2', '1.0,1.1,1.2': '1.2', '1.2,1.1,1.0': '1.2', '1.1,1.0': '1.1', '1.0,1.2,1.7,2.0': '1.2',
};
for (const [accepted, version] of Object.entries(chosen)) {
  testOver(plain, gateway, `11: of the versions ${accepted}, ${version} is chosen`, async (connect) => {
    assert.equal((await connect({ 'accept-version': accepted })).connected.headers.version, version);
  });
}

// 1.0 knows no version header.
for (const [who, headers] of [['names no version', {}], ['names 1.0', { 'accept-version': '1.0' }]]) {
  testOver(all, gateway, `11: who ${who} speaks 1.0`, async (connect, open) => {
    const client = await open();
    client.send(frame('CONNECT', headers));
    const { version } = (await client.frame('CONNECTED')).headers;
    assert.ok([undefined, '1.0'].includes(version), version);
    client.send(frame('SUBSCRIBE', { destination: '/topic/a', receipt: 'works without an id' }));
    await client.frame('RECEIPT');
  });
}

for (const accepted of ['0.9,2.0', '', '1.25', '12']) {
  testOver(all, gateway, `11: with "${accepted}" there is no version in common, and an ERROR names ours`, async (connect, open) => {
    const client = await open();
    client.send(frame('CONNECT', { 'accept-version': accepted, 'host': 'a' }));
    assert.equal((await client.fails()).headers.version, '1.0,1.1,1.2');
  });
}

for (const version of ['1.0', '1.1', '1.2']) {
  testOver(plain, gateway, `11: STOMP is CONNECT, in ${version}`, async (connect, open) => {
    const client = await open();
    client.send(frame('STOMP', { 'accept-version': version, 'host': 'a' }));
    await client.frame('CONNECTED');
    await client.call('SEND', { destination: '/topic/a' }, 'x');
  });
}

// 12: CONNECTED.

for (const version of ['1.0', '1.1', '1.2']) {
  testOver(all, gateway, `12: CONNECTED has all that old clients need, in ${version}`, async (connect) => {
    const { connected: { headers, body, data } } = await connect({ 'accept-version': version, 'host': 'any.where' });
    assert.match(headers['heart-beat'], /^\d+,\d+$/);
    assert.match(headers.session, /^[^:\\\s]+$/);
    assert.match(headers.server, /^postern\/\d/i);
    assert.equal(body, '');
    assert.ok(!data.includes('\r'));
  });
}

for (const version of ['1.0', '1.1', '1.2']) {
  testOver(all, guarded, `12: CONNECTED names the user who has logged in, in ${version}`, async (connect) => {
    const { connected: { headers } } = await connect({ 'accept-version': version });
    assert.equal(headers['user-name'], 'guest');
  });
}

testOver(all, gateway, '12: CONNECTED names no user where nobody logs in', async (connect) => {
  assert.ok(!('user-name' in (await connect({ login: 'guest', passcode: 'guest' })).connected.headers));
});

testOver(plain, gateway, '12: a host is not needed', async (connect, open) => {
  const client = await open();
  client.send(frame('CONNECT', { 'accept-version': '1.2' }));
  await client.frame('CONNECTED');
});

testOver(all, gateway, '12: CONNECT gets no RECEIPT', async (connect) => {
  const client = await connect({ receipt: 'connect' });
  client.send(frame('SEND', { destination: '/topic/a', receipt: 'send' }, 'x'));
  assert.equal((await client.frame('RECEIPT')).headers['receipt-id'], 'send');
});

testOver(plain, gateway, '12: two sessions have two names', async (connect) => {
  const [one, two] = await Promise.all([connect(), connect()]);
  assert.notEqual(one.connected.headers.session, two.connected.headers.session);
});

// 13: who is not let in.

for (const command of ['SEND', 'SUBSCRIBE', 'UNSUBSCRIBE', 'ACK', 'BEGIN', 'DISCONNECT', 'CONNECTED', 'NONSENSE']) {
  testOver(all, gateway, `13: ${command} before CONNECT is an ERROR, and the end`, async (connect, open) => {
    const client = await open();
    client.send(frame(command, { destination: '/topic/a', id: '0', transaction: 't', receipt: 'r' }));
    await client.fails();
  });
}

for (const command of ['CONNECT', 'STOMP']) {
  testOver(all, gateway, `13: ${command} after CONNECTED is an ERROR, and the end`, async (connect) => {
    const client = await connect();
    client.send(frame(command, { 'accept-version': '1.2', 'host': 'a' }));
    await client.fails();
  });
}

testOver(all, impatient, '13: who does not CONNECT in time is not waited for', async (connect, open) => {
  await (await open()).closes();
});

testOver(plain, impatient, '13: who has only begun to CONNECT is not waited for', async (connect, open) => {
  const client = await open();
  client.send('CONNECT\naccept-version:1.2\n');
  await client.closes();
});

for (const [what, login] of Object.entries({
  'a wrong passcode': { login: 'guest', passcode: 'Guest' }, 'an unknown login': { login: 'nobody', passcode: 'guest' }, 'no login': {} })) {
  testOver(all, guarded, `13: ${what} is an ERROR, and the end`, async (connect, open) => {
    const client = await open();
    client.send(frame('CONNECT', { 'accept-version': '1.2', 'host': 'a', ...login }));
    await client.fails();
  });
}

// 14: subprotocols, which only a WebSocket has.

async function subprotocol(offer) {
  const wire = await Wire.open(gateway.port);
  wire.write(requestText('GET /ws', { headers: {
    'Upgrade': 'websocket', 'Connection': 'Upgrade',
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
for (const [offer, echoed] of Object.entries(offers)) {
  test(`14: of the subprotocols "${offer}", ${echoed ?? 'none'} is echoed (WebSocket)`, async () => {
    assert.equal(await subprotocol(offer), echoed);
  });
}

test('14: the subprotocol does not fix the version (WebSocket)', async () => {
  const client = await Stomp.connect(`${gateway.ws}/ws`, { 'accept-version': '1.1' }, ['v12.stomp']);
  assert.equal(client.connected.headers.version, '1.1');
  await client.close();
});

// 15 to 17: heart-beats.

for (const offer of ['x', '1', '1,', ',1', '-1,0', '1,2,3', '1.5,0', '4294967296,0']) {
  testOver(plain, gateway, `15: the heart-beat offer "${offer}" is an ERROR, and the end`, async (connect, open) => {
    const client = await open();
    client.send(frame('CONNECT', { 'accept-version': '1.2', 'host': 'a', 'heart-beat': offer }));
    await client.fails();
  });
}

for (const [wanted, offered] of [[0, 10_000], [1, 1000], [999, 1000], [1000, 1000], [4000, 4000], [10_000, 10_000], [60_000, 10_000]]) {
  testOver(plain, gateway, `15: who wants a beat every ${wanted} ms is offered one every ${offered} ms`, async (connect) => {
    assert.equal((await connect({ 'heart-beat': `0,${wanted}` })).connected.headers['heart-beat'], `${offered},10000`);
  });
}

testOver(plain, gateway, '15: who says nothing of beats is offered one every 10 s', async (connect) => {
  assert.equal((await connect()).connected.headers['heart-beat'], '10000,10000');
});

// Beats that have come: TCP counts them, others bring each as a message.
const beats = async (client, count) => {
  if (client.beats !== undefined) return until(`${count} beats`, () => client.beats >= count);
  for (let i = 0; i < count; i += 1) assert.equal(await client.next(), '\n');
  return undefined;
};
const beatsSoFar = (client) => client.beats ?? client.inbox.length;

testOver(all, beating, '15: heart-beats come to who wants them, and to nobody else', async (connect) => {
  const [wanting, other, silent] = [
    await connect({ 'heart-beat': '0,200' }), await connect({ 'heart-beat': '0,0' }), await connect()];
  await beats(wanting, 5);
  assert.deepEqual([beatsSoFar(other), beatsSoFar(silent)], [0, 0]);
});

testOver(plain, beating, '15: the slower side sets the pace', async (connect) => {
  const [slow, quick] = [await connect({ 'heart-beat': '0,100000' }), await connect({ 'heart-beat': '0,1' })];
  await beats(quick, 5);
  assert.equal(beatsSoFar(slow), 0);
});

// Nobody answers a PING for it.
const hung = (client) => {
  if (client.ws) client.ws.pong = () => {};
  return client;
};

testOver(all, beating, '16: who promises heart-beats and sends none is closed', async (connect, open, carrier) => {
  if (overSockJs.includes(carrier)) return; // there its polls count
  await hung(await connect({ 'heart-beat': '200,0' })).closes();
});

// One that is silent is closed in the meantime, whatever time that takes.
testOver(plain, beating, '16: whatever a client sends counts as its heart-beat', async (connect) => {
  const alive = {
    '\n': await connect({ 'heart-beat': '200,0' }),
    '\r\n': await connect({ 'heart-beat': '200,0' }),
    [frame('SEND', { destination: '/topic/a' }, 'x')]: await connect({ 'heart-beat': '200,0' }),
  };
  const sending = setInterval(() => Object.entries(alive).forEach(([text, client]) => client.send(text)), 100);
  try {
    await hung(await connect({ 'heart-beat': '200,0' })).closes();
  } finally {
    clearInterval(sending);
  }
  for (const client of Object.values(alive)) await client.call('SEND', { destination: '/topic/a' }, 'x');
});

testOver(overSockJs, beating, '16: over SockJS polls and sends count as heart-beats', async (connect) => {
  const client = await connect({ 'heart-beat': '200,0' });
  const sending = setInterval(() => client.send('\n'), 100);
  try {
    await (await TcpStomp.connect(beating, { 'heart-beat': '200,0' })).closes();
  } finally {
    clearInterval(sending);
  }
  await client.call('SEND', { destination: '/topic/a' }, 'x');
});

testOver(['WebSocket', ...overSockJs], beating, '17: a heart-beat is never in one message with a frame', async (connect) => {
  const client = await listening(connect({ 'heart-beat': '0,200' }));
  for (let i = 0; i < 10; i += 1) {
    assert.equal(await client.next(), '\n');
    client.publish(client.topic, `${i}`); // it leaves about when the next beat does
    let data;
    do data = await client.next(); while (data === '\n');
    assert.match(data, /^MESSAGE\n[^\0]*\0$/);
  }
});
