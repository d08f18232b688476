// H4: patterns with wildcards delay nobody: when they come, while messages are compared with
// them, and when their sessions end together.
// tags: release
import assert from 'node:assert/strict';
import { until } from '../wire/lib/wait.mjs';
import { scrape } from '../wire/lib/metrics.mjs';
import { strict, testBeside } from './lib/honest.mjs';
import { MIB } from './lib/memory.mjs';
import { range, Writer } from './lib/writer.mjs';

const EACH = 255; // of a session; limits.subscriptions is 256
const most = { longestAlone: 50 }; // ms

// Each connection subscribes to patterns of its own; returns when all are counted.
async function subscribe(gateway, keep, connections, pattern) {
  const writers = [];
  for (const i of range(connections)) {
    const writer = await keep(Writer.connect(gateway));
    const frames = range(EACH).map((j) => (
      `SUBSCRIBE\nid:${j}\ndestination:${pattern(i * EACH + j)}\n${j + 1 === EACH ? 'receipt:r\n' : ''}\n\0`));
    writers.push(writer.write(frames.join('')));
  }
  for (const writer of writers) await writer.hears(2);
  return writers;
}

// Some at a time: a flood of SENDs delays by itself, whatever each of them costs.
async function sendInParts(gateway, keep, destination, parts) {
  const sender = await keep(Writer.connect(gateway));
  const send = `SEND\ndestination:${destination}\n\n\0`;
  const last = `SEND\ndestination:${destination}\nreceipt:r\n\n\0`;
  for (const part of range(parts)) await sender.write(send.repeat(24) + last).hears(2 + part);
}

testBeside('391 sessions with 255 patterns each come, and end together', strict({
  admin: { listen: '127.0.0.1:0' }, limits: { share: 100 }, workers: 1,
}), async (gateway, keep) => {
  const counted = async () => (await scrape(gateway)).postern_memory_counted_bytes;
  const before = await counted();
  const writers = await subscribe(gateway, keep, 391, (n) => `/topic/a*${n}*`);
  assert.ok(await counted() > before + 32 * MIB);
  writers.forEach((writer) => writer.abort());
  await until('all that they had is free', async () => await counted() < before + MIB);
}, { most });

testBeside('a SEND with 124 segments, beside 5,100 patterns that begin with "**"', strict(),
  async (gateway, keep) => {
    await subscribe(gateway, keep, 20, (n) => `/topic/**/*a*b*${n}*`);
    await sendInParts(gateway, keep, `/topic${'/a'.repeat(123)}`, 40);
  }, { most });

// Each pattern shares all its literals with others: that is the most that can be compared.
testBeside('a SEND that must be compared with 5,100 patterns', strict(), async (gateway, keep) => {
  const letter = (n) => String.fromCharCode(97 + (n % 18));
  await subscribe(gateway, keep, 20, (n) => (
    `/topic/*${letter(n)}*${letter(n / 18)}*${letter(n / 324)}*0`));
  await sendInParts(gateway, keep, `/topic/${'abcdefghijklmnopqr'.repeat(3)}1`, 20);
}, { most });
