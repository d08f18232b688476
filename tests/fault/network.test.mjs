// A bad line: in a network namespace, where the machine lets us make one.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import assert from 'node:assert/strict';
import { deadline } from '../wire/lib/wait.mjs';

const name = `postern-${process.pid}`;
const script = fileURLToPath(new URL('lib/weather.mjs', import.meta.url));

// Why there can be none; empty: there can.
function hindrance() {
  try {
    for (const tool of ['tc', 'iptables']) execFileSync('which', [tool], { stdio: 'ignore' });
    execFileSync('ip', ['netns', 'add', name], { stdio: 'pipe' });
    execFileSync('ip', ['netns', 'exec', name, 'sh', '-c',
      'ip link set lo up && tc qdisc add dev lo root tbf rate 8mbit burst 64kb latency 400ms && tc qdisc del dev lo root'
      + ' && iptables -w -A INPUT -m statistic --mode random --probability 0.05 -j ACCEPT && iptables -w -F'], { stdio: 'pipe' });
    return '';
  } catch (error) {
    return `no network namespace with tc and iptables: ${error.stderr ?? error.message}`.trim();
  }
}

process.once('exit', () => {
  try {
    execFileSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
  } catch {
    // There is none.
  }
});

const why = hindrance();
if (why) console.log(`# SKIPPED: ${why}`);

test('over a line of 8 Mbit/s that loses 5 % of its packets, and all for a while, everything arrives in order',
  { skip: why || false }, async () => {
    const child = spawn('ip', ['netns', 'exec', name, process.execPath, script], { stdio: ['ignore', 'inherit', 'inherit'] });
    try {
      const [code] = await deadline('it is over', once(child, 'exit'), 600_000);
      assert.equal(code, 0);
    } finally {
      child.kill(); // and it its gateway
    }
  });
