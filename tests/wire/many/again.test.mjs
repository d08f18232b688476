// What holds for sessions holds on any connection: other files' tests once more, each
// request on a connection that has served another session before.
import { useConnectionsOfOthers } from '../lib/http.mjs';

process.env.POSTERN_WORKERS = '3';
useConnectionsOfOthers();

for (const file of ['conformance-receive', 'conformance-limit', 'conformance-send', 'conformance-session',
  'conformance-callback', 'conformance-texts', 'surrogates', 'handlers', 'address-limits', 'bounds', 'drain', 'choke']) {
  await import(`../${file}.test.mjs`);
}
