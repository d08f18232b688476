// node's test, with a time limit for each, and one gateway for a whole file.
import { after, before, test as nodeTest } from 'node:test';
import { Gateway } from './gateway.mjs';

export function test(title, body) {
  return nodeTest(title, { timeout: 120_000 }, body);
}

// A test with a gateway and clients of its own, which end with it, however it ends:
// body(gateway, keep) hands each client that it opens to keep(), and gets it back.
export function testWith(title, configuration, body) {
  return test(title, async () => {
    const gateway = new Gateway(configuration);
    const clients = [];
    const keep = async (opening) => {
      const client = await opening;
      clients.push(client);
      return client;
    };
    try {
      await gateway.start();
      await body(gateway, keep);
      clients.splice(0).forEach((client) => client.abort());
      await gateway.stop();
    } finally {
      clients.forEach((client) => client.abort());
      gateway.kill();
    }
  });
}

// A gateway that runs around the tests of a file; it has its port when they begin.
export function withGateway(configuration) {
  const gateway = new Gateway(configuration);
  before(() => gateway.start());
  after(() => gateway.stop());
  return gateway;
}
