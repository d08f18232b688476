// A proxy that passes so many bytes of what the gateway says, then cuts all its connections.
import net from 'node:net';

export class Cutter {
  static async open(port, bytes) {
    const cutter = new Cutter();
    Object.assign(cutter, { left: bytes, sockets: new Set(), isCut: false });
    cutter.cut = new Promise((resolve) => { cutter.onCut = resolve; });
    cutter.server = net.createServer((client) => cutter.#join(client, port));
    await new Promise((resolve) => { cutter.server.listen(0, '127.0.0.1', resolve); });
    cutter.port = cutter.server.address().port;
    return cutter;
  }

  #join(client, port) {
    const gateway = net.connect({ port, host: '127.0.0.1', noDelay: true });
    for (const [one, other] of [[client, gateway], [gateway, client]]) {
      this.sockets.add(one);
      one.on('error', () => {}).once('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
    }
    client.pipe(gateway);
    gateway.on('data', (data) => this.#pass(client, data)).on('end', () => client.end());
    if (this.isCut) client.destroy();
  }

  #pass(client, data) {
    if (this.isCut) return;
    const part = data.subarray(0, this.left);
    this.left -= part.length;
    if (this.left > 0) {
      client.write(part);
      return;
    }
    this.isCut = true;
    client.write(part, () => this.abort());
    this.onCut();
  }

  abort() {
    this.isCut = true;
    this.server.close();
    this.sockets.forEach((socket) => socket.destroy());
  }
}
