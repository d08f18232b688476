// Under load each subscriber hears each message once and in order, on every transport.
// How fast that is nobody asserts here.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { transports } from '../fairness/lib/flooders.mjs';
import { usual } from '../fairness/lib/floods.mjs';
import { besideFlood, load, startFloor, startPostern } from './lib.mjs';
import { peers } from './peers/all.mjs';
import { missing, startPeer } from './peers/start.mjs';

const carriers = ['websocket', 'tcp', 'sockjs-websocket', 'xhr-streaming', 'eventsource', 'xhr-polling'];
const clean = { lost: 0, doubled: 0, disordered: 0 };
const verdict = ({ lost, doubled, disordered }) => ({ lost, doubled, disordered });

function checks(name, start, ofThese) {
  describe(name, () => {
    let server;
    before(async () => { server = await start(); });
    after(() => server?.stop());

    for (const carrier of ofThese) {
      test(`${carrier}: a burst for a crowd`, async () => {
        const result = await load(server,
          { carrier, mode: 'fan-out', clients: 100, topics: 2, messages: 500, seconds: 60 });
        assert.deepEqual(verdict(result), clean);
        assert.equal(result.count, 100 * 500);
      });
      test(`${carrier}: messages at a steady rate`, async () => {
        const result = await load(server,
          { carrier, mode: 'steady', clients: 50, rate: 200, messages: 50, seconds: 60 });
        assert.deepEqual(verdict(result), clean);
        assert.equal(result.count, 50 * 50);
      });
      test(`${carrier}: each answers himself`, async () => {
        const result = await load(server,
          { carrier, mode: 'ping-pong', clients: 50, messages: 40, seconds: 60 });
        assert.deepEqual(verdict(result), clean);
        assert.equal(result.count, 50 * 40);
      });
      test(`${carrier}: a storm of sessions, beside idle ones`, async () => {
        const result = await load(server, { carrier, mode: 'storm', clients: 100, idle: 50 });
        assert.equal(result.count, 100);
      });
    }
  });
}

checks('one worker', () => startPostern({ workers: 1 }), carriers);
checks('three workers', () => startPostern({ workers: 3 }), carriers);
checks('the floor', () => startFloor({ joined: true }), ['websocket', 'tcp']);

for (const over of Object.keys(transports)) {
  test(`${over}: an honest pair is measured beside a flood`, async () => {
    const p99 = await besideFlood({ flood: usual, over, workers: 2, seconds: 0.2 });
    assert.ok(p99 > 0 && p99 < 60_000, `${p99} ms`);
  });
}

// Where others are installed, each dialect that Postern does not speak is, with whom it is for.
for (const peer of peers.filter(({ speaks }) => speaks.websocket.dialect)) {
  const why = missing(peer);
  if (why) console.error(`NOT CHECKED: ${peer.name}, ${why}`);
  describe(peer.name, { skip: why ?? false }, () => {
    for (const carrier of ['websocket', 'eventsource'].filter((one) => peer.speaks[one])) {
      test(`${carrier}: a burst for a crowd`, async () => {
        const server = await startPeer(peer, carrier);
        try {
          const result = await load(server, { mode: 'fan-out', clients: 20, messages: 50, seconds: 60 });
          assert.deepEqual(verdict(result), clean);
          assert.equal(result.count, 20 * 50);
        } finally {
          await server.stop();
        }
      });
    }
  });
}
