// What pages bring along that were made for Spring, RabbitMQ or ActiveMQ: other names of
// destinations, and headers that only those brokers understand.
import assert from 'node:assert/strict';
import { broker, brokerWithUsers, fresh } from './lib/broker.mjs';
import { plain, testOver } from './lib/carriers.mjs';
import { pairs, subscription } from './lib/clients.mjs';
import { frame } from './lib/stomp.mjs';
import { test, withGateway } from './lib/test.mjs';
import { until } from './lib/wait.mjs';

const gateway = withGateway(broker());
const guarded = withGateway(brokerWithUsers());
const dotted = withGateway(broker({ broker: { separator: '.' } }));

// The page subscribes as Spring's convertAndSend("/user/guest/queue/m") wants it.
for (const { name, connect } of pairs.filter((pair) => pair.name.startsWith('@stomp/stompjs 7') || pair.name.startsWith('stompjs'))) {
  test(`a page that names its own user gets what is sent to him with ${name}`, async () => {
    const client = await connect(`${guarded.url}/stomp`, { login: { login: 'guest', passcode: 'guest' } });
    const inbox = await subscription(client, '/user/guest/queue/m');
    client.publish('/user/guest/queue/m', 'for guest');
    const { headers, body } = await inbox.next();
    assert.deepEqual([headers.destination, body], ['/user/guest/queue/m', 'for guest']);
    await client.close();
  });
}

testOver(plain, gateway, 'a session is a name, too, and messages show the name that was subscribed to', async (connect) => {
  const [client, other] = [await connect(), await connect()];
  const { session } = client.connected.headers;
  await client.subscribe(`/user/${session}/queue/m`, 'named');
  await client.subscribe('/user/queue/m', 'own');
  other.publish(`/user/${session}/queue/m`, 'x');
  const seen = [await client.frame('MESSAGE'), await client.frame('MESSAGE')].map(({ headers }) => [headers.subscription, headers.destination]);
  assert.deepEqual(seen, [['named', `/user/${session}/queue/m`], ['own', '/user/queue/m']]);
});

testOver(plain, gateway, 'by 1.0 an alias is unsubscribed from by the name that the client has written', async (connect) => {
  const client = await connect({ 'accept-version': '1.0' });
  const destination = `/user/${client.connected.headers.session}/queue/m`;
  await client.call('SUBSCRIBE', { destination });
  await client.call('UNSUBSCRIBE', { destination });
  await client.call('SUBSCRIBE', { destination });
});

testOver(plain, guarded, 'a subscription to the destinations of another says what to write', async (connect) => {
  const client = await connect();
  client.send(frame('SUBSCRIBE', { id: '1', destination: '/user/ana/queue/m', receipt: 'r' }));
  const { headers, body } = await client.fails();
  assert.equal(headers['receipt-id'], 'r');
  assert.match(body, /Write \/user\/queue\//);
});

for (const destination of ['/topic/price.#', '/topic/price.>']) {
  testOver(plain, dotted, `${destination} is /topic/price.**`, async (connect) => {
    const client = await connect();
    await client.subscribe(destination, '1');
    for (const to of ['/topic/price', '/topic/price.bread', '/topic/price.bread.old', '/topic/price.#']) {
      client.publish(to, 'x');
      assert.equal((await client.frame('MESSAGE')).headers.destination, to);
    }
  });

  testOver(plain, gateway, `${destination} is refused where only "/" separates, and says what to write`, async (connect) => {
    const client = await connect();
    client.send(frame('SUBSCRIBE', { id: '1', destination, receipt: 'r' }));
    assert.match((await client.fails()).body, /write \/\*\* at the end/);
  });
}

for (const [what, headers] of Object.entries({
  'a SEND to a user that names none': { destination: '/user/queue/m' },
  'a SEND to a pattern of a user': { destination: '/user/ana/queue/*' },
  'a reply-to that nobody could send to': { destination: '/topic/a', 'reply-to': '/user/queue/answers' },
  'a reply-to to a temporary queue without a name': { destination: '/topic/a', 'reply-to': '/temp-queue/' },
})) {
  testOver(plain, gateway, `${what} is refused when it is written`, async (connect) => {
    const client = await connect();
    client.send(frame('SEND', { ...headers, receipt: 'r' }, 'x'));
    assert.equal((await client.fails()).headers['receipt-id'], 'r');
  });
}

const warnings = (session, header) => gateway.log.split('\n').filter((line) => (
  line.includes('a header of SUBSCRIBE is ignored') && line.includes(session) && line.includes(`header=${header} `))).length;

testOver(plain, gateway, 'headers that other brokers understand are ignored, with one warning for a session and name', async (connect) => {
  const client = await connect();
  const { session } = client.connected.headers;
  for (let i = 0; i < 3; i += 1) {
    await client.subscribe(fresh('queue'), `${i}`, {
      'durable': 'true', 'auto-delete': 'false', 'x-queue-name': `mine-${i}`, 'activemq.prefetchSize': '1' });
  }
  await until('the log tells', () => warnings(session, 'durable') > 0 && warnings(session, 'activemq.prefetchSize') > 0);
  assert.deepEqual(['durable', 'auto-delete', 'x-queue-\\*', 'x-queue-*', 'activemq.prefetchSize'].map((header) => warnings(session, header)),
    [1, 0, 0, 1, 1]);
});
