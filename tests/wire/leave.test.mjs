// A deploy: SIGTERM while everything is open and in use. Nobody new is let in, who is
// there learns of it and gets what was promised, and the gateway is gone in time.
import assert from 'node:assert/strict';
import { configuration } from './lib/config.mjs';
import { ask, connect, requestText } from './lib/http.mjs';
import { openAll } from './lib/open.mjs';
import { fetch, made, next, openIdle, polls, receivers, send, wait } from './lib/receivers.mjs';
import { Session } from './lib/sockjs.mjs';
import { frame, readFrame, Socket, Stomp } from './lib/stomp.mjs';
import { TcpStomp } from './lib/tcp.mjs';
import { testWith } from './lib/test.mjs';
import { deadline, until } from './lib/wait.mjs';

const COMES_BACK = 1001;

// A publisher that sends one frame after the other and wants a receipt for each.
class Publisher {
  constructor(stomp, destination) {
    Object.assign(this, { stomp, destination, sent: 0, confirmed: [] });
    this.ended = this.#run();
  }

  async #run() {
    if (this.stomp.ws) this.stomp.closed.then(() => this.stomp.inbox.put(null));
    for (;;) {
      this.sent += 1;
      this.stomp.send(frame('SEND', { destination: this.destination, receipt: `${this.sent}` }, `${this.sent}`));
      const data = await this.stomp.inbox.next('a receipt comes, or the end');
      if (data === null) return;
      const { command, headers } = readFrame(data);
      assert.equal(command, 'RECEIPT');
      this.confirmed.push(Number(headers['receipt-id']));
    }
  }
}

testWith('SIGTERM under load: nobody new, receipts first, closes that let clients come back, and the end in time',
  configuration({ tcp: { listen: '127.0.0.1:0' }, broker: { prefixes: ['/topic'] } }), async (gateway, keep) => {
    const { port, ws } = gateway;
    const open = await openAll(gateway);
    for (const client of open) await keep(client);
    const sessions = receivers.map((receiver) => ({ receiver, session: new Session(port, '/echo') }));
    for (const one of sessions) one.wire = await keep(wait(one.session, one.receiver));
    const websocket = await keep(Socket.open(`${ws}/echo/000/leave/websocket`));
    assert.equal(await websocket.next(), 'o');
    const kept = await keep(connect(port));
    assert.equal((await kept.write(requestText('GET /ready')).answer()).status, 200);
    const publishers = [];
    for (let i = 0; i < 4; i += 1) publishers.push(new Publisher(await keep(Stomp.connect(`${ws}/chat/websocket`)), '/topic/load'));
    publishers.push(new Publisher(await keep(TcpStomp.connect(gateway)), '/topic/load'));
    await until('all publish', () => publishers.every(({ confirmed }) => confirmed.length > 5));

    await gateway.drain();
    for (const { receiver, wire } of sessions) {
      const text = await next(wire, receiver);
      assert.match(text, /1001/, `${receiver.name} got ${text}`);
    }
    assert.equal(await websocket.next(), `c[${COMES_BACK},"Going away"]`);
    await deadline('the publishers end', Promise.all(publishers.map(({ ended }) => ended)));
    await deadline('all clients learn of it', Promise.all(open.map(({ ended }) => ended)));
    assert.equal(await deadline('the gateway ends', gateway.exit, 8000), 0);
    for (const { confirmed, sent } of publishers) {
      assert.ok(sent - confirmed.length <= 1, `${confirmed.length} of ${sent} were confirmed`);
    }
  });

// A reader that keeps the gateway for the time of a test.
async function keepBusy(gateway, keep) {
  const deaf = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
  await deaf.subscribe('/topic/flood');
  deaf.ws.pause();
  const loud = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
  for (let i = 0; i < 40; i += 1) loud.publish('/topic/flood', 'x'.repeat(100_000));
  await loud.call('SEND', { destination: '/topic/other' }, 'the flood has been taken');
}

const draining = configuration({
  tcp: { listen: '127.0.0.1:0' }, times: { drain: 600_000, progress: 600_000, disconnect: 60_000 },
});

testWith('while a gateway drains it is not ready, and lets nobody new in', draining, async (gateway, keep) => {
  await keepBusy(gateway, keep);
  await gateway.drain();
  const { port, ws } = gateway;
  assert.equal((await ask(port, 'GET /ready')).status, 503);
  assert.equal((await ask(port, 'GET /health')).status, 200);
  for (const { line } of receivers) {
    const [method, path] = line.split(' ');
    const { status } = await ask(port, `${method} /echo/000/new/${path}`, method === 'POST' ? { body: '' } : {});
    assert.equal(status, 503, line);
  }
  for (const path of ['/echo/000/new/websocket', '/echo/websocket']) {
    const socket = await keep(Socket.open(`${ws}${path}`));
    assert.equal((await socket.closes()).code, 1013);
  }
  const tcp = await keep(TcpStomp.open(gateway));
  assert.equal((await tcp.frame('ERROR')).headers.message, 'Try again later');
  gateway.child.kill('SIGTERM');
  assert.equal(await deadline('a second SIGTERM ends it at once', gateway.exit), 0);
});

for (const receiver of polls) {
  testWith(`who polls by ${receiver.name} fetches the last messages and the close from a gateway that drains`, draining,
    async (gateway, keep) => {
      await keepBusy(gateway, keep);
      const session = new Session(gateway.port, '/echo');
      await openIdle(session, receiver);
      await send(session, receiver, 'last words');
      await gateway.drain();
      const frames = [];
      for (let i = 0; i < 2; i += 1) frames.push(...await fetch(session, receiver));
      assert.deepEqual(frames, [...made(receiver, 'a["last words"]'), ...made(receiver, 'c[1001,"Going away"]')]);
      gateway.child.kill('SIGTERM');
      assert.equal(await deadline('a second SIGTERM ends it at once', gateway.exit), 0);
    });
}
