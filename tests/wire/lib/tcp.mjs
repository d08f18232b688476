// STOMP by hand over plain TCP: the bytes are cut into frames here, and nowhere else.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { converse } from './stomp.mjs';
import { deadline, Inbox } from './wait.mjs';

const NUL = 0, LF = 10;

// Where its configuration lets the kernel choose a port, its log tells which.
export const tcpPort = ({ log }) => Number(log.match(/plain STOMP at .*:(\d+)(?:"})?\n/)[1]);

export class TcpStomp extends converse(Object) {
  #bytes = Buffer.alloc(0);

  // localAddress: one of this machine's, to be told from others.
  constructor(port, localAddress) {
    super();
    this.inbox = new Inbox(); // frames as buffers, then null
    this.beats = 0;
    this.socket = net.connect({ port, host: '127.0.0.1', localAddress, noDelay: true, allowHalfOpen: true });
    this.socket.on('error', (error) => { this.error = error; });
    this.socket.on('data', (data) => {
      this.#bytes = this.#bytes.length === 0 ? data : Buffer.concat([this.#bytes, data]);
      this.#cut();
    });
    this.closed = new Promise((resolve) => {
      this.socket.once('end', resolve).once('close', resolve);
    }).then(() => this.inbox.put(null));
  }

  static async open(gateway) {
    const stomp = new TcpStomp(tcpPort(gateway));
    await once(stomp.socket, 'connect');
    return stomp;
  }

  static async connect(gateway, headers) {
    return (await TcpStomp.open(gateway)).greet(headers);
  }

  #cut() {
    for (;;) {
      while (this.#bytes[0] === LF) {
        this.#bytes = this.#bytes.subarray(1);
        this.beats += 1;
      }
      const head = this.#bytes.indexOf('\n\n');
      if (head === -1) return;
      const length = this.#bytes.toString('latin1', 0, head).match(/\ncontent-length:(\d+)/)?.[1];
      const end = length === undefined ? this.#bytes.indexOf(NUL, head + 2) : head + 2 + Number(length);
      if (end === -1 || end >= this.#bytes.length) return;
      this.inbox.put(this.#bytes.subarray(0, end + 1));
      this.#bytes = this.#bytes.subarray(end + 1);
    }
  }

  send(data) {
    this.socket.write(data);
    return this;
  }

  async next(what) {
    const data = await this.inbox.next(what);
    assert.notEqual(data, null, `the connection ended (${this.error})`);
    return data;
  }

  // No frame comes any more, whole or not, but the end.
  async ends() {
    assert.equal(await this.inbox.next('the connection ends'), null);
    assert.equal(`${this.#bytes}`, '');
  }

  closes() { return deadline('the connection ends', this.closed); }

  // Says no more, and hears on.
  finish() { this.socket.end(); }

  // Vanishes without a word of farewell.
  reset() {
    this.socket.resetAndDestroy();
    return this.closes();
  }

  close() {
    this.abort();
    return this.closes();
  }

  abort() { this.socket.destroy(); }
}
