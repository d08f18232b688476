// STOMP over plain TCP: bytes without frames around them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { TcpStomp } from './lib/carriers.mjs';
import { frame, Stomp } from './lib/stomp.mjs';
import { test, testWith, withGateway } from './lib/test.mjs';
import { deadline, until } from './lib/wait.mjs';

const configuration = JSON.parse(readFileSync(new URL('broker.json', import.meta.url)));
const gateway = withGateway({ ...configuration, users: [], times: { linger: 500, connect: 3000, stomp_send: 100 } });
const connect = (headers) => TcpStomp.connect(gateway.tcpPort, headers);

const CONNECT = frame('CONNECT', { 'accept-version': '1.2', 'host': 'a', 'login': 'guest', 'passcode': 'guest' });

// Everything that comes for these bytes, until the end of the connection.
async function answerTo(port, ...pieces) {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  const all = [];
  const over = new Promise((resolve) => { socket.on('data', (data) => all.push(data)).on('error', () => {}).once('close', resolve); });
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise(setImmediate);
  }
  await deadline('the connection ends', over);
  return Buffer.concat(all).toString();
}

test('a conversation may come byte by byte', async () => {
  const text = `\n${CONNECT}${frame('SUBSCRIBE', { id: '1', destination: '/topic/bytes', receipt: 's' })}\n`
    + `${frame('SEND', { 'destination': '/topic/bytes', 'content-length': 3 }, 'a\0b')}`
    + `${frame('SEND', { destination: '/topic/other', receipt: 'r' })}${frame('DISCONNECT', { receipt: 'd' })}`;
  const answer = await answerTo(gateway.tcpPort, ...text);
  for (const part of ['CONNECTED\n', 'receipt-id:s\n', '\n\na\0b\0', 'receipt-id:r\n', 'receipt-id:d\n']) {
    assert.ok(answer.includes(part), `${JSON.stringify(part)} in ${JSON.stringify(answer)}`);
  }
});

test('many frames may come in one piece', async () => {
  const sends = Array.from({ length: 1000 }, (_, i) => frame('SEND', { destination: '/topic/many', receipt: `${i}` }, 'x'));
  const answer = await answerTo(gateway.tcpPort, CONNECT + sends.join('') + frame('DISCONNECT', { receipt: 'last' }));
  const receipts = [...answer.matchAll(/receipt-id:(\w+)\n/g)].map(([, id]) => id);
  assert.deepEqual(receipts, [...Array.from({ length: 1000 }, (_, i) => `${i}`), 'last']);
});

test('who ends his side hears what was asked for before', async () => {
  const socket = net.connect({ port: gateway.tcpPort, host: '127.0.0.1', allowHalfOpen: true });
  let answer = '';
  socket.setEncoding('utf8').on('data', (data) => { answer += data; });
  socket.end(CONNECT + frame('SEND', { destination: '/topic/a', receipt: 'r' }, 'x') + frame('DISCONNECT', { receipt: 'd' }));
  await deadline('the gateway ends its side', new Promise((resolve) => { socket.once('end', resolve); }));
  assert.match(answer, /^CONNECTED\n[^]*receipt-id:r\n[^]*receipt-id:d\n/);
});

const rubbish = {
  'an HTTP request': 'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'a TLS hello': Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 10, 0]),
  'a line without end': 'x'.repeat(20_000),
  'a frame before CONNECT': frame('SEND', { destination: '/topic/a' }, 'x'),
  'a CONNECT that is too large': frame('CONNECT', { 'accept-version': '1.2', 'x': 'y'.repeat(20_000) }),
};
for (const [what, bytes] of Object.entries(rubbish)) {
  test(`${what} is answered by an ERROR, and the end`, async () => {
    assert.match(await answerTo(gateway.tcpPort, bytes), /^ERROR\n[^]*\nversion:1\.0,1\.1,1\.2\n|^ERROR\nversion:/);
  });
}

test('who says nothing is let go', async () => {
  assert.match(await answerTo(gateway.tcpPort), /No CONNECT came in time/);
});

test('bodies are octets, and as large as a frame may be', async () => {
  const [client, other] = [await connect(), await Stomp.connect(`${gateway.ws}/ws`)];
  const body = Buffer.alloc(1_000_000, Buffer.from([0, 10, 255, 254, 58]));
  await other.subscribe('/topic/octets');
  client.socket.write(`SEND\ndestination:/topic/octets\ncontent-length:${body.length}\n\n`);
  client.socket.write(body);
  client.socket.write('\0');
  const data = await other.next();
  assert.ok(Buffer.isBuffer(data), 'what is no text comes as binary');
  assert.ok(data.subarray(data.indexOf('\n\n') + 2, -1).equals(body));
  await client.close();
  await other.close();
});

test('TCP and WebSocket talk to each other, in order', async () => {
  const [client, other] = [await connect(), await Stomp.connect(`${gateway.ws}/ws`)];
  for (const one of [client, other]) await one.subscribe('/topic/both');
  for (const [from, to] of [[client, other], [other, client]]) {
    for (let i = 0; i < 500; i += 1) from.publish('/topic/both', `${i}`);
    for (let i = 0; i < 500; i += 1) {
      assert.equal((await to.frame('MESSAGE')).body, `${i}`);
      assert.equal((await from.frame('MESSAGE')).body, `${i}`);
    }
  }
  await client.close();
  await other.close();
});

test('heart-beats go both ways', async () => {
  const client = await connect({ 'heart-beat': '0,100' });
  for (let i = 0; i < 3; i += 1) assert.equal(await client.next(), '\n');
  await client.close();
});

test('who reads slowly gets everything once, in order', async () => {
  const [client, other] = [await connect(), await connect()];
  await client.subscribe('/topic/slow');
  client.socket.pause();
  const body = 'x'.repeat(3000);
  for (let i = 0; i < 1000; i += 1) other.publish('/topic/slow', `${i} ${body}`);
  await other.call('SEND', { destination: '/topic/nobody' }, '');
  client.socket.resume();
  for (let i = 0; i < 1000; i += 1) assert.equal((await client.frame('MESSAGE')).body, `${i} ${body}`);
  await client.close();
  await other.close();
});

test('a thousand clients that break off leave nothing behind', async () => {
  const reader = await connect();
  await reader.subscribe('/topic/alive');
  const before = gateway.descriptors;
  for (let round = 0; round < 10; round += 1) {
    await Promise.all(Array.from({ length: 100 }, async (_, i) => {
      const client = await TcpStomp.open(gateway.tcpPort);
      client.send(CONNECT + frame('SUBSCRIBE', { id: '1', destination: '/topic/alive' }));
      client.send('SEND\ndestination:/topic/a');
      if (i % 2) await client.frame('CONNECTED');
      client.socket.resetAndDestroy();
    }));
  }
  await until('their descriptors are closed', () => gateway.descriptors <= before);
  reader.publish('/topic/alive', 'x');
  assert.equal((await reader.frame('MESSAGE')).body, 'x');
  await reader.close();
});

testWith('SIGTERM ends TCP clients politely', configuration, async (own) => {
  const clients = await Promise.all(Array.from({ length: 20 }, () => TcpStomp.connect(own.tcpPort)));
  for (const client of clients) client.socket.on('end', () => client.socket.end());
  assert.equal(await own.end(), 0);
  await Promise.all(clients.map((client) => client.closes()));
});
