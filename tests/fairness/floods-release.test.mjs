// H2 over each transport, with one worker and with several: beside the flood an honest pair
// and newcomers are served, systemd gets signs of life, and SIGTERM ends the process.
// tags: release
import assert from 'node:assert/strict';
import { Service } from '../wire/lib/service.mjs';
import { testFlood } from './lib/flood-test.mjs';
import { transports } from './lib/flooders.mjs';
import { usual } from './lib/floods.mjs';

const FLOODED = 1500; // ms
const GAP = 5000; // ms between two signs of life, at most
const DRAIN = 200, END = DRAIN + 3000; // ms

// So long, and until the next sign of life.
async function watch({ heard }) {
  const end = performance.now() + FLOODED;
  do await heard.next('a sign of life', GAP); while (performance.now() < end);
}

for (const over of Object.keys(transports)) {
  for (const workers of [1, 2, 3]) {
    testFlood(`a flood over ${over} ${usual}, workers: ${workers}`, usual, {
      over, watch,
      end: async (gateway) => assert.equal(await gateway.end(END), 0),
      configuration: { workers, times: { drain: DRAIN } },
      most: { p99Alone: 100, connectedAlone: 500 },
      Kind: Service, watchdog: 400,
    });
  }
}
