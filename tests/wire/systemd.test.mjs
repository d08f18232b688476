// The gateway as a service of systemd, which these tests play: it hears what the gateway
// does, and may open its sockets.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { configuration } from './lib/config.mjs';
import { binary } from './lib/gateway.mjs';
import { ask } from './lib/http.mjs';
import { Service } from './lib/service.mjs';
import { Stomp } from './lib/stomp.mjs';
import { TcpStomp, tcpPort } from './lib/tcp.mjs';
import { test } from './lib/test.mjs';
import { deadline } from './lib/wait.mjs';

function testService(title, options, body) {
  test(title, async () => {
    const service = new Service(configuration(), options);
    try {
      await body(service);
      await service.stop();
    } finally {
      service.kill();
    }
  });
}

const talk = async (opening) => {
  const stomp = await opening;
  await stomp.subscribe('/topic/messages');
  await stomp.close();
};

testService('who hears that it is ready can connect', {}, async (service) => {
  await service.begin();
  assert.equal(await service.heard.next(), 'READY=1');
  await talk(Stomp.connect(`${service.ws}/chat/websocket`));
});

testService('it says that it stops', {}, async (service) => {
  await service.start();
  assert.equal(await service.heard.next(), 'READY=1');
  await service.end();
  assert.equal(await service.heard.next(), 'STOPPING=1');
});

testService('it says that it reloads, and then that it is ready, whatever came of it', {}, async (service) => {
  await service.start();
  assert.equal(await service.heard.next(), 'READY=1');
  for (const text of [configuration({ log_level: 'debug' }), 'no configuration']) {
    await service.reload(text);
    assert.match(await service.heard.next(), /^RELOADING=1 MONOTONIC_USEC=\d+$/);
    assert.equal(await service.heard.next(), 'READY=1');
    assert.equal(service.heard.length, 0);
  }
  await service.end();
  assert.equal(await service.heard.next(), 'STOPPING=1');
});

testService('it says again and again that it is alive', { watchdog: 400 }, async (service) => {
  await service.start();
  assert.deepEqual(await service.heard.take(4), ['READY=1', 'WATCHDOG=1', 'WATCHDOG=1', 'WATCHDOG=1']);
});

for (const [how, names, http, tcp] of [
  ['by their places', undefined, 0, 1],
  ['by their places when they are called like their unit', 'postern.socket:postern.socket', 0, 1],
  ['by their names', 'tcp:http', 1, 0],
]) {
  testService(`it knows its sockets ${how}`, { sockets: 2, names }, async (service) => {
    await service.start();
    assert.deepEqual([service.port, tcpPort(service)], [service.ports[http], service.ports[tcp]]);
    await talk(Stomp.connect(`${service.ws}/chat/websocket`));
    await talk(TcpStomp.connect(service));
  });
}

testService('it knows the one for operators by its name', {
  sockets: 2, names: 'http:admin', env: { POSTERN_ADMIN__LISTEN: '127.0.0.1:0' },
}, async (service) => {
  await service.start();
  assert.deepEqual([service.port, service.adminPort], service.ports);
  assert.equal((await ask(service.adminPort, 'GET /metrics')).status, 200);
});

for (const [what, options, sentence] of [
  ['without admin.listen', {}, /the socket "admin" needs admin\.listen/],
  ['that others can reach, where admin.listen says that they cannot',
    { at: '0.0.0.0', env: { POSTERN_ADMIN__LISTEN: '127.0.0.1:9090' } }, /the socket "admin" is no loopback address/],
]) {
  test(`a socket for operators ${what} is refused`, async () => {
    const service = new Service(configuration(), { sockets: 1, names: 'admin', ...options });
    try {
      await service.begin();
      assert.equal(await deadline('the gateway ends', service.exit), 1);
      assert.match(service.log, sentence);
    } finally {
      service.kill();
    }
  });
}

test('what it cannot listen at is refused', () => {
  const { status, stderr } = spawnSync('/bin/sh',
    ['-c', 'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$0" 3</dev/null', binary], { encoding: 'utf8', timeout: 60_000 });
  assert.equal(status, 1);
  assert.match(stderr, /descriptor 3 is no listening TCP socket/);
});
