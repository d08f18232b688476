// H2: who publishes as fast as it can, to many subscribers, keeps nobody else waiting: an
// honest pair, and whoever connects. floods-release.test.mjs has the other transports.
import { setTimeout as pass } from 'node:timers/promises';
import { testFlood } from './lib/flood-test.mjs';
import { floods } from './lib/floods.mjs';

const FLOODED = 1500; // ms
const CONNECTED = 2000; // ms: sanitizers

for (const flood of Object.keys(floods)) {
  testFlood(`a flood ${flood}`, flood, { watch: () => pass(FLOODED), most: { connected: CONNECTED } });
}
