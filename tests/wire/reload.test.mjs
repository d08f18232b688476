// SIGHUP: the gateway reads its configuration again. Who is connected stays so, and what
// is wrong changes nothing.
// tags: tsan
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { configuration } from './lib/config.mjs';
import { ask } from './lib/http.mjs';
import { scrape } from './lib/metrics.mjs';
import { assertOrder } from './lib/order.mjs';
import { Session } from './lib/sockjs.mjs';
import { frame, Socket, Stomp } from './lib/stomp.mjs';
import { testWith } from './lib/test.mjs';
import { until } from './lib/wait.mjs';

const { users } = JSON.parse(readFileSync(new URL('broker.json', import.meta.url)));
const endpoint = (path, handler, more) => ({ path, handler, ...more });
const status = async (gateway, line, headers = {}) => (await ask(gateway.port, line, { headers })).status;

// Each question goes over a connection of its own, to one worker after the other: it has
// to be answered so by all of them.
async function becomes(what, expected, question) {
  for (let right = 0; right < 6;) {
    await until(what, async () => await question() === expected);
    right += 1;
  }
}

testWith('allowed origins change, also for an endpoint that has its own', configuration({
  allowed_origins: ['https://old.example'],
}), async (gateway) => {
  const get = (path, origin) => () => status(gateway, `GET ${path}/info`, { Origin: origin });
  assert.equal(await get('/echo', 'https://old.example')(), 200);
  assert.equal(await get('/echo', 'https://new.example')(), 403);
  await gateway.reload({
    allowed_origins: ['https://new.example'],
    endpoints: [endpoint('/echo', 'echo'), endpoint('/own', 'echo', { allowed_origins: ['https://own.example'] })],
  });
  await becomes('the new origin is allowed', 200, get('/echo', 'https://new.example'));
  await becomes('the old origin is not', 403, get('/echo', 'https://old.example'));
  await becomes('an endpoint has its own', 200, get('/own', 'https://own.example'));
});

testWith('an endpoint that has gone serves those who are there, and nobody else', configuration(), async (gateway, keep) => {
  const socket = await keep(Socket.open(`${gateway.ws}/echo/websocket`));
  await gateway.reload({ endpoints: [endpoint('/other', 'echo')] });
  await becomes('the endpoint is gone', 404, () => status(gateway, 'GET /echo/info'));
  await becomes('another has come', 200, () => status(gateway, 'GET /other/info'));
  for (let i = 0; i < 3; i += 1) {
    socket.send(`still here ${i}`);
    assert.equal(await socket.next(), `still here ${i}`);
  }
});

testWith('a SockJS session goes on over reloads, poll after poll', configuration(), async (gateway) => {
  const session = await Session.polling(gateway.port, '/echo');
  for (let i = 0; i < 5; i += 1) {
    await gateway.reload(configuration({ times: { heartbeat: 20_000 + i } }));
    assert.equal((await session.send(`${i}`)).status, 204);
    assert.equal(await session.poll(), `a["${i}"]\n`);
  }
});

testWith('an endpoint\'s own options change for those who come', configuration(), async (gateway, keep) => {
  const before = await keep(Socket.open(`${gateway.ws}/ws/chat`));
  await gateway.reload({ endpoints: [endpoint('/ws/chat', 'reply', { sockjs: false, reply: 'Something new' })] });
  await becomes('the reply is the new one', 'Something new', async () => {
    const socket = await Socket.open(`${gateway.ws}/ws/chat`);
    socket.send('?');
    const reply = await socket.next();
    await socket.close();
    return reply;
  });
  before.send('?');
  assert.equal(await before.next(), 'Welcome chatting sever~^^');
});

testWith('routes and limits change for those who are connected', configuration(), async (gateway, keep) => {
  const stomp = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
  await stomp.subscribe('/topic/new', 'a');
  const { app, ...rest } = configuration();
  await gateway.reload({
    ...rest, limits: { subscriptions: 1 },
    app: { prefixes: app.prefixes, routes: [{ match: '/app/new', send_to: '/topic/new' }] },
  });
  await becomes('the route is there', 'by the route', async () => {
    const other = await Stomp.connect(`${gateway.ws}/chat/websocket`);
    other.publish('/app/new', 'by the route');
    other.send(frame('DISCONNECT', { receipt: 'd' }));
    const { command } = await other.frame(); // an ERROR as long as there is no such route
    other.abort();
    return command === 'RECEIPT' ? (await stomp.frame('MESSAGE')).body : command;
  });
  stomp.send(frame('SUBSCRIBE', { id: 'b', destination: '/topic/b' }));
  await stomp.fails();
});

testWith('the log\'s level changes', configuration({ log_level: 'info' }), async (gateway) => {
  await (await Socket.open(`${gateway.ws}/echo/websocket`)).close();
  assert.doesNotMatch(gateway.log, / debug /);
  await gateway.reload(configuration({ log_level: 'debug' }));
  await (await Socket.open(`${gateway.ws}/echo/websocket`)).close();
  await until('there is more in the log', () => / debug session /.test(gateway.log));
});

testWith('the log\'s form changes', configuration({ log_format: 'text' }), async (gateway) => {
  const isJson = (line) => line.startsWith('{') && 'message' in JSON.parse(line);
  // What is logged of a session that begins and ends after the reload.
  const saidIn = async (log_format) => {
    await gateway.reload(configuration({ log_format }));
    const before = gateway.log.length;
    await (await Socket.open(`${gateway.ws}/echo/websocket`)).close();
    await until('the session\'s end is logged', () => /session.*\n/.test(gateway.log.slice(before)));
    return gateway.log.slice(before).trimEnd().split('\n');
  };
  assert.ok((await saidIn('json')).every(isJson), gateway.log);
  assert.ok(!(await saidIn('text')).some((line) => line.startsWith('{')), gateway.log);
  assert.ok((await saidIn('auto')).every(isJson), gateway.log); // no terminal reads it
}, { env: { POSTERN_LOG_FORMAT: undefined } });

testWith('operators must show the new token', configuration({ admin: { listen: '127.0.0.1:0', token: 'an-old-token-0123' } }), async (gateway) => {
  const shown = (token) => ask(gateway.adminPort, 'GET /metrics', { headers: { Authorization: `Bearer ${token}` } });
  const entering = async (passcode) => {
    const stomp = await Stomp.open(`ws://127.0.0.1:${gateway.adminPort}/console/stomp/websocket`);
    stomp.send(frame('CONNECT', { 'accept-version': '1.2', 'host': 'a', 'login': 'console', passcode }));
    const { command } = await stomp.frame();
    stomp.abort();
    return command;
  };
  assert.deepEqual([(await shown('an-old-token-0123')).status, await entering('an-old-token-0123')], [200, 'CONNECTED']);
  await gateway.reload(configuration({ admin: { listen: '127.0.0.1:0', token: 'a-new-token-4567' } }));
  await until('the new token opens', async () => (await shown('a-new-token-4567')).status === 200);
  assert.deepEqual([(await shown('an-old-token-0123')).status, await entering('an-old-token-0123')], [401, 'ERROR']);
  assert.equal(await entering('a-new-token-4567'), 'CONNECTED');
});

testWith('sessions are counted at endpoints that have come, and at those that have gone', configuration({
  admin: { listen: '127.0.0.1:0' },
}), async (gateway, keep) => {
  const open = (path) => keep(Socket.open(`${gateway.ws}${path}/websocket`));
  const counts = (expected) => until(JSON.stringify(expected), async () => {
    const figures = await scrape(gateway);
    return Object.entries(expected).every(([path, count]) => (
      figures[`postern_sessions{transport="websocket_raw",endpoint="${path}"}`] === count));
  });
  await open('/echo');
  await gateway.reload(configuration({
    admin: { listen: '127.0.0.1:0' }, endpoints: [endpoint('/late', 'echo'), endpoint('/later', 'echo')],
  }));
  await becomes('the new endpoints are there', 200, () => status(gateway, 'GET /later/info'));
  const late = await open('/late');
  await open('/later');
  await counts({ '/echo': 1, '/late': 1, '/later': 1, '(new)': 0 });
  await late.close();
  await counts({ '/echo': 1, '/late': 0, '/later': 1, '(new)': 0 });
});

testWith('what needs a restart is named, and stays as it was', configuration(), async (gateway) => {
  const changed = configuration({
    workers: 7, timezone: 'Europe/Paris', broker: { prefixes: ['/topic', '/elsewhere'] },
    endpoints: [endpoint('/new', 'echo')],
  });
  const said = await gateway.reload(changed);
  for (const key of ['timezone', 'broker.prefixes']) {
    assert.match(said, new RegExp(`warn +config: ${key} has changed, which needs a restart\n`));
  }
  assert.doesNotMatch(said, /config: (listen|workers)/); // options go over the file
  await becomes('the rest changes', 200, () => status(gateway, 'GET /new/info'));
  const stomp = await Stomp.connect(`${gateway.ws}/chat/websocket`);
  await stomp.subscribe('/topic/a');
  await stomp.close();
}, { workers: 2 });

const mistakes = {
  'is no JSON': ['{"endpoints": [', /postern\.json:1:\d+: /],
  'has an unknown key': ['{\n  "limits": {\n    "frames": 5}}', /postern\.json:3:5: limits\.frames: is not a known key \(did you mean "frame"\?\)/],
  'has a wrong type': ['{\n"endpoints": [{"path": "/a",\n"sockjs": "yes"}]}', /postern\.json:3:1: endpoints\[0\]\.sockjs: must be true or false/],
  'says something twice': ['{"limits": {"frame": 1000,\n "frame": 1000}}', /postern\.json:2:2: "frame" stands twice/],
};
testWith('a file with a mistake changes nothing, and the log says where it is', configuration(), async (gateway) => {
  for (const [what, [text, sentence]] of Object.entries(mistakes)) {
    const said = await gateway.reload(text);
    assert.match(said, / error server: reload \d+: failed, nothing is changed\n/, what);
    assert.match(said, sentence, what);
    assert.equal(await status(gateway, 'GET /echo/info'), 200, what);
  }
  await gateway.reload(configuration({ endpoints: [endpoint('/late', 'echo')] }));
  await becomes('a good file is taken afterwards', 200, () => status(gateway, 'GET /late/info'));
});

testWith('who has logged in stays, who comes is checked by the new users', configuration(), async (gateway, keep) => {
  const stomp = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
  await gateway.reload(configuration({ users }));
  await becomes('a stranger is refused', 'ERROR', async () => {
    const socket = await Socket.open(`${gateway.ws}/chat/websocket`);
    socket.send(frame('CONNECT', { 'accept-version': '1.2', 'host': 'a', 'login': 'x', 'passcode': 'y' }));
    const [command] = (await socket.next()).split('\n');
    await socket.close();
    return command;
  });
  await stomp.subscribe('/topic/a');
  stomp.publish('/topic/a', 'still here');
  assert.equal((await stomp.frame('MESSAGE')).body, 'still here');
});

testWith('nothing is lost, doubled or out of order while the configuration changes again and again', configuration({
  limits: { queue_messages: 1_000_000, queue_bytes: 1_000_000_000 },
}), async (gateway) => {
  let over = false, reloads = 0;
  const work = assertOrder(() => `${gateway.url}/chat`, { subscribers: 20, each: 1000 }).finally(() => { over = true; });
  work.catch(() => {});
  while (!over) {
    reloads += 1;
    await gateway.reload(configuration({
      limits: { queue_messages: 1_000_000 + reloads, queue_bytes: 1_000_000_000, sessions: 1000 + reloads },
      times: { heartbeat: 20_000 + reloads },
      endpoints: [endpoint(`/number/${reloads}`, 'echo', { response_limit: 1000 + reloads })],
    }));
  }
  await work;
  assert.ok(reloads > 5, `${reloads} reloads`);
  await becomes('the last one is in force', 200, () => status(gateway, `GET /number/${reloads}/info`));
});
