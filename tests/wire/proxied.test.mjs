// A proxy names the user of each request, and requests of many users come over the same
// connections and workers: each session is that of the user who has opened it.
// tags: tsan
import assert from 'node:assert/strict';
import { broker } from './lib/broker.mjs';
import { connect, requestText } from './lib/http.mjs';
import { frame, readFrame } from './lib/stomp.mjs';
import { test, withGateway } from './lib/test.mjs';

const USERS = ['ana', 'bob', 'carl-with-a-longer-name', 'd'];
const SESSIONS = 60;

const gateway = withGateway(broker({
  trusted_proxies: ['127.0.0.1'], login: { user_header: 'X-User', groups_header: 'X-Groups' },
  rules: USERS.map((user) => ({ match: `/topic/of-${user}`, groups: [`group-of-${user}`], allow: ['subscribe', 'send'] })),
}));

const CONNECT = frame('CONNECT', { 'accept-version': '1.2', 'host': 'a' });
const by = (user) => ({ 'X-User': user, 'X-Groups': `others, group-of-${user}` });
const post = (session, what, user, body) => (
  requestText(`POST /stomp/000/${session}/${what}`, { headers: by(user), body }));

// The body comes in a packet of its own, after a request of somebody else.
async function postLate(wire, text, between) {
  const at = text.indexOf('\r\n\r\n') + 4;
  wire.write(text.slice(0, at));
  await between();
  return wire.write(text.slice(at)).answer();
}

async function poll(wire, session, user) {
  const { status, body } = await wire.write(post(session, 'xhr', user, '')).answer();
  assert.equal(status, 200, body);
  return body;
}

async function play(number) {
  const user = USERS[number % USERS.length], other = USERS[(number + 1) % USERS.length];
  const session = `proxied-${number}`;
  const [wire, stranger] = [await connect(gateway.port), await connect(gateway.port)];
  const intrude = async () => {
    const { status } = await stranger.write(post(session, 'xhr_send', other, JSON.stringify([CONNECT]))).answer();
    assert.equal(status, 404);
  };
  try {
    assert.equal(await poll(wire, session, user), 'o\n');
    const said = [CONNECT, frame('SUBSCRIBE', { id: '1', destination: `/topic/of-${user}`, receipt: 'r' })];
    for (const one of said) {
      const { status } = await postLate(wire, post(session, 'xhr_send', user, JSON.stringify([one])), intrude);
      assert.equal(status, 204);
    }
    let heard = [];
    while (heard.length < 2) heard = heard.concat(JSON.parse((await poll(wire, session, user)).slice(1)));
    const [connected, receipt] = heard.map((text) => readFrame(text));
    assert.equal(connected.headers['user-name'], user);
    assert.equal(receipt.command, 'RECEIPT');
  } finally {
    wire.abort();
    stranger.abort();
  }
}

test(`${SESSIONS} sessions that poll through a proxy are those of their users, at the same time`, async () => {
  await Promise.all(Array.from({ length: SESSIONS }, (_, number) => play(number)));
});
