// STOMP by hand over a WebSocket: frames as text, so that a test says what it means.
import assert from 'node:assert/strict';
import WebSocket from 'ws';
import { deadline, Inbox } from './wait.mjs';

// frame('SEND', { destination: '/topic/a' }, 'text') as it goes over the wire.
export function frame(command, headers = {}, body = '') {
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  return `${command}\n${lines.join('')}\n${body}\0`;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

// Bytes that are no UTF-8 become a character each.
function textOf(bytes) {
  try {
    return utf8.decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}

// What came, not unescaped. The first of repeated headers counts.
export function readFrame(data) {
  const text = typeof data === 'string' ? data : textOf(data);
  const end = text.indexOf('\n\n');
  const [command, ...lines] = text.slice(0, end).split('\n');
  const headers = {};
  for (const line of lines) {
    const at = line.indexOf(':');
    headers[line.slice(0, at)] ??= line.slice(at + 1);
  }
  assert.equal(text.at(-1), '\0', `no whole frame: ${JSON.stringify(text)}`);
  return { command, headers, body: text.slice(end + 2, -1), data };
}

// A raw WebSocket. Messages arrive in an inbox: text as strings, binary as buffers.
export class Socket {
  constructor(url, protocols, options) {
    this.inbox = new Inbox();
    this.ws = new WebSocket(url, protocols, options);
    this.ws.on('message', (data, isBinary) => this.inbox.put(isBinary ? data : data.toString()));
    this.closed = new Promise((resolve) => {
      this.ws.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    this.opened = new Promise((resolve, reject) => {
      this.ws.once('open', resolve);
      this.ws.once('error', reject);
    });
    this.opened.catch(() => {});
  }

  static async open(...place) {
    const socket = new this(...place);
    await deadline('the WebSocket opens', socket.opened);
    return socket;
  }

  send(data) {
    this.ws.send(data);
    return this;
  }

  next(what) { return this.inbox.next(what); }

  closes() { return deadline('the WebSocket closes', this.closed); }

  close() {
    this.abort();
    return this.closed;
  }

  abort() { this.ws.terminate(); }
}

// A conversation in STOMP, on whatever has send(), next() and closes().
export const converse = (Base) => class extends Base {
  async greet(headers = {}) {
    this.send(frame('CONNECT', { 'accept-version': '1.2', host: 'localhost', login: 'guest', passcode: 'guest', ...headers }));
    this.connected = await this.frame('CONNECTED');
    return this;
  }

  // The next frame; heart-beats are skipped.
  async frame(command) {
    for (;;) {
      const data = await this.next(`a frame ${command ?? ''} arrives`);
      if (data === '\n') continue;
      const got = readFrame(data);
      if (command) assert.equal(got.command, command, JSON.stringify(got));
      return got;
    }
  }

  // Sends a frame and waits for its receipt.
  async call(command, headers, body) {
    this.receipts = (this.receipts ?? 0) + 1;
    this.send(frame(command, { ...headers, receipt: `r${this.receipts}` }, body));
    const receipt = await this.frame('RECEIPT');
    assert.equal(receipt.headers['receipt-id'], `r${this.receipts}`);
  }

  // The server has had enough: an ERROR, then the end of the connection.
  async fails() {
    const error = await this.frame('ERROR');
    assert.ok(error.headers.message, 'an ERROR says why');
    await this.closes();
    return error;
  }

  subscribe(destination, id = '0', more = {}) {
    return this.call('SUBSCRIBE', { id, destination, ...more });
  }

  publish(destination, body, more = {}) {
    return this.send(frame('SEND', { destination, ...more }, body));
  }
};

// On a raw WebSocket.
export class Stomp extends converse(Socket) {
  static async connect(url, headers = {}, protocols = []) {
    return (await this.open(url, protocols)).greet(headers);
  }
}
