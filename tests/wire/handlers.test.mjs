// The handlers that the SockJS clients' own tests expect, with the configuration for
// them, over one transport that streams and one that polls.
// tags: tsan
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { SockJsClient } from './lib/clients.mjs';
import { ask } from './lib/http.mjs';
import { Session } from './lib/sockjs.mjs';
import { Socket } from './lib/stomp.mjs';
import { test, withGateway } from './lib/test.mjs';

const file = new URL('conformance.json', import.meta.url);
const configuration = JSON.parse(readFileSync(file, 'utf8'));
const gateway = withGateway(configuration);

for (const { path, websocket = true, cookie_needed = false } of configuration.endpoints) {
  test(`${path} tells what it can do`, async () => {
    const { entropy, ...info } = JSON.parse((await ask(gateway.port, `GET ${path}/info`)).body);
    assert.deepEqual(info, { websocket, cookie_needed, origins: ['*:*'] });
  });
}

for (const transport of ['websocket', 'xhr-polling']) {
  const open = (path) => SockJsClient.open(`${gateway.url}${path}`, transport);

  test(`/amplify answers over ${transport} with 2^n letters`, async () => {
    const client = await open('/amplify');
    for (const [text, n] of [['1', 1], ['10', 10], ['18', 18], ['19', 1], ['x', 1]]) {
      client.send(text);
      assert.ok(await client.next() === 'x'.repeat(2 ** n), text);
    }
    await client.close();
  });

  test(`/broadcast reaches all over ${transport}`, async () => {
    const [first, second] = [await open('/broadcast'), await open('/broadcast')];
    first.send('hi');
    for (const client of [first, second]) assert.equal(await client.next(), 'hi');
    await first.close();
    second.send('alone');
    assert.equal(await second.next(), 'alone');
    await second.close();
  });

  test(`/ticker ticks over ${transport}`, async () => {
    const client = await open('/ticker');
    for (let i = 0; i < 2; i += 1) assert.equal(await client.next(), 'tick!');
    await client.close();
  });
}

test('/broadcast goes from one transport to another', async () => {
  const socket = await Socket.open(`${gateway.ws}/broadcast/websocket`);
  const session = await Session.polling(gateway.port, '/broadcast');
  socket.send('down');
  assert.equal(await session.poll(), 'a["down"]\n');
  assert.equal(await socket.next(), 'down');
  await session.send('up');
  assert.equal(await socket.next(), 'up');
  await socket.close();
});
