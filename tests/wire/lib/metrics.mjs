// The figures of a gateway, as Prometheus reads them.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { ask } from './http.mjs';
import { PATIENCE } from './wait.mjs';

// { 'name{label="value"}': number }; every sample has its HELP and TYPE ahead.
export function readMetrics(text) {
  const samples = {};
  let family, type;
  for (const line of text.trimEnd().split('\n')) {
    const [, kind, name, rest] = line.match(/^# (HELP|TYPE) (\w+) (.+)$/) ?? [];
    if (kind === 'HELP') {
      [family, type] = [name, null];
    } else if (kind === 'TYPE') {
      assert.equal(name, family);
      type = rest;
    } else {
      const [, sample, labels = '', value] = line.match(/^(\w+)(\{[^}]*\})? (\d+(?:\.\d+)?)$/) ?? assert.fail(line);
      assert.ok(type, `${line} has no type`);
      assert.equal(type === 'histogram' ? sample.replace(/_(bucket|sum|count)$/, '') : sample, family);
      assert.ok(!(sample + labels in samples), `${line} stands twice`);
      samples[sample + labels] = Number(value);
    }
  }
  return samples;
}

export async function scrape(gateway, options) {
  const { status, body } = await ask(gateway.adminPort, 'GET /metrics', options);
  assert.equal(status, 200, body);
  return readMetrics(body);
}

// What a bound is about; all figures of refusals but these stay as they are.
const REFUSALS = /^postern_(refused|slow_consumers|dropped_messages)_total/;

export const increases = (before, after) => Object.keys(after).filter((name) => (
  REFUSALS.test(name) && after[name] > before[name]));

// How many sessions there are, of all endpoints and transports.
export async function countSessions(gateway) {
  const figures = Object.entries(await scrape(gateway));
  return figures.reduce((sum, [name, value]) => sum + (name.startsWith('postern_sessions{') ? value : 0), 0);
}

// What depends on time, on the process, or on our asking.
const MOVING = /^process_|^postern_memory_|^postern_queue_kept_bytes|^postern_worker_cpu|^postern_log_lines|^postern_delivery_seconds_(bucket|sum)|route="metrics"/;

function difference(before, after) {
  const changed = {};
  for (const [name, value] of Object.entries(after)) {
    const change = value - (before[name] ?? 0);
    if (change !== 0 && !MOVING.test(name)) changed[name] = change;
  }
  return changed;
}

// Since `before`, these figures have changed by so much, and no other has.
export async function assertChanged(gateway, before, expected) {
  const begin = Date.now();
  let changed;
  do {
    changed = difference(before, await scrape(gateway));
  } while (!isDeepStrictEqual(changed, expected) && Date.now() - begin < PATIENCE / 2);
  assert.deepEqual(changed, expected);
}
