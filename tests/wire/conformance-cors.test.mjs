// SockJS: who may read the answers (CORS), preflights, and the cookie for load balancers.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ANYBODY, CACHED, conformance, known, UNCACHED } from './lib/conformance.mjs';
import { ask, connect, requestText } from './lib/http.mjs';
import { fetch, open, receive, receivers, request } from './lib/receivers.mjs';
import { Session } from './lib/sockjs.mjs';
import { test, withGateway } from './lib/test.mjs';

const gateway = withGateway(conformance());

const fresh = (line) => line.replace('ID', randomUUID());

// The head of the answer to a line like "POST /echo/000/ID/xhr", which may go on for ever.
async function head(line, headers) {
  const wire = await connect(gateway.port);
  wire.write(requestText(fresh(line), { headers, ...line.startsWith('POST') && { body: '["x"]' } }));
  const answer = await wire.head();
  wire.abort();
  return answer;
}

// Everything that is below an endpoint, with its status.
const everything = {
  'GET /echo': 200, 'GET /echo/info': 200, 'OPTIONS /echo/info': 204, 'GET /echo/iframe.html': 200,
  'GET /echo/nothing': 404, 'POST /echo/info': 405,
  'POST /echo/000/ID/xhr': 200, 'OPTIONS /echo/000/ID/xhr': 204,
  'POST /echo/000/ID/xhr_streaming': 200, 'OPTIONS /echo/000/ID/xhr_streaming': 204,
  'GET /echo/000/ID/eventsource': 200, 'GET /echo/000/ID/htmlfile?c=p': 200, 'GET /echo/000/ID/jsonp?c=p': 200,
  'GET /echo/000/ID/htmlfile': 500, 'GET /echo/000/ID/xhr': 405,
  'POST /echo/000/ID/xhr_send': 404, 'OPTIONS /echo/000/ID/xhr_send': 204,
  'POST /echo/000/ID/jsonp_send': 404, 'OPTIONS /echo/000/ID/jsonp_send': 204,
  'GET /echo/000/ID/websocket': 400,
};

for (const [line, status] of Object.entries(everything)) {
  test(`${line} (${status}) may be read by the Origin that asks, with its credentials`, async () => {
    for (const origin of ['https://shop.example', 'http://localhost:3000', 'http://[::1]:8080', 'null']) {
      const answer = await head(line, { Origin: origin });
      assert.equal(answer.status, status);
      assert.equal(answer.headers['access-control-allow-origin'], origin);
      assert.equal(answer.headers['access-control-allow-credentials'], 'true');
      assert.equal(answer.headers.vary, 'Origin');
    }
  });

  test(`${line} (${status}) may be read by all when no Origin asks, without credentials`, async () => {
    const answer = await head(line);
    assert.equal(answer.status, status);
    assert.equal(answer.headers['access-control-allow-origin'], '*');
    assert.equal(answer.headers['access-control-allow-credentials'], undefined);
    assert.equal(answer.headers.vary, 'Origin');
  });
}

const preflights = {
  'OPTIONS /echo/info': 'OPTIONS, GET',
  'OPTIONS /echo/000/ID/xhr': 'OPTIONS, POST',
  'OPTIONS /echo/000/ID/xhr_streaming': 'OPTIONS, POST',
  'OPTIONS /echo/000/ID/xhr_send': 'OPTIONS, POST',
  'OPTIONS /echo/000/ID/jsonp_send': 'OPTIONS, POST',
};
for (const [line, methods] of Object.entries(preflights)) {
  const ALLOWED = { ...CACHED, 'access-control-max-age': '31536000', 'access-control-allow-methods': methods };

  test(`${line} allows ${methods} for a year, with the headers that are asked for`, async () => {
    const answer = await ask(gateway.port, fresh(line), { headers: {
      Origin: 'https://shop.example', 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'a, b, c' } });
    assert.equal(answer.status, 204);
    assert.deepEqual(known(answer), {
      ...ALLOWED, vary: 'Origin', 'access-control-allow-headers': 'a, b, c',
      'access-control-allow-origin': 'https://shop.example', 'access-control-allow-credentials': 'true',
    });
  });

  test(`${line} allows no headers when none are asked for`, async () => {
    for (const headers of [{}, { 'Access-Control-Request-Headers': '' }]) {
      const answer = await ask(gateway.port, fresh(line), { headers });
      assert.equal(answer.status, 204);
      assert.deepEqual(known(answer), { ...ALLOWED, ...ANYBODY });
    }
  });
}

test('a preflight opens no session', async () => {
  const session = new Session(gateway.port, '/echo');
  assert.equal((await ask(gateway.port, `OPTIONS ${session.url}/xhr`)).status, 204);
  assert.equal((await session.send('x')).status, 404);
});

const cookies = {
  'no cookie': [{}, 'dummy'],
  'another cookie': [{ Cookie: 'SESSION=abc' }, 'dummy'],
  'a cookie of our name': [{ Cookie: 'JSESSIONID=abcdef' }, 'abcdef'],
  'our cookie among others': [{ Cookie: 'a=b; JSESSIONID=node1.x_Y-9; c=d' }, 'node1.x_Y-9'],
  'a cookie whose name ends like ours': [{ Cookie: 'XJSESSIONID=abc' }, 'dummy'],
  'an empty cookie of our name': [{ Cookie: 'JSESSIONID=' }, 'dummy'],
  'a cookie that would add attributes': [{ Cookie: 'JSESSIONID="a, Domain=evil.example"' }, 'dummy'],
};
for (const [what, [headers, value]] of Object.entries(cookies)) {
  test(`where it is needed, every transport sets the cookie ${value} for who has ${what}`, async () => {
    for (const receiver of receivers) {
      const session = new Session(gateway.port, '/cookie_needed_echo');
      const wire = await receive(session, receiver, { headers });
      assert.equal(wire.opening.status, 200, receiver.name);
      assert.equal(wire.opening.headers['set-cookie'], `JSESSIONID=${value}; path=/`, receiver.name);
      wire.abort();
    }
    for (const name of ['xhr', 'jsonp']) {
      const receiver = receivers.find((one) => one.name === name);
      const session = new Session(gateway.port, '/cookie_needed_echo');
      await fetch(session, receiver);
      const sent = await ask(gateway.port, `POST ${session.url}/${receiver.send}`, { headers, body: '["x"]' });
      assert.equal(sent.headers['set-cookie'], `JSESSIONID=${value}; path=/`, receiver.send);
    }
  });
}

test('where the cookie is needed, greeting, info and iframe do not set it all the same', async () => {
  for (const path of ['', '/info', '/iframe.html', '/nothing']) {
    const answer = await ask(gateway.port, `GET /cookie_needed_echo${path}`);
    assert.equal(answer.headers['set-cookie'], undefined, path);
  }
});

test('where the cookie is not needed, nobody sets it, even for who has it', async () => {
  for (const receiver of receivers) {
    const wire = await open(new Session(gateway.port, '/echo'), receiver, { headers: { Cookie: 'JSESSIONID=abc' } });
    assert.equal(wire.opening.headers['set-cookie'], undefined, receiver.name);
    wire.abort();
  }
});

for (const receiver of receivers) {
  const { name, line, type, prelude, more } = receiver;

  test(`${name} is answered with the headers that it must have, and no others`, async () => {
    const wire = await open(new Session(gateway.port, '/echo'), receiver);
    const { 'content-length': length, ...headers } = known(wire.opening);
    assert.equal(wire.opening.status, 200);
    assert.equal(wire.opening.minor, 1);
    assert.equal(length, prelude ? undefined : `${receiver.wrap('o').length}`);
    assert.deepEqual(headers, {
      'content-type': type, ...UNCACHED, ...ANYBODY, ...more,
      ...prelude && { 'transfer-encoding': 'chunked', 'x-accel-buffering': 'no' },
    });
    wire.abort();
  });

  test(`${name} has the same headers when it tells of a close`, async () => {
    const session = new Session(gateway.port, '/close');
    const first = await receive(session, receiver);
    const wire = await connect(gateway.port);
    const { headers } = await wire.write(request(session, line)).head();
    const differ = ({ date, 'content-length': length, ...others }) => others;
    assert.deepEqual(differ(headers), differ(first.opening.headers));
    first.abort();
    wire.abort();
  });
}
