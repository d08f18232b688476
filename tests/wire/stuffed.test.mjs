// A client that fills the socket behind a request that waits: its end cannot arrive, since
// nothing of that is read. It is noticed by what it has sent.
import { configuration } from './lib/config.mjs';
import { connect } from './lib/http.mjs';
import { request } from './lib/receivers.mjs';
import { Session } from './lib/sockjs.mjs';
import { testWith } from './lib/test.mjs';

const STUFFING = 'x'.repeat(1 << 20);
const HOUR = 3_600_000;

for (const link of ['xhr', 'xhr_streaming']) {
  for (const [when, atOnce] of [['in one write', true], ['later', false]]) {
    testWith(`who fills the socket behind ${link} ${when}, and leaves, is noticed`, configuration({
      times: { heartbeat: HOUR, disconnect: 500 },
    }), async (gateway, keep) => {
      const session = await Session.polling(gateway.port, '/chat');
      const wire = await keep(connect(gateway.port));
      const asks = request(session, `POST ${link}`);
      if (atOnce) {
        wire.write(asks + STUFFING);
      } else {
        wire.write(asks);
        await session.send('\n'); // by then the home probably has the request
        wire.write(STUFFING);
      }
      wire.socket.end();
      await gateway.logged(/session ended: .*ending=interrupted/);
    });
  }
}
