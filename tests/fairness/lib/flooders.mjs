// Clients that flood over a transport. Each has `up`, where it writes, and encode(), which
// makes its bytes of STOMP frames; `down`, where its messages come; and ignore(), after which
// it reads on and keeps nothing.
import { randomUUID } from 'node:crypto';
import { tcpPort } from '../../wire/lib/tcp.mjs';
import { until } from '../../wire/lib/wait.mjs';
import { Raw } from './raw.mjs';

const come = (raw, text) => until(`"${text}" comes`, () => raw.text.includes(text));

class OverTcp {
  static async open(gateway, address) {
    const flooder = new OverTcp();
    flooder.up = flooder.down = await Raw.open(tcpPort(gateway), address);
    return flooder;
  }

  encode(frames) { return frames.join(''); }

  ignore() { this.down.ignore(); }

  abort() { this.down.abort(); }
}

// A text message of a client, masked with zeroes.
function message(text) {
  const payload = Buffer.from(text);
  const head = [0x81, 0x80 | Math.min(payload.length, 126)];
  if (payload.length >= 126) head.push(payload.length >> 8, payload.length & 255);
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), payload]);
}

class OverWebSocket extends OverTcp {
  static async open({ port }, address) {
    const flooder = new OverWebSocket();
    flooder.up = flooder.down = await Raw.open(port, address);
    flooder.up.write('GET /chat/websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
      + `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`);
    await come(flooder.down, '\r\n\r\n');
    return flooder;
  }

  encode(frames) { return Buffer.concat(frames.map(message)); }
}

const LAST_CHUNK = '0\r\n\r\n';

class OverXhrStreaming {
  static async open({ port }, address) {
    const flooder = new OverXhrStreaming();
    flooder.url = `/chat/000/${randomUUID()}`;
    [flooder.up, flooder.down] = await Promise.all([1, 2].map(() => Raw.open(port, address)));
    flooder.up.ignore();
    flooder.ask();
    await come(flooder.down, 'o\n');
    return flooder;
  }

  post(path, body) {
    return `POST ${this.url}/${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  }

  ask() { this.down.write(this.post('xhr_streaming', '')); }

  encode(frames) { return this.post('xhr_send', JSON.stringify(frames)); }

  // Each answer ends after response_limit bytes; then it asks for the next one.
  ignore() {
    let end = '';
    this.down.ignore();
    this.down.socket.on('data', (data) => {
      end = (end + data.subarray(-LAST_CHUNK.length).toString('latin1')).slice(-LAST_CHUNK.length);
      if (end === LAST_CHUNK) this.ask();
    });
  }

  abort() {
    this.up.abort();
    this.down.abort();
  }
}

export const transports = { tcp: OverTcp, websocket: OverWebSocket, 'xhr-streaming': OverXhrStreaming };

const CONNECT = 'CONNECT\naccept-version:1.2\nhost:x\n\n\0';

export async function connect(gateway, over, address) {
  const flooder = await transports[over].open(gateway, address);
  flooder.up.write(flooder.encode([CONNECT]));
  await come(flooder.down, 'CONNECTED');
  return flooder;
}

// One that has so many subscriptions to a destination.
export async function subscribe(gateway, over, address, count, destination) {
  const flooder = await connect(gateway, over, address);
  const frames = Array.from({ length: count }, (_, id) => (
    `SUBSCRIBE\nid:${id}\ndestination:${destination}\n${id + 1 === count ? 'receipt:all\n' : ''}\n\0`));
  flooder.up.write(flooder.encode(frames));
  await come(flooder.down, 'receipt-id:all');
  flooder.ignore();
  return flooder;
}
