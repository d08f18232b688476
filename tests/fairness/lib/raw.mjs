// A connection that writes what it is given, and keeps what comes as text.
import net from 'node:net';

export class Raw {
  text = '';

  // localAddress: one of this machine's: an account of its own.
  static open(port, localAddress) {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ port, host: '127.0.0.1', localAddress, noDelay: true }, () => resolve(new Raw(socket)));
      socket.once('error', reject);
    });
  }

  constructor(socket) {
    this.socket = socket.removeAllListeners('error').on('error', () => {});
    socket.on('data', (data) => { this.text += data.toString('latin1'); });
    this.closed = new Promise((resolve) => { socket.on('close', resolve); });
  }

  write(data) {
    return new Promise((resolve) => { this.socket.write(data, resolve); });
  }

  // Returns when the kernel takes more, or when the connection has ended.
  async writeWhole(data) {
    if (this.socket.write(data)) return;
    await Promise.race([new Promise((resolve) => { this.socket.once('drain', resolve); }), this.closed]);
  }

  // Reads on, but keeps nothing: that would cost this process more than the gateway.
  ignore() { this.socket.removeAllListeners('data').resume(); }

  abort() { this.socket.destroy(); }
}
