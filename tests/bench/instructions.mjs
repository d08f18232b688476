// How many instructions a delivery takes in the gateway itself, whatever the machine does:
// callgrind counts a run, and one of twice as many messages; the difference is
// what the messages took.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { load, startPostern } from './lib.mjs';

const CLIENTS = 100, MESSAGES = 1000;
const carriers = ['websocket', 'tcp', 'sockjs-websocket', 'xhr-streaming', 'eventsource', 'xhr-polling'];

async function count(options) {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
  const out = path.join(folder, 'callgrind');
  try {
    const server = await startPostern({ under: ['valgrind', '--tool=callgrind', `--callgrind-out-file=${out}`] });
    try {
      await load(server, options);
    } finally {
      await server.stop();
    }
    return Number(readFileSync(out, 'utf8').match(/^(?:summary|totals): (\d+)/m)[1]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function each(options, deliveries) {
  const once = await count(options);
  const twice = await count({ ...options, messages: 2 * options.messages });
  return Math.round((twice - once) / deliveries);
}

export async function countInstructions() {
  console.log('| carrier | instructions of a delivery, fan-out to 100 | of a round trip |\n|---|---|---|');
  for (const carrier of carriers) {
    const fanOut = await each(
      { mode: 'fan-out', carrier, clients: CLIENTS, messages: MESSAGES, seconds: 300 }, CLIENTS * MESSAGES);
    const pingPong = await each(
      { mode: 'ping-pong', carrier, clients: 10, messages: 200, seconds: 300 }, 10 * 200);
    console.log(`| ${carrier} | ${fanOut} | ${pingPong} |`);
  }
}
