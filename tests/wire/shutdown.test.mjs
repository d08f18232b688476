// How the gateway starts and ends.
// tags: tsan
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pairs } from './lib/clients.mjs';
import { configuration } from './lib/config.mjs';
import { Gateway, runPostern } from './lib/gateway.mjs';
import { Wire } from './lib/http.mjs';
import { openAll } from './lib/open.mjs';
import { Stomp } from './lib/stomp.mjs';
import { test } from './lib/test.mjs';

test('SIGTERM ends a gateway at once that nobody uses, with 0', async () => {
  const gateway = await new Gateway(configuration()).start();
  await gateway.stop();
});

test('SIGTERM ends a gateway with everything open, with 0, and all clients learn of it', async () => {
  const gateway = await new Gateway(configuration()).start();
  const open = await openAll(gateway);
  await gateway.stop();
  await Promise.all(open.map(({ ended }) => ended));
});

test('SIGTERM ends a gateway whose clients do not read, with 0', async () => {
  const gateway = await new Gateway(configuration()).start();
  const deaf = await Stomp.connect(`${gateway.ws}/chat/websocket`);
  await deaf.subscribe('/topic/flood');
  deaf.ws.pause();
  const loud = await Stomp.connect(`${gateway.ws}/chat/websocket`);
  for (let i = 0; i < 40; i += 1) loud.publish('/topic/flood', 'x'.repeat(100_000));
  await loud.call('SEND', { destination: '/topic/other' }, 'the flood has been taken');
  await gateway.stop();
  await Promise.all([deaf.close(), loud.close()]);
});

test('after SIGTERM nobody is let in any more', async () => {
  const gateway = await new Gateway(configuration()).start();
  await Promise.all([gateway.end(), gateway.exit]);
  const [error] = await once(net.connect(gateway.port, '127.0.0.1'), 'error');
  assert.equal(error.code, 'ECONNREFUSED');
  await gateway.stop();
});

test('a gateway may be started again at once on its port', async () => {
  const gateway = await new Gateway(configuration()).start();
  const { connect } = pairs[0];
  for (let i = 0; i < 3; i += 1) {
    await (await connect(`${gateway.url}/chat`)).close();
    await gateway.restart();
  }
  await gateway.stop();
});

test('port 0 lets the kernel choose, and the log says what it chose', async () => {
  const gateway = await new Gateway(configuration(), { port: 0 }).start();
  (await Wire.open(gateway.port)).abort();
  await gateway.stop();
});

test('a port that is taken ends the start, and the log says which', async () => {
  const taken = await new Gateway(configuration()).start();
  const { status, stderr } = await runPostern('serve', '--listen', `127.0.0.1:${taken.port}`);
  assert.notEqual(status, 0);
  assert.match(stderr, new RegExp(String(taken.port)));
  await taken.stop();
});

const mistakes = {
  'no JSON': ['{"listen": ', /postern\.json:\d+:\d+/],
  'an unknown key': ['{\n  "endpionts": []\n}', /postern\.json:2:\d+:.*endpionts.*endpoints/],
  'a wrong type': ['{\n\n  "endpoints": 7}', /postern\.json:3:\d+:.*endpoints/],
};
for (const [what, [text, sentence]] of Object.entries(mistakes)) {
  test(`a configuration with ${what} is refused with its place`, async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'postern-'));
    const file = path.join(folder, 'postern.json');
    writeFileSync(file, text);
    const { status, stderr } = await runPostern('serve', '--config', file);
    rmSync(folder, { recursive: true });
    assert.notEqual(status, 0);
    assert.match(stderr, sentence);
  });
}

test('an unknown flag is refused', async () => {
  const { status, stderr } = await runPostern('serve', '--frobnicate');
  assert.notEqual(status, 0);
  assert.match(stderr, /frobnicate/);
});
