// Installs a folder's npm packages as its lock file says. Where npm is installed, it does
// this, by its own settings. Debian's npm needs 370 other packages, which is much for some
// thirty files: without npm this script fetches them. Each must have the checksum that the
// lock file has; a file that was fetched before is taken from DOWNLOADS.
//
//   node packages.mjs FOLDER [DOWNLOADS]
//
// Without npm, the registry is npm_config_registry of the environment, `registry` of
// ~/.npmrc, or npm's own default, which Debian's node-registry-url knows. HTTPS_PROXY and NO_PROXY count. A registry that requires
// a login needs npm.
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync,
} from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PATIENCE = 60_000, REDIRECTS = 5, AT_ONCE = 8;

const run = promisify(execFile);
const folder = path.resolve(process.argv[2]);
const downloads = path.resolve(process.argv[3] ?? fileURLToPath(new URL('../build/downloads', import.meta.url)));

// Debian keeps modules where `import` does not look for them; a link leads there.
async function defaultRegistry() {
  const place = mkdtempSync(path.join(tmpdir(), 'registry-'));
  const script = "import registryUrl from 'registry-url'; console.log(registryUrl());";
  try {
    symlinkSync('/usr/share/nodejs', path.join(place, 'node_modules'));
    const { stdout } = await run(process.execPath,
      ['--preserve-symlinks', '--input-type=module', '-e', script], { cwd: place });
    return stdout.trim();
  } catch {
    throw new Error("npm's registry is not known without npm or Debian's node-registry-url");
  } finally {
    rmSync(place, { recursive: true });
  }
}

async function findRegistry() {
  const npmrc = path.join(homedir(), '.npmrc');
  const line = existsSync(npmrc) && readFileSync(npmrc, 'utf8').match(/^registry\s*=\s*(\S+)/m);
  const url = process.env.npm_config_registry ?? process.env.NPM_CONFIG_REGISTRY
    ?? (line ? line[1] : await defaultRegistry());
  return url.endsWith('/') ? url : `${url}/`;
}

// It is asked for once, when something must be fetched.
let found;
const registry = () => { found ??= findRegistry(); return found; };

// Optional packages are left out, as .npmrc tells npm.
const locked = ({ packages }) => Object.entries(packages).filter(([place, { optional }]) => place !== '' && !optional);

// An integrity may name several checksums.
const described = ([place, { name, version, integrity }]) => ({
  place, version, name: name ?? place.replace(/^.*node_modules\//, ''),
  checksum: integrity.split(' ').find((sum) => sum.startsWith('sha512-')),
});

const urlOf = async ({ name, version }) => `${await registry()}${name}/-/${path.basename(name)}-${version}.tgz`;

function proxyFor({ protocol, hostname }) {
  const setting = (name) => process.env[name] ?? process.env[name.toUpperCase()] ?? '';
  const direct = setting('no_proxy').split(',').map((name) => name.trim().replace(/^\*?\./, '')).filter(Boolean);
  if (direct.some((name) => name === '*' || hostname === name || hostname.endsWith(`.${name}`))) return undefined;
  const proxy = setting(protocol === 'https:' ? 'https_proxy' : 'http_proxy');
  return proxy ? new URL(proxy) : undefined;
}

function answerTo(request) {
  return new Promise((resolve, reject) => {
    request.setTimeout(PATIENCE, () => request.destroy(new Error('no answer in time')));
    for (const event of ['response', 'connect']) request.once(event, (response, socket) => resolve({ response, socket }));
    request.once('error', reject).end();
  });
}

const login = ({ username, password }) => (username === '' ? {} : {
  'proxy-authorization': `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`,
});

// A connection through the proxy, to be used for one request.
async function tunnel(proxy, { hostname, port }) {
  const { response, socket } = await answerTo(http.request({
    host: proxy.hostname, port: proxy.port || 80, method: 'CONNECT', path: `${hostname}:${port || 443}`, headers: login(proxy),
  }));
  if (response.statusCode !== 200) throw new Error(`the proxy ${proxy.host} answers ${response.statusCode}`);
  return socket;
}

async function requestFor(url) {
  const proxy = proxyFor(url);
  if (!proxy) return (url.protocol === 'https:' ? https : http).get(url);
  if (url.protocol === 'https:') return https.get(url, { agent: false, socket: await tunnel(proxy, url) });
  return http.get({
    host: proxy.hostname, port: proxy.port || 80, path: url.href, headers: { host: url.host, ...login(proxy) },
  });
}

async function bytesOf(url, redirects = REDIRECTS) {
  const { response } = await answerTo(await requestFor(url));
  const { statusCode, headers: { location } } = response;
  if (statusCode >= 300 && statusCode < 400 && location && redirects > 0) {
    response.resume();
    return bytesOf(new URL(location, url), redirects - 1);
  }
  const pieces = [];
  for await (const piece of response) pieces.push(piece);
  if (statusCode !== 200) throw new Error(`the registry answers ${statusCode}`);
  return Buffer.concat(pieces);
}

const isWhole = (bytes, checksum) => checksum === `sha512-${createHash('sha512').update(bytes).digest('base64')}`;

// The file of a package: one that was fetched before, or a new one.
async function fetchFile({ checksum, ...wanted }) {
  const file = path.join(downloads, `${createHash('sha256').update(checksum).digest('hex')}.tgz`);
  if (existsSync(file) && isWhole(readFileSync(file), checksum)) return file;
  const url = await urlOf(wanted);
  const bytes = await bytesOf(new URL(url)).catch((error) => { throw new Error(`${url}: ${error.message || error.code}`); });
  if (!isWhole(bytes, checksum)) throw new Error(`${url}: its checksum is not that of package-lock.json`);
  writeFileSync(`${file}.part`, bytes);
  renameSync(`${file}.part`, file);
  return file;
}

// Two places may have the same package.
const files = new Map();

function fileOf(wanted) {
  if (!files.has(wanted.checksum)) files.set(wanted.checksum, fetchFile(wanted));
  return files.get(wanted.checksum);
}

async function install(wanted) {
  const target = path.join(folder, wanted.place);
  const file = await fileOf(wanted);
  mkdirSync(target, { recursive: true });
  await run('tar', ['-xzf', file, '--strip-components=1', '--no-same-owner', '-C', target]);
}

const npm = spawnSync('npm', ['ci', '--loglevel=error'], { cwd: folder, stdio: 'inherit' });
if (npm.error?.code !== 'ENOENT') process.exit(npm.status ?? 1);

const lock = JSON.parse(readFileSync(path.join(folder, 'package-lock.json')));
const waiting = locked(lock).map(described);
const modules = path.join(folder, 'node_modules');
rmSync(modules, { recursive: true, force: true });
mkdirSync(downloads, { recursive: true });
mkdirSync(modules, { recursive: true });
try {
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (waiting.length > 0) await install(waiting.shift());
  }));
} catch (error) {
  console.error(`Cannot install the npm packages of ${folder}:\n  ${error.message}\n`
    + 'npm_config_registry names another registry; with npm (apt install npm) its own settings count.');
  process.exit(1);
}
// What npm writes last, and what the build looks at.
writeFileSync(path.join(modules, '.package-lock.json'),
  JSON.stringify({ ...lock, packages: Object.fromEntries(locked(lock)) }, null, 2));
