// Starts the gateway for a test file and makes sure that it ends well: exit code 0,
// and nothing from a sanitizer on stderr.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { deadline, PATIENCE, until } from './wait.mjs';

const top = fileURLToPath(new URL('../../../', import.meta.url));
export const binary = path.resolve(process.env.POSTERN ?? path.join(top, 'build/dev/postern'));
const complaint = /Sanitizer|runtime error:|Assertion .* failed/;

// How many workers a gateway has when its test does not say it: the suite runs with
// different numbers. Empty: the gateway decides.
const WORKERS = process.env.POSTERN_WORKERS ?? '';

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

// The kernel gives clients the ports above 32767: a listener there could find its
// port taken by a connection. Test files that run at the same time have ports of their
// own, so that none takes what another has just found free.
const PORTS_EACH = 48;
const firstPort = 20000 + (process.pid % 250) * PORTS_EACH;
let portsTried = 0;

export async function freePort() {
  for (;;) {
    const port = firstPort + portsTried++ % PORTS_EACH;
    const free = await new Promise((resolve) => {
      const probe = net.createServer();
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

// What is in the environment for the tests is no setting of a gateway.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('POSTERN')));

const flag = (workers) => (workers === '' ? [] : ['--workers', `${workers}`]);

export class Gateway {
  // Without a configuration the demo runs that is built in. A test that needs its own
  // number of workers writes it into the configuration. `under` is a program that runs it;
  // `program` is another build.
  constructor(configuration,
    { host = '127.0.0.1', port, workers = WORKERS, env = {}, under = [], program = binary } = {}) {
    this.configuration = configuration;
    this.host = host;
    this.port = port;
    this.workers = configuration?.workers === undefined ? workers : '';
    this.env = { ...environment, POSTERN_LOG_FORMAT: 'text', ...env };
    this.under = under;
    this.program = program;
    this.inherited = []; // descriptors
  }

  // What must be there before it is spawned.
  async prepare() {
    this.folder = mkdtempSync(path.join(tmpdir(), 'postern-'));
    this.port ??= await freePort();
    if (this.configuration?.tcp?.listen) { // the log tells which port it got
      this.configuration = { ...this.configuration, tcp: { ...this.configuration.tcp, listen: '127.0.0.1:0' } };
    }
    this.args = ['serve', '--listen', `${this.host}:${this.port}`, ...flag(this.workers)];
    if (this.configuration) {
      const file = path.join(this.folder, 'postern.json');
      writeFileSync(file, JSON.stringify(this.configuration, null, 2));
      this.args.push('--config', file);
    }
  }

  // Does not wait until it listens.
  async begin() {
    await this.prepare();
    this.spawn();
    return this;
  }

  // Another program may take the port that has just been free: then another port is tried.
  async start() {
    const isOurs = this.port === undefined;
    await this.begin();
    try {
      await this.listens();
    } catch (error) {
      if (!isOurs || this.ended === null || !/Address already in use/.test(this.log)) throw error;
      rmSync(this.folder, { recursive: true, force: true });
      this.port = undefined;
      return this.start();
    }
    return this;
  }

  get url() { return `http://127.0.0.1:${this.port}`; }
  // Where the configuration lets the kernel choose a port for operators.
  get adminPort() { return Number(this.log.match(/operators at .*:(\d+)\n/)[1]); }
  get ws() { return `ws://127.0.0.1:${this.port}`; }

  // A line of the log comes by a pipe: later than an answer, or a figure, of the same event.
  // Returns the first match.
  async logged(pattern) {
    await until(`the log says ${pattern}`, () => pattern.test(this.log));
    return this.log.match(pattern);
  }

  get command() { return [...this.under, this.program, ...this.args]; }
  get pid() { return this.child.pid; }

  spawn() {
    this.log = '';
    this.ended = null;
    const [program, ...args] = this.command;
    this.child = spawn(program, args, { env: this.env, stdio: ['ignore', 'ignore', 'pipe', ...this.inherited] });
    running.add(this.child);
    this.child.stderr.setEncoding('utf8').on('data', (text) => { this.log += text; });
    this.exit = new Promise((resolve) => {
      this.child.once('error', (error) => resolve(error.message));
      this.child.once('close', (code, signal) => resolve(signal ?? code));
    }).then((how) => {
      running.delete(this.child);
      this.ended = how;
      return how;
    });
  }

  async listens() {
    await until(`${this.program} listens`, () => {
      assert.equal(this.ended, null, `the gateway ended (${this.ended}):\n${this.log}`);
      return /listening on .*:\d+("})?\n/.test(this.log);
    });
    this.port = Number(this.log.match(/listening on .*:(\d+)(?:"})?\n/)[1]);
  }

  async end(patience = PATIENCE) {
    this.child.kill('SIGTERM');
    try {
      return await deadline('the gateway ends after SIGTERM', this.exit, patience);
    } finally {
      this.kill();
    }
  }

  // Returns when it has heard that it shall end.
  async drain() {
    this.child.kill('SIGTERM');
    await until('the gateway is stopping', () => /server: stopping\n/.test(this.log));
  }

  // Makes it read another configuration, or a text that is none; returns what it has
  // logged of that. Its workers go by it from their next turns on.
  async reload(configuration) {
    const before = this.log.length;
    const text = typeof configuration === 'string' ? configuration : JSON.stringify(configuration, null, 2);
    writeFileSync(path.join(this.folder, 'postern.json'), text);
    this.child.kill('SIGHUP');
    const end = /server: reload \d+: .*\n/;
    await until('the configuration is read again', () => end.test(this.log.slice(before)));
    return this.log.slice(before);
  }

  kill() { this.child?.kill('SIGKILL'); }

  // It gets no time from the system, as on a busy machine; what it is sent waits.
  pause() { this.child.kill('SIGSTOP'); }

  goOn() { this.child.kill('SIGCONT'); }

  // How many files and sockets it has open.
  get descriptors() { return readdirSync(`/proc/${this.pid}/fd`).length; }

  // How many threads it runs, a sanitizer's own among them.
  get threads() { return readdirSync(`/proc/${this.pid}/task`).length; }

  // Bytes of memory that it uses.
  get memory() {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(status.match(/^VmRSS:\s+(\d+) kB$/m)[1]) * 1024;
  }

  // The end of every test file: what went wrong inside shows here at the latest.
  async stop() {
    if (!this.child) return;
    const how = this.ended ?? await this.end();
    rmSync(this.folder, { recursive: true, force: true });
    assert.doesNotMatch(this.log, complaint);
    assert.equal(how, 0, `the gateway ended with ${how}:\n${this.log}`);
  }

  // After an end, on the same port.
  async resume() {
    this.spawn();
    await this.listens();
  }

  async restart() {
    assert.equal(await this.end(), 0, this.log);
    await this.resume();
  }
}

// Runs the program to its end: for starts that fail, and for the other commands.
export const runPostern = (...args) => runPosternWith({}, ...args);

export async function runPosternWith(env, ...args) {
  const workers = args[0] === 'serve' ? flag(WORKERS) : [];
  const child = spawn(binary, [...args, ...workers], {
    env: { ...environment, ...env }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  running.add(child);
  child.stdout.setEncoding('utf8').on('data', (text) => { stdout += text; });
  child.stderr.setEncoding('utf8').on('data', (text) => { stderr += text; });
  const status = await deadline(`postern ${args.join(' ')} ends`, new Promise((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? code));
  }));
  running.delete(child);
  assert.doesNotMatch(stderr, complaint);
  return { status, stdout, stderr };
}
