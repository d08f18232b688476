// H15: whoever guesses the token of operators gets on slowly, and the right one is served.
import assert from 'node:assert/strict';
import { requestText, Wire } from '../wire/lib/http.mjs';
import { strict, testBeside } from './lib/honest.mjs';
import { range } from './lib/writer.mjs';

const TOKEN = 'the-right-token-of-many';
const A_SECOND = 10; // wrong ones that are answered immediately
const guarded = strict({ admin: { listen: '127.0.0.1:0', token: TOKEN } });

testBeside('an address that guesses the token is answered ten times a second', guarded, async ({ adminPort }, keep) => {
  const ask = async (token) => {
    const wire = await keep(Wire.open(adminPort));
    const { status } = await wire.write(requestText('GET /metrics', { headers: { Authorization: `Bearer ${token}` } })).head();
    wire.abort();
    return status;
  };
  const begun = Date.now();
  const statuses = [];
  await Promise.all(range(30).map(async (guesser) => {
    for (let i = 0; i < 3; i += 1) statuses.push(await ask(`a-wrong-token-${guesser}-${i}`));
  }));
  const seconds = Math.ceil((Date.now() - begun) / 1000);
  const count = (status) => statuses.filter((one) => one === status).length;
  assert.equal(count(401) + count(429), statuses.length);
  assert.ok(count(401) <= A_SECOND * (seconds + 1), `${count(401)} in ${seconds} s`);
  assert.ok(count(429) > 0);
  assert.equal(await ask(TOKEN), 200);
});
