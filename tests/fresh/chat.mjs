// A conversation as the demo's page has it, by the libraries that the page loads:
//   node chat.mjs http://localhost:8080
import assert from 'node:assert/strict';
import { setDefaultResultOrder } from 'node:dns';
import { createRequire } from 'node:module';

// Browsers try all addresses of a name; Node 18 tries the first, which for localhost is ::1.
setDefaultResultOrder('ipv4first');

const [url] = process.argv.slice(2);
const require = createRequire(new URL('../../www/package.json', import.meta.url));
const SockJS = require('sockjs-client');
const { Stomp } = require('stompjs/lib/stomp.js');

setTimeout(() => {
  console.error(`${url}: no answer in 60 s`);
  process.exit(1);
}, 60_000).unref();

for (const page of ['/', '/chat.html', '/docs/']) {
  const answer = await fetch(url + page);
  assert.equal(answer.status, 200, page);
  assert.match(await answer.text(), /<!doctype html>/i);
}

const socket = new SockJS(`${url}/chat`);
const client = Stomp.over(socket);
client.debug = () => {};
client.heartbeat.outgoing = 0; // it has no timers outside a browser
client.heartbeat.incoming = 0;
const message = await new Promise((resolve, reject) => {
  client.connect({}, () => {
    client.subscribe('/topic/messages', resolve);
    client.send('/app/chat', {}, JSON.stringify({ from: 'Ana', text: 'Hello' }));
  }, reject);
});
const { from, text } = JSON.parse(message.body);
assert.deepEqual([from, text], ['Ana', 'Hello']);
console.log(`${url} by ${socket.transport}: ${message.body}`);
client.disconnect(() => process.exit(0));
