// H7: many wrong logins at once delay no other client's login: the accounts take turns.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { binary } from '../wire/lib/gateway.mjs';
import { TcpStomp, tcpPort } from '../wire/lib/tcp.mjs';
import { strict, testBeside } from './lib/honest.mjs';
import { range, Writer } from './lib/writer.mjs';

const WRONG = 600;
const HONEST = 20;

const hash = (password) => spawnSync(binary, ['hash-password'], { input: `${password}\n`, encoding: 'utf8' }).stdout.trim();
const users = [{ login: 'guest', password: hash('guest') }];
const connect = 'CONNECT\naccept-version:1.2\nhost:x\nlogin:guest\npasscode:wrong\n\n\0';

testBeside(`${WRONG} wrong logins at once`, strict({ users, times: { connect: 2000 } }), async (gateway, keep) => {
  const hogs = [];
  for (const _ of range(WRONG)) hogs.push(await keep(Writer.open(gateway, '127.0.0.2')));
  hogs.forEach((hog) => hog.write(connect));
  const took = [];
  for (const _ of range(HONEST)) {
    const honest = await keep(new TcpStomp(tcpPort(gateway), '127.0.0.1'));
    const begun = performance.now();
    await honest.greet();
    took.push(performance.now() - begun);
    honest.abort();
  }
  const longest = Math.max(...took);
  console.log(`CONNECTED beside ${WRONG} wrong logins: longest ${longest.toFixed(0)} ms of ${HONEST}`);
  assert.ok(longest < 2000, `${longest} ms`);
  // Their time for CONNECT is over long before their last check: none is told so.
  for (const hog of hogs) {
    await hog.hears(1);
    assert.match(`${hog.latest}`, /Bad login or passcode/);
  }
});
