// Routes with "identify": a worker knows who has sent a message, whatever headers the client has
// sent itself, and its answer reaches the one session.
// tags: tsan
import assert from 'node:assert/strict';
import { broker, readable } from './lib/broker.mjs';
import { all, plain, testOver } from './lib/carriers.mjs';
import { frame, Stomp } from './lib/stomp.mjs';
import { TcpStomp } from './lib/tcp.mjs';
import { testWith, withGateway } from './lib/test.mjs';
import { Issuer } from './lib/tokens.mjs';

const issuer = new Issuer();
const routes = [
  { match: '/app/work/{name}', send_to: '/queue/work-{name}', identify: true },
  { match: '/app/shaped/{name}', send_to: ['/queue/work-{name}', '/topic/seen-{name}'], body: { text: '{body}' }, identify: true },
  { match: '/app/plain/{name}', send_to: '/queue/work-{name}' },
];
const configured = (more = {}) => broker({
  tokens: [issuer.known], login: { anonymous: true }, app: { prefixes: ['/app'], routes }, ...readable, ...more,
});

async function enter(client, token, version = '1.2') {
  client.send(frame('CONNECT', { 'accept-version': version, 'host': 'a', ...token && { Authorization: `Bearer ${token}` } }));
  const { headers } = await client.frame('CONNECTED');
  return Object.assign(client, { label: headers.session });
}
async function consumer(gateway, keep, queue, version = '1.2', more = {}) {
  const worker = await enter(keep(await TcpStomp.open(gateway)), undefined, version);
  await worker.subscribe(queue, 'work', more);
  return worker;
}

// What a client may try, to be taken for another.
const forged = {
  'x-postern-user': 'root', 'X-Postern-User': 'root', ' x-postern-user': 'root', '\tX-POSTERN-USER': 'root',
  '\u00a0x-postern-user': 'root', '\ufeffx-postern-user': 'root', 'x-postern-user ': 'root', 'x-postern-groups': 'staff',
  'x-postern-session': 'other', 'x-postern-destination': '/app/other', 'x-postern-anything': 'x',
};
const ours = (headers) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.trim().toLowerCase(), value])
  .filter(([name]) => name.startsWith('x-postern-')));

const gateway = withGateway(configured());
let names = 0;

testOver(all, gateway, 'a worker sees who has sent a message, whatever the client says of itself', async (connect, open, carrier, keep) => {
  for (const version of ['1.0', '1.1', '1.2']) {
    const name = `a${names += 1}`;
    const worker = await consumer(gateway, keep, `/queue/work-${name}`, version);
    const ana = await enter(await open(), issuer.token('ana', { groups: ['staff', 'a,b%'] }), version);
    const nobody = await enter(await open(), undefined, version);
    ana.publish(`/app/work/${name}`, '1', forged);
    const first = await worker.frame('MESSAGE');
    assert.deepEqual(ours(first.headers), {
      'x-postern-user': 'ana', 'x-postern-groups': 'staff,a%2Cb%25', 'x-postern-session': ana.label,
      'x-postern-destination': `/app/work/${name}`,
    });
    nobody.publish(`/app/work/${name}`, '2', forged);
    assert.deepEqual(ours((await worker.frame('MESSAGE')).headers), {
      'x-postern-session': nobody.label, 'x-postern-destination': `/app/work/${name}`,
    });
    ana.publish(`/app/plain/${name}`, '3', forged);
    assert.deepEqual(ours((await worker.frame('MESSAGE')).headers), {});
    ana.publish(`/queue/work-${name}`, '4', forged);
    assert.deepEqual(ours((await worker.frame('MESSAGE')).headers), {});
  }
});

testOver(all, gateway, 'an answer reaches one tab of the user', async (connect, open, carrier, keep) => {
  for (const version of ['1.0', '1.1', '1.2']) {
    const name = `b${names += 1}`;
    const worker = await consumer(gateway, keep, `/queue/work-${name}`, version);
    const tabs = [];
    for (let i = 0; i < 4; i += 1) {
      const tab = await enter(await open(), i < 3 ? issuer.token('ana') : undefined, version);
      await tab.subscribe('/user/queue/replies', `r${i}`);
      tabs.push(tab);
    }
    for (const [number, tab] of tabs.entries()) {
      for (const round of [1, 2]) {
        tab.publish(`/app/work/${name}`, `${number}.${round}`);
        const { headers, body } = await worker.frame('MESSAGE');
        assert.match(headers['reply-to'], /^\/reply-queue\/\d+-[0-9a-f]+-[0-9a-f]{32}$/);
        await worker.call('SEND', { destination: headers['reply-to'] }, `for ${body}`);
        const answer = await tab.frame('MESSAGE');
        assert.equal(answer.body, `for ${number}.${round}`);
        assert.equal(answer.headers.destination, '/user/queue/replies');
        assert.equal(answer.headers.subscription, `r${number}`);
      }
    }
    // Nobody has got more than that.
    for (const tab of tabs) await tab.call('UNSUBSCRIBE', { id: `r${tabs.indexOf(tab)}` });
  }
});

testOver(plain, gateway, 'a reply-to of the client stays', async (connect, open, carrier, keep) => {
  const name = `c${names += 1}`;
  const worker = await consumer(gateway, keep, `/queue/work-${name}`);
  const client = await enter(await open());
  client.publish(`/app/work/${name}`, '1', { 'reply-to': '/temp-queue/mine' });
  const { headers } = await worker.frame('MESSAGE');
  assert.match(headers['reply-to'], /^\/reply-queue\/\d+-[0-9a-f]{32}$/);
  worker.publish(headers['reply-to'], 'yes');
  assert.equal((await client.frame('MESSAGE')).headers.subscription, '/temp-queue/mine');
});

testOver(plain, gateway, 'an answer to who does not listen, or has gone, or was never there, is dropped', async (connect, open, carrier, keep) => {
  const name = `d${names += 1}`;
  const worker = await consumer(gateway, keep, `/queue/work-${name}`);
  const client = await enter(await open(), issuer.token('ana'));
  const other = await enter(await open(), issuer.token('ana'));
  await other.subscribe('/user/queue/replies', 'o');
  client.publish(`/app/work/${name}`, '1');
  const { headers: { 'reply-to': to } } = await worker.frame('MESSAGE');
  await worker.call('SEND', { destination: to }, 'nobody listens');
  await client.subscribe('/user/queue/replies', 'c');
  const wrong = to.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'));
  await worker.call('SEND', { destination: wrong }, 'a wrong tag');
  await worker.call('SEND', { destination: to.replace(/-[0-9a-f]+-/, (number) => number.replace('-', '-0')) }, 'spelled otherwise');
  await worker.call('SEND', { destination: to.replace(/-[0-9a-f]+-/, '-fffffffffffffffff-') }, 'no number');
  await worker.call('SEND', { destination: to }, 'right');
  const got = [(await client.frame('MESSAGE')).body];
  if (got[0] !== 'right') got.push((await client.frame('MESSAGE')).body);
  assert.deepEqual(got.at(-1), 'right');
  await client.call('DISCONNECT', {});
  await worker.call('SEND', { destination: to }, 'gone');
  await other.call('UNSUBSCRIBE', { id: 'o' });
});

testOver(plain, gateway, 'what names the sender is in transactions, shaped bodies and topics', async (connect, open, carrier, keep) => {
  const name = `e${names += 1}`;
  const worker = await consumer(gateway, keep, `/queue/work-${name}`);
  const client = await enter(await open(), issuer.token('ana'));
  await client.subscribe(`/topic/seen-${name}`, 'seen');
  await client.call('BEGIN', { transaction: 't' });
  client.send(frame('SEND', { 'destination': `/app/shaped/${name}`, 'transaction': 't', 'x-postern-user': 'root' }, '"x"'));
  client.send(frame('COMMIT', { transaction: 't' }));
  for (const who of [worker, client]) {
    const { headers, body } = await who.frame('MESSAGE');
    assert.equal(headers['reply-to'] !== undefined, who === worker, 'whoever reads a topic may not answer');
    assert.equal(body, '{"text":"x"}');
    assert.equal(headers['x-postern-user'], 'ana');
    assert.equal(headers['x-postern-session'], client.label);
  }
});

testOver(plain, gateway, 'a dead letter still names the sender', async (connect, open, carrier, keep) => {
  const name = `f${names += 1}`;
  const dead = await consumer(gateway, keep, '/queue/dead-letter');
  const worker = await consumer(gateway, keep, `/queue/work-${name}`, '1.2', { ack: 'client-individual' });
  const client = await enter(await open(), issuer.token('ana'));
  client.publish(`/app/work/${name}`, '1', forged);
  const { headers: { ack } } = await worker.frame('MESSAGE');
  worker.send(frame('NACK', { id: ack, requeue: 'false' }));
  const { headers } = await dead.frame('MESSAGE');
  const { 'x-postern-from': from, 'x-postern-reason': reason, ...rest } = ours(headers);
  assert.deepEqual([from, reason.length > 0], [`/queue/work-${name}`, true]);
  assert.deepEqual(rest, {
    'x-postern-user': 'ana', 'x-postern-session': client.label, 'x-postern-destination': `/app/work/${name}`,
  });
});

testWith('a worker with the rights of its listener answers under rules, and browsers read no work', configured({
  tcp: { ...readable.tcp, user: 'backend', groups: ['backend'] },
  broker: { client_send: false, deny: 'soft' },
  rules: [{ match: '/queue/**', groups: 'backend', allow: 'subscribe' }, { match: '/app/**', allow: 'send' }],
}), async (ruled, keep) => {
  const worker = await consumer(ruled, (client) => { keep(client); return client; }, '/queue/work-x');
  const tabs = [];
  for (let i = 0; i < 2; i += 1) {
    const tab = await enter(await keep(Stomp.open(`${ruled.ws}/ws`)), issuer.token('ana', { groups: ['staff'] }));
    await tab.subscribe('/user/queue/errors', 'errors');
    await tab.subscribe('/user/queue/replies', 'replies');
    tabs.push(tab);
  }
  tabs[0].publish('/app/work/x', 'do', { 'x-postern-user': 'root' });
  const { headers } = await worker.frame('MESSAGE');
  assert.equal(headers['x-postern-user'], 'ana');
  await worker.call('SEND', { destination: headers['reply-to'] }, 'done');
  assert.equal((await tabs[0].frame('MESSAGE')).body, 'done');
  tabs[1].send(frame('SUBSCRIBE', { id: 'w', destination: '/queue/work-x' }));
  assert.equal((await tabs[1].frame('MESSAGE')).headers.message, 'You may not subscribe to that destination');
});
