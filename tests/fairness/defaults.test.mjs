// The defaults hold a school or an office: 500 users behind one address, who all come at
// once. production.md has the table.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { requestText, Wire } from '../wire/lib/http.mjs';
import { scrape } from '../wire/lib/metrics.mjs';
import { frame, readFrame, Stomp } from '../wire/lib/stomp.mjs';
import { strict, testBeside } from './lib/honest.mjs';
import { range } from './lib/writer.mjs';

const USERS = 500;
const defaults = strict({ admin: { listen: '127.0.0.1:0' } });
const CONNECT = frame('CONNECT', { 'accept-version': '1.2', host: 'localhost' });

const ask = (line, options = {}) => requestText(line, line.startsWith('POST') ? { body: '', ...options } : options);

// What sockjs-client does: /info, then a stream that stays, and messages on another connection.
class Streaming {
  static async connect({ port }, keep) {
    const user = new Streaming();
    user.url = `/chat/000/${randomUUID()}`;
    [user.down, user.up] = await Promise.all([1, 2].map(() => keep(Wire.open(port))));
    assert.equal((await user.up.write(ask('GET /chat/info')).answer()).status, 200);
    assert.equal((await user.down.write(ask(`POST ${user.url}/xhr_streaming`)).head()).status, 200);
    user.frames = [];
    for (const begin of ['h', 'o']) assert.equal((await user.down.chunk())[0], begin);
    await user.send(CONNECT);
    await user.frame('CONNECTED');
    return user;
  }

  async send(text) {
    this.up.write(ask(`POST ${this.url}/xhr_send`, { body: JSON.stringify([text]) }));
    assert.equal((await this.up.answer()).status, 204);
  }

  async frame(command) {
    while (this.frames.length === 0) {
      const chunk = await this.down.chunk();
      assert.equal(chunk[0], 'a', chunk);
      this.frames.push(...JSON.parse(chunk.slice(1)).filter((text) => text !== '\n'));
    }
    const got = readFrame(this.frames.shift());
    assert.equal(got.command, command, JSON.stringify(got));
    return got;
  }
}

// The same on a WebSocket of SockJS's, after the same /info.
async function connectSocket({ port, ws }, keep) {
  const info = await keep(Wire.open(port));
  assert.equal((await info.write(ask('GET /chat/info')).answer()).status, 200);
  return keep(Stomp.connect(`${ws}/chat/websocket`));
}

// Those that count what somebody was refused, or what he lost.
const REFUSED = /^postern_(refused|refusals|slow_consumers|dropped_messages|unknown_sessions)_total/;
const refusals = async (gateway) => Object.entries(await scrape(gateway))
  .filter(([name, value]) => REFUSED.test(name) && value > 0);

for (const [transport, connect] of [
  ['a WebSocket each', connectSocket],
  ['xhr_streaming and a second connection each', (gateway, keep) => Streaming.connect(gateway, keep)],
]) {
  testBeside(`${USERS} users on one address with the defaults, ${transport}: none is refused`, defaults, async (gateway, keep) => {
    const users = await Promise.all(range(USERS).map(() => connect(gateway, keep)));
    for (const [i, user] of users.entries()) user.topic = `/topic/user-${i}`;
    const call = async (user, text, command) => {
      await user.send(text);
      return user.frame(command);
    };
    await Promise.all(users.map((user) => call(
      user, frame('SUBSCRIBE', { id: '0', destination: user.topic, receipt: 's' }), 'RECEIPT')));
    for (const body of ['first', 'second', 'third']) {
      const got = await Promise.all(users.map((user) => call(
        user, frame('SEND', { destination: user.topic }, body), 'MESSAGE')));
      got.forEach((message) => assert.equal(message.body, body));
    }
    assert.deepEqual(await refusals(gateway), []);
  });
}
