// Plain polling: asked again and again, answered at once.
import assert from 'node:assert/strict';
import { configuration } from './lib/config.mjs';
import { conformance } from './lib/conformance.mjs';
import { assertChanged, scrape } from './lib/metrics.mjs';
import { Session } from './lib/sockjs.mjs';
import { test, testWith, withGateway } from './lib/test.mjs';

const gateway = withGateway(conformance());
const at = (endpoint) => new Session(gateway.port, endpoint);
const poll = async (session) => (await session.post('poll')).body;

// Says what there is until it is this.
async function says(session, wanted) {
  let said;
  do said = await poll(session); while (said === 'h\n');
  assert.equal(said, wanted);
}

test('the first poll opens a session, and one that finds nothing is answered by a beat', async () => {
  const session = at('/echo');
  assert.equal(await poll(session), 'o\n');
  for (let i = 0; i < 3; i += 1) {
    const { status, headers, body } = await session.post('poll');
    assert.deepEqual([status, headers['content-type'], headers['content-length'], body],
      [200, 'application/javascript; charset=UTF-8', '2', 'h\n']);
    assert.equal(headers['cache-control'], 'no-store, no-cache, no-transform, must-revalidate, max-age=0');
  }
});

test('a poll brings all that waits in one frame, and only once', async () => {
  const session = at('/echo');
  assert.equal(await poll(session), 'o\n');
  await session.send('one', 'two');
  await session.send('three');
  await says(session, 'a["one","two","three"]\n');
  assert.equal(await poll(session), 'h\n');
});

test('a session may be polled both ways, with patience and without', async () => {
  const session = at('/echo');
  assert.equal(await session.poll(), 'o\n');
  assert.equal(await poll(session), 'h\n');
  const waiting = session.poll();
  await session.send('one');
  assert.equal(await waiting, 'a["one"]\n');
  await session.send('two');
  await says(session, 'a["two"]\n');
});

test('a poll hears of the end like any other', async () => {
  const session = at('/close');
  assert.equal(await poll(session), 'o\n');
  for (let i = 0; i < 3; i += 1) await says(session, 'c[3000,"Go away!"]\n');
});

testWith('a session that a poll has opened counts under a name of its own', configuration({
  admin: { listen: '127.0.0.1:0' }, times: { disconnect: 5_000 }, // the client has that long between two requests
}), async (gateway) => {
  const before = await scrape(gateway);
  const session = new Session(gateway.port, '/echo');
  const said = [await poll(session), await poll(session)];
  assert.deepEqual(said, ['o\n', 'h\n']);
  await session.send('one');
  while (said.at(-1) === 'h\n') said.push(await poll(session));
  assert.equal(said.at(-1), 'a["one"]\n');
  await assertChanged(gateway, before, {
    'postern_sessions_opened_total{transport="poll",endpoint="/echo"}': 1,
    'postern_bytes_total{direction="in",transport="poll"}': '["one"]'.length,
    'postern_bytes_total{direction="out",transport="poll"}': said.join('').length,
    'postern_http_requests_total{route="poll",code="200"}': said.length,
    'postern_http_requests_total{route="xhr_send",code="204"}': 1,
    'postern_sessions_closed_total{transport="poll",reason="interrupted"}': 1,
  });
  await gateway.logged(/session ended: .* transport=poll /);
});
