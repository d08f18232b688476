// Plain polling: asked again and again, answered at once.
import assert from 'node:assert/strict';
import { conformance } from './lib/conformance.mjs';
import { Session } from './lib/sockjs.mjs';
import { test, withGateway } from './lib/test.mjs';

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
