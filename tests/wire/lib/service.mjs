// The gateway as systemd starts it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort, Gateway } from './gateway.mjs';
import { Inbox } from './wait.mjs';

const notified = fileURLToPath(new URL('notified.py', import.meta.url));

// systemd names the process that it means. A shell knows its number before it becomes that.
const under = ['/bin/sh', '-c', 'export LISTEN_PID=$$ WATCHDOG_PID=$$; exec "$@"', 'sh'];

async function openSocket(host) {
  const server = net.createServer().listen(await freePort(), host);
  await once(server, 'listening');
  return server;
}

export class Service extends Gateway {
  // It inherits so many `sockets`, at `at`, which are called by `names`.
  constructor(configuration, { sockets = 0, names, at = '127.0.0.1', watchdog, ...more } = {}) {
    super(configuration, { ...more, under });
    this.count = sockets;
    this.at = at;
    this.heard = new Inbox(); // what it tells, a line for each datagram
    if (watchdog) this.env.WATCHDOG_USEC = `${watchdog * 1000}`;
    if (sockets > 0) this.env.LISTEN_FDS = `${sockets}`;
    if (names) this.env.LISTEN_FDNAMES = names;
  }

  async prepare() {
    await super.prepare();
    this.sockets = [];
    while (this.sockets.length < this.count) this.sockets.push(await openSocket(this.at));
    this.ports = this.sockets.map((server) => server.address().port);
    this.env.NOTIFY_SOCKET = path.join(this.folder, 'notify');
    this.manager = spawn('/usr/bin/python3', [notified, this.env.NOTIFY_SOCKET], { stdio: ['ignore', 'pipe', 'inherit'] });
    readline.createInterface({ input: this.manager.stdout }).on('line', (line) => this.heard.put(line));
    await this.heard.next('the manager listens');
  }

  spawn() {
    this.inherited = this.sockets.map(({ _handle }) => _handle.fd);
    super.spawn();
    this.sockets.forEach((server) => server.close()); // they are the gateway's alone now
  }

  kill() {
    super.kill();
    this.manager?.kill();
  }
}
