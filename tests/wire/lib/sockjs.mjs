// A SockJS session by hand: its URLs and its requests.
import { randomUUID } from 'node:crypto';
import { ask, stream } from './http.mjs';

export const PRELUDE = `${'h'.repeat(2048)}\n`;

export class Session {
  constructor(port, endpoint, { id = randomUUID(), origin } = {}) {
    this.port = port;
    this.url = `${endpoint}/000/${id}`;
    this.headers = origin ? { Origin: origin } : {};
  }

  // The body of one poll: a frame and its newline.
  async poll() {
    return (await this.post('xhr')).body;
  }

  post(transport, body = '') {
    return ask(this.port, `POST ${this.url}/${transport}`, { headers: this.headers, body });
  }

  send(...messages) {
    return this.post('xhr_send', JSON.stringify(messages));
  }

  stream(transport, options = {}) {
    const method = transport === 'eventsource' ? 'GET' : 'POST';
    return stream(this.port, `${method} ${this.url}/${transport}`, {
      headers: this.headers, ...method === 'POST' && { body: '' }, ...options });
  }

  // Opens a session that polls.
  static async polling(...place) {
    const session = new Session(...place);
    const frame = await session.poll();
    if (frame !== 'o\n') throw new Error(`opened with ${frame}`);
    return session;
  }

  // Opens a session with an xhr_streaming response and reads up to the open frame.
  static async streaming(...place) {
    const session = new Session(...place);
    session.down = await session.stream('xhr_streaming');
    const begin = [await session.down.chunk(), await session.down.chunk()];
    if (begin[0] !== PRELUDE || begin[1] !== 'o\n') throw new Error(`began with ${begin}`);
    return session;
  }
}
