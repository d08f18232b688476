// What the tests of STOMP and of the broker share: a configuration, and a few words.
import { readFileSync } from 'node:fs';
import { frame } from './stomp.mjs';
import { TcpStomp } from './tcp.mjs';

const standard = JSON.parse(readFileSync(new URL('../broker.json', import.meta.url)));

// broker.json with what a test file wants different. Everybody may come in: a session
// without a login is a user of its own.
export const broker = (more) => ({ ...standard, users: [], ...more });
export const brokerWithUsers = (more) => ({ ...standard, ...more });

// What lets clients of plain TCP read dead letters; and such a client, which has subscribed.
export const readable = { tcp: { ...standard.tcp, dead_letters: true } };
export async function deadLetters(gateway, more) {
  const client = await TcpStomp.connect(gateway);
  await client.subscribe('/queue/dead-letter', 'dead', more);
  return client;
}

let places = 0;

// A destination that nobody has used: fresh('topic') is "/topic/1".
export const fresh = (kind) => `/${kind}/${places += 1}`;

// The client's frames before this one have been taken.
export const sync = (client) => client.call('SEND', { destination: '/topic/nobody' }, '');

// A client that subscribes to a topic of its own, to hear what it says.
export async function listening(connecting, more) {
  const client = await connecting;
  client.topic = fresh('topic');
  await client.subscribe(client.topic, '0', more);
  return client;
}

// Without a receipt, which could come behind the first messages of a queue.
export const consume = (client, queue, more) => (
  client.send(frame('SUBSCRIBE', { id: '1', destination: queue, ...more })));

export async function take(client, count) {
  const bodies = [];
  while (bodies.length < count) bodies.push((await client.frame('MESSAGE')).body);
  return bodies;
}

export const ack = (client, { headers }, more = {}) => client.send(frame('ACK', { id: headers.ack, ...more }));
export const nack = (client, { headers }, more = {}) => client.send(frame('NACK', { id: headers.ack, ...more }));
