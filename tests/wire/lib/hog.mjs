// A client that has all the memory that its address may have, without sending it.
import assert from 'node:assert/strict';
import { Wire } from './http.mjs';
import { Session } from './sockjs.mjs';

const MIB = 1 << 20;
const LEAST = 128 << 10;

// What a gateway needs for it. The limit is far above what a sanitizer needs itself.
export const hogged = { memory: 1024 * MIB, body: 1024 * MIB };

// Declares bodies that never come, each as large as Postern admits.
export async function takeMemory(gateway, keep, endpoint = '/chat') {
  const session = await Session.polling(gateway.port, endpoint);
  for (let size = 512 * MIB; size >= LEAST;) {
    const wire = await keep(Wire.open(gateway.port));
    wire.write(`POST ${session.url}/xhr_send HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\nExpect: 100-continue\r\n\r\n`);
    const { status } = await wire.answer();
    assert.ok(status === 100 || status === 503, `${status}`);
    if (status === 503) size /= 2;
  }
}
