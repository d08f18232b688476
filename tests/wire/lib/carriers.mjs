// STOMP over whatever carries it: a test that is true for one carrier is for all.
import { HandClient } from './hand.mjs';
import { converse, Stomp } from './stomp.mjs';
import { TcpStomp } from './tcp.mjs';
import { test } from './test.mjs';

// A SockJS session over one transport.
class SockJsStomp extends converse(Object) {
  static async open(url, transport) {
    const stomp = new SockJsStomp();
    stomp.hand = await HandClient.open(url, transport);
    stomp.inbox = stomp.hand.inbox;
    return stomp;
  }

  send(data) {
    this.hand.send(data);
    return this;
  }

  // What came with the end counts too.
  next(what) { return this.inbox.next(what); }

  closes() { return this.hand.closes(); }

  async close() { this.abort(); }

  abort() { this.hand.abort(); }
}

const carriers = {
  'TCP': (gateway) => TcpStomp.open(gateway),
  'WebSocket': ({ ws }) => Stomp.open(`${ws}/ws`),
  'xhr-streaming': ({ url }) => SockJsStomp.open(`${url}/stomp`, 'xhr-streaming'),
  'xhr-polling': ({ url }) => SockJsStomp.open(`${url}/stomp`, 'xhr-polling'),
};

export const plain = ['TCP', 'WebSocket'];
export const overSockJs = ['xhr-streaming', 'xhr-polling'];
export const all = [...plain, ...overSockJs];

// A test for each carrier: body(connect, open, name, keep), whose clients end with the test;
// so does a client of another kind that it gives to keep().
export function testOver(names, gateway, title, body) {
  for (const name of names) {
    test(`${title} (${name})`, async () => {
      const clients = [];
      const open = async () => {
        clients.push(await carriers[name](gateway));
        return clients.at(-1);
      };
      const keep = (client) => {
        clients.push(client);
        return client;
      };
      const connect = async (headers) => (await open()).greet(headers);
      try {
        await body(connect, open, name, keep);
      } finally {
        clients.forEach((client) => client.abort());
      }
    });
  }
}
