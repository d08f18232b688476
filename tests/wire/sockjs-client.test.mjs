// sockjs-client 1.6.1 by itself, over every transport that it has in node.
import assert from 'node:assert/strict';
import { SockJsClient } from './lib/clients.mjs';
import { configuration } from './lib/config.mjs';
import { test, withGateway } from './lib/test.mjs';

const gateway = withGateway(configuration());

const texts = ['', 'x', 'Grüße 你好', '\u{1F600}', '\u2028\u2029', '\u0000\u001f', '"\\/', 'a[o]h%25\r\n',
  'x'.repeat(100_000), '\u4F60'.repeat(40_000)];

for (const transport of ['websocket', 'xhr-streaming', 'eventsource', 'xhr-polling']) {
  test(`sockjs-client gets back over ${transport} what it sends`, async () => {
    const client = await SockJsClient.open(`${gateway.url}/echo`, transport);
    assert.equal(client.socket.transport, transport);
    for (const text of texts) {
      client.send(text);
      assert.ok(await client.next() === text, JSON.stringify(text.slice(0, 20)));
    }
    await client.close();
  });

  test(`sockjs-client gets many messages over ${transport} in order`, async () => {
    const client = await SockJsClient.open(`${gateway.url}/echo`, transport);
    for (let i = 0; i < 200; i += 1) client.send(`message ${i}`);
    for (let i = 0; i < 200; i += 1) assert.equal(await client.next(), `message ${i}`);
    await client.close();
  });

  test(`sockjs-client learns over ${transport} why the server closes`, async () => {
    const client = await SockJsClient.open(`${gateway.url}/close`, transport);
    const { code, reason, wasClean } = await client.closes();
    assert.deepEqual({ code, reason, wasClean }, { code: 3000, reason: 'Go away!', wasClean: true });
  });
}

test('sockjs-client chooses another transport where WebSocket is off', async () => {
  const client = await SockJsClient.open(`${gateway.url}/disabled_websocket_echo`);
  assert.notEqual(client.socket.transport, 'websocket');
  client.send('x');
  assert.equal(await client.next(), 'x');
  await client.close();
});

test('sockjs-client fails cleanly where there is no endpoint', async () => {
  const { wasClean } = await new SockJsClient(`${gateway.url}/nothing`).closes();
  assert.equal(wasClean, false);
});
