// node's test, with a time limit for each, and one gateway for a whole file.
import { after, before, test as nodeTest } from 'node:test';
import { Gateway } from './gateway.mjs';

export function test(title, body) {
  return nodeTest(title, { timeout: 120_000 }, body);
}

// A gateway that runs around the tests of a file; it has its port when they begin.
export function withGateway(configuration) {
  const gateway = new Gateway(configuration);
  before(() => gateway.start());
  after(() => gateway.stop());
  return gateway;
}
