// What a delivery, a round trip and a new session take in the gateway itself, whatever the
// machine does: instructions, counted by callgrind, or system calls, counted by strace. A
// run is counted, and one of twice as many; the difference is what they took.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { until } from '../wire/lib/wait.mjs';
import { load, startPostern } from './lib.mjs';

const carriers = ['websocket', 'tcp', 'sockjs-websocket', 'xhr-streaming', 'eventsource', 'xhr-polling'];

// `under` runs a program and writes what it has counted to `out`; `total` finds the sum there.
const counters = {
  instructions: {
    under: (out) => ['valgrind', '--tool=callgrind', `--callgrind-out-file=${out}`],
    total: /^(?:summary|totals): (\d+)/m,
  },
  calls: { // -D: the program keeps its number, so that signals reach it
    under: (out) => ['strace', '-f', '-D', '-c', '-U', 'calls,name', '-o', out],
    total: /^ *(\d+) total$/m,
  },
};

// Options of the load, and how many units it brings. `twice` is the option to be doubled.
const units = {
  'a delivery, fan-out to 100': {
    options: { mode: 'fan-out', clients: 100, messages: 1000 }, twice: 'messages', count: 100 * 1000,
  },
  'a round trip': {
    options: { mode: 'ping-pong', clients: 10, messages: 200 }, twice: 'messages', count: 10 * 200,
  },
  'a new session': { options: { mode: 'storm', clients: 500 }, twice: 'clients', count: 500 },
};

async function total(counter, program, options) {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
  const out = path.join(folder, 'counted');
  try {
    const server = await startPostern({ program, under: counter.under(out) });
    try {
      await load(server, { seconds: 300, ...options });
    } finally {
      await server.stop();
    }
    await until('the count is written', () => counter.total.test(readFileSync(out, 'utf8')));
    return Number(readFileSync(out, 'utf8').match(counter.total)[1]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function each(counter, program, carrier, { options, twice, count }) {
  const once = await total(counter, program, { carrier, ...options });
  const more = await total(counter, program, { carrier, ...options, [twice]: 2 * options[twice] });
  return (more - once) / count;
}

// `what` is "instructions" or "calls"; with `beside`, another build's program, its too.
export async function printCounted({ what, only, beside }) {
  const figure = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
  console.log(`| ${what} of | ours |${beside ? ' beside | ratio |' : ''}`);
  console.log(`|---|---|${beside ? '---|---|' : ''}`);
  for (const [name, unit] of Object.entries(units)) {
    for (const carrier of carriers.filter((one) => `${name}, ${one}`.includes(only))) {
      const ours = await each(counters[what], undefined, carrier, unit);
      const cells = [`${name}, ${carrier}`, figure(ours)];
      if (beside) {
        const theirs = await each(counters[what], beside, carrier, unit);
        cells.push(figure(theirs), (ours / theirs).toFixed(3));
      }
      console.log(`| ${cells.join(' | ')} |`);
    }
  }
}
