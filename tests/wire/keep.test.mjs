// A connection that has brought frames is kept, and what comes next on it is looked at
// before libmicrohttpd sees it, if it does: that makes no difference to the answer.
import assert from 'node:assert/strict';
import { configuration, severalWorkers } from './lib/config.mjs';
import { connect, requestText } from './lib/http.mjs';
import { made, pieces, polls, receivers, request, send, streams } from './lib/receivers.mjs';
import { Session } from './lib/sockjs.mjs';
import { test, testWith, withGateway } from './lib/test.mjs';
import { until } from './lib/wait.mjs';

const endpoints = [
  { path: '/short', handler: 'echo', response_limit: 1 },
  { path: '/bound', handler: 'echo', response_limit: 1, bind_cookie: 'ID' },
  { path: '/sticky', handler: 'echo', response_limit: 1, cookie_needed: true },
  { path: '/shop', handler: 'echo', allowed_origins: ['https://shop.example'] },
];
const gateway = withGateway(configuration({ endpoints }));
const far = withGateway(severalWorkers({ endpoints }));
const at = (endpoint, { port } = gateway) => new Session(port, endpoint);

// Asks for frames, and reads the answer to its end.
async function fetchOn(wire, session, receiver, options) {
  wire.opening = await wire.write(request(session, receiver.line, options)).head();
  assert.equal(wire.opening.status, 200);
  return pieces(wire);
}

// A connection that has brought the frame that opens a session.
async function kept(receiver, from = gateway) {
  const wire = await connect(from.port);
  assert.deepEqual(await fetchOn(wire, at('/short', from), receiver), made(receiver, 'o'));
  return wire;
}

const post = (path, headers, body = '') => requestText(`POST ${path}`, { headers, body });
const chunked = (path, text) => (
  `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${text}0\r\n\r\n`);

// What may come next: requests to a session, and the method that each is about.
const nexts = {
  'a greeting': () => requestText('GET /echo'),
  'a HEAD of it': () => requestText('HEAD /echo'),
  'a page that is not there': () => requestText('GET /nothing'),
  'a message for nobody': ({ url }) => post(`${url}/xhr_send`, {}, '["hello"]'),
  'a message in broken JSON': ({ url }) => post(`${url}/xhr_send`, {}, '['),
  'a preflight': ({ url }) => requestText(`OPTIONS ${url}/xhr`),
  'a poll by the wrong method': ({ url }) => requestText(`GET ${url}/xhr`),
  'a stream by the wrong method': ({ url }) => post(`${url}/eventsource`),
  'a poll': ({ url }) => post(`${url}/xhr`),
  'a poll without a length': ({ url }) => requestText(`POST ${url}/xhr`),
  'a poll with a body': ({ url }) => post(`${url}/xhr`, {}, 'hello'),
  'a poll with a body in chunks': ({ url }) => chunked(`${url}/xhr`, '5\r\nhello\r\n'),
  'a poll with no body in chunks': ({ url }) => chunked(`${url}/xhr`, ''),
  'a poll that expects to be let on': ({ url }) => post(`${url}/xhr`, { Expect: '100-continue' }),
  'a poll that expects miracles': ({ url }) => post(`${url}/xhr`, { Expect: 'miracles' }),
  'a poll that is the last': ({ url }) => post(`${url}/xhr`, { Connection: 'close' }),
  'a poll in HTTP/1.0': ({ url }) => requestText(`POST ${url}/xhr`, { version: '1.0', body: '' }),
  'a poll behind an empty line': ({ url }) => `\r\n${post(`${url}/xhr`)}`,
  'a poll with an Origin': ({ url }) => post(`${url}/xhr`, { Origin: 'https://a.example' }),
  'a poll from a foreign page': () => post('/shop/000/a/xhr', { Origin: 'https://evil.example' }),
  'a poll for the callback p': ({ url }) => requestText(`GET ${url}/jsonp?c=p`),
  'a poll for no callback': ({ url }) => requestText(`GET ${url}/jsonp`),
  'a poll for a callback that is no name': ({ url }) => requestText(`GET ${url}/jsonp?c=a(`),
  'a poll with 101 lines': ({ url }) => post(`${url}/xhr`, Object.fromEntries(
    Array.from({ length: 101 }, (_, i) => [`X${i}`, 'y']))),
  'a poll with two lengths': ({ url }) => `POST ${url}/xhr HTTP/1.1\r\nHost: a\r\n`
    + 'Content-Length: 0\r\nContent-Length: 0\r\n\r\n',
  'a poll without Host': ({ url }) => `POST ${url}/xhr HTTP/1.1\r\n\r\n`,
  'a poll with a target of 9,000 bytes': ({ url }) => post(`${url}/xhr?${'a'.repeat(9000)}`),
  'a poll with a head of 12,000 bytes': ({ url }) => post(`${url}/xhr`, { X: 'a'.repeat(12_000) }),
};

// What is said, but for what differs each time.
async function said(wire, text) {
  let answer;
  wire.write(text);
  do answer = await wire.answer({ method: text.split(' ')[0] }); while (answer.status === 100);
  const { status, minor, headers, body } = answer;
  const { date, expires, connection, ...same } = headers;
  return { status, minor, closes: /close/i.test(connection ?? ''), headers: same, body };
}

for (const [what, text] of Object.entries(nexts)) {
  for (const receiver of [...polls, ...streams]) {
    test(`${what} is answered behind ${receiver.name} as behind a greeting`, async () => {
      const greeted = await connect(gateway.port), used = await kept(receiver);
      await greeted.write(requestText('GET /echo')).answer();
      const wanted = await said(greeted, text(at('/echo')));
      assert.deepEqual(await said(used, text(at('/echo'))), wanted);
      if (wanted.closes) await used.rest();
      else assert.equal((await used.write(requestText('GET /echo')).answer()).body, 'Welcome to SockJS!\n');
      greeted.abort();
      used.abort();
    });
  }
}

for (const receiver of receivers) {
  test(`${receiver.name} is served again and again on one connection, for any session`, async () => {
    for (const from of [gateway, far]) {
      const wire = await kept(receiver, from);
      for (let i = 0; i < 20; i += 1) {
        const session = at('/short', from);
        assert.deepEqual(await fetchOn(wire, session, receiver), made(receiver, 'o'));
        assert.equal((await send(session, receiver, `${i}`)).status, receiver.send === 'xhr_send' ? 204 : 200);
        assert.deepEqual(await fetchOn(wire, session, receiver), made(receiver, `a["${i}"]`));
      }
      wire.abort();
    }
  });

  test(`${receiver.name} waits on a kept connection, and hears what comes`, async () => {
    for (const from of [gateway, far]) {
      const wire = await kept(receiver, from);
      const session = at('/short', from);
      await fetchOn(wire, session, receiver);
      await wire.writeOut(request(session, receiver.line));
      await send(session, receiver, 'late');
      wire.opening = await wire.head();
      assert.deepEqual(await pieces(wire), made(receiver, 'a["late"]'));
      wire.abort();
    }
  });

  test(`requests for frames by ${receiver.name} that come in one write are answered in order`, async () => {
    for (const from of [gateway, far]) {
      const wire = await kept(receiver, from);
      const line = request(at('/short', from), receiver.line);
      wire.write(`${request(at('/short', from), receiver.line)}${requestText('GET /echo')}${line}${
        request(at('/short', from), receiver.line)}`);
      for (const is of ['frames', 'a greeting', 'frames', 'frames']) {
        if (is === 'frames') {
          wire.opening = await wire.head();
          assert.deepEqual(await pieces(wire), made(receiver, 'o'));
        } else {
          assert.equal((await wire.answer()).body, 'Welcome to SockJS!\n');
        }
      }
      wire.abort();
    }
  });

  test(`the next head behind ${receiver.name} may be cut anywhere`, async () => {
    const wire = await kept(receiver);
    const { length } = request(at('/short'), receiver.line);
    for (let cut = 1; cut < length; cut += 1) {
      const session = at('/short');
      const text = request(session, receiver.line);
      await wire.writeOut(text.slice(0, cut));
      await new Promise(setImmediate);
      await wire.writeOut(text.slice(cut));
      wire.opening = await wire.head();
      assert.deepEqual(await pieces(wire), made(receiver, 'o'));
    }
    wire.abort();
  });

  test(`who asks behind ${receiver.name} and vanishes holds nobody up`, async () => {
    for (const from of [gateway, far]) {
      const session = at('/short', from);
      const wire = await connect(from.port);
      await fetchOn(wire, session, receiver);
      await wire.writeOut(request(session, receiver.line));
      wire.abort();
      // Whether the request came to the session is not known: it goes on, or it is lost. An
      // echo is lost with who has vanished as long as that is not known, so we ask again.
      const other = await connect(from.port);
      let frames;
      const fetched = fetchOn(other, session, receiver).then((list) => { frames = list.join(); });
      await Promise.race([fetched, until('somebody else is served', async () => {
        await send(session, receiver, 'anyone?');
        return frames !== undefined;
      })]);
      assert.ok(frames.includes('anyone?') || frames.includes('Connection interrupted')
        || frames.includes('Another connection still open'), frames);
      other.abort();
    }
  });

  test(`${receiver.name} obeys cookies behind others' requests`, async () => {
    const wire = await kept(receiver);
    const session = at('/bound');
    const mine = { headers: { Cookie: 'a=b; ID=mine' } };
    assert.deepEqual(await fetchOn(wire, session, receiver, mine), made(receiver, 'o'));
    wire.opening = await wire.write(request(session, receiver.line, { headers: { Cookie: 'ID=other' } })).head();
    assert.equal(wire.opening.status, 404);
    await pieces(wire);
    await fetchOn(wire, at('/sticky'), receiver, { headers: { Cookie: 'JSESSIONID=node7' } });
    assert.equal(wire.opening.headers['set-cookie'], 'JSESSIONID=node7; path=/');
    wire.abort();
  });
}

testWith('a kept connection is closed when it idles behind a poll', configuration({ endpoints, times: { keep_alive: 300 } }),
  async (from, keep) => {
    for (const receiver of receivers) {
      const wire = await keep(kept(receiver, from));
      assert.equal((await wire.rest()).length, 0);
    }
  });

testWith('a gateway that stops closes connections that are kept', configuration({ endpoints }), async (from, keep) => {
  const wires = [];
  for (const receiver of receivers) wires.push(await keep(kept(receiver, from)));
  await from.stop();
  for (const wire of wires) assert.equal((await wire.rest()).length, 0);
});

// Who sends now and then is answered past libmicrohttpd, and waits outside of it.
const seldom = withGateway(severalWorkers({ endpoints, times: { keep_alive: 1280 } }));
const nap = () => new Promise((resolve) => setTimeout(resolve, 40)); // longer than a 64th of it

for (const receiver of polls) {
  test(`who sends now and then by ${receiver.send} is answered as who sends much`, async () => {
    const session = at('/sticky', seldom);
    const wires = [await connect(seldom.port), await connect(seldom.port)];
    await fetchOn(wires[0], session, receiver);
    const origin = { headers: { Origin: 'https://a.example', Cookie: 'JSESSIONID=node7' } };
    const answers = [];
    for (let i = 0; i < 5; i += 1) {
      await nap();
      for (const wire of wires) {
        wire.write(request(session, `POST ${receiver.send}`, { ...origin, body: `["${i}"]` }));
        const { status, headers: { date, ...headers }, body } = await wire.answer();
        answers.push(JSON.stringify({ status, headers, body }));
        assert.ok(Date.parse(date) > 0);
      }
    }
    assert.deepEqual([...new Set(answers)].length, 1, answers.join('\n'));
    assert.deepEqual(await fetchOn(wires[1], session, receiver),
      made(receiver, `a[${answers.map((_, i) => `"${Math.floor(i / 2)}"`)}]`));

    await nap(); // several at once, the first of which cannot be answered so
    const more = request(session, `POST ${receiver.send}`, { body: '["more"]' });
    wires[1].write(more + more + requestText('GET /echo') + chunked(`${session.url}/${receiver.send}`, '8\r\n["last"]\r\n'));
    for (const wanted of [/^(ok)?$/, /^(ok)?$/, /^Welcome/, /^(ok)?$/]) assert.match((await wires[1].answer()).body, wanted);
    await nap();
    assert.deepEqual(await fetchOn(wires[1], session, receiver), made(receiver, 'a["more","more","last"]'));
    for (const wire of wires) assert.equal((await wire.rest()).length, 0); // keep_alive is over
  });
}

testWith('a gateway that stops closes connections of who has sent now and then', severalWorkers({
  endpoints, times: { keep_alive: 6400 },
}), async (from, keep) => {
  const session = await Session.polling(from.port, '/echo');
  const wires = [];
  for (let i = 0; i < 6; i += 1) wires.push(await keep(connect(from.port)));
  await new Promise((resolve) => setTimeout(resolve, 150));
  for (const wire of wires) assert.equal((await wire.write(request(session, 'POST xhr_send', { body: '["x"]' })).answer()).status, 204);
  await from.stop();
  for (const wire of wires) assert.equal((await wire.rest()).length, 0);
});
