// Bodies of many small messages: a turn takes no more of them than it has time for.
// tags: release
import assert from 'node:assert/strict';
import { strict, testBeside } from './lib/honest.mjs';
import { range } from './lib/writer.mjs';

const CLIENTS = 4, POSTS = 25;

const post = (url, body) => fetch(url, { method: 'POST', body, headers: { 'Content-Type': 'text/plain' } });

// An array of so many of them.
const many = (unit, count) => `[${`${unit},`.repeat(count - 1)}${unit}]`;

function testPosts(what, body, status) {
  testBeside(`${CLIENTS} clients POST ${POSTS} bodies of ${what}`, strict({ workers: 1 }), async (gateway) => {
    await Promise.all(range(CLIENTS).map(async (client) => {
      const session = `${gateway.url}/chat/000/session${client}`;
      assert.equal(await (await post(`${session}/xhr`)).text(), 'o\n');
      for (const _ of range(POSTS)) {
        const answer = await post(`${session}/xhr_send`, body);
        assert.equal(answer.status, status);
        await answer.arrayBuffer();
      }
    }));
  }, { most: { p50: 8, p99Alone: 30 } });
}

testPosts('742,000 empty messages', many('""', 742_000), 413);
testPosts('69,000 empty messages', many('""', 69_000), 204);
testPosts('67,000 heart-beats', many('"\\n"', 67_000), 204);
testPosts('3,000,000 numbers', many('1', 3_000_000), 500);
