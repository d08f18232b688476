// stomp.py, as scripts and back ends use it, over plain TCP.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { tcpPort } from './lib/tcp.mjs';
import { test, withGateway } from './lib/test.mjs';

const configuration = JSON.parse(readFileSync(new URL('broker.json', import.meta.url)));
const gateway = withGateway(configuration);
const script = fileURLToPath(new URL('lib/stomp_py.py', import.meta.url));

for (const version of ['1.0', '1.1', '1.2']) {
  test(`stomp.py works by STOMP ${version}`, () => {
    const { stdout, stderr, status } = spawnSync('/usr/bin/python3', [script, `${tcpPort(gateway)}`, version],
      { encoding: 'utf8', timeout: 60_000 });
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /all is well/);
  });
}
