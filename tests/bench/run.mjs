// Runs the rows of the table and prints it as Markdown. Each row has its servers started
// anew, ours and the floor in turns, since the machine's speed is not the same from
// minute to minute.
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { printBeside } from './beside.mjs';
import { printCounted } from './counted.mjs';
import { apart, besideFlood, buildAt, during, identity, load, probe, startFloor, startPostern } from './lib.mjs';
import { printPeers } from './peers.mjs';
import { isMet, number, rows } from './rows.mjs';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    instructions: { type: 'boolean', default: false },
    calls: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    beside: { type: 'string' },
    rounds: { type: 'string' },
  },
});
const RUNS = Number(flags.rounds ?? (flags.quick ? 1 : 3));
if (!(Number.isInteger(RUNS) && RUNS > 0)) throw new Error(`--rounds ${flags.rounds}: how many?`);
const SECONDS = flags.quick ? 0.7 : 4;

const under = (options) => ({ seconds: SECONDS, ...options });

// With the programs of a build; by default this one's.
const toolsOf = ({ postern: program, floor, identity: parts } = {}) => ({
  postern: (options, crew) =>
    during(startPostern({ ...crew, program }), (server) => load(server, under(options))),
  floorOf: (kind, options) =>
    during(startFloor({ joined: kind === 'joined', program: floor }), (server) => load(server, under(options))),
  probes: (options) =>
    during(startPostern({ under: apart, program }), (server) => probe(server, under(options))),
  identity: (part) => identity(part, { seconds: SECONDS / 4, program: parts }),
  besideFlood: (options) => besideFlood({ seconds: SECONDS / 2, program, ...options }),
});
const tools = toolsOf();

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

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
const beside = flags.beside && buildAt(flags.beside);
const counted = ['instructions', 'calls'].filter((what) => flags[what]);
if (counted.length > 0) {
  for (const what of counted) await printCounted({ what, only: flags.only, beside: beside?.postern });
} else if (beside) {
  await printBeside({ ours: tools, theirs: toolsOf(beside), rounds: RUNS, only: flags.only });
} else if (flags.peers) await printPeers({ runs: RUNS, seconds: SECONDS, only: flags.only, median });
else await printTable();
console.error(`The machine's load was ${loads[0].toFixed(1)} before and ${loadavg()[0].toFixed(1)} behind.`);
