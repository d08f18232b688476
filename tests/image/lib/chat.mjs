// Two people chat by the clients of browsers, over every transport: what shows that a
// gateway works, wherever it runs.
import assert from 'node:assert/strict';
import { pairs, subscription } from '../../wire/lib/clients.mjs';
import { test } from '../../wire/lib/test.mjs';

export function testChat(gateway) {
  for (const { name, connect } of pairs.filter((pair) => pair.name.startsWith('@stomp/stompjs 7'))) {
    test(`two people chat with ${name}`, async () => {
      const people = await Promise.all(['Ana', 'Ben'].map(async (nick) => {
        const client = await connect(`${gateway.url}/chat`);
        return { nick, client, inbox: await subscription(client, '/topic/messages') };
      }));
      for (const { nick, client } of people) {
        client.publish('/app/chat', JSON.stringify({ from: nick, text: `I am ${nick}` }));
        for (const { inbox } of people) {
          const { from, text } = JSON.parse((await inbox.next()).body);
          assert.deepEqual([from, text], [nick, `I am ${nick}`]);
        }
      }
      await Promise.all(people.map(({ client }) => client.close()));
    });
  }
}
