// The command line: commands, their options, and the environment.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { runPostern, runPosternWith } from './lib/gateway.mjs';
import { test } from './lib/test.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'postern-'));
after(() => rmSync(folder, { recursive: true }));

function file(name, content) {
  const where = path.join(folder, name);
  writeFileSync(where, typeof content === 'string' ? content : JSON.stringify(content));
  return where;
}

test('the overview names every command, and each has help of its own', async () => {
  const { status, stdout } = await runPostern('--help');
  assert.equal(status, 0);
  const names = [...stdout.matchAll(/^ {2}([a-z-]+) +[a-z]/gm)].map(([, name]) => name);
  assert.ok(names.includes('serve') && names.includes('healthcheck'));
  for (const name of names) {
    const help = await runPostern(name, '--help');
    assert.equal(help.status, 0, name);
    assert.match(help.stdout, new RegExp(`^Usage: postern ${name}`));
    assert.equal(help.stderr, '');
  }
});

test('version says which one it is', async () => {
  const { status, stdout } = await runPostern('version');
  assert.equal(status, 0);
  assert.match(stdout, /^postern \d+\.\d+\.\d+\n$/);
});

const mistakes = [
  ['an unknown command', ['sreve'], /unknown command sreve \(did you mean serve\?\)/],
  ['an unknown option', ['serve', '--lisen=:1'], /unknown option --lisen=:1 \(did you mean --listen\?\)/],
  ['an option that another command has', ['version', '--listen', ':1'], /unknown option --listen/],
  ['an option without its value', ['check-config', '--listen'], /--listen needs a value/],
  ['a word too many', ['check-config', 'postern.json'], /too many words: postern\.json/],
];
for (const [what, args, sentence] of mistakes) {
  test(`${what} is refused`, async () => {
    const { status, stderr } = await runPostern(...args);
    assert.equal(status, 1);
    assert.match(stderr, sentence);
    assert.match(stderr, /Try: postern --help\n$/);
  });
}

test('check-config says that nothing is wrong', async () => {
  const good = file('good.json', { endpoints: [{ path: '/chat' }] });
  const { status, stdout, stderr } = await runPostern('check-config', '--config', good);
  assert.deepEqual([status, stdout, stderr], [0, `${good}: nothing is wrong\n`, '']);
});

test('check-config tells the first mistake with its place', async () => {
  const bad = file('bad.json', '{\n  "limits": {"frame": 1000,\n    "queue_byte": 5}\n}\n');
  const { status, stdout, stderr } = await runPostern('check-config', '--config', bad);
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assert.equal(stderr, `postern: ${bad}:3:5: limits.queue_byte: is not a known key (did you mean "queue_bytes"?)\n`);
});

test('the file can be named in the environment', async () => {
  const other = file('other.json', { workers: 'many' });
  const { stderr } = await runPosternWith({ POSTERN_CONFIG: other }, 'check-config');
  assert.equal(stderr, `postern: ${other}:1:2: workers: must be a whole number\n`);
  const good = file('good.json', {});
  const { status } = await runPosternWith({ POSTERN_CONFIG: other }, 'check-config', '--config', good);
  assert.equal(status, 0);
});

const settings = [
  ['a variable that is none', { POSTERN_LIMITS_FRAME: '1' }, [],
    'environment: POSTERN_LIMITS_FRAME: is not a known variable (did you mean "POSTERN_LIMITS__FRAME"?)'],
  ['a value out of bounds', { POSTERN_LIMITS__FRAME: '1' }, [],
    'environment: POSTERN_LIMITS__FRAME: limits.frame: must be from 256 to 1073741824'],
  ['a value of a flag', {}, ['--log-level', 'inof'],
    '--log-level: log_level: must be one of debug, info, warn, error (did you mean "info"?)'],
  ['JSON that is none', { POSTERN_ENDPOINTS: '[{"path": "/a"' }, [],
    'environment: POSTERN_ENDPOINTS: column 14: \'}\' expected near end of file'],
  ['a mistake inside of JSON', {}, ['--endpoints', '[{"path": "/a"}, {"path": "/b", "hander": "echo"}]'],
    '--endpoints: endpoints[1].hander: is not a known key (did you mean "handler"?)'],
  ['a flag over the environment', { POSTERN_WORKERS: '1' }, ['--workers', '1000'],
    '--workers: workers: must be from 0 to 256'],
];
for (const [what, env, args, sentence] of settings) {
  test(`a mistake is told with its source: ${what}`, async () => {
    const { status, stderr } = await runPosternWith(env, 'check-config', ...args);
    assert.deepEqual([status, stderr], [1, `postern: ${sentence}\n`]);
  });
}

test('what Kubernetes and Docker say of a service called postern does not matter', async () => {
  const { status, stderr } = await runPosternWith({
    POSTERN_SERVICE_HOST: '10.0.0.7',
    POSTERN_SERVICE_PORT: '8080',
    POSTERN_PORT: 'tcp://10.0.0.7:8080',
    POSTERN_PORT_8080_TCP_ADDR: '10.0.0.7',
  }, 'check-config');
  assert.deepEqual([status, stderr], [0, '']);
  const port = await runPosternWith({ POSTERN_PORT: '9000' }, 'check-config');
  assert.equal(port.status, 1);
});
