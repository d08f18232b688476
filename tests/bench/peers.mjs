// Postern beside others: the rows of a table whose columns are servers. For each row all of
// them run in turns, the median counts. What somebody else's server loses or cannot do is
// a result, and stands below the table.
import { during, load, startFloor, startPostern } from './lib.mjs';
import { peers } from './peers/all.mjs';
import { missing, startPeer } from './peers/start.mjs';
import { number } from './rows.mjs';

const fanOut = (carrier) => ({
  carrier, floor: 'joined', options: { mode: 'fan-out', clients: 1000 },
  shows: [[`fan-out to 1,000, ${carrier}`, 'deliveries/CPU s', ({ per_cpu_second }) => per_cpu_second]],
});

const steady = (carrier) => ({
  carrier, floor: 'single', options: { mode: 'steady', clients: 1000, rate: 10 },
  shows: [
    [`steady 10/s to 1,000, ${carrier}`, 'CPU us/delivery', ({ cpu_us_each }) => cpu_us_each],
    [`latency at that rate, median, ${carrier}`, 'ms', ({ p50_us }) => p50_us / 1000],
    [`latency at that rate, 99th percentile, ${carrier}`, 'ms', ({ p99_us }) => p99_us / 1000],
  ],
});

const idle = (carrier) => ({
  carrier, floor: 'single', options: { mode: 'idle', clients: 5000, seconds: 1 },
  shows: [[`memory of an idle subscribed session, ${carrier}`, 'bytes', ({ memory_each }) => memory_each]],
});

const storm = (carrier) => ({
  carrier, floor: 'single', options: { mode: 'storm', clients: 5000 },
  shows: [[`new session, ${carrier}`, 'CPU us', ({ cpu_us_each }) => cpu_us_each]],
});

const pingPong = (carrier) => ({
  carrier, floor: 'single', options: { mode: 'ping-pong', clients: 100 },
  shows: [[`ping-pong of 100, ${carrier}`, 'round trips/CPU s', ({ per_cpu_second }) => per_cpu_second]],
});

const rows = [
  ...['websocket', 'tcp', 'sockjs-websocket', 'xhr-streaming', 'eventsource', 'xhr-polling'].map(fanOut),
  ...['websocket', 'tcp', 'eventsource', 'xhr-polling'].map(steady),
  ...['websocket', 'eventsource'].map(idle),
  ...['websocket', 'xhr-streaming'].map(storm),
  ...['websocket', 'xhr-streaming'].map(pingPong),
];

// What the bench has found, or { reason } when it could not go on.
async function attempt(server, options) {
  try {
    return await load(server, options);
  } catch ({ stdout, stderr, message }) {
    const result = stdout ? JSON.parse(stdout) : { reason: (stderr || message).trim() };
    return result.lost > 0 && result.count === 0 ? { reason: `it lost all ${result.lost} messages` } : result;
  }
}

const floor = {
  name: 'floor',
  measure: ({ carrier, floor: kind, options }) => (['websocket', 'tcp'].includes(carrier)
    ? during(startFloor({ joined: kind === 'joined' }), (server) => load(server, { carrier, ...options }))
    : { reason: 'it speaks websocket and tcp only' }),
};

const postern = {
  name: 'Postern',
  measure: ({ carrier, options }) =>
    during(startPostern(), (server) => load(server, { carrier, ...options })),
};

const columnOf = (peer) => ({
  name: peer.name,
  measure: async ({ carrier, options }) => {
    const reason = peer.cannot?.[options.mode];
    if (!peer.speaks[carrier]) return { reason: `it speaks ${Object.keys(peer.speaks).join(', ')} only` };
    if (reason) return { reason };
    try {
      return await during(startPeer(peer, carrier), (server) => attempt(server, options));
    } catch (error) { // it does not even start
      console.error(error.message);
      return { reason: error.message.split('\n')[0] };
    }
  },
});

class Notes {
  #numbers = new Map();

  mark(text) {
    if (!this.#numbers.has(text)) this.#numbers.set(text, this.#numbers.size + 1);
    return `[${this.#numbers.get(text)}]`;
  }

  print() { this.#numbers.forEach((mark, text) => console.log(`- [${mark}] ${text}`)); }
}

const sum = (runs, what) => runs.reduce((all, run) => all + run[what], 0);

function faults(runs) {
  return ['lost', 'doubled', 'disordered'].filter((what) => sum(runs, what) > 0)
    .map((what) => `${sum(runs, what)} ${what}`).join(', ');
}

function cell(column, runs, figure, median, notes) {
  const failed = runs.find(({ reason }) => reason);
  if (failed) return `- ${notes.mark(`${column.name}: ${failed.reason}`)}`;
  const wrong = faults(runs);
  return number(median(runs.map(figure))) + (wrong && ` ${notes.mark(`${column.name}: ${wrong}`)}`);
}

async function measureRow(row, columns, runs) {
  const results = columns.map(() => []);
  while (results[0].length < runs) {
    for (const [i, column] of columns.entries()) results[i].push(await column.measure(row));
  }
  return results;
}

const line = (cells) => console.log(`| ${cells.join(' | ')} |`);

// `only`: what a row's name must have in it.
export async function printPeers({ runs, seconds, only, median }) {
  const there = peers.filter((peer) => !missing(peer));
  const columns = [floor, postern, ...there.map(columnOf)];
  const notes = new Notes();
  peers.filter(missing).forEach((peer) => console.error(`NOT MEASURED: ${peer.name}, ${missing(peer)}`));
  line(['what', 'unit', ...columns.map(({ name }) => name)]);
  line(['---', '---', ...columns.map(() => '---')]);
  for (const row of rows.filter(({ shows }) => shows.some(([name]) => name.includes(only)))) {
    const timed = { ...row, options: { seconds, ...row.options } };
    const results = await measureRow(timed, columns, runs);
    for (const [name, unit, figure] of row.shows) {
      line([name, unit, ...columns.map((column, i) => cell(column, results[i], figure, median, notes))]);
    }
  }
  console.log('');
  notes.print();
  console.log(`- ${there.map(({ version }) => version()).join('; ')}`);
}
