// Something of everything that can be open at a gateway, also on connections that served
// others before.
import { connect, requestText, Wire } from './http.mjs';
import { Session } from './sockjs.mjs';
import { frame, Socket, Stomp } from './stomp.mjs';

// The open frame, as each stream writes it.
export const OPENED = /^(o\n|data: o\r|<script>\np\("o"\))/;

async function written(opening, text) {
  const wire = await opening;
  await wire.writeOut(text);
  return wire;
}

// Returns what is open: each has ended, a promise, and abort().
export async function openAll({ port, ws }) {
  const open = [];
  const add = (client, ended) => open.push({ ended, abort: () => client.abort() });
  const addSocket = async (opening) => {
    const socket = await opening;
    add(socket, socket.closed);
  };
  const addWire = async (opening) => {
    const wire = await opening;
    add(wire, wire.rest());
  };

  const stomp = Stomp.connect(`${ws}/chat/websocket`);
  await (await stomp).subscribe('/topic/a');
  await addSocket(stomp);
  await addSocket(Socket.open(`${ws}/echo/000/a/websocket`));
  await addSocket(Socket.open(`${ws}/ws/chat`));
  for (const connection of [connect, Wire.pooled]) {
    for (const path of ['POST xhr_streaming', 'GET eventsource', 'GET htmlfile?c=p']) {
      const wire = await connection(port);
      await wire.write(receive(new Session(port, '/echo'), path)).head();
      for (let chunk = ''; !OPENED.test(chunk);) chunk = await wire.chunk();
      await addWire(wire);
    }
    for (const path of ['POST xhr', 'GET jsonp?c=p']) {
      const session = new Session(port, '/echo');
      const wire = await connection(port);
      await wire.write(receive(session, path)).answer();
      await addWire(written(wire, receive(session, path)));
    }
    await addWire(written(connection(port), requestText('POST /echo/0/a/xhr_send', { headers: { 'Content-Length': 9 } })));
    await addWire(written(connection(port), requestText('GET /chat')));
  }
  await addWire(written(Wire.open(port), ''));
  await addWire(written(Wire.open(port), 'GET /chat HT'));
  return open;
}

// The text of a session's request for frames: receive(session, 'GET jsonp?c=p').
export function receive(session, line, options = {}) {
  const [method, path] = line.split(' ');
  return requestText(`${method} ${session.url}/${path}`, {
    headers: session.headers, ...method === 'POST' && { body: '' }, ...options });
}
