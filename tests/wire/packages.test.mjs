// .ci/packages.mjs, which installs npm packages on machines without npm, against a registry
// of ours.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from './lib/gateway.mjs';
import { test } from './lib/test.mjs';

const script = fileURLToPath(new URL('../../.ci/packages.mjs', import.meta.url));
const scratch = mkdtempSync(path.join(tmpdir(), 'packages-'));
after(() => rmSync(scratch, { recursive: true }));

// Programs that the script may find: no npm.
const programs = path.join(scratch, 'bin');
mkdirSync(programs);
for (const name of ['tar', 'gzip']) {
  symlinkSync(execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), path.join(programs, name));
}

function tarball(name) {
  const folder = mkdtempSync(path.join(scratch, 'made-'));
  mkdirSync(path.join(folder, 'package'));
  writeFileSync(path.join(folder, 'package/index.js'), `// ${name}\n`);
  return execFileSync('tar', ['-cz', '-C', folder, 'package']);
}

const sha512 = (bytes) => `sha512-${createHash('sha512').update(bytes).digest('base64')}`;

const files = { one: tarball('one'), two: tarball('two') };
const lock = {
  name: 'test', lockfileVersion: 3, packages: {
    '': { name: 'test' },
    'node_modules/@scope/one': { version: '1.2.3', integrity: sha512(files.one) },
    'node_modules/@scope/one/node_modules/two': { version: '2.0.0', integrity: sha512(files.two) },
    'node_modules/other': { name: 'two', version: '2.0.0', integrity: `sha1-abc ${sha512(files.two)}` },
    'node_modules/left-out': { version: '1.0.0', integrity: 'sha512-none', optional: true },
  },
};
const answers = {
  '/npm/@scope/one/-/one-1.2.3.tgz': (response) => response.end(files.one),
  '/npm/two/-/two-2.0.0.tgz': (response) => response.writeHead(302, { location: '/elsewhere/two' }).end(),
  '/elsewhere/two': (response) => response.end(files.two),
};

// Serves as a registry, and as a proxy, while body() runs; it gets what was asked for.
async function withRegistry(changed, body) {
  const asked = [];
  const registry = http.createServer(({ url }, response) => {
    asked.push(url);
    const answer = { ...answers, ...changed }[new URL(url, 'http://a').pathname];
    if (answer) answer(response);
    else response.writeHead(404).end();
  }).listen(await freePort(), '127.0.0.1');
  await once(registry, 'listening');
  try {
    await body(`http://127.0.0.1:${registry.address().port}`, asked);
  } finally {
    registry.closeAllConnections();
    registry.close();
  }
}

function project() {
  const folder = mkdtempSync(path.join(scratch, 'project-'));
  writeFileSync(path.join(folder, 'package-lock.json'), JSON.stringify(lock));
  mkdirSync(path.join(folder, 'node_modules'));
  writeFileSync(path.join(folder, 'node_modules/stale'), '');
  return folder;
}

const install = (folder, env) => new Promise((resolve) => {
  execFile(process.execPath, [script, folder, path.join(folder, 'downloads')],
    { env: { PATH: programs, HOME: folder, ...env } }, (error, stdout, stderr) => resolve({ status: error?.code ?? 0, stderr }));
});

function assertInstalled(folder) {
  const modules = path.join(folder, 'node_modules');
  assert.deepEqual(readdirSync(modules).sort(), ['.package-lock.json', '@scope', 'other']);
  for (const [place, text] of [['@scope/one', 'one'], ['@scope/one/node_modules/two', 'two'], ['other', 'two']]) {
    assert.equal(readFileSync(path.join(modules, place, 'index.js'), 'utf8'), `// ${text}\n`);
  }
  const { packages } = JSON.parse(readFileSync(path.join(modules, '.package-lock.json'), 'utf8'));
  assert.deepEqual(Object.keys(packages), Object.keys(lock.packages).slice(1, 4));
}

test('packages are installed as the lock says, and fetched once', () => withRegistry({}, async (url, asked) => {
  const folder = project();
  for (const registry of [`${url}/npm`, `${url}/npm/`, 'http://127.0.0.1:1/']) { // the last one is not asked
    assert.deepEqual(await install(folder, { npm_config_registry: registry }), { status: 0, stderr: '' });
    assertInstalled(folder);
  }
  assert.deepEqual(asked.sort(), Object.keys(answers).sort());
}));

test('.npmrc names a registry', () => withRegistry({}, async (url) => {
  const folder = project();
  writeFileSync(path.join(folder, '.npmrc'), `fund=false\nregistry = ${url}/npm/\n`);
  assert.deepEqual(await install(folder, {}), { status: 0, stderr: '' });
  assertInstalled(folder);
}));

test('a proxy is asked, except for what NO_PROXY names', () => withRegistry({}, async (url, asked) => {
  const env = { http_proxy: url, npm_config_registry: 'http://registry.example/npm' };
  const folder = project();
  assert.equal((await install(folder, env)).status, 0);
  assert.ok(asked.includes('http://registry.example/npm/@scope/one/-/one-1.2.3.tgz'), asked);
  assertInstalled(folder);
  const { status } = await install(project(), { ...env, NO_PROXY: 'a.example, .registry.example' });
  assert.equal(status, 1);
}));

const failures = {
  'another checksum': [(response) => response.end(files.two), /one-1\.2\.3\.tgz: its checksum is not that of package-lock\.json/],
  'no such file': [(response) => response.writeHead(404).end(), /one-1\.2\.3\.tgz: the registry answers 404/],
  'half of the file': [(response) => response.writeHead(200, { 'content-length': files.one.length })
    .write(files.one.subarray(0, 9), () => response.destroy()), /one-1\.2\.3\.tgz: aborted/],
};
for (const [what, [answer, sentence]] of Object.entries(failures)) {
  test(`${what} is told with its address, and the folder counts as not installed`, () => (
    withRegistry({ '/npm/@scope/one/-/one-1.2.3.tgz': answer }, async (url) => {
      const folder = project();
      const { status, stderr } = await install(folder, { npm_config_registry: `${url}/npm` });
      assert.equal(status, 1);
      assert.match(stderr, sentence);
      assert.ok(!readdirSync(path.join(folder, 'node_modules')).includes('.package-lock.json'));
    })));
}
