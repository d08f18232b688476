// The STOMP libraries of browsers, over every transport that they have.
import assert from 'node:assert/strict';
import { pairs, subscription } from './lib/clients.mjs';
import { configuration } from './lib/config.mjs';
import { test, withGateway } from './lib/test.mjs';
import { deadline, until } from './lib/wait.mjs';

const gateway = withGateway(configuration({ times: { stomp_send: 300, stomp_want: 300 } }));

const say = (client, from, text) => {
  client.publish('/app/chat', JSON.stringify({ from, text }));
};

async function heard(inbox) {
  const { body } = await inbox.next();
  return JSON.parse(body);
}

const texts = {
  'ASCII': 'Hello',
  'other scripts': 'Grüße, привет, 你好, مرحبا',
  'emoji': 'a \u{1F600} \u{1F468}\u200D\u{1F469}\u200D\u{1F467} z',
  'line and paragraph separators': 'a\u2028b\u2029c',
  'what JSON and STOMP escape': 'quote " backslash \\ colon : tab \t lines \r\n \n end',
  'markup': '</script><script>alert(1)</script><!-- &amp; %25',
  'nothing': '',
};

// Without astral characters: stompjs 2.3.3 cuts its frames every 16 KiB, and a browser's
// WebSocket then replaces each half of a pair that was cut.
const long = 'kilo\u00FC\u4F60\u2028\\'.repeat(12_500);

for (const { name, connect } of pairs) {
  test(`two clients chat with ${name}`, async () => {
    const ana = await connect(`${gateway.url}/chat`);
    const ben = await connect(`${gateway.url}/chat`);
    const [toAna, toBen] = [
      await subscription(ana, '/topic/messages'), await subscription(ben, '/topic/messages')];

    say(ana, 'Ana', 'Hello, Ben');
    for (const inbox of [toAna, toBen]) {
      const { from, text, time } = await heard(inbox);
      assert.deepEqual({ from, text }, { from: 'Ana', text: 'Hello, Ben' });
      assert.match(time, /^([01]\d|2[0-3]):[0-5]\d$/);
    }
    say(ben, 'Ben', 'Hello, Ana');
    assert.equal((await heard(toAna)).from, 'Ben');
    assert.equal((await heard(toBen)).text, 'Hello, Ana');
    await Promise.all([ana.close(), ben.close()]);
  });

  test(`every text arrives as it was written with ${name}`, async () => {
    const client = await connect(`${gateway.url}/chat`);
    const inbox = await subscription(client, '/topic/messages');

    for (const [what, text] of Object.entries(texts)) {
      say(client, 'Zoë', text);
      assert.deepEqual({ ...await heard(inbox), time: '' }, { from: 'Zoë', text, time: '' }, what);
    }
    await client.close();
  });

  test(`a text of 100 KB arrives whole with ${name}`, async () => {
    const client = await connect(`${gateway.url}/chat`);
    const inbox = await subscription(client, '/topic/messages');

    say(client, 'Ana', long);
    assert.ok((await heard(inbox)).text === long);
    await client.close();
  });

  test(`a SEND gets its receipt with ${name}`, async () => {
    const client = await connect(`${gateway.url}/chat`);
    const answered = client.receipt('mine');

    client.publish('/topic/nobody', 'x', { receipt: 'mine' });
    await answered;
    await client.close();
  });

  test(`a user's header reaches the subscriber with ${name}`, async () => {
    const client = await connect(`${gateway.url}/chat`);
    const inbox = await subscription(client, '/topic/messages');

    client.publish('/app/chat', '{"from":"a","text":"b"}', { sender: 'tab-7' });
    assert.equal((await inbox.next()).headers.sender, 'tab-7');
    await client.close();
  });

  test(`the client learns of an ERROR with ${name}`, async () => {
    const client = await connect(`${gateway.url}/chat`);

    client.publish('/nowhere/at/all', 'x');
    const { command, headers } = await deadline('the ERROR arrives', client.lost);
    assert.equal(command, 'ERROR');
    assert.ok(headers.message);
  });

  test(`the client learns that the server is gone, and comes back, with ${name}`, async () => {
    const client = await connect(`${gateway.url}/chat`);

    await gateway.restart();
    await deadline('the client is told', client.lost);

    const next = await connect(`${gateway.url}/chat`);
    const inbox = await subscription(next, '/topic/messages');
    say(next, 'Ana', 'I am back');
    assert.equal((await heard(inbox)).text, 'I am back');
    await next.close();
  });
}

// All at once, since they wait for time to pass. A client that misses two beats gives up, so
// they must not be too quick for a machine with much to do.
test('heart-beats go both ways with each client over each transport', () => Promise.all(pairs.map(async ({ name, connect }) => {
  const client = await connect(`${gateway.url}/chat`, { heartbeat: [2000, 2000] });
  const lost = client.lost.then(() => 'lost');
  const beaten = until(`three beats went each way with ${name}`, () => (
    client.beats.sent >= 3 && client.beats.received >= 3));

  assert.equal(await Promise.race([lost, beaten]), undefined, `the connection was lost with ${name}`);
  await client.close();
})));
