// The Debian package, in a Debian that has little more than what it must have, and then
// under a systemd that has booted there.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { after, before, describe } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '../wire/lib/gateway.mjs';
import { test } from '../wire/lib/test.mjs';
import { deadline, until } from '../wire/lib/wait.mjs';
import { podman } from './lib/container.mjs';
import { testChat } from './lib/chat.mjs';

const DEBIAN = 'docker.io/library/debian:bookworm-slim';
const folder = fileURLToPath(new URL('../../build/package', import.meta.url));
const config = '/etc/postern/postern.json';

// A machine, as far as the package can tell.
class Machine {
  constructor(image, options, ...command) {
    this.name = podman('run', '--detach', '--volume', `${folder}:/package:ro`, ...options, image, ...command);
  }

  sh(command) { return podman('exec', this.name, 'sh', '-c', command); }

  // True when the command ends with 0.
  agrees(command) { return spawnSync('podman', ['exec', this.name, 'sh', '-c', command]).status === 0; }

  get leftovers() {
    const found = this.sh('find / -xdev -iname "*postern*" -not -path "/package*"');
    return found.split('\n').filter((name) => !/^(\/var\/lib\/(dpkg|systemd)\/|\/sys\/|$)/.test(name)).sort();
  }

  remove() { podman('rm', '--force', '--time', '0', this.name); }
}

describe('without systemd', () => {
  let machine;
  before(() => {
    machine = new Machine(DEBIAN, ['--network', 'host'], 'sleep', 'infinity');
    machine.sh('apt-get update -qq');
  });
  after(() => machine.remove());

  test('the package installs with what it needs', () => {
    const [file, ...others] = readdirSync(folder).filter((name) => name.endsWith('.deb'));
    assert.deepEqual(others, []);
    machine.sh(`DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends /package/${file}`);
    assert.equal(machine.sh('dpkg --verify postern'), '');
    assert.match(machine.sh('postern version'), /^postern \d/);
    assert.match(machine.sh('zcat /usr/share/man/man1/postern.1.gz'), /^\.TH POSTERN 1 /);
    machine.sh('bash -n /usr/share/bash-completion/completions/postern');
  });

  test('its configuration lets nobody in from elsewhere', () => {
    const { listen, admin } = JSON.parse(machine.sh(`cat ${config}`));
    assert.deepEqual([listen, admin.listen], ['127.0.0.1:8080', '127.0.0.1:8081']);
  });

  test('only its own user may read its configuration', () => {
    assert.match(machine.sh('getent passwd postern'), /^postern:x:\d+:\d+::\/nonexistent:\/usr\/sbin\/nologin$/);
    assert.equal(machine.sh(`stat -c '%U:%G %a' ${config}`), 'root:postern 640');
    const as = (user) => `setpriv --reuid ${user} --regid ${user} --clear-groups`;
    machine.sh(`${as('postern')} postern check-config --config ${config}`);
    assert.ok(!machine.agrees(`${as(65534)} cat ${config}`));
  });

  test('an installation over it leaves a changed configuration alone', () => {
    machine.sh(`sed -i 's/8080/9090/' ${config}`);
    machine.sh('dpkg -i /package/*.deb');
    assert.match(machine.sh(`cat ${config}`), /9090/);
    assert.equal(machine.sh(`stat -c '%U:%G %a' ${config}`), 'root:postern 640');
  });

  test('removed, it leaves its configuration', () => {
    machine.sh('dpkg --remove postern');
    assert.deepEqual(machine.leftovers, ['/etc/postern', config]);
  });

  test('purged, it leaves nothing', () => {
    machine.sh('dpkg --purge postern');
    assert.deepEqual(machine.leftovers, []);
    assert.ok(!machine.agrees('getent passwd postern || getent group postern'));
  });

  // What the next machine boots from; the tests above have left no trace of the package.
  test('systemd can be installed', () => {
    machine.sh('DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends systemd procps');
    podman('commit', '--quiet', machine.name, 'postern-test-systemd');
  });
});

describe('under systemd', () => {
  const gateway = {};
  let machine;
  const property = (name, unit = 'postern.service') => machine.sh(`systemctl show --value --property ${name} ${unit}`);
  const runs = (what) => until(what, () => property('ActiveState') === 'active');

  before(async () => {
    const port = await freePort();
    gateway.url = `http://127.0.0.1:${port}`;
    machine = new Machine('postern-test-systemd', ['--systemd', 'always', '--cap-add', 'SYS_ADMIN',
      '--publish', `127.0.0.1:${port}:8080`], '/lib/systemd/systemd');
    await until('systemd has booted', () => machine.agrees('systemctl is-system-running'));
  });
  after(() => {
    machine.remove();
    podman('rmi', 'postern-test-systemd');
  });

  test('the service runs when the package is installed, and after each boot', () => {
    machine.sh('dpkg -i /package/*.deb');
    assert.equal(property('ActiveState'), 'active');
    assert.equal(machine.sh('systemctl is-enabled postern.service'), 'enabled');
  });

  // Ports in hexadecimal, by address: 0100007F is 127.0.0.1.
  const listening = () => [...machine.sh('cat /proc/net/tcp /proc/net/tcp6')
    .matchAll(/ ([0-9A-F]+):(1F90|1F91) \S+ 0A /g)].map(([, address, port]) => `${address}:${port}`).sort();

  test('it serves this machine only, until its administrator says otherwise', () => {
    assert.deepEqual(listening(), ['0100007F:1F90', '0100007F:1F91']);
    machine.sh('mkdir -p /run/systemd/system/postern.service.d /run/systemd/system/postern.socket.d');
    machine.sh('printf "[Service]\\nEnvironment=POSTERN_LISTEN=0.0.0.0:8080\\n" >/run/systemd/system/postern.service.d/listen.conf');
    machine.sh('printf "[Socket]\\nListenStream=\\nListenStream=8080\\n" >/run/systemd/system/postern.socket.d/listen.conf');
    machine.sh('systemctl daemon-reload && systemctl restart postern');
    assert.deepEqual(listening(), ['00000000:1F90', '0100007F:1F91']);
  });

  testChat(gateway);

  test('the service has no right, and may not get any', () => {
    const status = machine.sh(`cat /proc/${property('MainPID')}/status`);
    const id = machine.sh('id -u postern');
    assert.match(status, new RegExp(`^Uid:\\t${id}\\t${id}\\t${id}\\t${id}$`, 'm'));
    for (const line of [/^CapPrm:\t0+$/m, /^CapBnd:\t0+$/m, /^NoNewPrivs:\t1$/m, /^Seccomp:\t2$/m]) assert.match(status, line);
  });

  test('a service that hangs is ended and begins again', async () => {
    machine.sh('mkdir -p /run/systemd/system/postern.service.d');
    machine.sh('printf "[Service]\\nWatchdogSec=2s\\n" >/run/systemd/system/postern.service.d/test.conf');
    machine.sh('systemctl daemon-reload && systemctl restart postern');
    const hung = property('MainPID');
    machine.sh(`kill -STOP ${hung}`);
    await until('systemd has noticed', () => property('NRestarts') === '1');
    await runs('it runs again');
    assert.notEqual(property('MainPID'), hung);
  });

  test('it ends well', () => {
    machine.sh('systemctl stop postern');
    assert.deepEqual([property('Result'), property('ExecMainStatus')], ['success', '0']);
  });

  test('with its socket nobody is refused while it does not run', async () => {
    machine.sh('systemctl start postern.socket');
    assert.equal(property('ActiveState'), 'inactive');
    const answer = await deadline('an answer comes', fetch(`${gateway.url}/chat`));
    assert.match(await answer.text(), /Welcome to SockJS/);
    assert.equal(property('ActiveState'), 'active');
  });

  test('purged while it runs, it leaves nothing', () => {
    machine.sh('dpkg --purge postern');
    machine.sh('rm -r /run/systemd/system/postern.service.d /run/systemd/system/postern.socket.d');
    assert.ok(!machine.agrees('pgrep postern'));
    assert.deepEqual(machine.leftovers, []);
    assert.ok(!machine.agrees('getent passwd postern || getent group postern'));
  });
});
