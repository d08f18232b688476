// A client that attacks: it writes much, and only counts the frames that come.
import { once } from 'node:events';
import net from 'node:net';
import { tcpPort } from '../../wire/lib/tcp.mjs';
import { deadline } from '../../wire/lib/wait.mjs';

export const range = (count) => Array.from({ length: count }, (_, i) => i);

export class Writer {
  frames = 0;
  latest = ''; // what came last, cut anywhere

  // localAddress: one of this machine's: an account of its own.
  constructor(gateway, localAddress) {
    this.socket = net.connect({ port: tcpPort(gateway), host: '127.0.0.1', localAddress, noDelay: true });
    this.socket.on('error', () => {});
    this.socket.on('data', (data) => {
      for (let at = data.indexOf(0); at !== -1; at = data.indexOf(0, at + 1)) this.frames += 1;
      this.latest = data;
      this.wake?.();
    });
  }

  static async open(gateway, localAddress) {
    const writer = new Writer(gateway, localAddress);
    await once(writer.socket, 'connect');
    return writer;
  }

  // `version` is that of STOMP.
  static async connect(gateway, version = '1.2', localAddress = '127.0.0.1') {
    const writer = await Writer.open(gateway, localAddress);
    await writer.write(`CONNECT\naccept-version:${version}\nhost:x\n\n\0`).hears(1);
    return writer;
  }

  write(data) {
    this.socket.write(data);
    return this;
  }

  // Waits until so many frames have come, since the connection began.
  async hears(frames) {
    while (this.frames < frames) {
      await deadline(`${frames} frames come`, new Promise((resolve) => { this.wake = resolve; }));
    }
    return this;
  }

  abort() { this.socket.destroy(); }
}
