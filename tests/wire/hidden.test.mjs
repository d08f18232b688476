// A browser slows down the timers of a hidden page to one a minute: it lives, and is silent for
// longer than its STOMP client has promised. What really hangs is given up all the same.
import assert from 'node:assert/strict';
import { broker } from './lib/broker.mjs';
import { HandClient } from './lib/hand.mjs';
import { converse, Stomp } from './lib/stomp.mjs';
import { TcpStomp } from './lib/tcp.mjs';
import { test, withGateway } from './lib/test.mjs';

// It wants a beat each half second, and gives up 5 s behind the first that does not come.
// Its own pings and heartbeats come too late to find out anything.
const PROMISE = { 'heart-beat': '500,0' };
const gateway = withGateway(broker({ times: { stomp_want: 500, ping: 600_000, heartbeat: 600_000 } }));

// How long a silent client has: one over TCP, where nothing but its beats counts, tells.
const patience = async () => {
  const silent = await TcpStomp.connect(gateway, PROMISE);
  assert.match((await silent.fails()).headers.message, /heart-beat/);
};

class Page extends converse(Object) {
  static async open(transport) {
    const page = new Page();
    page.hand = await HandClient.open(`${gateway.url}/stomp`, transport);
    page.inbox = page.hand.inbox;
    return page;
  }

  send(data) {
    this.hand.send(data);
    return this;
  }

  next(what) { return this.inbox.next(what); }

  closes() { return this.hand.closes(); }

  abort() { this.hand.abort(); }
}

const pages = {
  'a WebSocket': () => Stomp.open(`${gateway.ws}/ws`),
  'a SockJS WebSocket': () => Page.open('websocket'),
  'xhr-streaming': () => Page.open('xhr-streaming'),
  'xhr-polling': () => Page.open('xhr-polling'),
};

for (const [name, open] of Object.entries(pages)) {
  test(`a hidden page over ${name} stays, though its beats come late`, async () => {
    const page = await open();
    await page.greet(PROMISE);
    page.send('\n');
    await patience();
    await patience();
    await page.call('SEND', { destination: '/topic/a' }, 'shown again');
    await patience();
    await page.call('SEND', { destination: '/topic/a' }, 'and again');
    page.abort();
  });
}

test('a page that answers no PING is given up', async () => {
  const page = await Stomp.open(`${gateway.ws}/ws`, [], { autoPong: false });
  await page.greet(PROMISE);
  page.send('\n');
  await page.closes();
});
