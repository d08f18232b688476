// The PROXY protocol before HTTP, WebSockets and plain STOMP. 127.0.0.1 is
// a proxy, 127.0.0.2 is none.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { configuration } from './lib/config.mjs';
import { runPostern } from './lib/gateway.mjs';
import { requestText, Wire } from './lib/http.mjs';
import { frame, readFrame } from './lib/stomp.mjs';
import { tcpPort } from './lib/tcp.mjs';
import { test, testWith, withGateway } from './lib/test.mjs';
import { until } from './lib/wait.mjs';

const settings = {
  trusted_proxies: ['127.0.0.1', '192.0.2.0/24'],
  proxy_protocol: true,
  tcp: { listen: '127.0.0.1:0' },
  times: { disconnect: 100 },
};

const gateway = withGateway(configuration(settings));

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

function binary(command, family, payload = '') {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(payload.length);
  return Buffer.concat([SIGNATURE, Buffer.from([command, family]), length, Buffer.from(payload)]);
}

const four = (address) => [...address.split('.').map(Number), 127, 0, 0, 1, 192, 0, 31, 144];

const versions = {
  'version 1': (client) => Buffer.from(`PROXY TCP4 ${client} 127.0.0.1 49152 8080\r\n`),
  'version 2': (client) => binary(0x21, 0x11, [...four(client), 4, 0, 1, 0]),
};

const UPGRADE = {
  Upgrade: 'websocket', Connection: 'Upgrade',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13',
};

const poll = (headers) => requestText(`POST /echo/0/${randomUUID()}/xhr`, { headers, body: '' });
const CONNECT = frame('CONNECT', { 'accept-version': '1.2', host: 'localhost' });

// How many sessions of that client have ended.
const ended = (address, { log } = gateway) => log.split(` address=${address} `).length - 1;

let clients = 0;

// An address that nobody had before.
function newAddress() {
  clients += 1;
  return `203.0.113.${clients}`;
}

// A frame of plain STOMP from the beginning of what comes.
async function readStomp(wire) {
  await until('a frame arrives', () => wire.bytes.includes(0) || wire.ended);
  return readFrame(await wire.take(wire.bytes.indexOf(0) + 1));
}

for (const [version, header] of Object.entries(versions)) {
  test(`a poll belongs to the client that the header names (${version})`, async () => {
    const client = newAddress();
    const wire = await Wire.open(gateway.port);
    wire.write(Buffer.concat([header(client), Buffer.from(poll())]));
    assert.equal((await wire.answer()).body, 'o\n');
    wire.write(poll()); // the same connection, the same client
    assert.equal((await wire.answer()).body, 'o\n');
    wire.abort();
    await until('both sessions end', () => ended(client) === 2);
  });

  test(`a WebSocket belongs to the client that the header names (${version})`, async () => {
    const client = newAddress();
    const wire = await Wire.open(gateway.port);
    wire.write(header(client)).write(requestText('GET /echo/websocket', { headers: UPGRADE }));
    assert.equal((await wire.head()).status, 101);
    wire.abort();
    await until('the session ends', () => ended(client) === 1);
  });

  test(`plain STOMP belongs to the client that the header names (${version})`, async () => {
    const client = newAddress();
    const wire = await Wire.open(tcpPort(gateway));
    wire.write(Buffer.concat([header(client), Buffer.from(CONNECT)]));
    assert.equal((await readStomp(wire)).command, 'CONNECTED');
    wire.abort();
    await until('the session ends', () => ended(client) === 1);
  });

  test(`a header may come byte by byte (${version})`, async () => {
    for (const [port, text] of [[gateway.port, poll()], [tcpPort(gateway), CONNECT]]) {
      const client = newAddress();
      const wire = await Wire.open(port);
      for (const byte of header(client)) await wire.writeOut(Buffer.from([byte]));
      wire.write(text);
      if (port === gateway.port) assert.equal((await wire.answer()).body, 'o\n');
      else assert.equal((await readStomp(wire)).command, 'CONNECTED');
      wire.abort();
      await until('the session ends', () => ended(client) === 1);
    }
  });

  test(`a header and what follows may be cut anywhere (${version})`, async () => {
    const bytes = Buffer.concat([header(newAddress()), Buffer.from(requestText('GET /echo'))]);
    await Promise.all([...bytes.keys()].map(async (at) => {
      const wire = await Wire.open(gateway.port);
      await wire.writeOut(bytes.subarray(0, at));
      wire.write(bytes.subarray(at));
      assert.equal((await wire.answer()).body, 'Welcome to SockJS!\n');
      wire.abort();
    }));
  });
}

test('a header that names nobody leaves the connection to the proxy', async () => {
  for (const header of ['PROXY UNKNOWN\r\n', binary(0x20, 0), binary(0x21, 0)]) {
    const before = ended('127.0.0.1');
    const wire = await Wire.open(gateway.port);
    wire.write(header).write(poll());
    assert.equal((await wire.answer()).body, 'o\n');
    wire.abort();
    await until('the session ends', () => ended('127.0.0.1') === before + 1);
  }
});

test('who is named by the header is believed in what he says if he is a proxy too', async () => {
  const client = newAddress();
  for (const [named, expected] of [['192.0.2.7', client], ['198.51.100.7', '198.51.100.7']]) {
    const wire = await Wire.open(gateway.port);
    wire.write(versions['version 1'](named)).write(poll({ 'X-Forwarded-For': client }));
    assert.equal((await wire.answer()).body, 'o\n');
    wire.abort();
    await until('the session ends', () => ended(expected) === 1);
  }
});

test('a connection without a good header is refused', async () => {
  for (const text of [poll(), 'PROXY TCP4 1.2.3.4 5.6.7.8 9\r\n', binary(0x21, 0x12, four('1.2.3.4'))]) {
    const wire = await Wire.open(gateway.port);
    const answer = await wire.write(text).answer();
    assert.deepEqual([answer.status, answer.headers.connection], [400, 'close']);
    assert.equal((await wire.rest()).length, 0);
  }
  const wire = await Wire.open(tcpPort(gateway));
  const error = await readStomp(wire.write(CONNECT));
  assert.deepEqual([error.command, error.headers.message], ['ERROR', 'A PROXY header must come first']);
  await wire.rest();
  await gateway.logged(/refused at proxy: kind=proxy_header .* address=127\.0\.0\.1\n/);
});

test('who is no proxy is refused, whatever he says', async () => {
  const header = versions['version 1']('127.0.0.1');
  const wire = await Wire.open(gateway.port, '127.0.0.2');
  assert.equal((await wire.write(header).write(poll()).answer()).status, 403);
  const plain = await Wire.open(tcpPort(gateway), '127.0.0.2');
  const error = await readStomp(plain.write(header).write(CONNECT));
  assert.deepEqual([error.command, error.headers.message], ['ERROR', 'Only proxies may connect']);
  await Promise.all([wire.rest(), plain.rest()]);
  await gateway.logged(/door: 127\.0\.0\.2 is not in trusted_proxies, and proxy_protocol is set\n/);
});

test('a connection that ends inside its header is forgotten', async () => {
  for (const port of [gateway.port, tcpPort(gateway)]) {
    const wire = await Wire.open(port);
    wire.socket.end('PROXY TCP4 203.');
    assert.equal((await wire.rest()).length, 0);
  }
});

test('healthcheck begins with a header where one is wanted', async () => {
  const { status, stderr } = await runPostern('healthcheck',
    '--config', `${gateway.folder}/postern.json`, '--listen', `127.0.0.1:${gateway.port}`);
  assert.equal(status, 0, stderr);
});

testWith('a header that does not come in time ends the connection',
  configuration({ ...settings, times: { head: 300 } }), async (late) => {
    for (const text of ['', 'PROXY TCP4 203.', SIGNATURE]) {
      for (const port of [late.port, tcpPort(late)]) {
        const wire = await Wire.open(port);
        if (text.length > 0) wire.write(text);
        assert.equal((await wire.rest()).length, 0);
      }
    }
  });
