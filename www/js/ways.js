/*
 * Five ways for a page to hear of news, each behind the face of a WebSocket, so that
 * STOMP runs over all of them alike: plain polling, long polling, HTTP streaming,
 * server-sent events, WebSocket. But for the last they are requests of the SockJS protocol.
 *
 * Each way counts its traffic: bodies to the byte; heads as far as a script can know them,
 * of responses what the browser shows, of requests what it usually sends.
 */
const CONNECTING = 0, OPEN = 1, CLOSED = 3;
const NORMAL = 1000, GONE = 1006;

const bytes = (text) => new TextEncoder().encode(text).length;

/* What a way has cost since the page was loaded. */
export class Traffic {
  requests = 0;
  up = 0;
  down = 0;
  #open = 0;
  #heldFor = 0; /* milliseconds, of all connections together */
  #since = performance.now();

  #pass() {
    const now = performance.now();
    this.#heldFor += this.#open * (now - this.#since);
    this.#since = now;
  }

  begin(head) {
    this.#pass();
    this.#open += 1;
    this.requests += 1;
    this.up += head;
  }

  end() {
    this.#pass();
    this.#open -= 1;
  }

  /* Milliseconds for which a connection was held. */
  get heldFor() {
    this.#pass();
    return this.#heldFor;
  }
}

function requestHead(method, url, length) {
  const { host, origin, href } = location;
  const lines = [`${method} ${new URL(url).pathname} HTTP/1.1`, `Host: ${host}`, 'Connection: keep-alive',
    `User-Agent: ${navigator.userAgent}`, 'Accept: */*', `Referer: ${href}`,
    'Accept-Encoding: gzip, deflate, br, zstd', `Accept-Language: ${navigator.languages.join()};q=0.9`,
    'Sec-Fetch-Site: same-origin', 'Sec-Fetch-Mode: cors', 'Sec-Fetch-Dest: empty'];
  if (method === 'POST') lines.push(`Origin: ${origin}`, `Content-Length: ${length}`, 'Content-Type: text/plain;charset=UTF-8');
  if (navigator.userAgentData) {
    const brands = navigator.userAgentData.brands.map(({ brand, version }) => `"${brand}";v="${version}"`);
    lines.push(`sec-ch-ua: ${brands.join(', ')}`, 'sec-ch-ua-mobile: ?0',
      `sec-ch-ua-platform: "${navigator.userAgentData.platform}"`);
  }
  return bytes(lines.join('\r\n')) + 4;
}

function responseHead({ status, statusText, headers }) {
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`);
  return bytes(`HTTP/1.1 ${status} ${statusText}\r\n${lines.join('')}\r\n`);
}

const chunkHead = (length) => length.toString(16).length + 4;

/* A session of SockJS without WebSocket. Who extends it says how frames come: receive(). */
class HttpSocket {
  readyState = CONNECTING;
  #unsent = [];
  #abort = new AbortController();

  constructor(endpoint, traffic, options) {
    this.traffic = traffic;
    this.options = options;
    this.url = `${endpoint.href}/000/${crypto.getRandomValues(new Uint32Array(4)).join('')}`;
    /* Later: what extends this class is not complete yet. */
    Promise.resolve().then(() => this.receive()).catch(() => this.lost());
  }

  /* One request; its body is read by the caller. */
  async ask(path, body = '') {
    const url = `${this.url}/${path}`;
    const length = bytes(body);
    this.traffic.begin(requestHead('POST', url, length) + length);
    const { signal } = this.#abort;
    try {
      const response = await fetch(url, { method: 'POST', body, signal, credentials: 'same-origin' });
      this.traffic.down += responseHead(response);
      if (!response.ok) throw new Error(`${response.status}`);
      return response;
    } catch (error) {
      this.traffic.end();
      throw error;
    }
  }

  async askForText(path, body) {
    const response = await this.ask(path, body);
    try {
      const text = await response.text();
      this.traffic.down += bytes(text);
      return text;
    } finally {
      this.traffic.end();
    }
  }

  frame(text) {
    if (this.readyState === CLOSED) return;
    if (text[0] === 'o') {
      this.readyState = OPEN;
      this.onopen?.({});
    } else if (text[0] === 'a') {
      for (const data of JSON.parse(text.slice(1))) this.onmessage?.({ data });
    } else if (text[0] === 'c') {
      const [code, reason] = JSON.parse(text.slice(1));
      this.#end(code, reason);
    }
  }

  /* What is said while a request is on its way goes with the next one, in order. */
  send(text) {
    this.#unsent.push(text);
    if (this.#unsent.length === 1) this.#sendOn().catch(() => this.lost());
  }

  async #sendOn() {
    while (this.#unsent.length > 0 && this.readyState === OPEN) {
      const { length } = this.#unsent;
      await this.askForText('xhr_send', JSON.stringify(this.#unsent));
      this.#unsent.splice(0, length);
    }
  }

  #end(code, reason = '') {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.#abort.abort();
    this.ended?.();
    this.onclose?.({ code, reason, wasClean: code !== GONE });
  }

  lost() { this.#end(GONE); }

  close() { this.#end(NORMAL); }
}

class PlainPolling extends HttpSocket {
  async receive() {
    while (this.readyState !== CLOSED) {
      this.frame(await this.askForText('poll'));
      await new Promise((resolve) => { setTimeout(resolve, this.readyState === OPEN ? this.options.interval : 0); });
    }
  }
}

class LongPolling extends HttpSocket {
  async receive() {
    while (this.readyState !== CLOSED) this.frame(await this.askForText('xhr'));
  }
}

class Streaming extends HttpSocket {
  async receive() {
    while (this.readyState !== CLOSED) await this.#response();
  }

  /* The server ends one after a while: browsers keep all of it in memory. */
  async #response() {
    const response = await this.ask('xhr_streaming');
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        text += value;
        const lines = text.split('\n');
        text = lines.pop();
        for (const line of lines) {
          const length = bytes(line) + 1;
          this.traffic.down += length + chunkHead(length);
          this.frame(line);
        }
      }
    } finally {
      this.traffic.end();
    }
  }
}

class ServerSentEvents extends HttpSocket {
  #source = null;

  async receive() { this.#open(); }

  #open() {
    const url = `${this.url}/eventsource`;
    let heard = false;

    this.traffic.begin(requestHead('GET', url, 0) + 50); /* Accept, Cache-Control */
    this.#source = new EventSource(url);
    this.#source.onmessage = ({ data }) => {
      const length = bytes(data) + 'data: \r\n\r\n'.length;
      /* Scripts cannot see this response's head; it is always the same. */
      this.traffic.down += length + chunkHead(length) + (heard ? 0 : 263);
      heard = true;
      this.frame(decodeURIComponent(data));
    };
    this.#source.onerror = () => {
      this.ended();
      if (this.readyState !== OPEN) this.lost();
      else if (heard) this.#open();
      else setTimeout(() => { if (this.readyState === OPEN) this.#open(); }, 1000);
    };
  }

  ended() {
    if (this.#source === null) return;
    this.#source.close();
    this.#source = null;
    this.traffic.end();
  }
}

/* The browser's own, but that it counts. */
class CountedWebSocket extends WebSocket {
  constructor(endpoint, traffic) {
    const url = new URL(`${endpoint.pathname}/websocket`, endpoint);
    url.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:';
    super(url, ['v12.stomp']);
    this.traffic = traffic;
    traffic.begin(requestHead('GET', url, 0) + 50); /* Upgrade, Sec-WebSocket-... */
    this.addEventListener('open', () => { traffic.down += 164; });
    this.addEventListener('close', () => traffic.end());
    this.addEventListener('message', ({ data }) => {
      const length = typeof data === 'string' ? bytes(data) : data.byteLength;
      traffic.down += length + (length < 126 ? 2 : 4);
    });
  }

  send(data) {
    const length = bytes(data);
    this.traffic.up += length + (length < 126 ? 6 : 8); /* with its mask */
    super.send(data);
  }
}

export const ways = {
  polling: PlainPolling,
  'long-polling': LongPolling,
  streaming: Streaming,
  events: ServerSentEvents,
  websocket: CountedWebSocket,
};
