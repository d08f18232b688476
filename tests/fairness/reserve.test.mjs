// H14: at limits.connections a client that polls needs a second connection to send.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { requestText, Wire } from '../wire/lib/http.mjs';
import { Session } from '../wire/lib/sockjs.mjs';
import { strict, testBeside } from './lib/honest.mjs';

const PAIR = 2; // connections of the honest pair
const CONNECTIONS = 340;
const POLLS = CONNECTIONS - CONNECTIONS / 20 - PAIR;
const full = strict({
  endpoints: [{ path: '/echo', handler: 'echo', sockjs: true }],
  limits: { connections: CONNECTIONS, share: 100, address_unknown: 1_000_000 },
  times: { disconnect: 60_000, progress: 60_000 },
});

testBeside('340 connections, of clients that poll: each can send, and made-up ids take no place', full, async ({ port }, keep) => {
  const sessions = [];
  for (let i = 0; i < POLLS; i += 1) {
    const session = new Session(port, '/echo');
    session.wire = await keep(Wire.open(port));
    const poll = () => session.wire.write(requestText(`POST ${session.url}/xhr`, { body: '' }));
    assert.equal((await poll().answer()).body, 'o\n');
    poll();
    sessions.push(session);
  }
  let isOver = false;
  const attack = async () => {
    let refused = 0;
    while (!isOver) {
      const wire = await keep(Wire.open(port));
      wire.write(requestText(`POST /echo/000/${randomUUID()}/xhr_send`, { body: '["x"]' }));
      assert.match((await wire.rest()).toString(), /^HTTP\/1.1 503 /);
      wire.abort();
      refused += 1;
    }
    return refused;
  };
  const attacks = Array.from({ length: 4 }, attack);
  const statuses = [];
  for (const session of sessions) statuses.push((await session.send('x')).status);
  isOver = true;
  assert.deepEqual(statuses.filter((status) => status !== 204), []);
  for (const session of sessions) assert.equal((await session.wire.answer()).body, 'a["x"]\n');
  for (const refused of await Promise.all(attacks)) assert.ok(refused > 0);
});
