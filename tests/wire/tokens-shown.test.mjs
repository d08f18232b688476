// Tokens as pages use them: the libraries of browsers log in and renew their token in place; and
// tokens that the opening request has shown, in a cookie or in its URL.
import assert from 'node:assert/strict';
import { pairs, subscription } from './lib/clients.mjs';
import { HandClient } from './lib/hand.mjs';
import { broker } from './lib/broker.mjs';
import { converse, frame, Stomp } from './lib/stomp.mjs';
import { test, withGateway } from './lib/test.mjs';
import { Issuer, seconds } from './lib/tokens.mjs';

const issuer = new Issuer();
const gateway = withGateway(broker({
  tokens: [issuer.known], times: { leeway: 0 }, login: { token_cookie: 'session', token_query: 'access_token' },
}));
const bearer = (token) => ({ Authorization: `Bearer ${token}` });
const wait = (time) => new Promise((resolve) => { setTimeout(resolve, time); });

// Each is tried with a WebSocket, a stream and polls.
const chosen = pairs.filter(({ name }) => /(stompjs 2|webstomp|stompjs 7).*(plain WebSocket|xhr-streaming|xhr-polling)/.test(name));

test('there are three libraries, over three transports', async () => assert.equal(chosen.length, 9));

for (const { name, connect } of chosen) {
  test(`a new token takes the place of the old one, and no message is lost or comes twice, with ${name}`, async () => {
    const end = seconds() + 3;
    const client = await connect(`${gateway.url}/stomp`, { login: bearer(issuer.token('ana', { exp: end })) });
    const topic = `/topic/${name.replaceAll(/\W+/g, '-')}`;
    const inbox = await subscription(client, topic);
    const bodies = [];
    const hear = (async () => {
      while (bodies.at(-1) !== 'last') bodies.push((await inbox.next()).body);
    })();
    const renewed = client.receipt('fresh');
    client.publish(topic, 'before');
    client.publish('/session/token', '', { ...bearer(issuer.token('ana')), receipt: 'fresh' });
    client.publish(topic, 'behind');
    await renewed;
    while (seconds() < end + 1) {
      client.publish(topic, `at ${bodies.length}`);
      await wait(200);
    }
    client.publish(topic, 'last');
    await hear;
    assert.deepEqual(bodies.slice(0, 2), ['before', 'behind']);
    assert.equal(new Set(bodies).size, bodies.length);
    assert.ok(bodies.length > 10);
    await client.close();
  });
}

// Where the opening request has shown the token.
class Hand extends converse(Object) {
  static async open(url, transport, options) {
    const stomp = new Hand();
    stomp.hand = await HandClient.open(url, transport, options);
    stomp.inbox = stomp.hand.inbox;
    return stomp;
  }

  send(data) {
    this.hand.send(data);
    return this;
  }

  next(what) { return this.inbox.next(what); }

  closes() { return this.hand.closes(); }

  abort() { this.hand.abort(); }
}

const cookie = (token) => ({ headers: { Cookie: `other=1; session=${token}` } });
const opening = {
  'a cookie, over WebSocket': (token) => Stomp.open(`${gateway.ws}/ws`, [], cookie(token)),
  'a cookie, over xhr-streaming': (token) => Hand.open(`${gateway.url}/stomp`, 'xhr-streaming', cookie(token)),
  'a cookie, over xhr-polling': (token) => Hand.open(`${gateway.url}/stomp`, 'xhr-polling', cookie(token)),
  'the URL, over WebSocket': (token) => Stomp.open(`${gateway.ws}/ws?access_token=${token}`),
};
const CONNECT = { 'accept-version': '1.2', 'host': 'a' };

for (const [where, open] of Object.entries(opening)) {
  test(`a token in ${where} logs in`, async () => {
    const client = await open(issuer.token('ana'));
    try {
      client.send(frame('CONNECT', CONNECT));
      const { headers } = await client.frame('CONNECTED');
      assert.equal(headers['user-name'], 'ana');
      assert.ok(headers['expires-in'] > 3500);
    } finally {
      client.abort();
    }
  });
  test(`a bad token in ${where} is refused, and no anonymous login`, async () => {
    const client = await open(issuer.token('ana', { aud: 'chat', iss: 'https://evil.example' }));
    try {
      client.send(frame('CONNECT', CONNECT));
      assert.equal((await client.fails()).headers.message, 'The token is not accepted');
    } finally {
      client.abort();
    }
  });
}

test('what a header shows counts before the cookie', async () => {
  const client = await opening['a cookie, over WebSocket'](issuer.token('ana'));
  try {
    client.send(frame('CONNECT', { ...CONNECT, ...bearer(issuer.token('bob')) }));
    assert.equal((await client.frame('CONNECTED')).headers['user-name'], 'bob');
  } finally {
    client.abort();
  }
});
