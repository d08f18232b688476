// A proxy as people put it before a gateway: it keeps its connections and hands them out
// by lot, so that the requests of a session, its WebSocket too, travel on connections
// that have served other sessions before, whose workers have nothing to do with it.
import http from 'node:http';
import net from 'node:net';
import { strangersRequest } from './http.mjs';

const IDLE = 16; // connections that it keeps for later; busy ones do not count

function shuffle(list) {
  for (let i = list.length - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
}

class Pool extends http.Agent {
  constructor() { super({ keepAlive: true, maxFreeSockets: IDLE }); }

  addRequest(request, options) {
    Object.values(this.freeSockets).forEach(shuffle);
    super.addRequest(request, options);
  }

  // A new connection serves a stranger first: then it is like any other.
  createConnection({ port, host }, done) {
    const socket = net.connect({ port, host, noDelay: true });
    let answer = '';
    const fail = () => done(new Error('the gateway closed the connection'));
    const read = (data) => {
      answer += data;
      if (!answer.endsWith('\r\n\r\n')) return;
      socket.off('data', read).off('error', fail).off('close', fail);
      done(null, socket);
    };
    socket.on('data', read).once('error', fail).once('close', fail).write(strangersRequest());
  }
}

const ownHeaders = new Set(['connection', 'keep-alive', 'transfer-encoding']);

function passedOn(headers) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ownHeaders.has(name)));
}

export class Proxy {
  // Before the gateway on that port.
  static async open(port) {
    const proxy = new Proxy();
    proxy.gateway = port;
    proxy.pool = new Pool();
    proxy.underWay = new Set(); // requests that the gateway has not answered in full
    proxy.tunnels = new Set();
    proxy.server = http.createServer((request, response) => proxy.#pass(request, response));
    proxy.server.on('upgrade', (request, socket, head) => proxy.#upgrade(request, socket, head));
    proxy.server.keepAliveTimeout = 600_000;
    await new Promise((resolve) => { proxy.server.listen(0, '127.0.0.1', resolve); });
    proxy.port = proxy.server.address().port;
    return proxy;
  }

  get url() { return `http://127.0.0.1:${this.port}`; }
  get ws() { return `ws://127.0.0.1:${this.port}`; }

  #ask({ method, url, headers }, more) {
    const asked = http.request({
      agent: this.pool, host: '127.0.0.1', port: this.gateway, method, path: url,
      headers: { ...passedOn(headers), ...more },
    });
    this.underWay.add(asked);
    return asked.once('close', () => this.underWay.delete(asked)).on('error', () => {});
  }

  #pass(request, response) {
    const chunked = request.headers['transfer-encoding'];
    const asked = this.#ask(request, chunked && { 'Transfer-Encoding': chunked });
    request.pipe(asked);
    asked.once('response', (answer) => {
      response.writeHead(answer.statusCode, passedOn(answer.headers));
      response.flushHeaders();
      answer.pipe(response);
    });
    // Who breaks off at one end does so at the other: a whole answer has ended by then.
    asked.once('close', () => response.writableEnded || response.destroy());
    response.once('close', () => response.writableFinished || asked.destroy());
  }

  #upgrade(request, socket, head) {
    const asked = this.#ask(request, { Connection: 'Upgrade' });
    const join = (other) => {
      for (const [one, two] of [[socket, other], [other, socket]]) {
        one.pipe(two);
        one.on('error', () => {}).once('close', () => two.destroy());
        this.tunnels.add(one);
        one.once('close', () => this.tunnels.delete(one));
      }
    };
    socket.on('error', () => {});
    asked.once('upgrade', (answer, other, more) => {
      const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
      socket.write(more);
      other.write(head);
      join(other);
    });
    asked.once('response', (answer) => {
      socket.write(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\nConnection: close\r\n\r\n`);
      answer.pipe(socket);
    });
    asked.once('error', () => socket.destroy());
    asked.end();
  }

  // Loses the connections on which such requests are under way. The kernel has them: of
  // those that have not left the proxy the gateway would never hear.
  cut(isMeant) {
    const cut = [...this.underWay].filter(({ path, writableFinished }) => writableFinished && isMeant(path));
    cut.forEach(({ socket }) => socket?.destroy());
    return cut.length;
  }

  abort() {
    this.server.close();
    this.server.closeAllConnections();
    this.tunnels.forEach((socket) => socket.destroy());
    this.underWay.forEach((asked) => asked.destroy());
    this.pool.destroy();
  }
}
