// What trusted proxies say of their clients: on the first head of a connection, on later
// ones, and on upgrades of both kinds. 127.0.0.1 is a proxy, all else is none.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { configuration } from './lib/config.mjs';
import { requestText, Wire } from './lib/http.mjs';
import { test, testWith, withGateway } from './lib/test.mjs';
import { until } from './lib/wait.mjs';

const settings = {
  allowed_origins: undefined, // the same origin only
  trusted_proxies: ['127.0.0.1', '10.0.0.0/8'],
  endpoints: [
    { path: '/by-address', handler: 'echo', bind_address: true },
    { path: '/pinned', handler: 'echo', cookie_needed: true, allowed_origins: ['*'] },
  ],
};
const gateway = withGateway(configuration({ ...settings, times: { disconnect: 100 } }));

const UPGRADE = {
  Upgrade: 'websocket', Connection: 'Upgrade',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13',
};

// Whatever opens a session, and the status that a welcome client sees.
const ways = {
  'a poll': ['POST /echo/0/ID/xhr', 200],
  'a stream': ['GET /echo/0/ID/eventsource', 200],
  'a SockJS WebSocket': ['GET /echo/0/ID/websocket', 101, UPGRADE],
  'a raw WebSocket': ['GET /echo/websocket', 101, UPGRADE],
};

const connections = {
  'first head': (from) => Wire.open(gateway.port, from),
  'later head': (from) => Wire.pooled(gateway.port, from),
};

async function send(wire, [line, , more], headers) {
  wire.write(requestText(line.replace('ID', randomUUID()), {
    headers: { ...more, ...headers }, ...line.startsWith('POST') && { body: '' } }));
  return (await wire.head()).status;
}

// How many sessions of that client have ended.
const ended = (address) => gateway.log.split(` address=${address} `).length - 1;

let clients = 0;

// An address that nobody had before.
function newAddress() {
  clients += 1;
  return `203.0.113.${clients}`;
}

for (const [when, open] of Object.entries(connections)) {
  for (const [what, way] of Object.entries(ways)) {
    test(`${what} belongs to the client that the proxy names (${when})`, async () => {
      const client = newAddress();
      const wire = await open('127.0.0.1');
      const chain = `198.51.100.1, ${client}, 10.0.0.7`;
      assert.equal(await send(wire, way, { 'X-Forwarded-For': chain }), way[1]);
      wire.abort();
      await until(`a session of ${client} ends`, () => ended(client) === 1);
    });

    test(`${what} of who is no proxy belongs to himself, whatever he says (${when})`, async () => {
      const client = newAddress();
      const stranger = client.replace('203.0.113', '127.0.1');
      const wire = await open(stranger);
      assert.equal(await send(wire, way, { 'X-Forwarded-For': client }), way[1]);
      wire.abort();
      await until(`a session of ${stranger} ends`, () => ended(stranger) === 1);
      assert.equal(ended(client), 0);
    });

    test(`${what} is of the same origin as the host that the proxy names (${when})`, async () => {
      const site = { 'X-Forwarded-Host': 'shop.example', 'X-Forwarded-Proto': 'https' };
      const ask = async (from, headers) => {
        const wire = await open(from);
        const status = await send(wire, way, headers);
        wire.abort();
        return status;
      };
      assert.equal(await ask('127.0.0.1', { Origin: 'https://shop.example', ...site }), way[1]);
      assert.equal(await ask('127.0.0.1', { Origin: 'http://shop.example', ...site }), 403);
      assert.equal(await ask('127.0.0.1', { Origin: 'http://localhost', ...site }), 403);
      assert.equal(await ask('127.0.0.2', { Origin: 'https://shop.example', ...site }), 403);
      assert.equal(await ask('127.0.0.2', { Origin: 'http://localhost', ...site }), way[1]);
    });
  }
}

testWith('requests of several clients share a connection, and each has an address of its own', configuration(settings), async (gateway) => {
  const wire = await Wire.open(gateway.port);
  const post = async (id, transport, client, body = '') => (
    await wire.write(requestText(`POST /by-address/0/${id}/${transport}`, {
      headers: { 'X-Forwarded-For': client }, body })).answer());
  const [ana, ben] = [newAddress(), newAddress()];
  const id = randomUUID();

  assert.equal((await post(id, 'xhr', ana)).body, 'o\n');
  assert.equal((await post(id, 'xhr_send', ben, '["no"]')).status, 404);
  assert.equal((await post(id, 'xhr', ben)).status, 404);
  assert.equal((await post(id, 'xhr_send', ana, '["yes"]')).status, 204);
  assert.equal((await post(id, 'xhr', ana)).body, 'a["yes"]\n');
  wire.abort();
});

test('the log says what a refused Origin was compared to', async () => {
  const compared = async (from, headers) => {
    const wire = await Wire.open(gateway.port, from);
    assert.equal(await send(wire, ways['a raw WebSocket'], headers), 403);
    wire.abort();
  };
  await compared('127.0.0.1', {
    Origin: 'https://one.example', 'X-Forwarded-Host': 'shop.example:81', 'X-Forwarded-Proto': 'https' });
  await compared('127.0.0.1', { Origin: 'https://two.example' });
  await compared('127.0.0.2', { Origin: 'https://three.example', 'X-Forwarded-Host': 'three.example' });

  const lines = [
    'value=https://one.example hint="It is not https://shop.example:81."',
    'value=https://two.example hint="It is not http(s)://localhost."',
    'value=https://three.example hint="It is not http(s)://localhost. X-Forwarded-Host is not believed: '
      + 'it comes from none of trusted_proxies."',
  ];
  await until('all is logged', () => lines.every((line) => gateway.log.includes(`what="header Origin" ${line}`)));
});

// A browser gives the affinity cookie to a page of another site, and sends it, only so.
const ABROAD = 'JSESSIONID=dummy; path=/; SameSite=None; Secure';
const AT_HOME = 'JSESSIONID=dummy; path=/';

// [who asks, what the proxy says, the Origin, from where, the cookie]
const cookies = [
  ['a page of another site over https', 'https', 'https://other.example', '127.0.0.1', ABROAD],
  ['a page of the same site over https', 'https', 'https://shop.example', '127.0.0.1', AT_HOME],
  ['the same site by the scheme of its WebSocket', 'https', 'wss://shop.example', '127.0.0.1', AT_HOME],
  ['a page of another site over http', 'http', 'https://other.example', '127.0.0.1', AT_HOME],
  ['who sends no Origin', 'https', undefined, '127.0.0.1', AT_HOME],
  ['a page of another site, by no proxy of ours', 'https', 'https://other.example', '127.0.0.2', AT_HOME],
];
for (const [who, proto, origin, from, wanted] of cookies) {
  for (const [when, open] of Object.entries(connections)) {
    test(`the affinity cookie for ${who} (${when})`, async () => {
      const wire = await open(from);
      const url = `/pinned/0/${randomUUID()}`;
      const headers = { 'X-Forwarded-Proto': proto, 'X-Forwarded-Host': 'shop.example', ...origin && { Origin: origin } };
      wire.write(requestText(`POST ${url}/xhr`, { headers, body: '' }));
      assert.equal((await wire.answer()).headers['set-cookie'], wanted);
      wire.write(requestText(`POST ${url}/xhr_send`, { headers, body: '["x"]' }));
      assert.equal((await wire.answer()).headers['set-cookie'], wanted);
      wire.write(requestText(`POST ${url}/xhr`, { headers, body: '' })); // past libmicrohttpd
      assert.equal((await wire.answer()).headers['set-cookie'], wanted);
      wire.abort();
    });
  }
}

// Proxies that are not listed.

const named = (log) => [...log.matchAll(/addresses: (\S+) sends (\S+) and is not in trusted_proxies: if it is a proxy, all its users are one address\n/g)]
  .map(([, address, header]) => `${address} ${header}`);

testWith('a proxy that is not listed is named once', configuration({ trusted_proxies: ['127.0.0.1'] }), async (own, keep) => {
  const ask = async (from, headers, way = ['GET /echo', 200]) => {
    const wire = await keep(Wire.open(own.port, from));
    assert.equal(await send(wire, way, headers), way[1]);
  };
  for (let i = 0; i < 3; i += 1) {
    await ask('127.0.0.1', { 'X-Forwarded-For': '203.0.113.1' });
    await ask('127.0.0.2', {});
    await ask('127.0.0.3', { 'X-Forwarded-For': `203.0.113.${i}` });
    await ask('127.0.0.4', { 'X-Forwarded-For': '203.0.113.1' }, ways['a raw WebSocket']);
    await ask('127.0.0.5', { Forwarded: 'for=203.0.113.1' }, ways['a poll']);
  }
  await own.logged(/127.0.0.5 sends/);
  assert.deepEqual(named(own.log).sort(), ['127.0.0.3 X-Forwarded-For', '127.0.0.4 X-Forwarded-For', '127.0.0.5 Forwarded']);
});

testWith('not more than 16 of them are named', configuration(), async (own, keep) => {
  for (let i = 1; i <= 20; i += 1) {
    const wire = await keep(Wire.open(own.port, `127.0.1.${i}`));
    assert.equal(await send(wire, ['GET /echo', 200], { 'X-Forwarded-For': '203.0.113.1' }), 200);
  }
  await own.logged(/127.0.1.16 sends/);
  await own.end();
  assert.equal(named(own.log).length, 16);
});
