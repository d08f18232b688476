// The clients that browsers use, each with the same few promises around it, so that
// one test can run with every library over every transport.
import { createRequire } from 'node:module';
import SockJS from 'sockjs-client';
import WebSocket from 'ws';
import { deadline, Inbox } from './wait.mjs';

const require = createRequire(import.meta.url);

// How to reach an endpoint: transport name -> (http URL of it) -> a socket.
export const sockets = {
  'a plain WebSocket': (url) => new WebSocket(`${url.replace(/^http/, 'ws')}/websocket`),
  'SockJS websocket': (url) => sockjs(url, 'websocket'),
  'SockJS xhr-streaming': (url) => sockjs(url, 'xhr-streaming'),
  'SockJS eventsource': (url) => sockjs(url, 'eventsource'),
  'SockJS xhr-polling': (url) => sockjs(url, 'xhr-polling'),
};

function sockjs(url, transport) { // all transports when none is named
  return new SockJS(url, null, transport ? { transports: [transport] } : {});
}

// sockjs-client by itself, without STOMP.
export class SockJsClient {
  constructor(url, transport) {
    this.inbox = new Inbox();
    this.socket = sockjs(url, transport);
    this.socket.onmessage = ({ data }) => this.inbox.put(data);
    this.opened = new Promise((resolve) => { this.socket.onopen = resolve; });
    this.closed = new Promise((resolve) => { this.socket.onclose = resolve; });
    this.failed = this.closed.then(({ code, reason }) => { throw new Error(`closed with ${code} ${reason}`); });
    this.failed.catch(() => {});
  }

  static async open(url, transport) {
    const client = new SockJsClient(url, transport);
    await deadline(`${transport} opens`, Promise.race([client.opened, client.failed]));
    return client;
  }

  send(text) { this.socket.send(text); }

  // What comes next, in order; an error when the session has ended.
  next() { return Promise.race([this.inbox.next(), this.failed]); }

  closes() { return deadline('the SockJS closes', this.closed); }

  close() {
    this.socket.close();
    return this.closes();
  }

  abort() { this.socket.close(); }
}

// stompjs 2, and webstomp-client, which is made after it.
class Classic {
  constructor(name) { this.library = require(name); }

  async connect(makeSocket, [outgoing, incoming], login) {
    this.beats = { sent: 0, received: 0 };
    this.stomp = this.library.over(makeSocket(), { heartbeat: { outgoing, incoming } });
    this.stomp.heartbeat = { outgoing, incoming };
    this.stomp.debug = (line) => countBeats(this.beats, line);
    this.stomp.logger = { debug: this.stomp.debug };
    this.lost = new Promise((resolve) => { this.onLost = resolve; });
    await deadline('it connects', new Promise((resolve) => {
      this.stomp.connect(login, resolve, (error) => this.onLost(error));
    }));
    this.receipts = new Map();
    this.stomp.onreceipt = ({ headers }) => this.receipts.get(headers['receipt-id'])?.();
    return this;
  }

  receipt(id) {
    return deadline(`receipt ${id}`, new Promise((resolve) => this.receipts.set(id, resolve)));
  }

  subscribe(destination, put, headers) { this.stomp.subscribe(destination, put, headers); }

  publish(destination, body, headers = {}) { this.stomp.send(destination, headers, body); }

  close() {
    return deadline('it disconnects', new Promise((resolve) => this.stomp.disconnect(resolve)));
  }

  abort() { (this.stomp.ws.terminate ?? this.stomp.ws.close).call(this.stomp.ws); }
}

class WebStomp extends Classic {
  publish(destination, body, headers = {}) { this.stomp.send(destination, body, headers); }
}

// @stomp/stompjs since 5.
class Modern {
  constructor(name) { this.library = require(name); }

  async connect(makeSocket, [outgoing, incoming], login) {
    this.beats = { sent: 0, received: 0 };
    this.lost = new Promise((resolve) => { this.onLost = resolve; });
    await deadline('@stomp/stompjs connects', new Promise((resolve) => {
      this.stomp = new this.library.Client({
        webSocketFactory: () => (this.socket = makeSocket()),
        connectHeaders: login,
        reconnectDelay: 0,
        heartbeatOutgoing: outgoing,
        heartbeatIncoming: incoming,
        debug: (line) => countBeats(this.beats, line),
        onConnect: resolve,
        onStompError: (error) => this.onLost(error),
        onWebSocketClose: (event) => this.onLost(event),
      });
      this.stomp.activate();
    }));
    return this;
  }

  receipt(id) {
    return deadline(`receipt ${id}`, new Promise((resolve) => {
      this.stomp.watchForReceipt(id, resolve);
    }));
  }

  subscribe(destination, put, headers) { this.stomp.subscribe(destination, put, headers); }

  publish(destination, body, headers = {}) { this.stomp.publish({ destination, body, headers }); }

  close() { return deadline('@stomp/stompjs disconnects', Promise.resolve(this.stomp.deactivate())); }

  abort() { (this.socket.terminate ?? this.socket.close).call(this.socket); }
}

// rx-stomp, as Angular applications use it.
class Reactive {
  async connect(makeSocket, [outgoing, incoming], login) {
    const { RxStomp, RxStompState } = await import('@stomp/rx-stomp'); // Node 18 cannot require it
    this.stomp = new RxStomp();
    this.stomp.configure({
      webSocketFactory: () => (this.socket = makeSocket()),
      connectHeaders: login,
      reconnectDelay: 0,
      heartbeatOutgoing: outgoing,
      heartbeatIncoming: incoming,
    });
    this.lost = new Promise((resolve) => {
      this.stomp.stompErrors$.subscribe(resolve);
      this.stomp.webSocketErrors$.subscribe(resolve);
    });
    const open = new Promise((resolve) => {
      this.stomp.connectionState$.subscribe((state) => state === RxStompState.OPEN && resolve());
    });
    this.stomp.activate();
    await deadline('rx-stomp connects', open);
    return this;
  }

  receipt(id) { return deadline(`receipt ${id}`, this.stomp.asyncReceipt(id)); }

  subscribe(destination, put, subHeaders) { this.stomp.watch({ destination, subHeaders }).subscribe(put); }

  publish(destination, body, headers = {}) { this.stomp.publish({ destination, body, headers }); }

  close() { return deadline('rx-stomp disconnects', this.stomp.deactivate()); }

  abort() { (this.socket.terminate ?? this.socket.close).call(this.socket); }
}

function countBeats(beats, line) {
  if (/PING$/.test(line)) beats.sent += 1;
  if (/PONG$/.test(line)) beats.received += 1;
}

const libraries = {
  'stompjs 2.3.3': () => new Classic('stompjs'),
  'webstomp-client 1.2.6': () => new WebStomp('webstomp-client'),
  '@stomp/stompjs 5': () => new Modern('stompjs-5'),
  '@stomp/stompjs 6': () => new Modern('stompjs-6'),
  '@stomp/stompjs 7': () => new Modern('@stomp/stompjs'),
};

const pair = (library, make, transport) => ({
  name: `${library} over ${transport}`,
  connect: (url, { heartbeat = [10_000, 10_000], login = {} } = {}) => (
    make().connect(() => sockets[transport](url), heartbeat, login)),
});

// Every library over every transport: [{name, connect(url, {heartbeat, login})}].
export const pairs = Object.entries(libraries).flatMap(([library, make]) => (
  Object.keys(sockets).map((transport) => pair(library, make, transport))));

// It is @stomp/stompjs 7 inside, so that two transports are enough.
export const reactive = ['a plain WebSocket', 'SockJS xhr-streaming'].map((transport) => (
  pair('rx-stomp 2', () => new Reactive(), transport)));

// Subscribes and waits until the broker has answered for it. Messages come by next().
export async function subscription(client, destination) {
  const inbox = new Inbox();
  const receipt = `subscribed ${destination}`;
  const answered = client.receipt(receipt);
  client.subscribe(destination, (message) => inbox.put(message), { receipt });
  await answered;
  return inbox;
}
