// The gateway in a container, run by podman as docker/run does it.
import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { Gateway } from '../../wire/lib/gateway.mjs';

// Runs podman to its end and returns what it has written; throws when it fails.
export function podman(...args) {
  const { status, stdout, stderr } = spawnSync('podman', args, { encoding: 'utf8', timeout: 240_000 });
  if (status !== 0) throw new Error(`podman ${args.join(' ')}: ${status}\n${stdout}${stderr}`);
  return stdout.trim();
}

export class Container extends Gateway {
  // `options` are podman's. It has the network of this machine.
  constructor(configuration, { options = [], ...more } = {}) {
    super(configuration, more);
    this.options = options;
  }

  async prepare() {
    await super.prepare();
    chmodSync(this.folder, 0o755); // for the user in the container
    this.options.push('--env', `POSTERN_LISTEN=127.0.0.1:${this.port}`);
    if (this.configuration) this.options.push('--env', `POSTERN_CONFIG=${this.folder}/postern.json`);
  }

  get name() { return `postern-test-${this.port}`; }

  // All is said by the environment, which HEALTHCHECK sees too.
  get command() {
    return ['podman', 'run', '--rm', '--name', this.name, '--network', 'host', '--volume', `${this.folder}:${this.folder}:ro`,
      '--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', ...this.options, 'postern'];
  }

  inspect(format) { return podman('container', 'inspect', '--format', format, this.name); }

  // To kill podman is not to kill what it runs.
  kill() {
    spawnSync('podman', ['rm', '--force', '--ignore', '--time', '0', this.name]);
    super.kill();
  }
}
