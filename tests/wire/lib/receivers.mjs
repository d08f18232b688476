// The ways to receive over HTTP: how each is asked for, and what it must answer.
import { connect, requestText } from './http.mjs';
import { percent, scripted } from './quoting.mjs';
import { PRELUDE } from './sockjs.mjs';

const JAVASCRIPT = 'application/javascript; charset=UTF-8';

const PAGE = `<!doctype html>
<html><head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
</head><body><h2>Don't panic!</h2>
  <script>
    document.domain = document.domain;
    var c = parent.page;
    c.start();
    function p(d) {c.message(d);};
    window.onload = function() {c.stop();};
  </script>`;

// wrap() writes a frame. A stream has a prelude.
export const receivers = [
  {
    name: 'xhr', line: 'POST xhr', send: 'xhr_send', type: JAVASCRIPT,
    wrap: (frame) => `${frame}\n`,
  },
  {
    name: 'xhr_streaming', line: 'POST xhr_streaming', send: 'xhr_send', type: JAVASCRIPT,
    prelude: PRELUDE, wrap: (frame) => `${frame}\n`,
  },
  {
    name: 'eventsource', line: 'GET eventsource', send: 'xhr_send', type: 'text/event-stream',
    prelude: '\r\n', wrap: (frame) => `data: ${percent(frame)}\r\n\r\n`,
  },
  {
    name: 'htmlfile', line: 'GET htmlfile?c=page', send: 'xhr_send', type: 'text/html; charset=UTF-8',
    prelude: `${PAGE.padEnd(1024)}\r\n\r\n`, wrap: (frame) => `<script>\np(${scripted(frame)});\n</script>\r\n`,
  },
  {
    name: 'jsonp', line: 'GET jsonp?c=page', send: 'jsonp_send', type: JAVASCRIPT,
    wrap: (frame) => `/**/page(${scripted(frame)});\r\n`, more: { 'x-content-type-options': 'nosniff' },
  },
];

export const streams = receivers.filter(({ prelude }) => prelude);
export const polls = receivers.filter(({ prelude }) => !prelude);

// The text of a session's request: request(session, 'GET jsonp?c=p').
export function request(session, line, { headers, ...more } = {}) {
  const [method, path] = line.split(' ');
  return requestText(`${method} ${session.url}/${path}`, {
    headers: { ...session.headers, ...headers }, ...method === 'POST' && { body: '' }, ...more });
}

// Asks for frames on a connection of its own, and reads the head.
export async function receive(session, { line }, options) {
  const wire = await connect(session.port, session.localAddress);
  wire.opening = await wire.write(request(session, line, options)).head();
  return wire;
}

// The pieces of an answer up to its end: the chunks of a stream, the body of a poll.
export async function pieces(wire) {
  const { 'content-length': length } = wire.opening.headers;
  if (length !== undefined) return [(await wire.take(Number(length))).toString()];
  const all = [];
  for (let chunk; (chunk = await wire.chunk()) !== null;) all.push(chunk);
  return all;
}

// What an answer must be made of that brings these frames.
export const made = ({ prelude, wrap }, ...frames) => [...prelude ? [prelude] : [], ...frames.map(wrap)];

// A whole answer: of a poll, or of a stream that ends by itself.
export async function fetch(session, receiver, options) {
  const wire = await receive(session, receiver, options);
  try {
    return await pieces(wire);
  } finally {
    wire.abort();
  }
}

// Opens the session. A stream goes on behind the open frame; a poll has been answered.
export async function open(session, receiver, options) {
  const wire = await receive(session, receiver, options);
  const wanted = made(receiver, 'o');
  const got = receiver.prelude ? [await wire.chunk(), await wire.chunk()] : await pieces(wire);
  if (got.join() !== wanted.join()) throw new Error(`${receiver.name} opened with ${got}`);
  return wire;
}

// Opens the session and leaves a request there that waits for frames.
export async function wait(session, receiver, options) {
  const wire = await open(session, receiver, options);
  if (!receiver.prelude) await wire.writeOut(request(session, receiver.line, options));
  return wire;
}

// Opens the session by a poll that ends, so that no receiver is there.
export async function openIdle(session, { send }) {
  (await open(session, polls.find((poll) => poll.send === send))).abort();
}

// The next frame that a waiting request brings, as it was written.
export async function next(wire, receiver) {
  if (receiver.prelude) return wire.chunk();
  return (await wire.answer()).body;
}

export const send = (session, receiver, ...texts) => session.post(receiver.send, JSON.stringify(texts));
