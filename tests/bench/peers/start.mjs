// Starts a peer in a folder of its own, and ends it with all that it has started. A peer is
// a description: where its program is, what it `speaks` on which carrier of the table
// (options of the bench), what it `cannot` do, how many `processes` it has at least, and
// what there must be to start it, as `prepare` says: files, environment, commands behind the
// ports on which they will listen. The last one is the server.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync, closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync,
} from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../../wire/lib/gateway.mjs';
import { until } from '../../wire/lib/wait.mjs';

const PATIENCE = 120_000; // Erlang takes its time, on a busy machine a minute

// Why it cannot be started, or undefined.
export const missing = ({ needs }) => (existsSync(needs) ? undefined : `${needs} is not installed`);

export const debianVersion = (name) =>
  execFileSync('dpkg-query', ['-W', '-f', '${Version}', name], { encoding: 'utf8' });

function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')')).split(' ')[2]);
  } catch {
    return 0; // it has gone meanwhile
  }
}

// A process and all below it.
function family(pid) {
  const pids = readdirSync('/proc').map(Number).filter((number) => number > 0);
  const parents = new Map(pids.map((one) => [one, parentOf(one)]));
  const found = [pid];
  for (const parent of found) found.push(...pids.filter((one) => parents.get(one) === parent));
  return found;
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => { socket.destroy(); resolve(true); }).once('error', () => resolve(false));
  });
}

const running = new Set();
process.on('exit', () => running.forEach((program) => program.kill()));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

class Program {
  constructor([command, ...args], { folder, env }) {
    this.log = path.join(folder, `${path.basename(command)}.log`);
    const log = openSync(this.log, 'w');
    this.child = spawn(command, args, { cwd: folder, env: { ...process.env, ...env }, stdio: ['ignore', log, log] });
    closeSync(log);
    running.add(this);
    this.end = once(this.child, 'exit').then(() => { this.ended = true; });
  }

  get pids() { return family(this.child.pid); }

  async listens(port) {
    await until(`${this.child.spawnfile} listens`, () => {
      if (this.ended) throw new Error(`${this.child.spawnfile} ended:\n${readFileSync(this.log, 'utf8')}`);
      return listens(port);
    }, PATIENCE);
  }

  kill() {
    if (this.ended) return;
    for (const pid of this.pids) {
      try { process.kill(pid, 'SIGKILL'); } catch { /* it was faster */ }
    }
  }

  async stop() {
    this.kill();
    await this.end;
    running.delete(this);
  }
}

// Returns when it listens. What it has stored is worth nothing: it is killed.
export async function startPeer(peer, carrier) {
  const folder = mkdtempSync(path.join(tmpdir(), 'peer-'));
  chmodSync(folder, 0o755); // some give up being root
  const [port, tcpPort] = [await freePort(), await freePort()];
  const { files = {}, env, commands } = await peer.prepare({ folder, port, tcpPort, carrier });
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  const programs = [];
  const stop = async () => {
    for (const program of [...programs].reverse()) await program.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    for (const [itsPort, ...command] of commands) {
      programs.push(new Program(command, { folder, env }));
      await programs.at(-1).listens(itsPort);
    }
    await until(`${peer.name} has all its processes`, () => programs.at(-1).pids.length >= (peer.processes ?? 1));
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, tcpPort, stop, options: peer.speaks[carrier], pids: programs.at(-1).pids };
}
