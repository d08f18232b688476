// Runs the rows of the table and prints it as Markdown. Each row has its servers started
// anew, ours and the floor in turns, since the machine's speed is not the same from
// minute to minute.
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { countInstructions } from './instructions.mjs';
import { apart, during, load, probe, startFloor, startPostern } from './lib.mjs';
import { printPeers } from './peers.mjs';
import { isMet, number, rows } from './rows.mjs';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    instructions: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});
const RUNS = flags.quick ? 1 : 3;
const SECONDS = flags.quick ? 0.7 : 4;

const under = (options) => ({ seconds: SECONDS, ...options });

const tools = {
  postern: (options, crew) => during(startPostern(crew), (server) => load(server, under(options))),
  floorOf: (kind, options) =>
    during(startFloor({ joined: kind === 'joined' }), (server) => load(server, under(options))),
  probes: (options) =>
    during(startPostern({ under: apart }), (server) => probe(server, under(options))),
};

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];

async function medians(row) {
  const runs = [];
  while (runs.length < RUNS) runs.push(await row.measure(tools));
  return Object.fromEntries(Object.keys(runs[0]).map((column) =>
    [column, median(runs.map((run) => run[column]))]));
}

const wishes = (wish) => Object.entries(wish ?? {}).map(([column, limit]) => `${column} ${limit}`).join(', ');

const met = (wish, found) => Object.entries(wish).every(([column, limit]) => isMet(limit, found[column]));

function verdict(row, found) {
  if (row.stretch && met(row.stretch, found)) return 'stretch';
  return met(row.target, found) ? 'met' : 'MISSED';
}

async function printTable() {
  console.log('| what | measured | unit | target | stretch | |');
  console.log('|---|---|---|---|---|---|');
  for (const row of rows.filter(({ name }) => name.includes(flags.only))) {
    const found = await medians(row);
    const measured = Object.entries(found).map(([column, value]) => `${column} ${number(value)}`).join(', ');
    console.log(`| ${row.name} | ${measured} | ${row.unit} | ${wishes(row.target)} | ${wishes(row.stretch)} | ${verdict(row, found)} |`);
  }
}

const loads = loadavg();
if (flags.instructions) await countInstructions();
else if (flags.peers) await printPeers({ runs: RUNS, seconds: SECONDS, only: flags.only, median });
else await printTable();
console.error(`The machine's load was ${loads[0].toFixed(1)} before and ${loadavg()[0].toFixed(1)} behind.`);
