// Plain STOMP over TCP: who gets in, and how a gateway with TCP connections ends.
// tags: tsan
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { configuration } from './lib/config.mjs';
import { runPostern } from './lib/gateway.mjs';
import { frame } from './lib/stomp.mjs';
import { TcpStomp } from './lib/tcp.mjs';
import { testWith } from './lib/test.mjs';
import { deadline, until } from './lib/wait.mjs';

const withTcp = (more) => configuration({ tcp: { listen: '127.0.0.1:0' }, ...more });
const CONNECT = frame('CONNECT', { 'accept-version': '1.2', host: 'a' });
const roomy = withTcp({ limits: { queue_bytes: 100_000_000 } });

// The door.

testWith('connections by TCP count, and one too many hears why', withTcp({ limits: { connections: 10 } }),
  async (full, keep) => {
    const served = [];
    for (let i = 0; i < 10; i += 1) served.push(await keep(TcpStomp.connect(full)));
    const late = await keep(TcpStomp.open(full));
    assert.equal((await late.fails()).headers.message, 'Too many connections');
    await late.ends();
    late.abort();
    await served[0].call('SEND', { destination: '/topic/a' }, 'still here');

    await served.pop().reset();
    await until('somebody is served again', async () => {
      const stomp = await keep(TcpStomp.open(full));
      const { command } = await stomp.send(CONNECT).frame();
      if (command !== 'CONNECTED') stomp.abort();
      return command === 'CONNECTED';
    });
  });

testWith('sessions by TCP count, and one too many hears why', withTcp({ limits: { sessions: 3 } }),
  async (full, keep) => {
    for (let i = 0; i < 3; i += 1) await keep(TcpStomp.connect(full));
    const late = await keep(TcpStomp.open(full));
    late.send(CONNECT);
    assert.equal((await late.fails()).headers.message, 'Try again later');
    await late.ends();
  });

testWith('without an address nobody listens for plain STOMP', configuration({ tcp: { listen: '' } }),
  async (closed) => {
    assert.doesNotMatch(closed.log, /plain STOMP/);
  });

testWith('an address that is taken ends the start, and the log says which', configuration({ workers: 1 }),
  async (first) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'postern-'));
    const file = path.join(folder, 'postern.json');
    writeFileSync(file, JSON.stringify({ tcp: { listen: `127.0.0.1:${first.port}` } }));
    const { status, stderr } = await runPostern('serve', '--listen', '127.0.0.1:0', '--config', file);
    rmSync(folder, { recursive: true });
    assert.notEqual(status, 0);
    assert.match(stderr, new RegExp(`${first.port}`));
  });

// The end of the gateway.

testWith('SIGTERM ends a gateway with TCP connections in any state, with 0, and all hear of it', withTcp(),
  async (ending, keep) => {
    const silent = await keep(TcpStomp.open(ending));
    const idle = await keep(TcpStomp.connect(ending));
    const inside = await keep(TcpStomp.connect(ending));
    inside.send('SEND\ndestination:/topic/a\n');
    const busy = await keep(TcpStomp.connect(ending));
    await busy.subscribe('/topic/busy');
    const publishing = setInterval(() => busy.publish('/topic/busy', 'x'), 1);
    try {
      await busy.frame('MESSAGE');
      assert.equal(await ending.end(10_000), 0);
    } finally {
      clearInterval(publishing);
    }
    for (const stomp of [silent, idle, inside, busy]) await stomp.closes();
  });

testWith('SIGTERM does not wait for who reads nothing any more, nor for who does not close', withTcp({
  limits: { queue_bytes: 100_000_000 }, times: { progress: 300, linger: 300 },
}), async (ending, keep) => {
  const deaf = await keep(TcpStomp.connect(ending));
  await deaf.subscribe('/topic/deaf');
  deaf.socket.pause();
  await keep(TcpStomp.connect(ending)); // it keeps its side open
  const publisher = await keep(TcpStomp.connect(ending));
  for (let i = 0; i < 60; i += 1) publisher.publish('/topic/deaf', 'x'.repeat(500_000));
  await publisher.call('SEND', { destination: '/topic/other' }, 'all has been taken');
  assert.equal(await ending.end(10_000), 0);
});

testWith('after SIGTERM a slow reader gets everything that waits, then the end', {
  ...roomy, workers: 1, times: { drain: 100_000 },
}, async (ending, keep) => {
  const slow = await keep(TcpStomp.connect(ending));
  await slow.subscribe('/topic/slow');
  slow.socket.pause();
  const publisher = await keep(TcpStomp.connect(ending));
  const texts = Array.from({ length: 24 }, (_, i) => `${i} ${'x'.repeat(500_000)} ${i}.`);
  for (const text of texts) publisher.publish('/topic/slow', text);
  await publisher.call('SEND', { destination: '/topic/other' }, 'all has been taken');
  await ending.drain();
  slow.socket.on('data', () => {
    slow.socket.pause();
    setTimeout(() => slow.socket.resume(), 5);
  });
  slow.socket.resume();
  for (const text of texts) assert.ok((await slow.frame('MESSAGE')).body === text);
  await slow.ends();
  slow.abort();
  publisher.abort();
  assert.equal(await deadline('the gateway ends', ending.exit), 0);
});
