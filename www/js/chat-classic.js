/*
 * The chat page for old browsers: sockjs-client with stompjs 2.3.3, in ES5. It asks
 * for no promise, class, fetch or TextEncoder.
 */
(function () {
  'use strict';

  openRoom(function (transport, events) {
    var socket = new SockJS('chat', null,
      transport === 'automatic' ? {} : { transports: [transport] });
    var client = Stomp.over(socket);

    client.debug = null;
    client.connect({}, function () {
      client.subscribe('/topic/messages', function (message) {
        events.message(message.body, message.headers.sender);
      });
      events.opened('SockJS ' + socket.transport);
    }, function (error) {
      /* An ERROR frame, or stompjs's own sentence about the lost connection. */
      events.lost(error.headers ? error.headers.message : '');
    });

    return {
      send: function (body, sender) {
        client.send('/app/chat', { sender: sender }, body);
      },
      close: function () {
        if (client.connected) client.disconnect();
        else socket.close();
      }
    };
  });
}());
