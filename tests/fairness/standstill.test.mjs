// H8: the process stands still, as in a frozen container or while its machine is moved. What
// clients have sent meanwhile is read before any is judged; that time counts against nobody.
// tags: long
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe } from 'node:test';
import { fileURLToPath } from 'node:url';
import { TcpStomp, tcpPort } from '../wire/lib/tcp.mjs';
import { testWith } from '../wire/lib/test.mjs';
import { deadline } from '../wire/lib/wait.mjs';
import { strict } from './lib/honest.mjs';

const isLong = process.env.FAULT === 'long';
const CLIENTS = isLong ? 1600 : 90;
const STANDSTILL = isLong ? 30_000 : 7500; // who promises a beat a second has 6 s
const AFTER = 5000; // the silent one has 4 s left

const many = 100_000;
const limits = { connections: many, sessions: many, address_connections: many, address_sessions: many };
const times = { stomp_want: 1000 };
const pass = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

class Beaters {
  constructor(gateway, count) {
    const program = fileURLToPath(new URL('lib/beaters.mjs', import.meta.url));
    this.child = spawn(process.execPath, [program, gateway.port, tcpPort(gateway), count], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async line(what) { return (await deadline(what, this.lines.next())).value; }

  static async start(...how) {
    const beaters = new Beaters(...how);
    assert.equal(await beaters.line('all are connected'), 'ready');
    return beaters;
  }

  async stop() {
    this.child.stdin.end();
    const seen = JSON.parse(await this.line('they say who was ended'));
    await once(this.child, 'exit');
    return seen;
  }

  abort() { this.child.kill('SIGKILL'); }
}

// Only the thread hangs that accepts connections: what SockJS clients say waits there, while
// other workers, the homes of their sessions, go on.
async function hang(gateway, keep, seconds) {
  const program = fileURLToPath(new URL('lib/hang.py', import.meta.url));
  const child = spawn('python3', [program, gateway.pid, seconds], { stdio: ['ignore', 'pipe', 'inherit'] });
  await keep({ abort: () => child.kill('SIGKILL') });
  const gone = once(child, 'exit');
  const [line] = await deadline('the thread hangs', Promise.race([once(child.stdout, 'data'), gone]));
  assert.equal(`${line}`.trim(), 'stopped'); // the end of the line may come later
  await deadline('the thread goes on', gone);
}

// Both spend their time waiting: they may do so together, unless they have many clients.
describe('a standstill', { concurrency: isLong ? 1 : 2 }, () => {
  testWith(`${CLIENTS} clients that beat live through ${STANDSTILL / 1000} s in which one worker hangs`, strict({ limits, times, workers: 3 }), async (gateway, keep) => {
    const beaters = await keep(Beaters.start(gateway, CLIENTS));
    await pass(2000);
    await hang(gateway, keep, STANDSTILL / 1000);
    await pass(AFTER);
    const { count, ended } = await beaters.stop();
    assert.equal(count, CLIENTS);
    assert.deepEqual(ended, []);
  });

  testWith(`${CLIENTS} clients that beat live through ${STANDSTILL / 1000} s in which the process stands still`, strict({ limits, times }), async (gateway, keep) => {
    const beaters = await keep(Beaters.start(gateway, CLIENTS));
    const silent = await keep(TcpStomp.connect(gateway, { 'heart-beat': '1000,0' }));
    await pass(2000);
    gateway.pause();
    await pass(STANDSTILL);
    const before = performance.now();
    gateway.goOn();
    const error = await silent.fails();
    assert.equal(error.headers.message, 'No heart-beat came in time');
    console.log(`the silent one is ended after ${((performance.now() - before) / 1000).toFixed(1)} s more`);
    await pass(AFTER - (performance.now() - before));
    const { count, ended } = await beaters.stop();
    assert.equal(count, CLIENTS);
    assert.deepEqual(ended, []);
  });
});
