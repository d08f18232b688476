// SockJS: the transports that are scripts, htmlfile and jsonp. What their frames do in a
// page, and which callbacks may stand in it.
import assert from 'node:assert/strict';
import vm from 'node:vm';
import { ANYBODY, conformance, known, refusal } from './lib/conformance.mjs';
import { ask, connect } from './lib/http.mjs';
import { hardTexts } from './lib/quoting.mjs';
import { fetch, made, next, open, receivers, request, send, wait } from './lib/receivers.mjs';
import { Session } from './lib/sockjs.mjs';
import { test, withGateway } from './lib/test.mjs';

const gateway = withGateway(conformance({
  endpoints: [{ path: '/shop', handler: 'echo', allowed_origins: ['https://shop.example'] }],
}));
const at = (endpoint) => new Session(gateway.port, endpoint);
const [htmlfile, jsonp] = ['htmlfile', 'jsonp'].map((wanted) => receivers.find(({ name }) => name === wanted));

// As it answers for another callback, asked for by this query.
const calling = (receiver, callback, query = `c=${callback}`) => ({
  ...receiver,
  line: receiver.line.replace('c=page', query),
  prelude: receiver.prelude?.replace('parent.page', `parent.${callback}`).replace(/ *\r\n\r\n$/, '').padEnd(1024).concat('\r\n\r\n'),
  wrap: (frame) => receiver.wrap(frame).replace('/**/page(', `/**/${callback}(`),
});

// What the function of a page hears when the answer is run: p of htmlfile's own page.
function heard(answer, name) {
  const calls = [];
  const script = answer.replace(/^<script>\n/, '').replace(/\n<\/script>\r\n$/, '');
  assert.doesNotMatch(script, /</, 'nothing that could end the script');
  vm.runInNewContext(script, { [name]: (frame) => calls.push(frame) });
  assert.equal(calls.length, 1, script);
  return calls[0];
}

test('the page of htmlfile is longer than 1,024 bytes, whatever its callback', async () => {
  for (const callback of ['p', 'page', 'a.b.c_d-e', 'x'.repeat(32)]) {
    const wire = await open(at('/echo'), calling(htmlfile, callback));
    assert.equal(htmlfile.prelude.length, 1028);
    wire.abort();
  }
});

test('the page of htmlfile hears each frame, and when it has ended', async () => {
  const session = at('/close');
  const answer = (await fetch(session, htmlfile)).join('');
  const calls = [];
  const page = Object.fromEntries(['start', 'message', 'stop'].map((name) => [name, (frame) => calls.push([name, frame])]));
  const context = vm.createContext({ parent: { page }, document: {} });
  context.window = context;
  for (const [, script] of answer.matchAll(/<script>([^]*?)<\/script>/g)) vm.runInContext(script, context);
  context.onload();
  assert.deepEqual(calls, [['start', undefined], ['message', 'o'], ['message', 'c[3000,"Go away!"]'], ['stop', undefined]]);
});

for (const receiver of [htmlfile, jsonp]) {
  const { name } = receiver;
  const called = name === 'jsonp' ? 'page' : 'p';
  const refuses = async (query, sentence) => {
    const session = at('/echo');
    const answer = await ask(gateway.port, `GET ${session.url}/${name}${query}`);
    assert.equal(answer.status, 500, query);
    assert.equal(answer.body, sentence, query);
    assert.deepEqual(known(answer), { ...refusal(answer.body), ...ANYBODY });
    assert.equal((await send(session, receiver, 'x')).status, 404, 'no session was opened');
  };

  test(`${name} without a callback is 500, and says so`, async () => {
    for (const query of ['', '?', '?c', '?c=', '?d=x', '?C=x', '?cc=x', '?a=b&c=', '?x=c=y']) {
      await refuses(query, '"callback" parameter required.');
    }
  });

  const bad = ['%20', '*', 'abc(', 'abc%28', 'abc%28%29', 'alert(1)//', 'x%0A', 'x%0D%0Ay', '%3Cscript%3E', '%3Balert', 'a+b', 'a%2Cb',
    'a;b', 'a%5B0%5D', "a'", 'a%22', '%E4%BD%A0', 'x%7F', 'x'.repeat(33), `${'x'.repeat(31)}%20y`, 'a/b', 'a:b', 'a@b', '$'];
  test(`${name} refuses a callback that has other characters than a name, or too many`, async () => {
    for (const callback of bad) await refuses(`?c=${callback}`, 'invalid "callback" parameter.');
  });

  test(`${name} refuses a callback with a broken percent code, and one with NUL, like all such URLs`, async () => {
    for (const callback of ['%zz', 'x%', 'x%4', 'x%00']) {
      assert.equal((await ask(gateway.port, `GET ${at('/echo').url}/${name}?c=${callback}`)).status, 400, callback);
    }
  });

  const good = { 'a': 'c=a', '_': 'c=_', '-.': 'c=-.', 'A.b-c_9': 'c=A.b-c_9', [`${'x'.repeat(32)}`]: `c=${'x'.repeat(32)}`,
    '_jp.a1b2c3': 'c=_jp.a1b2c3', 'callback': 'c=%63allback', 'last': 't=1&c=last', 'first': 'c=first&c=second' };
  for (const [callback, query] of Object.entries(good)) {
    test(`${name}?${query} calls ${callback}`, async () => {
      const wanted = calling(receiver, callback, query);
      const wire = await open(at('/echo'), wanted);
      wire.abort();
    });
  }

  test(`the frames of ${name} are scripts that tell the page what was sent`, async () => {
    const session = at('/echo');
    const wire = await wait(session, receiver);
    for (const texts of [...hardTexts.map((text) => [text]), hardTexts]) {
      await send(session, receiver, ...texts);
      const frame = heard(await next(wire, receiver), called);
      assert.deepEqual(JSON.parse(frame.slice(1)), texts);
      if (name === 'jsonp') await wire.writeOut(request(session, receiver.line));
    }
    wire.abort();
  });

  test(`${name} quotes the reason of a close`, async () => {
    const session = at('/close');
    const frames = await fetch(session, receiver);
    const [close] = name === 'jsonp' ? await fetch(session, receiver) : frames.slice(-1);
    assert.equal(heard(close, called), 'c[3000,"Go away!"]');
  });
}

test('jsonp calls another function in each answer, as it is asked to', async () => {
  const session = at('/echo');
  for (const callback of ['_jp.a', '_jp.b', '_jp.c']) {
    const receiver = calling(jsonp, callback);
    assert.deepEqual(await fetch(session, receiver), made(receiver, callback === '_jp.a' ? 'o' : 'a["x"]'));
    await send(session, jsonp, 'x');
  }
});

test('jsonp is not there where origins are restricted: a script tag sends none', async () => {
  for (const headers of [{}, { Origin: 'https://shop.example' }]) {
    const { url } = at('/shop');
    assert.equal((await ask(gateway.port, `GET ${url}/jsonp?c=p`, { headers })).status, 404);
    assert.equal((await ask(gateway.port, `POST ${url}/jsonp_send`, { headers, body: '["x"]' })).status, 404);
    assert.equal((await ask(gateway.port, `OPTIONS ${url}/jsonp_send`, { headers })).status, 404);
  }
});

test('a stranger\'s script cannot have the frames of a session by jsonp', async () => {
  const session = at('/echo');
  const wire = await connect(gateway.port);
  wire.write(request(session, 'POST xhr'));
  assert.equal((await wire.answer()).body, 'o\n');
  assert.equal((await ask(gateway.port, `GET ${session.url}/jsonp?c=p`)).status, 404);
  wire.abort();
});
