// An honest client over each of three transports, where plain STOMP is at `tcp`. Each has
// next(), send() and abort(); `closed` is a promise.
import { HandClient } from '../../wire/lib/hand.mjs';
import { frame, Stomp } from '../../wire/lib/stomp.mjs';
import { TcpStomp } from '../../wire/lib/tcp.mjs';

export const connectOver = {
  tcp: ({ tcp }, headers) => TcpStomp.connect({ log: `plain STOMP at 127.0.0.1:${tcp}\n` }, headers),
  websocket: ({ port }, headers) => Stomp.connect(`ws://127.0.0.1:${port}/chat/websocket`, headers),
  'xhr-streaming': async ({ port }, headers) => {
    const client = await HandClient.open(`http://127.0.0.1:${port}/chat`, 'xhr-streaming');
    await client.send(frame('CONNECT', { 'accept-version': '1.2', host: 'x', ...headers }));
    await client.next('CONNECTED comes');
    return client;
  },
};
