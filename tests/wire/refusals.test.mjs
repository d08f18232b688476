// Each kind of refusal at the doors of the edge: its answer, its line in the log, its
// counter. The kinds are read from /metrics: one without a row here fails. Those of the
// door "stomp" stand in refusals-stomp.test.mjs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { configuration } from './lib/config.mjs';
import { requestText, Wire } from './lib/http.mjs';
import { scrape } from './lib/metrics.mjs';
import { tcpPort } from './lib/tcp.mjs';
import { testWith } from './lib/test.mjs';
import { until } from './lib/wait.mjs';

const ADMIN = { admin: { listen: '127.0.0.1:0' } };
const TCP = { tcp: { listen: '127.0.0.1:0' } };
const TLS = Buffer.from([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3]);
const KEY = { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' };
const VERSION = { 'Sec-WebSocket-Version': '13' };
const CONNECTION = { Connection: 'Upgrade' };
const UPGRADE = { Upgrade: 'websocket' };
const SOCKET = 'GET /echo/websocket';
const seen = new Set();

const session = () => `${Math.random()}`.slice(2);
const refusals = (figures) => Object.fromEntries(Object.entries(figures)
  .filter(([name, value]) => name.startsWith('postern_refusals_total') && value > 0));

// ask: what is sent, to the port of `at`; status: of its answer, or null where it is an ERROR
// of STOMP. Body and log say `says` (the log escapes quotes) and never what `hides` matches.
function row(door, kind, { ask, at = 'port', status, says = '', hides, settings = {}, beside = [], often = false }) {
  seen.add(`${door} ${kind}`);
  testWith(`${door}: ${kind} is answered, logged and counted`, configuration({
    ...ADMIN, ...TCP, log_level: 'debug', ...settings, times: { drain: 300, ...settings.times },
  }), async (gateway, keep) => {
    const port = at === 'tcp' ? tcpPort(gateway) : gateway[at];
    const bytes = typeof ask === 'function' ? await ask(gateway, keep) : ask;
    const wire = await keep(Wire.open(port));
    wire.write(bytes);
    const answer = (await wire.rest()).toString('latin1');
    assert.match(answer, status === null ? /^ERROR\n/ : new RegExp(`^HTTP/1.1 ${status} `), answer);
    const [head, body] = answer.split(status === null ? '\n\n' : '\r\n\r\n');
    if (status === 405) {
      assert.equal(body, ''); // the protocol's tests want no body
    } else if (status !== null) {
      assert.match(head, /\r\nContent-Type: text\/plain/i);
      assert.match(head, /\r\nX-Content-Type-Options: nosniff/i);
    }
    if (status !== 405) assert.ok(body.includes(says), `${body} does not say ${says}`);
    const name = `postern_refusals_total{door="${door}",kind="${kind}"}`;
    await until('it is counted', async () => (await scrape(gateway))[name] > 0);
    const counted = refusals(await scrape(gateway));
    beside.forEach((other) => delete counted[`postern_refusals_total{door="${door}",kind="${other}"}`]);
    if (often) counted[name] = Math.min(counted[name], 1);
    assert.deepEqual(counted, { [name]: 1 });
    const [line] = await gateway.logged(new RegExp(`refused at ${door}: kind=${kind} .*`));
    for (const word of says.split('"')) assert.ok(line.includes(word.replace(/^[. ]+|[. ]+$/g, '')), `${line} does not say ${word}`);
    if (hides) assert.doesNotMatch(line + body, hides);
  });
}

const close = { Connection: 'close' };
const get = (what, headers = {}) => requestText(what, { headers: { ...close, ...headers } });
const post = (what, body, headers = {}) => requestText(what, { body, headers: { ...close, ...headers } });

row('http', 'not_found', { ask: get('GET /chta?token=secret'), status: 404, says: 'path "/chta". Endpoints: /chat, /echo', hides: /secret/ });
row('admin', 'not_found', { at: 'adminPort', ask: get('GET /nowhere'), status: 404, says: 'path "/nowhere"' });
row('http', 'tls_hello', { ask: TLS, status: 400, says: 'TLS is spoken' });
row('admin', 'tls_hello', { at: 'adminPort', ask: TLS, status: 400, says: 'TLS is spoken' });
row('tcp', 'tcp_tls_hello', { at: 'tcp', ask: TLS, status: null, says: 'TLS is spoken' });
row('http', 'stomp_frame', { ask: 'CONNECT\nlogin:me\npasscode:sesame\n\n\0', status: 400, says: 'tcp.listen', hides: /sesame/ });
row('admin', 'stomp_frame', { at: 'adminPort', ask: 'STOMP\r\n\r\n\0', status: 400, says: 'STOMP is spoken' });
row('tcp', 'http_request', { at: 'tcp', ask: get('GET /chat'), status: null, says: 'HTTP is spoken' });
for (const [door, at] of [['http', 'port'], ['admin', 'adminPort']]) {
  row(door, 'malformed_head', { at, ask: 'GET /chat HTTP/1.1\r\nHost : a\r\nX: 1\r\n\r\n', status: 400, says: 'header line "Host : a"' });
  row(door, 'method', { at, ask: get('PUT /chat'), status: 405, says: 'method "PUT"' });
  row(door, 'expect', { at, ask: get('GET /chat', { Expect: 'wonders' }), status: 417, says: 'header Expect "wonders"' });
  row(door, 'target_size', { at, settings: { limits: { target: 100 } }, ask: get(`GET /${'x'.repeat(100)}`), status: 414, says: 'limits.target is 100' });
  row(door, 'head_size', { at, settings: { limits: { head: 1000 } }, ask: get('GET /chat', { X: 'x'.repeat(2000) }), status: 431, says: 'limits.head is 1000' });
  row(door, 'not_implemented', { at, ask: get('FLY /chat'), status: 501, says: 'method "FLY"' });
  row(door, 'http_version', { at, ask: 'GET /chat HTTP/3.0\r\nHost: a\r\n\r\n', status: 505, says: 'version "HTTP/3.0"' });
}
for (const [door, at, path] of [['http', 'port', '/echo'], ['admin', 'adminPort', '/console/stomp']]) {
  row(door, 'body_time', {
    at, settings: { times: { body: 200 } }, status: 408, says: 'times.body is 200',
    ask: `POST ${path}/000/a/xhr_send HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n`,
    beside: ['unknown_session'],
  });
}
row('sockjs', 'message_size', { settings: { limits: { frame: 1000 } }, ask: (...place) => opened(`["${'x'.repeat(1001)}"]`)(...place), status: 413, says: 'limits.frame is 1000' });
row('http', 'body_size', { settings: { limits: { body: 1000 } }, ask: post('POST /echo/000/a/xhr_send', 'x'.repeat(1001)), status: 413, says: 'limits.body is 1000' });
row('admin', 'body_size', { at: 'adminPort', settings: { limits: { body: 1000 } }, ask: post('POST /console/stomp/000/a/xhr_send', 'x'.repeat(1001)), status: 413, says: 'limits.body is 1000' });
row('http', 'origin', { settings: { allowed_origins: ['https://shop.example'] }, ask: get('GET /echo/info', { Origin: 'https://evil.example' }), status: 403, says: 'header Origin "https://evil.example". It is not in allowed_origins' });
row('admin', 'origin', { at: 'adminPort', ask: get('GET /console/stomp/info', { Host: 'localhost', Origin: 'https://evil.example' }), status: 403, says: 'header Origin "https://evil.example"' });
row('http', 'unknown_host', { settings: { allowed_hosts: ['shop.example'] }, ask: get('GET /echo', { Host: 'evil.example' }), status: 421, says: 'host "evil.example". It is not in allowed_hosts.' });
row('admin', 'foreign_host', { at: 'adminPort', ask: get('GET /metrics', { Host: 'evil.example' }), status: 403, says: 'header Host "evil.example"' });
row('http', 'no_websocket', { ask: get('GET /echo/info', { ...UPGRADE, ...CONNECTION, ...KEY, ...VERSION, Connection: 'Upgrade, close' }), status: 426, says: 'path "/echo/info"' });
row('admin', 'no_websocket', { at: 'adminPort', ask: get('GET /metrics', { ...UPGRADE, ...KEY, ...VERSION, Connection: 'Upgrade, close' }), status: 426, says: 'path "/metrics"' });
row('websocket', 'upgrade', { ask: get(SOCKET, { Upgrade: 'h2c' }), status: 400, says: 'Upgrade "h2c". Does a proxy in front pass Upgrade and Connection on? nginx needs proxy_http_version 1.1' });
row('websocket', 'connection', { ask: get(SOCKET, { ...UPGRADE, ...KEY, ...VERSION }), status: 400, says: 'Connection "close"' });
row('websocket', 'handshake_http', { ask: `${SOCKET} HTTP/1.0\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n`, status: 400, says: 'proxy_http_version 1.1' });
row('websocket', 'handshake_body', { ask: post(SOCKET, 'x', { ...UPGRADE, ...KEY, ...VERSION, Connection: 'Upgrade, close' }), status: 400, says: 'no body' });
row('websocket', 'handshake_key', { ask: get(SOCKET, { ...UPGRADE, 'Sec-WebSocket-Key': 'short', ...VERSION, Connection: 'Upgrade, close' }), status: 400, says: 'with 16 octets in base64' });
row('websocket', 'handshake_version', { ask: get(SOCKET, { ...UPGRADE, ...KEY, 'Sec-WebSocket-Version': '8', Connection: 'Upgrade, close' }), status: 426, says: 'Sec-WebSocket-Version "8"' });
row('sockjs', 'unknown_session', { ask: () => post(`POST /echo/000/${session()}/xhr_send`, '["x"]'), status: 404, says: 'endpoint "/echo". It has ended' });
row('sockjs', 'no_callback', { ask: get('GET /echo/000/a/jsonp'), status: 500, says: '"callback" parameter required' });
row('sockjs', 'callback', { ask: get('GET /echo/000/a/jsonp?c=a%20b'), status: 500, says: 'invalid "callback" parameter' });
const opened = (body) => async ({ port }, keep) => {
  const id = session();
  await (await keep(Wire.open(port))).write(requestText(`POST /echo/000/${id}/xhr`, { body: '' })).answer();
  return post(`POST /echo/000/${id}/xhr_send`, body);
};
row('sockjs', 'no_payload', { ask: opened(''), status: 500, says: 'Payload expected.' });
row('sockjs', 'broken_json', { ask: opened('["x'), status: 500, says: 'Broken JSON encoding.' });
row('proxy', 'proxy_header', { settings: { proxy_protocol: true, trusted_proxies: ['127.0.0.1'] }, ask: get('GET /chat'), status: 400, says: 'A PROXY header must come first' });
for (const [door, at, status] of [['http', 'port', 403], ['tcp', 'tcp', null]]) {
  row(door, 'foreign_proxy', { at, settings: { proxy_protocol: true, trusted_proxies: ['192.0.2.1'] }, ask: status === null ? 'CONNECT\n\n\0' : get('GET /chat'), status, says: 'trusted_proxies' });
}
for (const [door, at, status] of [['http', 'port', 503], ['tcp', 'tcp', null]]) {
  row(door, 'crowded', {
    at, status, settings: { limits: { address_connections: 1 }, exempt_addresses: [] }, says: 'Too many connections',
    ask: async ({ port }, keep) => {
      await keep(Wire.open(port));
      return status === null ? 'CONNECT\n\n\0' : get('GET /chat');
    },
  });
}

row('sockjs', 'unknown_sessions', {
  settings: { limits: { address_unknown: 1 }, exempt_addresses: [] }, status: 429, says: 'Too many unknown sessions', beside: ['unknown_session'], often: true,
  ask: async ({ port }, keep) => {
    const one = () => post(`POST /echo/000/${session()}/xhr_send`, '["x"]');
    for (let i = 0; i < 5; i += 1) await (await keep(Wire.open(port))).write(one()).rest();
    return one();
  },
});
row('sockjs', 'body_memory', {
  settings: { limits: { memory: 1 << 30, body: 1 << 30 } }, status: 503, says: 'There is no memory for so large a body now',
  ask: async ({ port }, keep) => {
    const id = session();
    await (await keep(Wire.open(port))).write(requestText(`POST /echo/000/${id}/xhr`, { body: '' })).answer();
    return `POST /echo/000/${id}/xhr_send HTTP/1.1\r\nHost: a\r\nContent-Length: 600000000\r\n\r\n`;
  },
});
row('sockjs', 'busy', {
  settings: { limits: { sessions: 1 } }, status: 503, says: 'Try again later',
  ask: async ({ port }, keep) => {
    await (await keep(Wire.open(port))).write(requestText(`POST /echo/000/${session()}/xhr`, { body: '' })).answer();
    return post(`POST /echo/000/${session()}/xhr`, '');
  },
});
row('tcp', 'tcp_busy', {
  at: 'tcp', settings: { limits: { sessions: 1 } }, status: null,
  ask: async ({ port }, keep) => {
    await (await keep(Wire.open(port))).write(requestText(`POST /echo/000/${session()}/xhr`, { body: '' })).answer();
    return 'CONNECT\n\n\0';
  },
});

const TOKEN = 'the-right-token-of-many';
testWith('admin: wrong_token is answered, logged with the address and counted, and shown nowhere', configuration({
  admin: { listen: '127.0.0.1:0', token: TOKEN },
}), async (gateway, keep) => {
  seen.add('admin wrong_token');
  const ask = async (token) => (await (await keep(Wire.open(gateway.adminPort)))
    .write(get('GET /metrics', { Authorization: `Bearer ${token}` })).rest()).toString();
  assert.match(await ask('a-wrong-token-of-many'), /^HTTP\/1.1 401 /);
  assert.match(await ask(TOKEN), /postern_refusals_total\{door="admin",kind="wrong_token"\} 1\n/);
  // The filter for fail2ban that production.md shows finds the address.
  const filter = readFileSync(new URL('../../www/docs/production.md', import.meta.url), 'utf8')
    .match(/^failregex = (.*)$/m)[1].replace('<HOST>', '(?<host>\\S+)');
  assert.equal((await gateway.logged(new RegExp(filter, 'm'))).groups.host, '127.0.0.1');
  assert.doesNotMatch(gateway.log, /token-of-many/);
});

testWith('admin: an address with many wrong tokens gets wrong_tokens, late, and the right token is served', configuration({
  admin: { listen: '127.0.0.1:0', token: TOKEN }, exempt_addresses: [],
}), async (gateway, keep) => {
  seen.add('admin wrong_tokens');
  const ask = async (token) => {
    const begun = Date.now();
    const wire = await keep(Wire.open(gateway.adminPort));
    const { status } = await wire.write(requestText('GET /metrics', { headers: { Authorization: `Bearer ${token}` } })).answer();
    return { status, milliseconds: Date.now() - begun, wire };
  };
  let answers = [];
  await until('there are too many', async () => {
    const guesses = Array.from({ length: 40 }, (_, i) => ask(`a-wrong-token-${i}`));
    assert.equal((await ask(TOKEN)).status, 200);
    answers = await Promise.all(guesses);
    return answers.some(({ status }) => status === 429);
  });
  for (const { status, milliseconds, wire } of answers) {
    if (status === 401) continue;
    assert.equal(status, 429);
    assert.ok(milliseconds > 900, `answered after ${milliseconds} ms`);
    await wire.rest(); // the connection ends
  }
  assert.ok(answers.some(({ status }) => status === 401));
  assert.equal((await ask(TOKEN)).status, 200);
  await gateway.logged(/refused at admin: kind=wrong_tokens .*address=127.0.0.1\n/);
  assert.doesNotMatch(gateway.log, /wrong-token/);
});

testWith('a host that a refusal names is cut, as all that a peer says', configuration({ allowed_origins: [] }), async (gateway, keep) => {
  const ask = (host) => keep(Wire.open(gateway.port)).then((wire) => wire.write(
    `GET /chat/info HTTP/1.1\r\nHost: ${host}\r\nOrigin: https://a.example\r\n\r\n`).answer());
  const { status, body } = await ask(`${'b'.repeat(200)}.example`);
  assert.equal(status, 403);
  assert.match(body, / It is not http\(s\):\/\/b{80}\.\.\.\.$/);
});

testWith('every kind that the figures list at these doors has a row here', configuration(ADMIN), async (gateway) => {
  const kinds = Object.keys(await scrape(gateway))
    .map((name) => name.match(/^postern_refusals_total\{door="(\w+)",kind="(\w+)"\}/)?.slice(1).join(' '))
    .filter((kind) => kind && !/^stomp |^sockjs (sockjs_framing|stomp_at_sockjs)$/.test(kind)); // refusals-stomp.test.mjs has those
  assert.deepEqual(kinds.sort(), [...seen].sort());
});
