// HTTP, read strictly: what two parsers could read differently is refused, and who is
// slow is not waited for.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { configuration } from './lib/config.mjs';
import { ask, requestText, Wire } from './lib/http.mjs';
import { Session } from './lib/sockjs.mjs';
import { test, withGateway } from './lib/test.mjs';

const gateway = withGateway(configuration({ limits: { body: 100_000 } }));
const impatient = withGateway(configuration({ times: { head: 400, body: 400, keep_alive: 400 } }));

const lines = (...all) => all.map((line) => `${line}\r\n`).join('');
const head = (first, ...headers) => lines(first, ...headers, '');
const get = (...headers) => head('GET /chat HTTP/1.1', 'Host: a', ...headers);
const post = (...headers) => head('POST /chat HTTP/1.1', 'Host: a', ...headers);

const malformed = [
  ['no Host', head('GET /chat HTTP/1.1'), 400],
  ['two Hosts', get('Host: a'), 400],
  ['two different Hosts', get('Host: b'), 400],
  ['an empty Host', head('GET /chat HTTP/1.1', 'Host:'), 400],
  ['a space inside of Host', head('GET /chat HTTP/1.1', 'Host: a b'), 400],
  ['a path inside of Host', head('GET /chat HTTP/1.1', 'Host: a/b'), 400],
  ['Content-Length with Transfer-Encoding',
    `${post('Content-Length: 3', 'Transfer-Encoding: chunked')}0\r\n\r\n`, 400],
  ['two different Content-Lengths', post('Content-Length: 3', 'Content-Length: 4'), 400],
  ['the same Content-Length twice', post('Content-Length: 0', 'Content-Length: 0'), 400],
  ['a list of Content-Lengths', post('Content-Length: 0, 0'), 400],
  ['a negative Content-Length', post('Content-Length: -1'), 400],
  ['a signed Content-Length', post('Content-Length: +1'), 400],
  ['a Content-Length in hexadecimal', post('Content-Length: 0x1'), 400],
  ['a Content-Length beyond 64 bits', post('Content-Length: 99999999999999999999'), 400],
  ['an empty Content-Length', post('Content-Length:'), 400],
  ['a blank before the colon', get('X : y'), 400],
  ['a blank before the colon of Transfer-Encoding', `${post('Transfer-Encoding : chunked')}0\r\n\r\n`, 400],
  ['a blank before the first header', head('GET /chat HTTP/1.1', ' Host: a'), 400],
  ['a folded line', get('X: y', ' z'), 400],
  ['a header without a colon', get('nonsense'), 400],
  ['a header without a name', get(': x'), 400],
  ['a bare CR', get('X: a\rb'), 400],
  ['a bare LF', 'GET /chat HTTP/1.1\nHost: a\n\n', 400],
  ['a NUL in a header', get('X: a\0b'), 400],
  ['a NUL in the target', head('GET /ch\0at HTTP/1.1', 'Host: a'), 400],
  ['an unknown transfer coding', post('Transfer-Encoding: gzip'), 501],
  ['a transfer coding after chunked', post('Transfer-Encoding: chunked, gzip'), 501],
  ['Transfer-Encoding in HTTP/1.0',
    `${head('POST /chat HTTP/1.0', 'Host: a', 'Transfer-Encoding: chunked')}0\r\n\r\n`, 400],
  ['an unknown expectation', get('Expect: miracles'), 417],
  ['a target without a slash', head('GET chat HTTP/1.1', 'Host: a'), 400],
  ['an absolute target of another site', head('GET http://b/chat HTTP/1.1', 'Host: a'), 400],
  ['an absolute target with a user', head('GET http://b@a/chat HTTP/1.1', 'Host: a'), 400],
  ['an absolute target of another kind', head('GET ftp://a/chat HTTP/1.1', 'Host: a'), 400],
  ['an asterisk that is got', head('GET * HTTP/1.1', 'Host: a'), 400],
  ['three empty lines before it', `\r\n\r\n\r\n${get()}`, 400],
  ['%00 in the target', head('GET /chat%00 HTTP/1.1', 'Host: a'), 400],
  ['half a percent code', head('GET /chat%4 HTTP/1.1', 'Host: a'), 400],
  ['a wrong percent code', head('GET /chat%zz HTTP/1.1', 'Host: a'), 400],
  ['a byte beyond ASCII in the target', head('GET /ch\u00e4t HTTP/1.1', 'Host: a'), 400],
  ['two blanks in the request line', head('GET  /chat HTTP/1.1', 'Host: a'), 400],
  ['no version', head('GET /chat', 'Host: a'), 400],
  ['a method that HTTP knows and we do not', head('DELETE /chat HTTP/1.1', 'Host: a'), 405],
  ['CONNECT', head('CONNECT a:80 HTTP/1.1', 'Host: a'), 405],
  ['a method that nobody knows', head('BREW /chat HTTP/1.1', 'Host: a'), 501],
  ['HTTP/2.0', head('GET /chat HTTP/2.0', 'Host: a'), 505],
  ['HTTP/1.2', head('GET /chat HTTP/1.2', 'Host: a'), 505],
  ['a target of 9,000 bytes', head(`GET /${'a'.repeat(9000)} HTTP/1.1`, 'Host: a'), 414],
  ['a head of 17,000 bytes', get(`X: ${'a'.repeat(17_000)}`), 431],
  ['a head that never ends', `GET /chat HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}`, 431],
  ['120 lines', get(...Array.from({ length: 120 }, (_, i) => `X${i}: y`)), 431],
  ['bytes that are not HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 400],
];
for (const [what, bytes, status] of malformed) {
  test(`a head with ${what} is refused with ${status}, and the connection closed`, async () => {
    const wire = await Wire.open(gateway.port);
    const answer = await wire.write(Buffer.from(bytes, 'latin1')).head();
    assert.equal(answer.status, status);
    assert.match(answer.headers.connection ?? '', /close/i);
    await wire.rest();
  });
}

// What follows on a connection that is in use passes libmicrohttpd first, which does
// not show everything (folded lines, bare CRs).
const shown = ['no Host', 'two Hosts', 'two different Hosts', 'Content-Length with Transfer-Encoding',
  'two different Content-Lengths', 'the same Content-Length twice', 'a negative Content-Length',
  'a signed Content-Length',
  'an unknown expectation', 'a target without a slash', 'an absolute target of another site',
  'an absolute target with a user', 'an absolute target of another kind', 'an asterisk that is got', '%00 in the target',
  'a wrong percent code', 'a method that HTTP knows and we do not', 'a method that nobody knows',
  'a target of 9,000 bytes', 'a head of 17,000 bytes'];
const saidByMicrohttpd = { 'a Content-Length beyond 64 bits': 413 };
for (const [what, bytes, first] of malformed.filter(([name]) => shown.includes(name))) {
  const status = saidByMicrohttpd[what] ?? first;
  test(`the second head of a connection is refused with ${status} for ${what}`, async () => {
    const wire = await Wire.open(gateway.port);
    await wire.write(get()).answer();
    const answer = await wire.write(Buffer.from(bytes, 'latin1')).head();
    assert.equal(answer.status, status);
    wire.abort();
  });
}

const accepted = [
  ['an empty line before it', `\r\n${get()}`],
  ['two empty lines before it', `\r\n\r\n${get()}`],
  ['an absolute target', head('GET http://a/chat HTTP/1.1', 'Host: a')],
  ['an absolute target whose port is written', head('GET http://a:80/chat?t=1 HTTP/1.1', 'Host: a')],
  ['an absolute target in capitals', head('GET HTTPS://A/chat HTTP/1.1', 'Host: a')],
  ['an absolute target in HTTP/1.0', head('GET http://a/chat HTTP/1.0')],
  ['headers in any case', head('GET /chat HTTP/1.1', 'hOsT: a')],
  ['blanks and tabs around values', head('GET /chat HTTP/1.1', 'Host: \t a \t')],
  ['a port and a v6 address in Host', head('GET /chat HTTP/1.1', 'Host: [::1]:8080')],
  ['bytes beyond ASCII in a value', get('X: \u00e4')],
  ['many headers', get(...Array.from({ length: 80 }, (_, i) => `X${i}: y`))],
  ['no Host in HTTP/1.0', head('GET /chat HTTP/1.0')],
  ['a percent code', head('GET /chat?x=%63 HTTP/1.1', 'Host: a')],
];
for (const [what, bytes] of accepted) {
  test(`a head with ${what} is accepted`, async () => {
    const wire = await Wire.open(gateway.port);
    const answer = await wire.write(Buffer.from(bytes, 'latin1')).answer();
    assert.equal(answer.body, 'Welcome to SockJS!\n');
    wire.abort();
  });

  test(`the second head of a connection is accepted with ${what}`, async () => {
    const wire = await Wire.open(gateway.port);
    await wire.write(get()).answer();
    const answer = await wire.write(Buffer.from(bytes, 'latin1')).answer();
    assert.equal(answer.body, 'Welcome to SockJS!\n');
    wire.abort();
  });
}

// RFC 9112, 3.2.2: what a proxy sends in absolute form is for all that a path can ask for.
test('an absolute target leads to every kind of route, on every connection', async () => {
  const session = await Session.polling(gateway.port, '/echo');
  const wire = await Wire.open(gateway.port);
  const all = [
    [`POST http://localhost${session.url}/xhr_send`, '["x"]', 204, ''],
    [`POST http://localhost${session.url}/xhr`, '', 200, 'a["x"]\n'],
    ['GET http://localhost/health', undefined, 200],
    ['GET http://localhost/chat/info', undefined, 200],
    ['GET http://localhost/chat/000/x/jsonp?c=p', undefined, 200, '/**/p("o");\r\n'],
    ['GET http://localhost/none', undefined, 404],
    ['OPTIONS http://localhost', undefined, 204, ''],
  ];
  for (const [line, body, status, text] of all) {
    for (const once of [true, false]) {
      if (once && body !== undefined) continue;
      const target = line.includes('jsonp') ? line.replace('/x/', `/${Math.random().toString(36).slice(2)}/`) : line;
      const answer = once ? await ask(gateway.port, target) : await wire.write(requestText(target, { body })).answer();
      assert.equal(answer.status, status, line);
      if (text !== undefined) assert.equal(answer.body, text);
    }
  }
  wire.abort();
});

test('OPTIONS * tells the methods of the server, on every connection', async () => {
  const wire = await Wire.open(gateway.port);
  for (let i = 0; i < 2; i += 1) {
    const { status, headers } = await wire.write(requestText('OPTIONS *')).answer();
    assert.equal(status, 204);
    assert.equal(headers.allow, 'GET, HEAD, POST, OPTIONS');
    assert.equal(headers['content-length'], undefined);
  }
  wire.abort();
});

test('a head in single bytes is accepted', async () => {
  const wire = await Wire.open(gateway.port);
  for (const byte of get()) {
    await wire.writeOut(byte);
    await new Promise(setImmediate);
  }
  assert.equal((await wire.answer()).body, 'Welcome to SockJS!\n');
  wire.abort();
});

test('requests in one write are answered in order', async () => {
  const wire = await Wire.open(gateway.port);
  wire.write(['/chat', '/chat/info', '/chat/nothing', '/chat/'].map((path) => requestText(`GET ${path}`)).join(''));
  assert.equal((await wire.answer()).body, 'Welcome to SockJS!\n');
  assert.match((await wire.answer()).body, /entropy/);
  assert.equal((await wire.answer()).status, 404);
  assert.equal((await wire.answer()).body, 'Welcome to SockJS!\n');
  wire.abort();
});

test('HEAD is answered without a body on a connection that goes on', async () => {
  const wire = await Wire.open(gateway.port);
  wire.write(requestText('HEAD /chat') + requestText('HEAD /chat/info') + requestText('GET /chat'));
  for (let i = 0; i < 2; i += 1) assert.equal((await wire.answer({ method: 'HEAD' })).status, 200);
  assert.equal((await wire.answer()).body, 'Welcome to SockJS!\n');
  wire.abort();
});

test('HTTP/1.0 keeps a connection that asks for it, and closes one that does not', async () => {
  const wire = await Wire.open(gateway.port);
  for (let i = 0; i < 2; i += 1) {
    wire.write(requestText('GET /chat', { version: '1.0', headers: { Connection: 'keep-alive' } }));
    const answer = await wire.answer();
    assert.match(answer.headers.connection, /keep-alive/i);
    assert.equal(answer.body, 'Welcome to SockJS!\n');
  }
  wire.write(requestText('GET /chat', { version: '1.0' }));
  await wire.answer();
  assert.equal((await wire.rest()).length, 0);
});

test('a client that asks for it is told to continue', async () => {
  const session = await Session.polling(gateway.port, '/echo');
  const wire = await Wire.open(gateway.port);
  wire.write(requestText(`POST ${session.url}/xhr_send`, {
    headers: { Expect: '100-continue', 'Content-Length': 5 } }));
  assert.equal((await wire.head()).status, 100);
  assert.equal((await wire.write('["x"]').answer()).status, 204);
  assert.equal(await session.poll(), 'a["x"]\n');
  wire.abort();
});

for (const headers of [{ 'Content-Length': 150_000 }, { 'Transfer-Encoding': 'chunked' }]) {
  test(`a body beyond the limit is refused with 413, told by ${Object.keys(headers)[0]}`, async () => {
    const session = await Session.polling(gateway.port, '/echo');
    const wire = await Wire.open(gateway.port);
    wire.write(requestText(`POST ${session.url}/xhr_send`, { headers }));
    const part = `["${'x'.repeat(9_995)}"]\n`;
    for (let i = 0; i < 15; i += 1) {
      wire.write(headers['Transfer-Encoding'] ? `${part.length.toString(16)}\r\n${part}\r\n` : part);
    }
    if (headers['Transfer-Encoding']) wire.write('0\r\n\r\n');
    assert.equal((await wire.head()).status, 413);
    wire.abort();
    assert.equal((await session.send('still here')).status, 204);
  });
}

const slow = [
  ['that says nothing', ''],
  ['whose head never ends', 'GET /chat HTTP/1.1\r\nHost: '],
];
for (const [what, bytes] of slow) {
  test(`a client ${what} is not waited for`, async () => {
    const wire = await Wire.open(impatient.port);
    await wire.write(bytes).rest();
  });
}

test('a client whose body never ends is not waited for', async () => {
  const session = await Session.polling(impatient.port, '/echo');
  const wire = await Wire.open(impatient.port);
  const begun = requestText(`POST ${session.url}/xhr_send`, { headers: { 'Content-Length': 100 } });
  const answer = await wire.write(begun).answer();
  assert.equal(answer.status, 408);
  assert.match(answer.headers.connection, /close/i);
  await wire.rest();
});

test('a later head that never ends is answered with 408', async () => {
  const wire = await Wire.open(impatient.port);
  await wire.write(get()).answer();
  assert.equal((await wire.write('GET /chat HTTP/1.1\r\nHost: ').answer()).status, 408);
  await wire.rest();
});

test('a head that drips in byte by byte is not waited for', async () => {
  const wire = await Wire.open(impatient.port);
  const drip = setInterval(() => wire.write('x'), 100);
  wire.write('GET /chat HTTP/1.1\r\nHost: ');
  await wire.rest().finally(() => clearInterval(drip));
});

test('a kept connection that idles is closed', async () => {
  const wire = await Wire.open(impatient.port);
  await wire.write(get()).answer();
  assert.equal((await wire.rest()).length, 0);
});

test('the gateway listens on the address that it was told, and on no other', async () => {
  const elsewhere = net.connect(gateway.port, '127.0.0.2');
  const [error] = await once(elsewhere, 'error');
  assert.equal(error.code, 'ECONNREFUSED');
});

test('what is asked for often is answered as often', async () => {
  const wire = await Wire.open(gateway.port);
  for (let i = 0; i < 1000; i += 1) {
    assert.equal((await wire.write(requestText('GET /chat')).answer()).status, 200);
  }
  wire.abort();
  assert.equal((await ask(gateway.port, 'GET /chat')).status, 200);
});
