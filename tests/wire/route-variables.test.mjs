// Variables of routes that a login fills: the user, the session, the claims of a token. Each fills
// one segment, whatever it is.
// tags: tsan
import assert from 'node:assert/strict';
import { broker } from './lib/broker.mjs';
import { all, plain, testOver } from './lib/carriers.mjs';
import { scrape } from './lib/metrics.mjs';
import { frame } from './lib/stomp.mjs';
import { TcpStomp } from './lib/tcp.mjs';
import { testWith, withGateway } from './lib/test.mjs';
import { Issuer } from './lib/tokens.mjs';
import { until } from './lib/wait.mjs';

const issuer = new Issuer();
const routes = [
  { match: '/app/own/{room}', send_to: '/topic/of/{user}/{room}' },
  { match: '/app/tab', send_to: '/topic/tabs/{session}' },
  { match: '/app/tenant/{var}', send_to: ['/topic/tenants/{claim.tenant}/{var}', '/queue/{claim.tenant}'],
    body: { from: '{user}', tenant: '{claim.tenant}', level: '{claim.level:-none}', in: '<{session}>' } },
  { match: '/app/to-me', send_to: '/user/{user}/queue/mine' },
  { match: '/app/level', send_to: '/topic/level', body: '{claim.level}' },
];
const configured = (more = {}) => broker({
  tokens: [issuer.known], login: { anonymous: true }, app: { prefixes: ['/app'], routes },
  admin: { listen: '127.0.0.1:0' }, ...more, broker: { deny: 'soft', ...more.broker },
});

async function enter(client, token, version = '1.2') {
  client.send(frame('CONNECT', { 'accept-version': version, 'host': 'a', ...token && { Authorization: `Bearer ${token}` } }));
  const { headers } = await client.frame('CONNECTED');
  await client.subscribe('/user/queue/errors', 'errors');
  return Object.assign(client, { label: headers.session });
}

const gateway = withGateway(configured());

testOver(all, gateway, 'a route leads to the topic of the user, of the session, of the tenant', async (connect, open) => {
  for (const version of ['1.2', '1.1', '1.0']) {
    const ana = await enter(await open(), issuer.token('ana', { tenant: 'acme', level: 7 }), version);
    await ana.subscribe(`/topic/of/ana/${version}`, 'own');
    await ana.subscribe(`/topic/tabs/${ana.label}`, 'tab');
    await ana.subscribe(`/topic/tenants/acme/${version}`, 'tenant');
    await ana.subscribe('/user/queue/mine', 'mine');
    ana.publish(`/app/own/${version}`, '1').publish('/app/tab', '2').publish('/app/to-me', '3')
      .publish(`/app/tenant/${version}`, '4');
    const got = {};
    while (Object.keys(got).length < 4) {
      const { headers, body } = await ana.frame('MESSAGE');
      got[headers.subscription] = body;
    }
    const { tenant, ...rest } = got;
    assert.deepEqual(rest, { own: '1', tab: '2', mine: '3' });
    assert.deepEqual(JSON.parse(tenant), { from: 'ana', tenant: 'acme', level: '7', in: `<${ana.label}>` });
    await ana.call('UNSUBSCRIBE', { id: 'mine' });
  }
});

testOver(plain, gateway, 'a name with separators and wildcards fills one segment', async (connect, open) => {
  const user = 'ana/admin*?%';
  const spelled = 'ana%2Fadmin%2A%3F%25';
  const client = await enter(await open(), issuer.token(user, { tenant: 'a/**' }));
  await client.subscribe(`/topic/of/${spelled}/blue`, 'own');
  await client.subscribe('/topic/of/ana/**', 'wide');
  await client.subscribe('/topic/tenants/a%2F%2A%2A/x', 'tenant');
  client.publish('/app/own/blue', '1');
  assert.equal((await client.frame('MESSAGE')).headers.subscription, 'own');
  client.publish('/app/tenant/x', '2');
  assert.equal((await client.frame('MESSAGE')).headers.subscription, 'tenant');
});

// Who, where, and what is said of it.
const denied = [
  [undefined, '/app/own/blue', '{user} has no value'],
  ['ana', '/app/tenant/x', 'the client\'s login has no claim "tenant"'],
  ['ana', '/app/level', 'the client\'s login has no claim "level"'],
  ['..', '/app/own/blue', '{user} is no name of a segment'],
];

testOver(plain, gateway, 'what cannot be filled in is denied, and nothing is sent', async (connect, open) => {
  for (const [user, destination, why] of denied) {
    const client = await enter(await open(), user && issuer.token(user));
    await client.subscribe('/topic/of/**', 'all');
    await client.subscribe('/topic/tenants/**', 'tenants');
    const before = await scrape(gateway);
    client.send(frame('SEND', { destination, receipt: 'r' }, 'x'));
    const { headers, body } = await client.frame('MESSAGE');
    assert.equal(headers.subscription, 'errors');
    assert.equal(headers['denied-destination'], destination);
    assert.equal(headers['receipt-id'], 'r');
    assert.ok(body.includes(`In it ${why}.`), body);
    const kind = why.startsWith('{') ? 'route_variable' : 'template';
    await gateway.logged(new RegExp(`kind=${kind} .*${destination}`));
    const figure = `postern_refusals_total{door="stomp",kind="${kind}"}`;
    assert.equal((await scrape(gateway))[figure], before[figure] + 1);
    await client.call('SEND', { destination: '/topic/nobody' }, '');
    client.abort();
  }
});

testOver(plain, gateway, 'a route that cannot be filled in dooms its transaction', async (connect, open) => {
  const client = await enter(await open());
  await client.subscribe('/topic/other', 'other');
  await client.call('BEGIN', { transaction: 't' });
  client.send(frame('SEND', { destination: '/topic/other', transaction: 't' }, 'x'));
  client.send(frame('SEND', { destination: '/app/own/blue', transaction: 't' }, 'x'));
  assert.equal((await client.frame('MESSAGE')).headers.message, 'The route has no destination for this client');
  client.send(frame('COMMIT', { transaction: 't', receipt: 'c' }));
  assert.equal((await client.frame('MESSAGE')).headers['receipt-id'], 'c');
  await client.call('SEND', { destination: '/topic/nobody' }, '');
});

testWith('a separator "." is no part of a name', configured({ broker: { separator: '.' } }), async (dotted, keep) => {
  const client = await enter(await keep(TcpStomp.open(dotted)), issuer.token('ana.b'));
  await client.subscribe('/topic/of/ana%2Eb/x', 'own');
  client.publish('/app/own/x', '1');
  assert.equal((await client.frame('MESSAGE')).headers.subscription, 'own');
});

testWith('after a reload the next token brings the claims that routes name now', configured({
  app: { prefixes: ['/app'], routes: routes.slice(0, 1) } }), async (reloaded, keep) => {
  const token = () => issuer.token('ana', { tenant: 'acme' });
  const client = await enter(await keep(TcpStomp.open(reloaded)), token());
  await client.subscribe('/topic/tenants/acme/x', 'tenant');
  await reloaded.reload({ ...reloaded.configuration, app: { prefixes: ['/app'], routes } });
  client.publish('/app/tenant/x', '1');
  assert.equal((await client.frame('MESSAGE')).headers.subscription, 'errors');
  await client.call('SEND', { destination: '/session/token', Authorization: `Bearer ${token()}` });
  client.publish('/app/tenant/x', '2');
  assert.equal((await client.frame('MESSAGE')).headers.subscription, 'tenant');
});
