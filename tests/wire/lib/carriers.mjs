// STOMP over whatever carries it: a test that is true for one carrier is for all.
import net from 'node:net';
import { HandClient } from './hand.mjs';
import { converse, Stomp } from './stomp.mjs';
import { test } from './test.mjs';
import { deadline, Inbox } from './wait.mjs';

// Plain TCP. Frames arrive in the inbox whole, heart-beats as "\n".
export class TcpStomp extends converse(Object) {
  static async open(port) {
    const stomp = new TcpStomp();
    stomp.inbox = new Inbox();
    stomp.bytes = Buffer.alloc(0);
    stomp.socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    stomp.socket.on('data', (data) => stomp.#take(data)).on('error', () => {});
    stomp.closed = new Promise((resolve) => { stomp.socket.once('close', () => resolve({})); });
    await deadline('the connection opens', new Promise((resolve, reject) => {
      stomp.socket.once('connect', resolve).once('error', reject);
    }));
    return stomp;
  }

  static async connect(port, headers) {
    return (await TcpStomp.open(port)).greet(headers);
  }

  #take(data) {
    this.bytes = Buffer.concat([this.bytes, data]);
    for (let end; (end = this.#frameEnd()) > 0; this.bytes = this.bytes.subarray(end)) {
      this.inbox.put(this.bytes.toString('utf8', 0, end));
    }
  }

  // Behind the first whole frame or heart-beat; 0 when there is none.
  #frameEnd() {
    if (this.bytes[0] === 10) return 1;
    const head = this.bytes.indexOf('\n\n');
    if (head < 0) return 0;
    const length = this.bytes.toString('latin1', 0, head).match(/\ncontent-length:(\d+)/);
    const end = length ? head + 2 + Number(length[1]) : this.bytes.indexOf(0, head);
    return end >= 0 && end < this.bytes.length ? end + 1 : 0;
  }

  send(data) {
    this.socket.write(data);
    return this;
  }

  next(what) { return this.inbox.next(what); }

  closes() { return deadline('the connection closes', this.closed); }

  close() {
    this.abort();
    return this.closed;
  }

  abort() { this.socket.destroy(); }
}

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
  'TCP': ({ tcpPort }) => TcpStomp.open(tcpPort),
  'WebSocket': ({ ws }) => Stomp.open(`${ws}/ws`),
  'xhr-streaming': ({ url }) => SockJsStomp.open(`${url}/stomp`, 'xhr-streaming'),
  'xhr-polling': ({ url }) => SockJsStomp.open(`${url}/stomp`, 'xhr-polling'),
};

export const plain = ['TCP', 'WebSocket'];
export const all = Object.keys(carriers);

// A test for each carrier: body(connect, open), whose clients end with the test.
export function testOver(names, gateway, title, body) {
  for (const name of names) {
    test(`${title} (${name})`, async () => {
      const clients = [];
      const open = async () => {
        clients.push(await carriers[name](gateway));
        return clients.at(-1);
      };
      const connect = async (headers) => (await open()).greet(headers);
      try {
        await body(connect, open, name);
      } finally {
        clients.forEach((client) => client.abort());
      }
    });
  }
}
