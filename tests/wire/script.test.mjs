// The transports whose frames are scripts: htmlfile and jsonp, byte for byte.
import assert from 'node:assert/strict';
import vm from 'node:vm';
import { configuration } from './lib/config.mjs';
import { ask, connect, requestText } from './lib/http.mjs';
import { Session } from './lib/sockjs.mjs';
import { test, withGateway } from './lib/test.mjs';

const gateway = withGateway(configuration({
  endpoints: [{ path: '/shop', handler: 'echo', allowed_origins: ['https://shop.example'] }],
}));

const HEAD = `<!doctype html>
<html><head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
</head><body><h2>Don't panic!</h2>
  <script>
    document.domain = document.domain;
    var c = parent.callback;
    c.start();
    function p(d) {c.message(d);};
    window.onload = function() {c.stop();};
  </script>`;

const hard = ['</script>', '%20', '%zz', '\u2028\u2029', '\0', '"\\\'', '\ud83d\ude00', '<!--', '\ufffe', '\r\n'];

// What a page's function hears when the script runs.
function heard(script, name = 'p') {
  const calls = [];
  vm.runInNewContext(script, { [name]: (frame) => calls.push(frame) });
  assert.equal(calls.length, 1, script);
  return calls[0];
}

const scripted = (chunk) => chunk.match(/^<script>\n(p\("(.*)"\);)\n<\/script>\r\n$/s)[1];
const poll = (session, callback = 'callback') => ask(gateway.port, `GET ${session.url}/jsonp?c=${callback}`);

test('htmlfile sends its page, then each frame as a script, in chunks of their own', async () => {
  const session = new Session(gateway.port, '/echo');
  const wire = await connect(gateway.port);
  const { status, headers } = await wire.write(requestText(`GET ${session.url}/htmlfile?c=%63allback`)).head();
  assert.equal(status, 200);
  assert.equal(headers['content-type'], 'text/html; charset=UTF-8');
  assert.equal(headers['cache-control'], 'no-store, no-cache, no-transform, must-revalidate, max-age=0');
  const page = await wire.chunk();
  assert.equal(page.trim(), HEAD);
  assert.ok(page.length > 1024);
  assert.equal(await wire.chunk(), '<script>\np("o");\n</script>\r\n');

  await session.send('x');
  assert.equal(await wire.chunk(), '<script>\np("a[\\"x\\"]");\n</script>\r\n');
  wire.abort();
});

test('hard strings survive htmlfile, and none of them ends the script', async () => {
  const session = new Session(gateway.port, '/echo');
  const wire = await connect(gateway.port);
  await wire.write(requestText(`GET ${session.url}/htmlfile?c=p`)).head();
  await wire.chunk();
  await wire.chunk();
  await session.send(...hard);
  const script = scripted(await wire.chunk());
  assert.doesNotMatch(script, /</);
  assert.deepEqual(JSON.parse(heard(script).slice(1)), hard);
  wire.abort();
});

test('htmlfile ends at the response limit, and the session goes on', async () => {
  const session = new Session(gateway.port, '/echo');
  const wire = await connect(gateway.port);
  await wire.write(requestText(`GET ${session.url}/htmlfile?c=p`)).head();
  await wire.chunk();
  await wire.chunk();
  await session.send('x'.repeat(4096));
  assert.match(await wire.chunk(), /x{4096}/);
  assert.equal(await wire.chunk(), null);
  await session.send('more');
  assert.equal(await session.poll(), 'a["more"]\n');
  wire.abort();
});

test('jsonp answers with a script that calls the page', async () => {
  const session = new Session(gateway.port, '/echo');
  const { status, headers, body } = await poll(session, '%63allback');
  assert.equal(status, 200);
  assert.equal(headers['content-type'], 'application/javascript; charset=UTF-8');
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.equal(body, '/**/callback("o");\r\n');

  const sent = await ask(gateway.port, `POST ${session.url}/jsonp_send`, {
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: `d=${encodeURIComponent('["x"]')}` });
  assert.equal(sent.status, 200);
  assert.equal(sent.body, 'ok');
  assert.equal(sent.headers['content-type'], 'text/plain; charset=UTF-8');
  assert.equal((await poll(session)).body, '/**/callback("a[\\"x\\"]");\r\n');
});

test('hard strings survive jsonp both ways', async () => {
  const session = new Session(gateway.port, '/echo');
  await poll(session);
  for (const [headers, body] of [
    [{ 'Content-Type': 'application/x-www-form-urlencoded' }, `d=${encodeURIComponent(JSON.stringify(hard))}`],
    [{ 'Content-Type': 'text/plain' }, JSON.stringify(hard)],
  ]) {
    assert.equal((await ask(gateway.port, `POST ${session.url}/jsonp_send`, { headers, body })).body, 'ok');
    const script = (await poll(session, 'p')).body;
    assert.doesNotMatch(script, /</);
    assert.deepEqual(JSON.parse(heard(script).slice(1)), hard);
  }
});

for (const transport of ['htmlfile', 'jsonp']) {
  test(`${transport} without a callback is refused`, async () => {
    for (const query of ['', '?c=', '?d=x']) {
      const { status, body } = await ask(gateway.port, `GET ${new Session(gateway.port, '/echo').url}/${transport}${query}`);
      assert.equal(status, 500);
      assert.equal(body, '"callback" parameter required');
    }
  });

  test(`${transport} refuses a callback that is more than a name`, async () => {
    for (const callback of ['%20', '*', 'abc(', 'abc%28', 'alert(1)//', 'x%0A', '%3Cscript%3E', 'x'.repeat(33), '%zz']) {
      const { status, body } = await ask(gateway.port, `GET ${new Session(gateway.port, '/echo').url}/${transport}?c=${callback}`);
      assert.ok(status === 500 || (callback === '%zz' && status === 400), `${callback}: ${status}`);
      if (status === 500) assert.equal(body, 'invalid "callback" parameter');
    }
  });

  test(`${transport} tells the real close`, async () => {
    const session = new Session(gateway.port, '/close');
    const wire = await connect(gateway.port);
    wire.write(requestText(`GET ${session.url}/${transport}?c=p`));
    const { body } = await wire.answer();
    const last = transport === 'jsonp' ? (await poll(session, 'p')).body : body;
    assert.match(last, /p\("c\[3000,\\"Go away!\\"\]"\);/);
    wire.abort();
  });
}

test('broken sends by jsonp are refused, and the session lives', async () => {
  const session = new Session(gateway.port, '/echo');
  await poll(session);
  const send = (type, body) => ask(gateway.port, `POST ${session.url}/jsonp_send`, { headers: { 'Content-Type': type }, body });
  const form = 'application/x-www-form-urlencoded';
  for (const [type, body, text] of [
    [form, 'd=%5B%22', 'Broken JSON encoding.'], ['text/plain', '["x', 'Broken JSON encoding.'],
    [form, 'd=', 'Payload expected.'], ['text/plain', '', 'Payload expected.'], [form, 'p=x', 'Payload expected.'],
  ]) {
    const answer = await send(type, body);
    assert.equal(answer.status, 500);
    assert.equal(answer.body, text);
  }
  assert.equal((await send('text/plain', '["alive"]')).body, 'ok');
  assert.equal((await poll(session)).body, '/**/callback("a[\\"alive\\"]");\r\n');
});

test('sessions of jsonp and of the other transports are not for each other', async () => {
  const script = new Session(gateway.port, '/echo');
  await poll(script);
  assert.equal((await script.send('x')).status, 404);
  assert.equal((await script.post('xhr')).status, 404);
  const other = await Session.polling(gateway.port, '/echo');
  assert.equal((await poll(other)).status, 404);
  assert.equal((await ask(gateway.port, `POST ${other.url}/jsonp_send`, { body: '["x"]' })).status, 404);
  assert.equal((await other.send('fine')).status, 204);
  assert.equal(await other.poll(), 'a["fine"]\n');
});

test('jsonp is not there where origins are restricted: a script tag sends none', async () => {
  const session = new Session(gateway.port, '/shop');
  assert.equal((await poll(session)).status, 404);
  assert.equal((await ask(gateway.port, `POST ${session.url}/jsonp_send`, { body: '["x"]' })).status, 404);
});
