// H2: clients that publish as fast as the gateway reads, to many subscribers.
import { connect, subscribe } from './flooders.mjs';
import { strict } from './strict.mjs';
import { range } from './writer.mjs';

const TOGETHER = 1000; // SENDs that are written at a time

const send = (destination) => `SEND\ndestination:${destination}\n\nx\0`;

// Where its readers do not keep up, they lose messages, but stay.
export const flooded = (more = {}) => strict({ slow_consumer: 'drop-oldest', ...more });

// Subscriptions on four connections, which read on.
async function audience(gateway, keep, over, { address = '127.0.0.2', each = 250, to = '/topic/flood' } = {}) {
  await Promise.all(range(4).map(() => keep(subscribe(gateway, over, address, each, to))));
}

async function publisher(gateway, keep, over, address) {
  const client = await keep(connect(gateway, over, address));
  client.ignore();
  return client;
}

// Sends these frames round and round, until its connection ends.
async function publish(gateway, keep, over, { address = '127.0.0.2', frames = [send('/topic/flood')] } = {}) {
  const client = await publisher(gateway, keep, over, address);
  const bytes = client.encode(range(Math.ceil(TOGETHER / frames.length)).flatMap(() => frames));
  (async () => { while (!client.up.socket.destroyed) await client.up.writeWhole(bytes); })();
}

const toMany = (address) => async (gateway, keep, over) => {
  await audience(gateway, keep, over, { address });
  await publish(gateway, keep, over, { address });
};

export const usual = 'to 1,000 subscriptions';

// Each begins, over a transport (flooders.mjs), and goes on until its connections end.
export const floods = {
  [usual]: toMany('127.0.0.2'),
  'to 1,000 subscriptions, from the pair\'s own address': toMany('127.0.0.1'),
  'to 1,000 destinations with 1,000 subscribers each': async (gateway, keep, over) => {
    await audience(gateway, keep, over, { to: '/topic/flood/*' });
    await publish(gateway, keep, over, { frames: range(1000).map((i) => send(`/topic/flood/${i}`)) });
  },
  'of 20 addresses, to 200 subscriptions': async (gateway, keep, over) => {
    await audience(gateway, keep, over, { each: 50 });
    await Promise.all(range(20).map((i) => publish(gateway, keep, over, { address: `127.0.0.${2 + i}` })));
  },
  'of 60,000 messages at once, to 1,000 subscriptions': async (gateway, keep, over) => {
    await audience(gateway, keep, over);
    const client = await publisher(gateway, keep, over, '127.0.0.2');
    client.up.write(client.encode(range(60_000).map(() => send('/topic/flood'))));
  },
};
