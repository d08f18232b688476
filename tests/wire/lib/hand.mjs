// SockJS by hand, over every transport, also those that sockjs-client has in browsers
// only. It does what a client does: it comes back at once when a poll is answered or a
// stream has ended, and sends one request at a time with all that waits.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { Socket } from './stomp.mjs';
import { deadline, Inbox } from './wait.mjs';

// How to ask, and how one frame is written.
const downlinks = {
  'xhr-polling': { line: 'POST xhr', frame: /([^\n]*)\n/y },
  'xhr-streaming': { line: 'POST xhr_streaming', frame: /([^\n]*)\n/y }, // a prelude looks like a heart-beat
  'eventsource': { line: 'GET eventsource', frame: /(?:\r\n)?data: ([^\r]*)\r\n\r\n/y, decode: decodeURIComponent },
  'htmlfile': {
    line: 'GET htmlfile?c=p', decode: JSON.parse,
    frame: /(?:<!doctype[^]*?<\/script>\s*)?<script>\np\(([^\n]*)\);\n<\/script>\r\n/y,
  },
  'jsonp-polling': { line: 'GET jsonp?c=p', frame: /\/\*\*\/p\(([^\n]*)\);\r\n/y, decode: JSON.parse, sendPath: 'jsonp_send' },
};

export const byHand = [...Object.keys(downlinks), 'websocket'];

export class HandClient {
  static async open(url, transport, options) {
    const Kind = transport === 'websocket' ? HandSocket : HandClient;
    const client = new Kind(url, transport, options);
    await deadline(`${transport} opens`, Promise.race([client.opened, client.failed]));
    return client;
  }

  constructor(url, transport, { id = randomUUID(), headers = {} } = {}) {
    Object.assign(this, { sendPath: 'xhr_send' }, downlinks[transport], { headers, asked: new Set(), inbox: new Inbox(), waiting: [] });
    this.url = `${url}/000/${id}`;
    this.receives = 0; // requests for frames
    this.sent = Promise.resolve();
    this.opened = new Promise((resolve) => { this.onOpen = resolve; });
    this.closed = new Promise((resolve) => { this.onClose = resolve; });
    this.failed = new Promise((resolve, reject) => { this.fail = reject; });
    this.failed.catch(() => {});
    this.closed.then(({ code, reason }) => this.fail(new Error(`closed with ${code} ${reason}`)));
    this.begin();
  }

  begin() { this.#receive().catch((error) => this.ended || this.fail(error)); }

  // A request whose answer has begun: a readable stream.
  async #ask(method, path, body) {
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const { request } = this.url.startsWith('https:') ? https : http;
    const asked = request(`${this.url}/${path}`, { method, agent: false, headers: { ...this.headers, ...length } });
    this.asked.add(asked.once('close', () => this.asked.delete(asked)));
    asked.end(body);
    const [answer] = await once(asked, 'response');
    return answer.setEncoding('utf8');
  }

  async #receive() {
    const [method, path] = this.line.split(' ');
    while (!this.ended) {
      this.receives += 1;
      const answer = await this.#ask(method, path, method === 'POST' ? '' : undefined);
      assert.equal(answer.statusCode, 200, `${method} ${path}`);
      let text = '';
      this.frames = 0;
      for await (const more of answer) text = this.#takeFrames(text + more);
      assert.equal(text, '', 'an answer ends with a whole frame');
      assert.notEqual(this.frames, 0, 'an empty answer would make clients ask for ever');
    }
  }

  // Returns what is not yet a whole frame.
  #takeFrames(text) {
    this.frame.lastIndex = 0;
    let end = 0;
    for (let match; (match = this.frame.exec(text)); end = this.frame.lastIndex) {
      this.take(this.decode ? this.decode(match[1]) : match[1]);
    }
    return text.slice(end);
  }

  take(frame) {
    this.frames += 1;
    switch (frame[0]) {
      case 'o':
        assert.ok(!this.isOpen, 'it opens once');
        this.isOpen = true;
        this.onOpen();
        break;
      case 'a': JSON.parse(frame.slice(1)).forEach((text) => this.inbox.put(text)); break;
      case 'c': {
        const [code, reason] = JSON.parse(frame.slice(1));
        this.ended = true;
        this.onClose({ code, reason });
        break;
      }
      default: assert.equal(frame[0], 'h', frame);
    }
  }

  // What comes next, in order; an error when the session has ended.
  next(...how) { return Promise.race([this.inbox.next(...how), this.failed]); }

  send(text) {
    this.waiting.push(text);
    this.sent = this.sent.then(() => this.flush()).catch(this.fail);
    return this.sent;
  }

  async flush() {
    if (this.waiting.length === 0) return;
    const status = await this.sendNow(...this.waiting.splice(0));
    assert.equal(status, this.sendPath === 'xhr_send' ? 204 : 200);
  }

  // Returns the status.
  async sendNow(...texts) {
    const answer = await this.#ask('POST', this.sendPath, JSON.stringify(texts));
    answer.resume();
    await once(answer, 'end');
    return answer.statusCode;
  }

  closes() { return deadline('the session closes', this.closed); }

  // Leaves as a browser does: without a word.
  abort() {
    this.ended = true;
    this.asked.forEach((asked) => asked.destroy());
  }
}

class HandSocket extends HandClient {
  begin() {
    this.socket = new Socket(`${this.url.replace(/^http/, 'ws')}/websocket`);
    this.socket.ws.on('message', (data) => this.take(data.toString()));
    this.socket.opened.catch(this.fail);
    this.socket.closed.then(() => this.ended || this.fail(new Error('the WebSocket has closed')));
  }

  async flush() {
    if (this.waiting.length > 0) this.socket.send(JSON.stringify(this.waiting.splice(0)));
  }

  abort() {
    this.ended = true;
    this.socket.abort();
  }
}
