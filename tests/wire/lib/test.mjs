// node's test, with a time limit for each, and one gateway for a whole file.
import { after, before, test as nodeTest } from 'node:test';
import { Gateway } from './gateway.mjs';
import { deadline } from './wait.mjs';

const TIMEOUT = 300_000; // of a test: some wait for many things, one after the other

// What a failed test has left open would keep the process, and so the whole run, for ever.
after(() => {
  setTimeout(() => {
    console.error('the tests are over, but something is still open');
    process.exit(1);
  }, 30_000).unref();
});

// node's own limit fails a test, but leaves it hanging with all that it has open.
export function test(title, body, timeout = TIMEOUT) {
  return nodeTest(title, (context) => deadline(title, body(context), timeout));
}

// A test with a gateway and clients of its own, which end with it, however it ends:
// body(gateway, keep) hands each client that it opens to keep(), and gets it back. `Kind` is
// the gateway's class.
export function testWith(title, configuration, body, { timeout = TIMEOUT, Kind = Gateway, ...more } = {}) {
  return nodeTest(title, async () => {
    const gateway = new Kind(configuration, more);
    const clients = [];
    let isOver = false;
    const keep = async (opening) => {
      const client = await opening;
      if (isOver) client.abort(); // a sibling failed meanwhile
      clients.push(client);
      return client;
    };
    try {
      await gateway.start();
      await deadline(title, body(gateway, keep), timeout);
      clients.splice(0).forEach((client) => client.abort());
      await gateway.stop();
    } finally {
      isOver = true;
      clients.forEach((client) => client.abort());
      gateway.kill();
    }
  });
}

// A gateway that runs around the tests of a file; it has its port when they begin. In the
// end it does not wait long for what the tests have left open.
export function withGateway(configuration) {
  const times = { drain: 1000, ...configuration?.times };
  const gateway = new Gateway(configuration && { ...configuration, times });
  before(() => gateway.start());
  after(() => gateway.stop());
  return gateway;
}
