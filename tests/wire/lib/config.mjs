// The configuration that the wire tests run with: one endpoint for each handler, the
// demo's routes, and what a test file wants different.
const endpoint = (path, handler, more) => ({ path, handler, sockjs: true, ...more });

// A client of ours that is late, on a machine with much to do, has not left: a test of what
// becomes of those that leave says for itself when.
export const patient = { disconnect: 60_000, progress: 60_000, pong: 60_000 };

export function configuration({ endpoints = [], times, ...more } = {}) {
  return {
    times: { ...patient, ...times },
    allowed_origins: ['*'],
    endpoints: [
      endpoint('/chat', 'stomp'),
      endpoint('/echo', 'echo', { response_limit: 4096 }),
      endpoint('/disabled_websocket_echo', 'echo', { websocket: false }),
      endpoint('/close', 'close'),
      endpoint('/ws/chat', 'reply', { sockjs: false, reply: 'Welcome chatting sever~^^' }),
      ...endpoints,
    ],
    broker: { prefixes: ['/topic'] },
    app: {
      prefixes: ['/app'],
      routes: [
        {
          match: '/app/chat',
          send_to: ['/topic/messages'],
          body: { from: '{body.from}', text: '{body.text}', time: '{now:%H:%M}' },
        },
        { match: '/app/rooms/{room}', send_to: ['/topic/rooms/{room}'] },
      ],
    },
    ...more,
  };
}

// For what only several workers can do wrong, whatever the suite runs with.
export const severalWorkers = (more) => configuration({ workers: 3, ...more });
