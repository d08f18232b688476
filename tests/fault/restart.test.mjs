// A gateway that ends and is started again on its port: all clients come back.
import { configuration } from '../wire/lib/config.mjs';
import { HandClient } from '../wire/lib/hand.mjs';
import { frame, readFrame, Stomp } from '../wire/lib/stomp.mjs';
import { testWith } from '../wire/lib/test.mjs';
import { deadline, until } from '../wire/lib/wait.mjs';
import { size } from './lib/size.mjs';

const CLIENTS = size(300, 5000), AT_ONCE = 100;
const PATIENCE = 300_000, LONGEST = size(2000, 10_000); // of all waits before another try

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

// One that comes back whenever it is sent away, as a page does: after a moment that is a
// bit different for each, and longer each time that it fails.
class Faithful {
  constructor(gateway, i) {
    this.url = `${gateway.url}/chat`;
    this.transport = ['websocket', 'xhr-streaming', 'websocket', 'xhr-polling'][i % 4];
    this.opened = 0;
    this.run();
  }

  async run() {
    for (let failures = 0; !this.aborted;) {
      try {
        this.hand = await HandClient.open(this.url, this.transport);
        this.hand.send(frame('CONNECT', { 'accept-version': '1.2', host: 'a', 'heart-beat': '0,0' })
          + frame('SUBSCRIBE', { id: '0', destination: '/topic/all', receipt: 'r' }));
        for (let i = 0; i < 2; i += 1) await this.hand.next();
        failures = 0;
        this.opened += 1;
        this.onOpen?.();
        for (;;) this.heard = readFrame(await this.hand.next('news', PATIENCE)).body;
      } catch {
        this.hand?.abort();
        failures += 1;
        await pause(Math.random() * Math.min(LONGEST, 100 * 2 ** failures));
      }
    }
  }

  opens(times) {
    if (this.opened >= times) return Promise.resolve();
    return new Promise((resolve) => { this.onOpen = () => this.opened >= times && resolve(); });
  }

  abort() {
    this.aborted = true;
    this.hand?.abort();
  }
}

testWith(`${CLIENTS} clients come back to a gateway that is started again`, configuration({
  times: { drain: 3000 }, limits: { address_connections: 20_000 },
}), async (gateway, keep) => {
  const clients = [];
  for (let i = 0; i < CLIENTS; i += AT_ONCE) {
    for (let j = 0; j < AT_ONCE; j += 1) clients.push(await keep(new Faithful(gateway, i + j)));
    await deadline('they come', Promise.all(clients.map((client) => client.opens(1))), PATIENCE);
  }
  const at = performance.now();
  await gateway.restart();
  await deadline('they come back', Promise.all(clients.map((client) => client.opens(2))), PATIENCE);
  console.log(`# all were back ${Math.round(performance.now() - at)} ms after SIGTERM`);
  const publisher = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
  await publisher.call('SEND', { destination: '/topic/all' }, 'welcome');
  await until('all hear', () => clients.every(({ heard }) => heard === 'welcome'), PATIENCE);
}, { timeout: 900_000 });
