// What the conformance tests share: their configuration, and what the protocol says of
// headers.
import { readFileSync } from 'node:fs';
import { patient } from './config.mjs';

const standard = JSON.parse(readFileSync(new URL('../conformance.json', import.meta.url), 'utf8'));

// conformance.json with what a test file wants different; a path that is there already
// is replaced.
export function conformance({ endpoints = [], times, ...more } = {}) {
  const replaced = new Set(endpoints.map(({ path }) => path));
  const kept = standard.endpoints.filter(({ path }) => !replaced.has(path));
  return { ...standard, times: { ...patient, ...times }, endpoints: [...kept, ...endpoints], ...more };
}

export const PLAIN = 'text/plain; charset=UTF-8';

// What a refusal has: it is plain text, whatever it quotes.
export const refusal = (body) => ({ 'content-type': PLAIN, 'content-length': `${body.length}`, 'x-content-type-options': 'nosniff' });

// What every answer below an endpoint has for who sends no Origin.
export const ANYBODY = { vary: 'Origin', 'access-control-allow-origin': '*' };

export const UNCACHED = {
  'cache-control': 'no-store, no-cache, no-transform, must-revalidate, max-age=0',
};

const YEAR = 365 * 24 * 3600;

export const CACHED = { 'cache-control': `public, max-age=${YEAR}`, expires: 'in a year' };

// All headers of an answer that a test can know: the date is left out, and when it expires
// is said in words.
export function known({ headers: { date, ...others } }) {
  if (others.expires) {
    const ahead = Date.parse(others.expires) / 1000 - Date.parse(date) / 1000;
    others.expires = Math.abs(ahead - YEAR) < 5 ? 'in a year' : `${ahead} s after ${date}`;
  }
  return others;
}
