// stomp-broker-js, a STOMP broker for node, on ws or on sockjs-node.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const version = (name) => {
  const file = here(`node_modules/${name}/package.json`);
  return `${name} ${JSON.parse(readFileSync(file, 'utf8')).version}`;
};

const sockjs = (carrier) => ({ carrier, dialect: 'stomp-unconfirmed', path: '/stomp' });

export const stompBroker = {
  name: 'stomp-broker-js',
  needs: here('node_modules/stomp-broker-js'),
  version: () => `${['stomp-broker-js', 'ws', 'sockjs'].map(version).join(', ')}, node ${process.versions.node}`,
  speaks: {
    websocket: { carrier: 'bare-websocket', dialect: 'stomp-unconfirmed', path: '/stomp' },
    ...Object.fromEntries(['sockjs-websocket', 'xhr-streaming', 'eventsource', 'xhr-polling']
      .map((carrier) => [carrier, sockjs(carrier)])),
  },
  cannot: { 'ping-pong': 'nobody hears what he has said himself' },
  prepare: ({ port, carrier }) => ({
    commands: [[port, process.execPath, here('stomp-broker-server.mjs'), `${port}`, carrier === 'websocket' ? 'ws' : 'sockjs']],
  }),
};
