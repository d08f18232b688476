// HTTP as it is on the wire: a socket whose bytes, heads and chunks a test can see.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import net from 'node:net';
import { deadline } from './wait.mjs';

export class Wire {
  // localAddress: one of this machine's, for those who need more ports than one has.
  static open(port, localAddress) {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => resolve(new Wire(socket)));
    });
  }

  // A connection that has served a request of another session before, as a proxy's have:
  // its worker, by chance, has nothing to do with the sessions that are asked for now.
  static async pooled(port, localAddress) {
    const wire = await Wire.open(port, localAddress);
    const { status } = await wire.write(strangersRequest()).answer();
    assert.equal(status, 204);
    return wire;
  }

  constructor(socket) {
    this.socket = socket;
    this.bytes = Buffer.alloc(0);
    this.ended = false;
    this.wake = () => {};
    socket.removeAllListeners('error').on('error', () => this.#end());
    socket.on('data', (data) => {
      this.bytes = Buffer.concat([this.bytes, data]);
      this.wake();
    });
    socket.on('end', () => this.#end()).on('close', () => this.#end());
  }

  #end() {
    this.ended = true;
    this.wake();
  }

  write(data) {
    this.socket.write(data);
    return this;
  }

  // Returns when the kernel has taken the bytes.
  writeOut(data) {
    return new Promise((resolve) => this.socket.write(data, resolve));
  }

  // Leaves as a browser does that closes its tab.
  abort() { this.socket.destroy(); }

  // Waits until find() gives something from the bytes; null when the peer ended before.
  #wait(what, find) {
    return deadline(what, new Promise((resolve) => {
      const look = () => {
        const found = find();
        if (found === undefined && !this.ended) return;
        this.wake = () => {};
        resolve(found ?? null);
      };
      this.wake = look;
      look();
    }));
  }

  #cut(length) {
    const part = this.bytes.subarray(0, length);
    this.bytes = this.bytes.subarray(length);
    return part;
  }

  take(length) {
    return this.#wait(`${length} bytes arrive`, () => (
      this.bytes.length >= length ? this.#cut(length) : undefined));
  }

  // Up to and without the CRLF; null at the end of the connection.
  line() {
    return this.#wait('a line arrives', () => {
      const at = this.bytes.indexOf('\r\n');
      return at === -1 ? undefined : this.#cut(at + 2).subarray(0, at).toString('latin1');
    });
  }

  async head() {
    const first = await this.line();
    assert.notEqual(first, null, 'the connection ended without an answer');
    const [, minor, status] = first.match(/^HTTP\/1\.([01]) (\d{3}) /) ?? assert.fail(first);
    const headers = {};
    for (let line; (line = await this.line()) !== '';) {
      const at = line.indexOf(':');
      const name = line.slice(0, at).toLowerCase();
      const value = line.slice(at + 1).trim();
      headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
    }
    return { status: Number(status), minor: Number(minor), headers };
  }

  // The bytes of the next chunk as they were cut; null after the last one.
  async chunk() {
    const line = await this.line();
    assert.notEqual(line, null, 'the connection ended inside of a chunked body');
    assert.match(line, /^[0-9a-f]+$/i);
    const data = await this.take(parseInt(line, 16));
    assert.equal(await this.line(), '');
    return data.length === 0 ? null : data.toString();
  }

  // Everything until the peer ends the connection.
  async rest() {
    await this.#wait('the connection ends', () => (this.ended ? true : undefined));
    return this.#cut(this.bytes.length);
  }

  // A whole answer, however its length is told.
  async answer({ method = 'GET' } = {}) {
    const head = await this.head();
    const { 'content-length': length, 'transfer-encoding': coding } = head.headers;
    const bodiless = method === 'HEAD' || head.status < 200 || head.status === 204
      || head.status === 304;
    const bytes = bodiless ? Buffer.alloc(0)
      : coding ? await this.#chunks()
        : length ? await this.take(Number(length))
          : await this.rest();
    return { ...head, bytes, body: bytes.toString() };
  }

  async #chunks() {
    const chunks = [];
    for (let chunk; (chunk = await this.chunk()) !== null;) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  }
}

// The text of a request. A body gets its Content-Length.
export function requestText(line, { headers = {}, body, version = '1.1' } = {}) {
  const all = { Host: 'localhost', ...headers };
  if (body !== undefined) all['Content-Length'] = Buffer.byteLength(body);
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${line} HTTP/${version}\r\n${lines.join('')}\r\n${body ?? ''}`;
}

// What a session asks for that never comes to life: it leads the connection to the
// session's home, which the server's secret decides.
export function strangersRequest() {
  return requestText(`OPTIONS /echo/000/${randomUUID()}/xhr`);
}

let open = Wire.open;

// From now on, connect(), ask() and stream() take a pooled connection each time.
export function useConnectionsOfOthers() { open = Wire.pooled; }

export const connect = (port, localAddress) => open(port, localAddress);

// One request on a connection of its own, answered whole: ask(port, 'GET /chat').
export async function ask(port, line, options) {
  const wire = await connect(port);
  try {
    return await wire.write(requestText(line, options)).answer({ method: line.split(' ')[0] });
  } finally {
    wire.abort();
  }
}

// A request whose answer stays open: returns the connection after the head.
export async function stream(port, line, options) {
  const wire = await connect(port);
  wire.opening = await wire.write(requestText(line, options)).head();
  return wire;
}
