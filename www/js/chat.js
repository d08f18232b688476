/*
 * The chat page for today's browsers: @stomp/stompjs 7 over a native WebSocket, or
 * over whichever SockJS transport is chosen.
 */
const { Client } = window.StompJs;
const endpoint = new URL('chat', document.baseURI);

/* A network may let no WebSocket through: then "automatic" tries SockJS next. */
let nativeFailed = !('WebSocket' in window);

function openNative() {
  const url = new URL(`${endpoint.pathname}/websocket`, endpoint);
  url.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:';

  const socket = new WebSocket(url, ['v12.stomp', 'v11.stomp', 'v10.stomp']);
  const failed = () => { nativeFailed = true; };
  socket.addEventListener('close', failed);
  socket.addEventListener('open', () => socket.removeEventListener('close', failed));
  return socket;
}

function openSocket(transport) {
  if (transport === 'native' || (transport === 'automatic' && !nativeFailed)) return openNative();
  return new SockJS(endpoint.href, null,
    transport === 'automatic' ? {} : { transports: [transport] });
}

openRoom((transport, events) => {
  let socket;
  const client = new Client({
    webSocketFactory: () => (socket = openSocket(transport)),
    reconnectDelay: 0, // link.js does it, and shows it
    onConnect() {
      client.subscribe('/topic/messages', ({ body, headers }) => {
        events.message(body, headers.sender);
      });
      // A SockJS knows which of its transports it chose.
      events.opened(socket.transport ? `SockJS ${socket.transport}` : 'WebSocket');
    },
    onStompError: ({ headers }) => events.lost(headers.message),
    onWebSocketClose: ({ reason }) => events.lost(reason),
  });

  client.activate();
  return {
    send(body, sender) {
      client.publish({ destination: '/app/chat', headers: { sender }, body });
    },
    close: () => client.deactivate(),
  };
});
