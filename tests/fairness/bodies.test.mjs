// A route whose template reads the body: one frame of many small values is no tree of a
// hundred times its size, and stops its worker for a few milliseconds only.
// tags: release
import assert from 'node:assert/strict';
import { strict, testBeside } from './lib/honest.mjs';
import { LIMIT, memory, MIB } from './lib/memory.mjs';
import { range, Writer } from './lib/writer.mjs';

const CLIENTS = 4, FRAMES = 30;
const HELD = 48 * MIB; // more than all frames and their renderings at one time

const shaping = strict({
  app: {
    prefixes: ['/app'],
    routes: [{ match: '/app/chat', send_to: ['/topic/chat'], body: { text: '{body.text}', more: '{body.more?}' } }],
  },
  limits: { memory: LIMIT },
});

// A frame of a megabyte that a route of app takes.
function frameOf(unit) {
  const values = `${unit},`.repeat(Math.floor((MIB - 4096) / (unit.length + 1)));
  const body = `{"more":[${values}${unit}],"text":1}`;
  return Buffer.from(`SEND\ndestination:/app/chat\nreceipt:r\ncontent-length:${body.length}\n\n${body}\0`);
}

for (const unit of ['{}', '[]', '1e5', '"\\n"']) {
  const title = `${CLIENTS} clients send a route ${FRAMES} bodies of a megabyte of ${unit}`;
  testBeside(title, shaping, async (gateway, keep) => {
    const frame = frameOf(unit);
    await Promise.all(range(CLIENTS).map(async () => {
      const writer = await keep(Writer.connect(gateway));
      for (const sent of range(FRAMES)) {
        writer.write(frame);
        await writer.hears(2 + sent);
        assert.ok(`${writer.latest}`.startsWith('RECEIPT'), `${writer.latest}`);
      }
    }));
    const peak = memory(gateway, 'VmHWM');
    console.log(`${title}: ${(peak / MIB).toFixed(0)} MiB at most`);
    assert.ok(peak < HELD, `${peak} bytes`);
  }, { most: { p99: 200 } });
}
