// WebSocket's frames by hand (RFC 6455, 5.2), as a client writes them and a server does.
import { randomBytes } from 'node:crypto';
import assert from 'node:assert/strict';
import { requestText, Wire } from './http.mjs';

export const CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10;

const UPGRADE = {
  Upgrade: 'websocket', Connection: 'Upgrade',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13',
};

function lengthOctets(length) {
  if (length < 126) return Buffer.from([length]);
  const long = length > 0xffff;
  const octets = Buffer.alloc(long ? 9 : 3, long ? 127 : 126);
  if (long) octets.writeBigUInt64BE(BigInt(length), 1);
  else octets.writeUInt16BE(length, 1);
  return octets;
}

// A client's frame, masked with a random key. more: it is not the last of its message.
export function clientFrame(opcode, payload = '', { more = false, reserved = 0 } = {}) {
  const bytes = Buffer.from(payload);
  const key = randomBytes(4);
  const length = lengthOctets(bytes.length);
  length[0] |= 0x80;
  return Buffer.concat([
    Buffer.from([(more ? 0 : 0x80) | reserved | opcode]), length, key,
    bytes.map((octet, i) => octet ^ key[i % 4])]);
}

export function closeFrame(code, reason = '') {
  return clientFrame(CLOSE, Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]));
}

// A WebSocket on a socket of its own, which nothing answers but the test.
export async function openFrames(port, path, headers = {}) {
  const wire = await Wire.open(port);
  wire.write(requestText(`GET ${path}`, { headers: { ...UPGRADE, ...headers } }));
  assert.equal((await wire.head()).status, 101);
  return wire;
}

// The server's next frame, which is whole and unmasked; null at the end.
export async function serverFrame(wire) {
  const head = await wire.take(2);
  if (head === null) return null;
  assert.equal(head[0] & 0xf0, 0x80, 'a whole frame');
  let length = head[1];
  if (length === 126) length = (await wire.take(2)).readUInt16BE();
  else if (length === 127) length = Number((await wire.take(8)).readBigUInt64BE());
  return { opcode: head[0] & 15, payload: length === 0 ? Buffer.alloc(0) : await wire.take(length) };
}
