// The image of docker/Dockerfile, run without any right and with nothing to write to.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openPage, closePage, shows, withBrowser } from '../browser/lib/browser.mjs';
import { hears, join, say } from '../browser/lib/chat.mjs';
import { configuration } from '../wire/lib/config.mjs';
import { freePort } from '../wire/lib/gateway.mjs';
import { openAll } from '../wire/lib/open.mjs';
import { Stomp } from '../wire/lib/stomp.mjs';
import { test } from '../wire/lib/test.mjs';
import { deadline, until } from '../wire/lib/wait.mjs';
import { Container, podman } from './lib/container.mjs';
import { testChat } from './lib/chat.mjs';

const hardened = fileURLToPath(new URL('../hardened', import.meta.url));
const gateway = new Container();
before(() => gateway.start());
after(() => gateway.stop());
const browser = withBrowser();

test('the image is smaller than 25 MB', () => {
  const size = Number(podman('image', 'inspect', '--format', '{{.Size}}', 'postern'));
  console.log(`the image has ${(size / 1e6).toFixed(1)} MB`);
  assert.ok(size < 25e6, `${size} bytes`);
});

test('the program of the image is hardened', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-'));
  try {
    podman('cp', `${gateway.name}:/postern`, folder);
    const { status, stdout } = spawnSync(hardened, [path.join(folder, 'postern')], { encoding: 'utf8' });
    assert.equal(status, 0, stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the image says how it is run, ended and looked after', () => {
  const [{ Config: config, Healthcheck: health }] = JSON.parse(podman('image', 'inspect', 'postern'));
  assert.equal(config.User, '65532:65532');
  assert.deepEqual(config.Entrypoint, ['/postern']);
  assert.deepEqual(Object.keys(config.ExposedPorts), ['8080/tcp']);
  assert.equal(config.StopSignal, 'SIGTERM');
  assert.deepEqual(health.Test, ['CMD', '/postern', 'healthcheck']);
});

test('the process has no right, and may not get any', () => {
  const pid = gateway.inspect('{{.State.Pid}}');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  for (const line of [/^Uid:\t65532\t65532\t65532\t65532$/m, /^CapPrm:\t0+$/m, /^CapEff:\t0+$/m, /^CapBnd:\t0+$/m, /^NoNewPrivs:\t1$/m]) {
    assert.match(status, line);
  }
  assert.match(readFileSync(`/proc/${pid}/mounts`, 'utf8'), /^\S+ \/ overlay ro,/m);
});

testChat(gateway);

for (const withoutWebSocket of [false, true]) {
  test(`two people chat in a browser ${withoutWebSocket ? 'without' : 'with'} WebSocket`, async () => {
    const [ana, ben] = await Promise.all([0, 1].map(() => openPage(browser, `${gateway.url}/chat.html`, { withoutWebSocket })));
    await join(ana, 'Ana');
    await join(ben, 'Ben');
    for (const page of [ana, ben]) await shows(page, '#state', 'Connected over');
    await say(ana, 'Hello, Ben');
    await hears(ben, 'Ana', 'Hello, Ben');
    for (const page of [ana, ben]) await closePage(page);
  });
}

test('messages have the time of the zone that is set', async () => {
  const abroad = new Container(undefined, { options: ['--env', 'TZ=Pacific/Kiritimati'] });
  try {
    await abroad.start();
    const stomp = await Stomp.connect(`${abroad.ws}/chat/websocket`);
    await stomp.subscribe('/topic/messages');
    const clock = () => new Date().toLocaleTimeString('en-GB', { timeZone: 'Pacific/Kiritimati', timeStyle: 'short' });
    const possible = [clock()];
    stomp.publish('/app/chat', '{"from":"Ana","text":"Good morning"}');
    const { time } = JSON.parse((await stomp.frame('MESSAGE')).body);
    possible.push(clock());
    assert.ok(possible.includes(time), `${time} is none of ${possible}`);
    await stomp.close();
    await abroad.stop();
  } finally {
    abroad.kill();
  }
});

test('the image knows whether it is well', () => {
  podman('healthcheck', 'run', gateway.name);
  assert.throws(() => podman('exec', gateway.name, '/postern', 'healthcheck', '--listen', '127.0.0.1:1'), /: 1\n/);
});

test('SIGTERM ends it with 0, whatever is open', async () => {
  const other = new Container(configuration({ times: { drain: 1000 } }));
  try {
    await other.start();
    const open = await openAll(other);
    assert.equal(await other.end(), 0, other.log);
    await Promise.all(open.map(({ ended }) => ended));
  } finally {
    other.kill();
  }
});

test('docker/run builds the image and serves the demo', async () => {
  const port = await freePort();
  const child = spawn(fileURLToPath(new URL('../../docker/run', import.meta.url)), {
    env: { ...process.env, PORT: `${port}` }, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => { said += text; });
  const exit = once(child, 'exit');
  try {
    await until('it listens', () => {
      assert.equal(child.exitCode, null, said);
      return /listening on/.test(said);
    }, 240_000);
    assert.match(await (await fetch(`http://127.0.0.1:${port}/`)).text(), /<title>/);
    child.kill('SIGTERM');
    assert.deepEqual(await deadline('it ends', exit), [0, null]);
  } finally {
    child.kill('SIGKILL');
  }
}, 300_000);
