// Every figure, exactly, after known traffic over each transport; and who may see them.
// tags: tsan
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { configuration } from './lib/config.mjs';
import { runPostern } from './lib/gateway.mjs';
import { ask } from './lib/http.mjs';
import { assertChanged, scrape } from './lib/metrics.mjs';
import { next, receivers, send, wait } from './lib/receivers.mjs';
import { Session } from './lib/sockjs.mjs';
import { frame, Socket, Stomp } from './lib/stomp.mjs';
import { TcpStomp } from './lib/tcp.mjs';
import { test, testWith, withGateway } from './lib/test.mjs';
import { until } from './lib/wait.mjs';

const gateway = withGateway(configuration({
  admin: { listen: '127.0.0.1:0' },
  tcp: { listen: '127.0.0.1:0' },
  times: { disconnect: 3_000 }, // polls leave no session for that long, on a busy machine too
}));

const requests = (route, code) => `postern_http_requests_total{route="${route}",code="${code}"}`;
const sessions = (transport, endpoint) => `postern_sessions{transport="${transport}",endpoint="${endpoint}"}`;
const openedAt = (transport, endpoint) => `postern_sessions_opened_total{transport="${transport}",endpoint="${endpoint}"}`;
const closed = (transport, reason) => `postern_sessions_closed_total{transport="${transport}",reason="${reason}"}`;
const bytes = (direction, transport) => `postern_bytes_total{direction="${direction}",transport="${transport}"}`;
const frames = (command, direction) => `postern_stomp_frames_total{command="${command}",direction="${direction}"}`;

for (const receiver of receivers) {
  const { name, prelude, wrap } = receiver;

  test(`a session over ${name} counts what it carries, and is gone in the end`, async () => {
    const before = await scrape(gateway);
    const session = new Session(gateway.port, '/echo');
    const wire = await wait(session, receiver);
    const opened = {
      [sessions(name, '/echo')]: 1,
      [openedAt(name, '/echo')]: 1,
      [requests(name, 200)]: 1,
      [bytes('out', name)]: wrap('o').length,
    };
    await assertChanged(gateway, before, opened);

    const { status } = await send(session, receiver, 'one', 'two');
    const heard = await next(wire, receiver);
    assert.equal(heard, wrap('a["one","two"]'));
    const spoken = {
      ...opened,
      [requests(receiver.send, status)]: 1,
      [requests(name, 200)]: prelude ? 1 : 2,
      [bytes('in', name)]: '["one","two"]'.length,
      [bytes('out', name)]: (wrap('o') + heard).length,
    };
    await assertChanged(gateway, before, spoken);

    wire.abort();
    delete spoken[sessions(name, '/echo')];
    await assertChanged(gateway, before, { ...spoken, [closed(name, 'interrupted')]: 1 });
  });
}

test('a SockJS session over WebSocket counts what it carries', async () => {
  const before = await scrape(gateway);
  const socket = await Socket.open(`${gateway.ws}/echo/000/a/websocket`);
  assert.equal(await socket.next(), 'o');
  socket.send('["one"]');
  assert.equal(await socket.next(), 'a["one"]');
  const open = {
    [openedAt('websocket', '/echo')]: 1,
    [requests('websocket', 101)]: 1,
    [bytes('in', 'websocket')]: 7,
    [bytes('out', 'websocket')]: 9,
  };
  await assertChanged(gateway, before, { ...open, [sessions('websocket', '/echo')]: 1 });
  await socket.close();
  await assertChanged(gateway, before, { ...open, [closed('websocket', 'closed')]: 1 });
});

// A raw WebSocket that counts the bytes of its messages.
class CountingStomp extends Stomp {
  constructor(...place) {
    super(...place);
    this.counted = { in: 0, out: 0 };
    this.ws.on('message', (data) => { this.counted.out += data.length; });
  }

  send(data) {
    this.counted.in += data.length;
    return super.send(data);
  }
}

const carriers = {
  websocket_raw: {
    endpoint: '/chat', more: { [requests('websocket', 101)]: 1 },
    open: () => CountingStomp.open(`${gateway.ws}/chat/websocket`),
    carried: ({ counted }) => counted,
  },
  tcp: {
    endpoint: 'tcp', more: {},
    open: () => TcpStomp.open(gateway),
    carried: ({ socket }) => ({ in: socket.bytesWritten, out: socket.bytesRead }),
  },
};

for (const [name, { endpoint, more, open, carried }] of Object.entries(carriers)) {
  test(`STOMP over ${name} counts frames, messages, subscriptions and bytes`, async () => {
    const before = await scrape(gateway);
    const stomp = await (await open()).greet();
    await stomp.subscribe('/topic/figures');
    for (let i = 0; i < 3; i += 1) stomp.publish('/topic/figures', `message ${i}`);
    for (let i = 0; i < 3; i += 1) await stomp.frame('MESSAGE');
    await stomp.call('SEND', { destination: '/topic/nobody' }, 'unheard');
    const expected = () => ({
      ...more,
      [openedAt(name, endpoint)]: 1,
      postern_messages_total: 4,
      postern_delivery_seconds_count: 3,
      [frames('CONNECT', 'in')]: 1,
      [frames('CONNECTED', 'out')]: 1,
      [frames('SUBSCRIBE', 'in')]: 1,
      [frames('SEND', 'in')]: 4,
      [frames('MESSAGE', 'out')]: 3,
      [frames('RECEIPT', 'out')]: 2,
      [bytes('in', name)]: carried(stomp).in,
      [bytes('out', name)]: carried(stomp).out,
    });
    await assertChanged(gateway, before, {
      ...expected(), [sessions(name, endpoint)]: 1, postern_subscriptions: 1, postern_destinations: 1 });

    await stomp.call('DISCONNECT');
    await stomp.closes();
    await assertChanged(gateway, before, {
      ...expected(),
      [frames('DISCONNECT', 'in')]: 1,
      [frames('RECEIPT', 'out')]: 3,
      [closed(name, 'disconnect')]: 1,
    });
    stomp.abort();
  });
}

test('a message for a session that is not here is counted', async () => {
  const before = await scrape(gateway);
  assert.equal((await new Session(gateway.port, '/echo').send('lost')).status, 404);
  await assertChanged(gateway, before, {
    [requests('xhr_send', 404)]: 1, postern_unknown_sessions_total: 1,
    'postern_refusals_total{door="sockjs",kind="unknown_session"}': 1 });
});

test('what is refused is counted by its bound', async () => {
  const before = await scrape(gateway);
  assert.equal((await ask(gateway.port, `GET /${'x'.repeat(9000)}`)).status, 414);
  await assertChanged(gateway, before, {
    [requests('refused', 414)]: 1, 'postern_refused_total{bound="target"}': 1,
    'postern_refusals_total{door="http",kind="target_size"}': 1 });
});

test('the text is one that Prometheus takes', async (context) => {
  const { body, headers } = await ask(gateway.adminPort, 'GET /metrics');
  assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  const { status, error, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: body, encoding: 'utf8' });
  if (error) {
    console.log('    SKIPPED: promtool (Debian: prometheus) is not here to check it');
    context.skip('no promtool');
    return;
  }
  assert.equal(status, 0, stdout + stderr);
  assert.equal(stdout + stderr, '');
});

const ready = 'postern_queue_messages{state="ready"}';
const lent = 'postern_queue_messages{state="unacknowledged"}';
const dead = (reason) => `postern_dead_letters_total{reason="${reason}"}`;

testWith('queues, dead letters and workers are counted', configuration({
  admin: { listen: '127.0.0.1:0' }, broker: { prefixes: ['/topic'], nacks: 1 },
}), async (queues) => {
  const figure = (name, wanted) => until(`${name} is ${wanted}`, async () => (await scrape(queues))[name] === wanted);
  const stomp = await Stomp.connect(`${queues.ws}/chat/websocket`);
  for (let i = 0; i < 3; i += 1) stomp.publish('/queue/figures', `${i}`);
  await figure(ready, 3);
  await figure(lent, 0);
  await stomp.subscribe('/queue/figures', '0', { ack: 'client-individual', 'prefetch-count': '2' });
  const first = await stomp.frame('MESSAGE');
  await figure(ready, 1);
  await figure(lent, 2);
  stomp.send(frame('NACK', { id: first.headers.ack }));
  await figure(dead('rejected'), 1);
  await figure(ready, 1); // the dead letter; the third message has taken its place
  await figure(lent, 2);
  await stomp.close();
  await figure(lent, 0);
  await figure(ready, 3);
  const busy = Object.entries(await scrape(queues)).filter(([name]) => name.startsWith('postern_worker_cpu_seconds_total'));
  assert.deepEqual(busy.map(([name]) => name), [0, 1].map((i) => `postern_worker_cpu_seconds_total{worker="${i}"}`));
  assert.ok(busy.some(([, seconds]) => seconds > 0));
}, { workers: 2 });

testWith('a reload that fails is told until one succeeds', configuration({ admin: { listen: '127.0.0.1:0' } }), async (reloaded) => {
  const successful = async () => (await scrape(reloaded)).postern_config_last_reload_successful;
  const time = async () => (await scrape(reloaded)).postern_config_last_reload_success_timestamp_seconds;
  assert.equal(await successful(), 1);
  const started = await time();
  assert.ok(Math.abs(started - Date.now() / 1000) < 600);
  await reloaded.reload('{');
  assert.equal(await successful(), 0);
  assert.equal(await time(), started);
  await reloaded.reload(reloaded.configuration);
  assert.equal(await successful(), 1);
  assert.ok(await time() >= started);
});

test('operators ask at a listener of their own', async () => {
  assert.equal((await ask(gateway.port, 'GET /metrics')).status, 404);
  assert.equal((await ask(gateway.adminPort, 'GET /health')).body, 'live\n');
  assert.equal((await ask(gateway.adminPort, 'GET /ready')).body, 'ready\n');
  assert.equal((await ask(gateway.adminPort, 'GET /echo')).status, 404);
  assert.equal((await ask(gateway.adminPort, 'POST /metrics', { body: '' })).status, 405);
});

const TOKEN = 'a-token-that-nobody-guesses';

testWith('with a token only its bearer sees the figures', configuration({
  admin: { listen: '0.0.0.0:0', token: TOKEN },
}), async (guarded) => {
  for (const [Authorization, wanted] of [[undefined, 401], ['Bearer wrong', 401], [`Basic ${TOKEN}`, 401],
    [`Bearer ${TOKEN}x`, 401], [`Bearer ${TOKEN}`, 200]]) {
    const headers = Authorization ? { Authorization } : {};
    const { status, headers: { 'www-authenticate': asks } } = await ask(guarded.adminPort, 'GET /metrics', { headers });
    assert.equal(status, wanted, Authorization);
    assert.equal(asks, wanted === 401 ? 'Bearer' : undefined);
  }
  assert.equal((await ask(guarded.adminPort, 'GET /health')).status, 200);
  assert.ok(!guarded.log.includes(TOKEN));
});

test('who can be reached from elsewhere needs a token', async () => {
  const { status, stderr } = await runPostern('serve', '--admin.listen', '0.0.0.0:0');
  assert.equal(status, 1);
  assert.match(stderr, /admin\.listen: needs admin\.token/);
});

testWith('without a terminal the log is a JSON object for each line', configuration({ log_format: 'text' }), async (logs) => {
  const socket = await Socket.open(`${logs.ws}/echo/000/a/websocket`);
  await socket.next();
  await socket.close();
  await logs.end();
  const lines = logs.log.trimEnd().split('\n').map((line) => JSON.parse(line));
  const { message, endpoint, transport, code, bytes_out: out } = lines.find(({ session }) => session);
  assert.deepEqual([message, endpoint, transport, code, out], ['session ended', '/echo', 'websocket', 1001, 1]);
  for (const { time, level } of lines) assert.match(`${time} ${level}`, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (info|warn)$/);
}, { env: { POSTERN_LOG_FORMAT: 'auto' } });
