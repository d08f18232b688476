// SockJS: what brings messages, xhr_send and jsonp_send.
import assert from 'node:assert/strict';
import { ANYBODY, conformance, known, PLAIN, refusal, UNCACHED } from './lib/conformance.mjs';
import { ask, connect, requestText } from './lib/http.mjs';
import { fetch, openIdle, receivers } from './lib/receivers.mjs';
import { Session } from './lib/sockjs.mjs';
import { test, withGateway } from './lib/test.mjs';
import { until } from './lib/wait.mjs';

const gateway = withGateway(conformance());

const FORM = 'application/x-www-form-urlencoded';
const form = (json) => `d=${encodeURIComponent(json)}`;

// The ways to send: a content type, and how JSON is written.
const senders = [
  { name: 'xhr_send', receiver: 'xhr', write: (json) => json },
  { name: 'jsonp_send of a form', receiver: 'jsonp', type: FORM, write: form },
  { name: 'jsonp_send of text', receiver: 'jsonp', type: 'text/plain', write: (json) => json },
].map((sender) => ({ ...sender, receiver: receivers.find(({ name }) => name === sender.receiver) }));

const [xhr, jsonp] = senders; // jsonp: a form

async function opened(sender, endpoint = '/echo') {
  const session = new Session(gateway.port, endpoint);
  await openIdle(session, sender.receiver);
  return session;
}

// Sends a body as it is.
function post(session, { receiver: { send }, type }, body, headers = type && { 'Content-Type': type }) {
  return ask(gateway.port, `POST ${session.url}/${send}`, { headers, body });
}

const accepted = ({ receiver }) => (receiver.name === 'jsonp' ? 200 : 204);

// The messages come back in this frame.
async function assertHeard(session, { receiver }, frame) {
  assert.deepEqual(await fetch(session, receiver), [receiver.wrap(frame)]);
}

async function assertTaken(session, sender, body, frame, headers) {
  assert.equal((await post(session, sender, body, headers)).status, accepted(sender));
  await assertHeard(session, sender, frame);
}

test('xhr_send is answered by 204 with the headers that it must have, and no others', async () => {
  const answer = await post(await opened(xhr), xhr, '["x"]');
  assert.equal(answer.status, 204);
  assert.deepEqual(known(answer), { 'content-type': PLAIN, ...UNCACHED, ...ANYBODY });
});

for (const sender of senders.slice(1)) {
  test(`${sender.name} is answered by "ok" with the headers that it must have, and no others`, async () => {
    const answer = await post(await opened(sender), sender, sender.write('["x"]'));
    assert.equal(answer.status, 200);
    assert.equal(answer.body, 'ok');
    assert.deepEqual(known(answer), { 'content-type': PLAIN, 'content-length': '2', ...UNCACHED, ...ANYBODY });
  });
}

const types = [undefined, '', 'T', 'application/json', 'application/json;charset=utf-8', 'application/xml', 'text/xml',
  PLAIN, FORM, `${FORM}; charset=UTF-8`, 'multipart/form-data; boundary=x'];
for (const type of types) {
  test(`xhr_send may ${type === undefined ? 'have no type' : `call itself "${type}"`}`, async () => {
    await assertTaken(await opened(xhr), xhr, '["x"]', 'a["x"]', type === undefined ? {} : { 'Content-Type': type });
  });
}

for (const type of [undefined, '', 'text/plain', PLAIN, 'T', 'application/json']) {
  test(`jsonp_send is no form when it ${type === undefined ? 'has no type' : `calls itself "${type}"`}`, async () => {
    await assertTaken(await opened(jsonp), jsonp, '["%41+"]', 'a["%41+"]', type === undefined ? {} : { 'Content-Type': type });
  });
}

const forms = {
  'd=%5B%22x%22%5D': 'x', 'd=["x"]': 'x', 'd=["a+b"]': 'a b', 'd=%5b%22%2b%25%26%3d%22%5d': '+%&=',
  'a=b&d=["x"]': 'x', 'd=["x"]&d=["y"]': 'x', 'd=["x"]&': 'x', 'dd=["y"]&d=["x"]': 'x', 'd=["=x"]': '=x',
};
for (const [body, text] of Object.entries(forms)) {
  test(`jsonp_send finds "${text}" in the form ${body}`, async () => {
    for (const type of [FORM, `${FORM}; charset=UTF-8`, 'Application/X-WWW-Form-URLencoded']) {
      await assertTaken(await opened(jsonp), jsonp, body, `a["${text}"]`, { 'Content-Type': type });
    }
  });
}

const blanks = ['["a","b"]', ' [ "a" , "b" ] ', '\n[\t"a",\r\n"b"\n]\r\n'];
const mistakes = {
  'Broken JSON encoding.': [' ', '["x', '["x"', '["x"]]', '["x",]', '[,"x"]', '["\\x"]', '["\\u00g0"]', '["a" "b"]', "['a']",
    'hello', '[x]', '["\n"]', '{"a":}', '["x"]\0', '\ufeff["x"]', '{]'],
  'Payload expected.': ['', '"x"', '{}', '{"a":["x"]}', '[1]', '["a",null]', '[["x"]]', '[{}]', 'null', 'true', '1.5e3'],
};

for (const sender of senders) {
  const { name, write } = sender;

  test(`${name} takes JSON with blanks wherever JSON allows them`, async () => {
    for (const json of blanks) await assertTaken(await opened(sender), sender, write(json), 'a["a","b"]');
  });

  test(`${name} takes an empty array and empty messages`, async () => {
    const session = await opened(sender);
    assert.equal((await post(session, sender, write('[]'))).status, accepted(sender));
    await assertTaken(session, sender, write('["",""]'), 'a["",""]');
  });

  for (const [sentence, bodies] of Object.entries(mistakes)) {
    test(`${name} is told "${sentence}" for each such mistake, and the session survives`, async () => {
      const session = await opened(sender);
      for (const body of bodies) {
        const answer = await post(session, sender, write(body));
        assert.equal(answer.status, 500, body);
        assert.equal(answer.body, sentence, body);
        assert.deepEqual(known(answer), { ...refusal(answer.body), ...ANYBODY });
      }
      await assertTaken(session, sender, write('["alive"]'), 'a["alive"]');
    });
  }

  test(`a mistake keeps ${name} from sending any message of its array`, async () => {
    const session = await opened(sender);
    for (const body of ['["a",1]', '["a","b"', '["a"]x']) {
      assert.equal((await post(session, sender, write(body))).status, 500);
    }
    await assertTaken(session, sender, write('["after"]'), 'a["after"]');
  });

  test(`${name} to an unknown session is 404, before its body is looked at`, async () => {
    for (const body of ['["x"]', '["x', '', '[1]']) {
      const answer = await post(new Session(gateway.port, '/echo'), sender, write(body));
      assert.equal(answer.status, 404, body);
      assert.match(answer.body, /^There is no such session here/);
      assert.deepEqual(known(answer), { ...refusal(answer.body), ...ANYBODY });
    }
  });

  test(`${name} to a session that has ended is 404`, async () => {
    const session = await opened(sender, '/close');
    await assertHeard(session, sender, 'c[3000,"Go away!"]');
    // It has when its home knows that the close was heard, perhaps over another worker.
    await until('it has ended', async () => (await post(session, sender, write('["x"]'))).status === 404);
    for (const body of ['["x"]', '["x']) assert.equal((await post(session, sender, write(body))).status, 404);
  });

  test(`${name} may come in chunks, and in pieces`, async () => {
    const session = await opened(sender);
    const wire = await connect(gateway.port);
    wire.write(requestText(`POST ${session.url}/${sender.receiver.send}`, {
      headers: { 'Transfer-Encoding': 'chunked', ...sender.type && { 'Content-Type': sender.type } } }));
    for (const byte of write('["x\u4f60"]')) {
      await wire.writeOut(`${Buffer.byteLength(byte).toString(16)}\r\n${byte}\r\n`);
      await new Promise(setImmediate);
    }
    wire.write('0\r\n\r\n');
    assert.equal((await wire.answer()).status, accepted(sender));
    await assertHeard(session, sender, 'a["x\u4f60"]');
    wire.abort();
  });

  test(`${name} over HTTP/1.0 is answered, and keeps its connection if it shall`, async () => {
    const session = await opened(sender);
    const wire = await connect(gateway.port);
    const request = (headers) => requestText(`POST ${session.url}/${sender.receiver.send}`, {
      version: '1.0', headers: { ...sender.type && { 'Content-Type': sender.type }, ...headers }, body: write('["x"]') });
    for (let i = 0; i < 2; i += 1) {
      wire.write(request({ Connection: 'keep-alive' }));
      assert.equal((await wire.answer()).status, accepted(sender));
    }
    assert.equal((await wire.write(request({})).answer()).status, accepted(sender));
    assert.equal((await wire.rest()).length, 0);
    await assertHeard(session, sender, 'a["x","x","x"]');
  });
}

test('jsonp_send of a form without its field d is told "Payload expected."', async () => {
  const session = await opened(jsonp);
  for (const body of ['', 'p=x', 'd', 'd=', 'D=["x"]', '["x"]', '%64=["x"]']) {
    const answer = await post(session, jsonp, body, { 'Content-Type': FORM });
    assert.equal(answer.status, 500, body);
    assert.equal(answer.body, 'Payload expected.', body);
  }
});

test('who sends to unknown sessions is told of sticky sessions in the log, once a second', async () => {
  const begin = Date.now(), from = gateway.log.length;
  const hints = () => gateway.log.slice(from).match(/sticky sessions\?/g)?.length ?? 0;
  let sent = 0;
  for (; hints() < 3; sent += 1) await post(new Session(gateway.port, '/echo'), xhr, '["x"]');
  assert.ok(hints() <= (Date.now() - begin) / 1000 + 2, `${hints()} lines in ${Date.now() - begin} ms`);
  assert.ok(sent > 2 * hints(), `${hints()} lines for ${sent} messages`);
});
