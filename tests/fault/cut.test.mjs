// A connection that breaks behind byte n of what the gateway says, for every n and on each
// transport: who comes back sees what of a topic was missed, and a queue has lost nothing.
import assert from 'node:assert/strict';
import { HandClient, byHand } from '../wire/lib/hand.mjs';
import { configuration } from '../wire/lib/config.mjs';
import { frame, readFrame, Stomp } from '../wire/lib/stomp.mjs';
import { TcpStomp, tcpPort } from '../wire/lib/tcp.mjs';
import { testWith } from '../wire/lib/test.mjs';
import { Cutter } from './lib/cutter.mjs';
import { size } from './lib/size.mjs';

const STEP = size(41, 1); // bytes between two cuts
const AT_ONCE = 25;
const MESSAGES = 3;

const settings = configuration({
  tcp: { listen: '127.0.0.1:0' },
  times: { disconnect: 200, drain: 500 },
  broker: { prefixes: ['/topic'] },
});

// A client that is cut: says what it has received, in order, and what was confirmed to it.
async function openVictim(transport, port) {
  if (transport !== 'TCP') return HandClient.open(`http://127.0.0.1:${port}/chat`, transport);
  const stomp = new TcpStomp(port);
  stomp.socket.once('close', () => stomp.inbox.put(null));
  return stomp;
}

async function runVictim(transport, port, places, isReady) {
  const heard = { topic: [], queue: [], acked: [], confirmed: [] };
  const victim = await openVictim(transport, port);
  const say = (...more) => victim.send(frame(...more));
  try {
    await say('CONNECT', { 'accept-version': '1.2', host: 'a', 'heart-beat': '0,0' });
    await say('SUBSCRIBE', { id: 't', destination: places.topic, receipt: 'ready' });
    await say('SUBSCRIBE', { id: 'q', destination: places.queue, ack: 'client-individual', receipt: 'ready' });
    let waited = 2; // each is confirmed by its home, which may be another worker
    while (heard.topic.length < MESSAGES || heard.confirmed.length < MESSAGES) {
      const data = await victim.next();
      if (data === null) break;
      const { command, headers, body } = readFrame(data);
      if (headers['receipt-id'] === 'ready') {
        waited -= 1;
        if (waited === 0) isReady();
      } else if (command === 'RECEIPT') heard.confirmed.push(headers['receipt-id']);
      else if (headers.subscription === 't') heard.topic.push({ body, seq: headers['x-postern-seq'] });
      else if (headers.subscription === 'q') {
        heard.queue.push(body);
        heard.acked.push(body);
        say('ACK', { id: headers.ack, receipt: body })?.catch?.(() => {});
      }
    }
    heard.isWhole = true;
  } catch {
    // It was cut.
  } finally {
    victim.abort();
  }
  return heard;
}

const offset = (seq) => Number(seq.split('-')[1]);

// Returns whether the conversation was over before the cut.
async function cutBehind(gateway, keep, transport, bytes) {
  const places = { topic: `/topic/${transport}/${bytes}`, queue: `/queue/${transport}/${bytes}` };
  const cutter = await keep(Cutter.open(transport === 'TCP' ? tcpPort(gateway) : gateway.port, bytes));
  const publisher = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`, { 'heart-beat': '0,0' }));
  await publisher.subscribe(places.topic, 'own'); // so the topic stays

  let isReady;
  const ready = new Promise((resolve) => { isReady = resolve; });
  const running = runVictim(transport, cutter.port, places, isReady).catch(() => ({ topic: [], queue: [], acked: [], confirmed: [] }));
  await Promise.race([ready, cutter.cut, running]);
  for (let i = 1; i <= MESSAGES; i += 1) {
    publisher.publish(places.topic, `${i}`);
    await publisher.frame('MESSAGE');
    await publisher.call('SEND', { destination: places.queue }, `${i}`);
  }
  const heard = await running;
  cutter.abort();

  const heir = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`, { 'heart-beat': '0,0' }));
  await heir.subscribe(places.topic, 't');
  heir.send(frame('SUBSCRIBE', { id: 'q', destination: places.queue }));
  publisher.publish(places.topic, 'last');
  const inherited = [];
  let last;
  const isKnown = (body) => inherited.includes(body) || heard.acked.includes(body);
  const all = Array.from({ length: MESSAGES }, (_, i) => `${i + 1}`);
  while (!last || !all.every(isKnown)) {
    const { headers, body } = await heir.frame('MESSAGE');
    if (headers.subscription === 't') last = headers['x-postern-seq'];
    else inherited.push(body);
  }

  heard.topic.forEach(({ body, seq }) => assert.equal(offset(seq), Number(body)));
  assert.deepEqual(heard.topic.map(({ body }) => body), all.slice(0, heard.topic.length), 'no gap is silent');
  assert.equal(offset(last), MESSAGES + 1, 'the number of the last one tells what was missed');
  for (const body of heard.confirmed) assert.ok(!inherited.includes(body), `${body} was acknowledged, and comes again`);
  assert.equal(new Set(inherited).size, inherited.length, 'nothing comes twice to one client');
  await Promise.all([publisher.close(), heir.close()]);
  return heard.isWhole;
}

for (const transport of [...byHand, 'TCP']) {
  testWith(`whatever byte of ${transport} a connection breaks behind, no gap is silent and no queue loses anything`, settings,
    async (gateway, keep) => {
      let cuts = 0;
      for (let bytes = 1, isOver = false; !isOver;) {
        const round = Array.from({ length: AT_ONCE }, (_, i) => bytes + i * STEP);
        isOver = (await Promise.all(round.map((n) => cutBehind(gateway, keep, transport, n)))).some(Boolean);
        bytes += AT_ONCE * STEP;
        cuts += AT_ONCE;
      }
      console.log(`# ${transport}: cut ${cuts} times`);
    }, { timeout: 900_000 });
}
