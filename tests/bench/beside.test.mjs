// What the comparison of two builds makes of figures; nothing is measured here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildAt } from './lib.mjs';
import { measureBeside, noiseOf, verdictOf } from './beside.mjs';
import { isMore, rows } from './rows.mjs';

test('the noise of equal rounds is none', () => {
  assert.equal(noiseOf([1, 1, 1, 1]), 0);
});

test('the noise grows with the spread, and falls with the rounds', () => {
  const wild = [0.8, 0.9, 1, 1.1, 1.2], calm = [0.98, 0.99, 1, 1.01, 1.02];
  assert.ok(noiseOf(wild) > noiseOf(calm));
  assert.ok(noiseOf([...wild, ...wild, ...wild]) < noiseOf(wild));
});

test('one bad round does not move the noise much', () => {
  assert.ok(noiseOf([0.99, 1, 1, 1, 1.01, 9]) < 0.02);
});

test('a median that is off counts as noise', () => {
  assert.ok(Math.abs(noiseOf([1.1, 1.1, 1.1]) - 0.1) < 1e-9);
});

const verdicts = [
  [1.02, 0.03, true, 'same'],
  [1.05, 0.03, true, 'better'],
  [0.95, 0.03, true, 'WORSE'],
  [1.05, 0.03, false, 'WORSE'],
  [0.95, 0.03, false, 'better'],
  [NaN, NaN, false, 'not in both'],
];
for (const [ratio, noise, more, verdict] of verdicts) {
  test(`${ratio} with a noise of ${noise} is ${verdict} where ${more ? 'more' : 'less'} is better`, () => {
    assert.equal(verdictOf(ratio, noise, more), verdict);
  });
}

test('each round asks both builds in another order, and the floor once', async () => {
  const asked = [];
  const side = (name, value) => ({
    postern: async () => { asked.push(name); return value; },
    floorOf: async (kind) => { asked.push(`floor of ${name}, ${kind}`); return 50; },
  });
  const row = {
    name: 'a row', unit: 'deliveries/CPU s', target: { ratio: '>0.5' }, compares: ['postern'],
    measure: async ({ postern, floorOf }) => ({ postern: await postern(), floor: await floorOf('joined', {}) }),
  };
  const [found] = await measureBeside(row, { ours: side('ours', 110), theirs: side('theirs', 100), rounds: 3 });
  assert.deepEqual(asked.filter((name) => !name.startsWith('floor')), [
    'ours', 'theirs', 'theirs', 'theirs', 'theirs', 'ours', 'theirs', 'ours', 'theirs']);
  assert.deepEqual(asked.filter((name) => name.startsWith('floor')), Array(3).fill('floor of theirs, joined'));
  assert.deepEqual(found, {
    column: 'postern', ratio: 1.1, noise: 0, verdict: 'better', ours: 110, theirs: 100, floor: 50 });
});

test('each row says what is compared, and which way is better', () => {
  for (const row of rows) {
    assert.ok(row.compares.length > 0, row.name);
    assert.equal(typeof isMore(row), 'boolean');
    assert.equal(isMore(row), /^(deliveries|round trips)\//.test(row.unit), row.name);
  }
});

test('a folder without a build is told', () => {
  assert.throws(() => buildAt('/nonexistent'), /no build in \/nonexistent/);
});
