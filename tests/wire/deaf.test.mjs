// A stream whose reader has stopped, when the kernel has taken all that there was: nothing
// waits in the session, so only the kernel knows.
import assert from 'node:assert/strict';
import { configuration } from './lib/config.mjs';
import { Session } from './lib/sockjs.mjs';
import { frame, Stomp } from './lib/stomp.mjs';
import { testWith } from './lib/test.mjs';

const MESSAGES = 20, LENGTH = 100_000; // the kernel takes 2 MB, the reader's side of it less

for (const transport of ['xhr_streaming', 'eventsource']) {
  testWith(`a stream by ${transport} that is not read is ended, also when nothing waits for it`, configuration({
    endpoints: [{ path: '/long', handler: 'stomp', response_limit: 1_000_000_000 }],
    times: { ping: 500, pong: 500, progress: 3_600_000, heartbeat: 3_600_000 },
  }), async (gateway, keep) => {
    const session = new Session(gateway.port, '/long');
    session.down = await session.stream(transport);
    await session.send(frame('CONNECT', { 'accept-version': '1.2', host: 'a', 'heart-beat': '0,0' })
      + frame('SUBSCRIBE', { id: '0', destination: '/topic/flood' }));
    await session.down.chunk();
    await session.down.chunk();
    session.down.socket.pause();
    const loud = await keep(Stomp.connect(`${gateway.ws}/chat/websocket`));
    for (let i = 0; i < MESSAGES; i += 1) {
      await loud.call('SEND', { destination: '/topic/flood' }, 'x'.repeat(LENGTH));
    }
    await gateway.logged(/session ended: .*endpoint=\/long .*code=1002 reason="Connection interrupted"/);
    session.down.abort();
  });
}
