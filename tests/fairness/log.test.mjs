// H13: what strangers provoke fills the log at a bounded rate, and takes no time of others.
import assert from 'node:assert/strict';
import { requestText, Wire } from '../wire/lib/http.mjs';
import { strict, testBeside } from './lib/honest.mjs';
import { range } from './lib/writer.mjs';

const LINES = 200; // limits.log_lines: of one kind in a second
const LENGTH = 400; // bytes of a line: what strangers say is cut at 80 octets

// The answers are only counted.
async function answers(wire, count) {
  for (let i = 0; i < count; i += 1) {
    const { status } = await wire.answer();
    assert.equal(status, 403);
  }
}

testBeside('20,000 requests with an Origin of 900 octets are refused, and few and short lines say so', strict(), async (gateway, keep) => {
  const begun = Date.now();
  const wires = await Promise.all(range(4).map(() => keep(Wire.open(gateway.port))));
  const headers = { Origin: `https://${'x'.repeat(900)}.example` };
  const some = requestText('GET /chat/info', { headers }).repeat(50);
  await Promise.all(wires.map(async (wire) => {
    for (let i = 0; i < 100; i += 1) await answers(wire.write(some), 50);
  }));
  const lines = gateway.log.split('\n').filter((line) => line.includes('kind=origin'));
  const most = LINES * (2 + (Date.now() - begun) / 1000);
  assert.ok(lines.length > 0 && lines.length < most, `${lines.length} lines, above ${most}`);
  for (const line of lines) assert.ok(line.length < LENGTH, line);
});

testBeside('5,000 connections that say nothing leave few lines', strict(), async (gateway, keep) => {
  for (let i = 0; i < 100; i += 1) {
    const wires = await Promise.all(range(50).map(() => keep(Wire.open(gateway.port))));
    wires.forEach((wire) => wire.abort());
  }
  assert.ok(gateway.log.length < 100_000, `${gateway.log.length} bytes`);
});
