// This build beside another one, in turns: ours, theirs, theirs once more (which tells the
// machine's noise), and their floor, round by round, whose order rotates so that nobody is
// always the first.
import { isMore, number, rows } from './rows.mjs';

const sorted = (list) => [...list].sort((a, b) => a - b);

function quantile(list, part) {
  const at = part * (list.length - 1);
  const [low, high] = [Math.floor(at), Math.ceil(at)];
  const values = sorted(list);
  return values[low] + (values[high] - values[low]) * (at - low);
}

const median = (list) => quantile(list, 0.5);

// How far from 1 the median of so many ratios may be by chance, as the ratios of a build to
// itself show it: twice the standard error of a median, by the quartiles, which a single
// bad round does not move.
export function noiseOf(ratios) {
  const spread = quantile(ratios, 0.75) - quantile(ratios, 0.25);
  return Math.max(Math.abs(median(ratios) - 1), 1.86 * spread / Math.sqrt(ratios.length));
}

export function verdictOf(ratio, noise, more) {
  if (!Number.isFinite(ratio)) return 'not in both';
  if (Math.abs(ratio - 1) <= noise) return 'same';
  return (ratio > 1) === more ? 'better' : 'WORSE';
}

const rotate = (list, by) => [...list.slice(by % list.length), ...list.slice(0, by % list.length)];

// The floor's runs of a round are shared by all who ask for the same.
function withFloorOnce(tools) {
  const runs = new Map();
  return {
    ...tools,
    floorOf: (kind, options) => {
      const key = JSON.stringify([kind, options]);
      if (!runs.has(key)) runs.set(key, tools.floorOf(kind, options));
      return runs.get(key);
    },
  };
}

// `tools` of both builds: they share the floor of the other one.
export async function measureBeside(row, { ours, theirs, rounds }) {
  const runs = { ours: [], theirs: [], again: [] };
  for (let round = 0; round < rounds; round++) {
    const floorOf = withFloorOnce(theirs).floorOf;
    const turns = [['ours', ours], ['theirs', theirs], ['again', theirs]];
    for (const [name, tools] of rotate(turns, round)) {
      runs[name].push(await row.measure({ ...tools, floorOf }));
    }
  }
  return row.compares.map((column) => {
    const of = (name) => runs[name].map((run) => run[column]);
    const against = (name) => of(name).map((value, round) => value / of('theirs')[round]);
    const ratio = median(against('ours'));
    const noise = noiseOf(against('again'));
    return {
      column, ratio, noise, verdict: verdictOf(ratio, noise, isMore(row)),
      ours: median(of('ours')), theirs: median([...of('theirs'), ...of('again')]),
      floor: median(runs.theirs.map((run) => run.floor ?? NaN)),
    };
  });
}

export async function printBeside({ only, ...sides }) {
  console.log('| what | unit | ours | beside | its floor | ours / beside | noise | |');
  console.log('|---|---|---|---|---|---|---|---|');
  for (const row of rows.filter(({ name }) => name.includes(only))) {
    for (const found of await measureBeside(row, sides)) {
      const name = row.compares.length > 1 ? `${row.name}: ${found.column}` : row.name;
      const cells = [name, row.unit, number(found.ours), number(found.theirs),
        Number.isNaN(found.floor) ? '-' : number(found.floor),
        found.ratio.toFixed(3), `± ${found.noise.toFixed(3)}`, found.verdict];
      console.log(`| ${cells.join(' | ')} |`);
    }
  }
}
