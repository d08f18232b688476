// Each kind of refusal at the door "stomp": its answer, its line in the log, its counter.
// The kinds are read from /metrics, so that a new one without a row here fails; and the
// table of www/docs/stomp.md is played row by row.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { broker, brokerWithUsers } from './lib/broker.mjs';
import { hogged, takeMemory } from './lib/hog.mjs';
import { scrape } from './lib/metrics.mjs';
import { frame, Socket, Stomp } from './lib/stomp.mjs';
import { TcpStomp } from './lib/tcp.mjs';
import { test, testWith, withGateway } from './lib/test.mjs';
import { Issuer, seconds } from './lib/tokens.mjs';
import { until } from './lib/wait.mjs';

const ADMIN = { admin: { listen: '127.0.0.1:0' } };
const issuer = new Issuer();
const more = (settings) => ({ ...ADMIN, ...settings, times: { drain: 300, ...settings?.times } });

// One gateway for all rows that need the same settings.
const gateways = {
  usual: withGateway(broker(more({
    app: { prefixes: ['/app'], routes: [
      { match: '/app/shaped', send_to: '/topic/shaped', body: { text: '{body.text}' } },
      { match: '/app/nowhere/{place}', send_to: '/{place}/a' },
      { match: '/app/own', send_to: '/topic/of/{user}' },
    ] },
  }))),
  small: withGateway(broker(more({
    limits: {
      connect_frame: 512, frame: 2048, headers: 8, header: 128, destination: 40, subscriptions: 2, transactions: 1,
      transaction_actions: 1, backlog_messages: 1,
    },
  }))),
  hasty: withGateway(broker(more({ times: { connect: 200, stomp_want: 100 } }))),
  thin: withGateway(broker(more({ limits: { queue_bytes: 4000 } }))),
  busy: withGateway(brokerWithUsers(more({ workers: 1, limits: { logins: 1 } }))),
  closed: withGateway(brokerWithUsers(more({ broker: { client_send: false } }))),
  guarded: withGateway(broker({ ...more(), admin: { listen: '127.0.0.1:0', token: 'the-right-token-of-many' } })),
  brief: withGateway(broker(more({ limits: { backlog_total_bytes: 1000 } }))),
  hogged: withGateway(broker(more({ limits: hogged, exempt_addresses: [] }))),
  narrow: withGateway(broker(more({ limits: { destinations: 1 } }))),
  shared: withGateway(broker(more({ exempt_addresses: [], limits: { destinations: 4 } }))),
  littered: withGateway(broker(more({ exempt_addresses: [], limits: { backlog_messages: 4 } }))),
  named: withGateway(broker(more({
    tokens: [issuer.known], rules: [{ match: '/topic/open', allow: ['subscribe', 'send'] }],
  }))),
  rated: withGateway(broker(more({
    exempt_addresses: [],
    rules: [{ match: '/topic/rated', allow: 'send', rate: { messages: 1, per: 3_600_000 }, over: 'deny' }],
  }))),
  proxied: withGateway(broker(more({ trusted_proxies: ['127.0.0.1'], login: { user_header: 'X-User' } }))),
};

const opened = (gateway) => TcpStomp.open(gateway);
const connected = (gateway, headers) => TcpStomp.connect(gateway, headers);

// Of frames, the first of which may be half a frame: what a connected client says.
const say = (...frames) => async (gateway) => {
  const client = await connected(gateway);
  frames.forEach((one) => client.send(one));
  return client;
};
const sayFirst = (...frames) => async (gateway) => {
  const client = await opened(gateway);
  frames.forEach((one) => client.send(one));
  return client;
};

// The same, of a client with a token of ana.
const bearer = (token) => ({ Authorization: `Bearer ${token}` });
const sayAsAna = (...frames) => async (gateway) => {
  const client = await sayFirst(login(bearer(issuer.token('ana'))))(gateway);
  await client.frame('CONNECTED');
  frames.forEach((one) => client.send(one));
  return client;
};

// The same, of a client whose address has all the memory that it may have.
const sayHogged = (...frames) => async (gateway) => {
  const wires = [];
  await takeMemory(gateway, async (opening) => {
    const wire = await opening;
    wires.push(wire);
    return wire;
  }, '/stomp');
  const client = await say(...frames)(gateway);
  return { fails: () => client.fails(), abort: () => [client, ...wires].forEach((one) => one.abort()) };
};

const send = (destination, headers, body = 'x') => frame('SEND', { destination, ...headers }, body);
const subscribe = (destination, headers) => frame('SUBSCRIBE', { id: '1', destination, ...headers });
const login = (headers) => frame('CONNECT', { 'accept-version': '1.2', host: 'a', ...headers });

// kind: [gateway, what leads to it, in the body and in the log, never in either]
const rows = {
  first_frame: ['usual', sayFirst(send('/topic/a')), 'command "SEND"'],
  stomp_version: ['usual', sayFirst(login({ 'accept-version': '9.9' })), 'header accept-version', '9.9'],
  heart_beat: ['usual', sayFirst(login({ 'heart-beat': 'much' })), 'header heart-beat', 'much'],
  connect_time: ['hasty', sayFirst()],
  unfinished: ['hasty', sayFirst('CONNECT\naccept-version:1.2\ncontent-length:5\n\n\0'), '5, and 1 bytes'],
  no_login: ['closed', sayFirst(login({ login: 'guest' })), 'header passcode', 'guest'],
  bad_login: ['closed', sayFirst(login({ login: 'guest', passcode: 'sesame' })), '', 'sesame'],
  no_token: ['named', sayFirst(login()), ''],
  no_proxy_user: ['proxied', sayFirst(login()), ''],
  token: ['named', sayFirst(login(bearer('a-token-that-is-none'))), '', 'a-token-that-is-none'],
  token_expired: ['named', sayFirst(login(bearer(issuer.token('ana', { exp: seconds() - 60 })))), '', 'eyJ'],
  other_users_token: ['named', sayAsAna(send('/session/token', bearer(issuer.token('bob')))), '', 'eyJ'],
  may_not_subscribe: ['named', sayAsAna(subscribe('/topic/closed')), 'destination "/topic/closed"'],
  may_not_send: ['named', sayAsAna(send('/topic/closed')), 'destination "/topic/closed"'],
  rate: ['rated', say(send('/topic/rated').repeat(2)), 'destination "/topic/rated"'],
  bad_token: ['guarded', async (gateway) => (await Stomp.open(`ws://127.0.0.1:${gateway.adminPort}/console/stomp/websocket`))
    .send(login({ passcode: 'a-wrong-token-of-many' })), 'header passcode', 'a-wrong-token-of-many'],
  unknown_command: ['usual', say('SENDD\n\n\0'), 'command "SENDD"'],
  server_command: ['usual', say(frame('RECEIPT', { 'receipt-id': '1' })), 'command "RECEIPT"'],
  connect_again: ['usual', say(login()), ''],
  no_colon: ['usual', say('SEND\ndestination /topic/a\n\n\0'), 'header line "destination /topic/a"'],
  no_name: ['usual', say('SEND\n:/topic/a\n\n\0'), 'header line ":/topic/a"'],
  escape: ['usual', say('SEND\ndestination:/topic/\\t\n\n\0'), 'header line "destination:/topic/\\\\t"'],
  nul_in_head: ['usual', say('SEND\ndestination:/topic/a\0'), ''],
  content_length: ['usual', say('SEND\ndestination:/topic/a\ncontent-length:-1\n\n\0'), 'header content-length "-1"'],
  no_nul: ['usual', say('SEND\ndestination:/topic/a\ncontent-length:1\n\nxyz\0'), ''],
  frame_body: ['usual', say(frame('UNSUBSCRIBE', { id: '1' }, 'x')), ''],
  frame_size: ['small', say(send('/topic/a', {}, 'x'.repeat(2048))), 'limits.frame is 2048'],
  frame_memory: ['hogged', sayHogged(`SEND\ndestination:/topic/a\n\n${'x'.repeat(900_000)}`), 'bytes so far'],
  header_count: ['small', say(send('/topic/a', Object.fromEntries('abcdefgh'.split('').map((name) => [name, '1'])))), 'limits.headers is 8'],
  header_size: ['small', say(send('/topic/a', { x: 'y'.repeat(128) })), 'limits.header is 128'],
  kept: ['small', say(frame('BEGIN', { transaction: 't' }), send('/queue/kept', { transaction: 't' }),
    frame('COMMIT', { transaction: 't' }) + send('/topic/a', {}, 'x'.repeat(1000)).repeat(5)), 'limits.frame is 4096'],
  missing_header: ['usual', say(frame('SEND', { 'Destination': '/topic/a' }, 'x')), 'header "destination"'],
  ack_mode: ['usual', say(subscribe('/topic/a', { ack: 'never' })), 'header ack "never"'],
  prefetch: ['usual', say(subscribe('/queue/a', { 'prefetch-count': '0' })), 'header prefetch-count "0"'],
  id_in_use: ['usual', say(subscribe('/topic/a'), subscribe('/topic/b')), 'header id "1"'],
  subscribed: ['usual', say(frame('SUBSCRIBE', { destination: '/topic/a' }).repeat(2)), 'destination "/topic/a"'],
  unknown_subscription: ['usual', say(frame('UNSUBSCRIBE', { id: 'gone' })), 'header id "gone"'],
  unknown_message: ['usual', say(frame('ACK', { id: '1-1-1' })), 'header id "1-1-1"'],
  acknowledged: ['usual', async (gateway) => {
    const client = await connected(gateway);
    client.send(subscribe('/queue/once', { ack: 'client' })).send(send('/queue/once'));
    const { headers: { ack } } = await client.frame('MESSAGE');
    return client.send(frame('BEGIN', { transaction: 't' }))
      .send(frame('ACK', { id: ack, transaction: 't' })).send(frame('ACK', { id: ack }));
  }, 'header id "'],
  expiration: ['usual', say(send('/queue/a', { expiration: 'soon' })), 'header expiration "soon"'],
  requeue: ['usual', say(frame('NACK', { id: '1-1-1', requeue: 'never' })), 'header requeue "never"'],
  no_nack: ['usual', async (gateway) => (await connected(gateway, { 'accept-version': '1.0' }))
    .send(frame('NACK', { 'message-id': '1' })), ''],
  unknown_transaction: ['usual', say(frame('COMMIT', { transaction: 't' })), 'header transaction "t"'],
  transaction_open: ['usual', say(frame('BEGIN', { transaction: 't' }).repeat(2)), 'header transaction "t"'],
  transaction_lost: ['usual', async (gateway) => {
    const client = await connected(gateway);
    client.send(subscribe('/queue/lost', { ack: 'client' })).send(send('/queue/lost'));
    const { headers: { ack } } = await client.frame('MESSAGE');
    return client.send(frame('BEGIN', { transaction: 't' })).send(frame('ACK', { id: ack, transaction: 't' }))
      .send(frame('UNSUBSCRIBE', { id: '1' })).send(frame('COMMIT', { transaction: 't' }));
  }, 'header transaction "t"'],
  no_owner: ['usual', say(send(' /topic/a')), 'destination " /topic/a"'],
  not_subscribable: ['usual', say(subscribe('/nobody/a')), 'destination "/nobody/a"'],
  client_send: ['closed', async (gateway) => (await connected(gateway)).send(send('/topic/a')), 'destination "/topic/a"'],
  selector: ['usual', say(subscribe('/topic/a', { selector: 'price > 1' })), 'header selector "price > 1"'],
  send_pattern: ['usual', say(send('/topic/*')), 'destination "/topic/*"'],
  pattern: ['usual', say(subscribe('/topic/a**')), 'destination "/topic/a**"'],
  queue_pattern: ['usual', say(subscribe('/queue/*')), 'destination "/queue/*"'],
  other_user: ['usual', say(subscribe('/user/bob/queue/a')), 'destination "/user/bob/queue/a"'],
  reply_to: ['usual', say(send('/topic/a', { 'reply-to': '/user/queue/a' })), 'header reply-to "/user/queue/a"'],
  user_pattern: ['usual', say(subscribe('/user/queue/*')), 'destination "/user/queue/*"'],
  user_destination: ['usual', say(send('/user/bob')), 'destination "/user/bob"'],
  reply_queue: ['usual', say(send('/reply-queue/99-1')), 'destination', '99-1'],
  dead_letter_send: ['usual', say(send('/queue/dead-letter')), 'destination "/queue/dead-letter"'],
  dead_letter_read: ['usual', say(subscribe('/queue/dead-letter')), 'tcp.dead_letters'],
  no_route: ['usual', say(send('/app/none')), 'destination "/app/none"'],
  bad_target: ['usual', say(send('/app/nowhere/nobody')), 'target "/nobody/a"'],
  route_variable: ['usual', say(send('/app/own')), 'destination "/app/own"', '/topic/of/%'],
  template: ['usual', say(send('/app/shaped', {}, '{}')), 'destination "/app/shaped"'],
  console: ['guarded', async (gateway) => {
    const client = await Stomp.connect(`ws://127.0.0.1:${gateway.adminPort}/console/stomp/websocket`, { passcode: 'the-right-token-of-many' });
    return client.send(frame('SEND', { destination: '/admin/none' }));
  }, 'destination "/admin/none"'],
  destination_size: ['small', say(send(`/topic/${'a'.repeat(40)}`)), 'limits.destination is 40'],
  subscriptions: ['small', say(...['1', '2', '3'].map((id) => subscribe(`/topic/${id}`, { id }))), 'limits.subscriptions is 2'],
  transactions: ['small', say(...['1', '2'].map((transaction) => frame('BEGIN', { transaction }))), 'limits.transactions is 1'],
  transaction_size: ['small', say(frame('BEGIN', { transaction: 't' }), send('/topic/a', { transaction: 't' }).repeat(2)), 'limits.transaction_actions is 1'],
  queue_full: ['small', say(send('/queue/full').repeat(2)), 'destination "/queue/full"'],
  destinations: ['narrow', async (gateway) => {
    const client = await connected(gateway);
    await client.subscribe('/topic/a', '1');
    return client.send(subscribe('/topic/b', { id: '2' }));
  }, 'destination "/topic/b"'],
  transaction_memory: ['hogged', sayHogged(frame('BEGIN', { transaction: 't' }),
    send('/topic/a', { transaction: 't' }, 'x'.repeat(50_000)).repeat(12)), 'header transaction "t"'],
  subscription_memory: ['hogged', sayHogged(...Array.from({ length: 24 }, (_, i) => (
    subscribe('/topic/a', { id: `${i}${'x'.repeat(8000)}` })))), 'destination "/topic/a"'],
  queues_full: ['brief', say(send('/queue/brief', {}, 'x'.repeat(2000))), 'destination "/queue/brief"'],
  patterns: ['narrow', say(subscribe('/topic/*')), 'destination "/topic/*"'],
  share: ['shared', async (gateway) => {
    const client = await connected(gateway);
    await client.subscribe('/topic/a', '1');
    return client.send(subscribe('/topic/b', { id: '2' }));
  }, 'limits.destinations is 4, and limits.share 25 per cent.'],
  parked: ['littered', async (gateway) => {
    const client = await connected(gateway);
    const expired = () => client.call('SEND', { destination: '/queue/littered', expiration: 0 }, 'x');
    await expired();
    await until('its letter has left', async () => (
      (await figures(gateway))['postern_queue_messages{state="parked"}'] === 0));
    await expired();
    return client.send(send('/queue/littered'));
  }, 'destination "/queue/littered"'],
};

// What more than one client leads to, or some time. What comes before the ERROR is dropped.
Object.assign(rows, {
  silence: ['hasty', (gateway) => connected(gateway, { 'heart-beat': '100,0' })],
  slow_consumer: ['thin', async (gateway) => {
    const client = await connected(gateway);
    await client.subscribe('/topic/slow');
    client.socket.pause();
    const publisher = await connected(gateway);
    for (let i = 0; i < 3000; i += 1) publisher.publish('/topic/slow', 'x'.repeat(3000));
    await until('it is given up', () => lines(gateway, 'slow_consumer').length > 0);
    publisher.abort();
    client.socket.resume();
    return { fails: async () => {
      for (;;) {
        const got = await client.frame();
        if (got.command === 'ERROR') return got;
      }
    }, abort: () => client.abort() };
  }],
  logins: ['busy', async (gateway) => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => opened(gateway)));
    clients.forEach((client) => client.send(login({ login: 'guest', passcode: 'guest' })));
    const answers = await Promise.all(clients.map((client) => client.frame()));
    return { fails: async () => answers.find(({ command }) => command === 'ERROR'),
      abort: () => clients.forEach((client) => client.abort()) };
  }],
});
const OFTEN = ['logins', 'subscription_memory'];

const TOKEN = { headers: { Authorization: 'Bearer the-right-token-of-many' } };
const figures = (gateway) => scrape(gateway, gateway === gateways.guarded ? TOKEN : {});
const FAILED = ['destinations', 'patterns', 'share', 'parked', 'transaction_memory', 'subscription_memory', 'queues_full'];
const MARK = 'postern_refusals_total{door="stomp",kind="';
const counter = (kind) => `${MARK}${kind}"}`;
const lines = (gateway, kind) => gateway.log.split('\n').filter((line) => line.includes(`refused at stomp: kind=${kind} `));

test('no kind is without a row', async () => {
  const kinds = Object.keys(await figures(gateways.usual)).filter((name) => name.startsWith(MARK))
    .map((name) => name.slice(MARK.length, -2));
  assert.deepEqual(Object.keys(rows).sort(), kinds.sort());
});

for (const [kind, [name, provoke, quoted = '', hidden]] of Object.entries(rows)) {
  test(`${kind} has its answer, its line and its counter`, async () => {
    const gateway = gateways[name];
    const [before, written] = [await figures(gateway), lines(gateway, kind).length];
    const client = await provoke(gateway);
    try {
      let body = '';
      if (!FAILED.includes(kind)) ({ body } = await client.fails());
      await until(`${kind} is in the log`, () => lines(gateway, kind).length > written);
      const line = lines(gateway, kind).at(-1);
      if (!FAILED.includes(kind)) assert.ok(body.includes(quoted), `${body} has ${quoted}`);
      for (const word of quoted.match(/[\w/.-]+/g) ?? []) assert.ok(line.includes(word), `${line} has ${word}`);
      if (hidden) for (const text of [body, line]) assert.ok(!text.includes(hidden), text);
      assert.match(line, / address=127\.0\.0\.1$/);
      const after = await figures(gateway);
      if (!OFTEN.includes(kind)) assert.equal(after[counter(kind)], before[counter(kind)] + 1);
      assert.deepEqual(Object.keys(after).filter((one) => one.startsWith(MARK) && after[one] > before[one]), [counter(kind)]);
    } finally {
      client.abort();
    }
  });
}

// The wrong door: each says where the other is.

const wrong = [
  ['plain STOMP at a SockJS URL', 'stomp_at_sockjs', login({ passcode: 'sesame' }), 'Plain STOMP is at /stomp/websocket.', {
    code: 1002, reason: "SockJS is spoken here. Plain STOMP is at the endpoint's /websocket" }],
  ['what is no JSON at a SockJS URL', 'sockjs_framing', 'passcode:sesame', 'A SockJS frame is a JSON array of strings', {
    code: 1002, reason: 'Broken framing.' }],
];
for (const [what, kind, text, hint, closed] of wrong) {
  test(`${what} is told where to go`, async () => {
    const gateway = gateways.usual;
    const [figure, before] = [`postern_refusals_total{door="sockjs",kind="${kind}"}`, await scrape(gateway)];
    const socket = await Socket.open(`${gateway.ws}/stomp/000/wrong${kind}/websocket`);
    socket.send(text);
    assert.deepEqual(await socket.closes(), closed);
    await until('it is in the log', () => gateway.log.includes(`refused at sockjs: kind=${kind} `));
    const line = gateway.log.split('\n').find((one) => one.includes(`refused at sockjs: kind=${kind} `));
    assert.ok(line.includes(hint), line);
    assert.ok(!gateway.log.includes('sesame'), 'no secret is shown');
    assert.equal((await scrape(gateway))[figure], before[figure] + 1);
  });
}

test('SockJS at a plain URL is told where to go', async () => {
  const gateway = gateways.usual;
  const stomp = await Stomp.open(`${gateway.ws}/stomp/websocket`);
  stomp.send(JSON.stringify([login({ passcode: 'sesame' })]));
  const { headers, body } = await stomp.fails();
  assert.equal(headers.message, 'unknown command');
  assert.ok(body.includes('This looks like SockJS') && body.includes('SockJS is at /stomp.'), body);
  assert.ok(!`${body}${gateway.log}`.includes('sesame'), body);
});

// The table.

const document = readFileSync(new URL('../../www/docs/stomp.md', import.meta.url), 'utf8');
const cells = (line) => line.split('|').slice(1, -1).map((cell) => cell.trim().replaceAll('`', ''));
const table = document.split('\n').filter((line) => /^\| (malformed|denied|failed) /.test(line)).map(cells);
const both = (cell, first, second) => (cell === 'any' ? [first, second] : [cell]);

const frames = {
  malformed: (receipt) => frame('UNSUBSCRIBE', { id: 'gone', ...receipt }),
  denied: (receipt) => send('/nobody/a', receipt),
  failed: (receipt) => subscribe('/topic/one/too/many', { id: '9', ...receipt }),
};
const destinations = { denied: '/nobody/a', failed: '/topic/one/too/many' };
const kinds = { malformed: 'unknown_subscription', denied: 'no_owner', failed: 'destinations' };

function play([refusal, deny, listens, answer, connection], receipt) {
  const title = `${refusal}, broker.deny ${deny}, ${listens === 'yes' ? '' : 'not '}subscribed to errors, a receipt ${receipt ? '' : 'not '}asked for`;
  testWith(`${title}: ${answer}, the connection ${connection}`, broker(more({
    broker: { deny }, limits: { destinations: 1 },
  })), async (gateway, keep) => {
    const client = await keep(TcpStomp.connect(gateway));
    // The one destination that there may be.
    await client.subscribe(listens === 'yes' ? '/user/queue/errors' : '/topic/taken', 'e');
    client.send(frames[refusal](receipt ? { receipt: 'asked' } : {}));
    if (answer !== 'none') {
      const { headers, body } = await client.frame(answer);
      assert.equal(headers['receipt-id'], receipt ? 'asked' : undefined);
      assert.equal(headers['denied-destination'], destinations[refusal]);
      assert.ok(body.startsWith(headers.message));
      if (answer === 'MESSAGE') assert.equal(headers.destination, '/user/queue/errors');
    }
    if (connection === 'closes') {
      await client.closes();
    } else {
      // Its own receipt has not come, and holds up no other.
      await client.call('SEND', { destination: '/topic/nobody' }, 'x');
    }
    await until('it is in the log', () => lines(gateway, kinds[refusal]).length === 1);
    assert.equal((await scrape(gateway))[counter(kinds[refusal])], 1);
  });
}

test('the document has the whole table', () => {
  assert.equal(table.length, 6);
});
for (const [refusal, deny, listens, ...rest] of table) {
  for (const one of both(deny, 'strict', 'soft')) {
    for (const other of both(listens, 'yes', 'no')) {
      for (const receipt of [true, false]) play([refusal, one, other, ...rest], receipt);
    }
  }
}
