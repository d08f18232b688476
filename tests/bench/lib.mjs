// Servers to be measured, and the load generator that measures them.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
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

export async function startPostern({ workers = 1, under } = {}) {
  const gateway = await new Gateway(configuration, { workers, under }).start();
  return {
    pids: [gateway.pid],
    port: gateway.port,
    tcpPort: Number(gateway.log.match(/plain STOMP at .*:(\d+)\n/)[1]),
    stop: () => gateway.stop(),
  };
}

const floors = new Set();
process.on('exit', () => floors.forEach((child) => child.kill('SIGKILL')));

export async function startFloor({ joined }) {
  const child = spawn(path.join(folder, 'floor'), joined ? ['--joined'] : [],
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

// Runs the load generator; fails when anything was lost, doubled or out of order.
export async function load(server, options) {
  const all = { server: server.pids.join(), port: server.port, 'tcp-port': server.tcpPort, ...server.options, ...options };
  const flags = Object.entries(all).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const { stdout } = await run(path.join(folder, 'bench'), flags);
  return JSON.parse(stdout);
}

export async function probe(server, seconds) {
  const { stdout } = await run(path.join(folder, 'probe'), [`${server.port}`, `${seconds}`]);
  return JSON.parse(stdout);
}
