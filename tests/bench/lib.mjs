// Servers to be measured, and the load generator that measures them.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { flooded, floods } from '../fairness/lib/floods.mjs';
import { HonestPair } from '../fairness/lib/honest-pair.mjs';
import { Gateway } from '../wire/lib/gateway.mjs';

const top = fileURLToPath(new URL('../../', import.meta.url));
const folder = path.resolve(process.env.BENCHES ?? path.join(top, 'build/release/tests/bench'));
const run = promisify(execFile);

const configuration = {
  allowed_origins: ['*'],
  endpoints: [{ path: '/stomp' }],
  tcp: { listen: '127.0.0.1:0' },
  limits: { destinations: 200_000 }, // a row has 100,000 of them beside its own
};

// Another build's programs; `where` is its folder, or a checkout that has a release build.
export function buildAt(where) {
  const found = [where, path.join(where, 'build/release')]
    .find((one) => existsSync(path.join(one, 'postern')));
  if (!found) throw new Error(`There is no build in ${where}: neither postern nor build/release/postern.`);
  return {
    postern: path.resolve(found, 'postern'),
    floor: path.resolve(found, 'tests/bench/floor'),
    identity: path.resolve(found, 'tests/bench/identity'),
  };
}

// `program` is another build's; without it, it is ours that is started.
export async function startPostern({ workers = 1, under, program } = {}) {
  const gateway = await new Gateway(configuration, { workers, under, program }).start();
  return {
    pids: [gateway.pid],
    port: gateway.port,
    tcpPort: Number(gateway.log.match(/plain STOMP at .*:(\d+)\n/)[1]),
    stop: () => gateway.stop(),
  };
}

const floors = new Set();
process.on('exit', () => floors.forEach((child) => child.kill('SIGKILL')));

export async function startFloor({ joined, program = path.join(folder, 'floor') }) {
  const child = spawn(program, joined ? ['--joined'] : [],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  floors.add(child);
  const [line] = await once(child.stdout, 'data');
  const port = Number(line);
  return {
    pids: [child.pid],
    port,
    tcpPort: port,
    stop: async () => {
      floors.delete(child);
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

// While a server is there.
export async function during(starting, use) {
  const server = await starting;
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

// What runs a program on the last processor, or on all but that: so that a server does not
// wait for the load instead of working.
const count = availableParallelism();
const taskset = (cores) => (count > 1 ? ['taskset', '--cpu-list', cores] : []);
export const apart = taskset(`${count - 1}`);
const beside = taskset(`0-${count - 2}`);

// The output of a program of the bench, as one line of JSON.
async function measure(name, flags, under = []) {
  const [command, ...rest] = [...under, path.resolve(folder, name), ...flags];
  const { stdout, stderr } = await run(command, rest);
  process.stderr.write(stderr);
  return JSON.parse(stdout);
}

// Runs the load generator; fails when anything was lost, doubled or out of order.
export async function load(server, options, under) {
  const all = { server: server.pids.join(), port: server.port, 'tcp-port': server.tcpPort, ...server.options, ...options };
  const flags = Object.entries(all).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  return measure('bench', flags, under);
}

// How long others wait, idle and under that load.
export async function probe(server, options) {
  const { seconds } = options;
  const ask = () => measure('probe', [`${server.port}`, `${seconds}`], beside);
  const idle = await ask();
  const loading = load(server, { ...options, seconds: seconds + 2 }, beside);
  await new Promise((resolve) => { setTimeout(resolve, 1000); }); // it opens its sessions
  const busy = await ask();
  await loading;
  return { idle, busy };
}

// What a part of the gateway's identity costs, in ns: no server takes part. NaN: that build
// has no such program.
const tokens = path.join(top, 'tests/tokens');
export async function identity(part, { seconds, program = path.join(folder, 'identity') }) {
  if (!existsSync(program)) return NaN;
  return (await measure(program, [part, `${seconds}`, tokens])).ns_each;
}

// The 99th percentile of an honest pair's round trips beside a flood, in ms: as the tests
// of fairness measure it.
export async function besideFlood({ flood, over, workers, seconds, program }) {
  const gateway = await new Gateway(flooded({ workers }), { program }).start();
  const clients = [];
  const keep = async (opening) => {
    clients.push(await opening);
    return clients.at(-1);
  };
  try {
    await floods[flood](gateway, keep, over);
    const pair = await keep(HonestPair.start(gateway));
    await pass(1000 * seconds);
    return (await pair.stop()).p99;
  } finally {
    clients.forEach((client) => client.abort());
    await gateway.stop();
  }
}
