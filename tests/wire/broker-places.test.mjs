// Patterns, destinations of users and of sessions, routes that reply, numbers of topics.
// tags: tsan
import assert from 'node:assert/strict';
import { ack, broker, fresh, sync } from './lib/broker.mjs';
import { all, plain, testOver } from './lib/carriers.mjs';
import { frame } from './lib/stomp.mjs';
import { TcpStomp } from './lib/tcp.mjs';
import { testWith, withGateway } from './lib/test.mjs';

const gateway = withGateway(broker());

testOver(all, gateway, 'a pattern hears every topic that it matches, on whatever worker that lives', async (connect) => {
  const [client, top] = [await connect(), fresh('topic')];
  await client.subscribe(`${top}/*/x`, 'one');
  await client.subscribe(`${top}/**`, 'all');
  for (let i = 0; i < 8; i += 1) client.publish(`${top}/${i}/x`, `${i}`);
  client.publish(`${top}/a/y`, 'other');
  const got = { one: [], all: [] };
  for (let i = 0; i < 17; i += 1) {
    const { headers, body } = await client.frame('MESSAGE');
    got[headers.subscription].push(body);
  }
  const numbers = ['0', '1', '2', '3', '4', '5', '6', '7'];
  assert.deepEqual([got.one.sort(), got.all.sort()], [numbers, [...numbers, 'other']]);
});

for (const [what, pattern] of Object.entries({ 'a queue': '/queue/*', 'a user': '/user/*', 'a reply queue': '/reply-queue/*', 'no prefix': '/**' })) {
  testOver(plain, gateway, `a pattern of ${what} opens nothing of others`, async (connect) => {
    const [spy, client, other] = [await connect(), await connect(), await connect()];
    spy.send(frame('SUBSCRIBE', { id: '1', destination: pattern }));
    await client.subscribe('/user/queue/x', '1');
    client.publish(`/user/${client.connected.headers.session}/queue/x`, 'secret');
    assert.equal((await client.frame('MESSAGE')).body, 'secret');
    other.send(frame('SEND', { destination: '/queue/other' }, 'x'));
    await sync(other);
    while (spy.inbox.length > 0) assert.doesNotMatch(`${await spy.inbox.next()}`, /^MESSAGE/);
  });
}

testOver(plain, gateway, 'private destinations have no patterns, and who asks is told so', async (connect) => {
  const client = await connect();
  client.send(frame('SUBSCRIBE', { id: '1', destination: '/user/queue/*', receipt: 'r' }));
  const { headers } = await client.fails();
  assert.deepEqual([headers.message, headers['receipt-id']], ['Destinations of users are subscribed to by their names', 'r']);
});

testOver(all, gateway, 'a message to a session arrives there alone, as /user/queue', async (connect) => {
  const [client, other] = [await connect(), await connect()];
  for (const one of [client, other]) await one.subscribe('/user/queue/note', '1');
  await other.call('SEND', { destination: `/user/${client.connected.headers.session}/queue/note` }, 'for you');
  const { headers, body } = await client.frame('MESSAGE');
  assert.deepEqual([headers.destination, body], ['/user/queue/note', 'for you']);
  await sync(other);
  assert.equal(other.inbox.length, 0);
});

testOver(all, gateway, 'a request is answered at its reply-to', async (connect) => {
  const [client, service] = [await connect(), await connect()];
  const requests = fresh('queue');
  await service.subscribe(requests);
  for (const question of ['one', 'two']) {
    client.publish(requests, question, { 'reply-to': '/temp-queue/answers', 'correlation-id': question });
    const request = await service.frame('MESSAGE');
    assert.match(request.headers['reply-to'], /^\/reply-queue\//);
    service.publish(request.headers['reply-to'], `${request.body}!`, { 'correlation-id': request.headers['correlation-id'] });
    const { headers, body } = await client.frame('MESSAGE');
    assert.deepEqual([headers.subscription, headers['correlation-id'], body], ['/temp-queue/answers', question, `${question}!`]);
  }
});

testOver(plain, gateway, 'nobody else subscribes to a reply queue', async (connect) => {
  const [client, service] = [await connect(), await connect()];
  await service.subscribe('/topic/asked');
  client.publish('/topic/asked', '?', { 'reply-to': '/temp-queue/a' });
  const { headers } = await service.frame('MESSAGE');
  service.send(frame('SUBSCRIBE', { id: '9', destination: headers['reply-to'] }));
  await service.fails();
});

testOver(plain, gateway, 'a route with a reply answers SUBSCRIBE once', async (connect) => {
  const client = await connect();
  await client.call('SEND', { destination: '/app/echo/x' }, 'nobody hears');
  client.send(frame('SUBSCRIBE', { id: 'r', destination: '/app/echo/x' }));
  const { headers, body } = await client.frame('MESSAGE');
  assert.deepEqual([headers.subscription, headers.destination, body], ['r', '/app/echo/x', '{"name":"x"}']);
  await client.call('UNSUBSCRIBE', { id: 'r' });
});

testOver(plain, gateway, 'the reply of a route can be acknowledged by who wants to', async (connect) => {
  const client = await connect();
  client.send(frame('SUBSCRIBE', { id: 'r', destination: '/app/echo/x', ack: 'client' }));
  ack(client, await client.frame('MESSAGE'), { receipt: 'acknowledged' });
  assert.equal((await client.frame('RECEIPT')).headers['receipt-id'], 'acknowledged');
});

testOver(plain, gateway, 'the messages of a topic are numbered, for all subscribers alike', async (connect) => {
  const [client, other, topic] = [await connect(), await connect(), fresh('topic')];
  for (const one of [client, other]) await one.subscribe(topic);
  for (let i = 0; i < 3; i += 1) client.publish(topic, 'x');
  const numbers = [];
  for (let i = 0; i < 3; i += 1) {
    const seq = (await client.frame('MESSAGE')).headers['x-postern-seq'];
    assert.equal((await other.frame('MESSAGE')).headers['x-postern-seq'], seq);
    numbers.push(seq.split('-'));
  }
  assert.deepEqual(numbers.map(([, offset]) => offset), ['1', '2', '3']);
  assert.equal(new Set(numbers.map(([epoch]) => epoch)).size, 1);
});

testWith('where clients may not send, programs may not either, but answer to a reply-to', broker({
  broker: { client_send: false },
  app: { prefixes: ['/app'], routes: [{ match: '/app/ask', send_to: '/queue/questions' }] },
}), async (closed, keep) => {
  const program = await keep(TcpStomp.connect(closed));
  await program.subscribe('/queue/questions');
  const page = await keep(TcpStomp.connect(closed));
  page.publish('/app/ask', 'one?', { 'reply-to': '/temp-queue/answers' });
  const question = await program.frame('MESSAGE');
  program.publish(question.headers['reply-to'], 'one');
  assert.equal((await page.frame('MESSAGE')).body, 'one');
  program.publish('/topic/a', 'news');
  assert.match((await program.fails()).headers.message, /may not send/);
});

testWith('a template that misses a member is denied softly, and sends nothing', broker({
  broker: { deny: 'soft' },
  app: { prefixes: ['/app'], routes: [
    { match: '/app/shaped', send_to: ['/topic/one', '/topic/other'], body: { text: '{body.text}' } }] },
}), async (soft, keep) => {
  const client = await keep(TcpStomp.connect(soft));
  await client.subscribe('/user/queue/errors', 'e');
  await client.subscribe('/topic/one', '1');
  await client.subscribe('/topic/other', '2');
  client.send(frame('SEND', { destination: '/app/shaped', receipt: 'r' }, '{"txet":"x"}'));
  const { headers, body } = await client.frame('MESSAGE');
  assert.deepEqual([headers.message, headers['denied-destination'], headers['receipt-id']],
    ['The route cannot shape that message', '/app/shaped', 'r']);
  assert.match(body, /In it the body has no member "text"\./);
  client.send(frame('SEND', { destination: '/app/shaped' }, '{"text":"x"}'));
  for (let i = 0; i < 2; i += 1) assert.equal((await client.frame('MESSAGE')).body, '{"text":"x"}');
});

testWith('a target of a route that refuses the message does not hold up the others', broker({
  broker: { deny: 'soft' },
  limits: { backlog_messages: 1 },
  app: { prefixes: ['/app'], routes: [{ match: '/app/both', send_to: ['/queue/full', '/topic/both'] }] },
}), async (soft, keep) => {
  const client = await keep(TcpStomp.connect(soft));
  await client.subscribe('/user/queue/errors', 'e');
  await client.subscribe('/topic/both', 't');
  await client.call('SEND', { destination: '/queue/full' }, 'first');
  client.send(frame('SEND', { destination: '/app/both', receipt: 'r' }, 'second'));
  const got = [await client.frame('MESSAGE'), await client.frame('MESSAGE')];
  assert.equal(got.find(({ headers }) => headers.subscription === 't').body, 'second');
  assert.deepEqual(got.find(({ headers }) => headers.subscription === 'e').headers.message, 'The queue is full');
});

testWith('what is denied softly is told to the session, which goes on', broker({
  broker: { deny: 'soft', client_send: false },
}), async (soft, keep) => {
  const client = await keep(TcpStomp.connect(soft));
  await client.subscribe('/user/queue/errors', 'e');
  for (const [destination, why] of [
    ['/topic/a', 'Clients may not send to that destination'], ['/nobody/a', 'Nobody owns destinations of that prefix']]) {
    client.send(frame('SEND', { destination, receipt: 'r' }, 'x'));
    const { headers } = await client.frame('MESSAGE');
    assert.deepEqual([headers.message, headers['denied-destination'], headers['receipt-id']], [why, destination, 'r']);
  }
  client.send(frame('SUBSCRIBE', { id: '1', destination: '/topic/echo/a', selector: 'price > 10' }));
  assert.equal((await client.frame('MESSAGE')).headers.message, 'Selectors are not supported');
  await client.call('UNSUBSCRIBE', { id: '1' });
  await client.subscribe('/topic/echo/a', '1');
  await client.call('SEND', { destination: '/app/echo/a' }, 'x');
});
