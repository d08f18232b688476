/* A plain WebSocket, no STOMP: the gateway answers each text by itself. */
(function () {
  'use strict';

  var url = location.href.replace(/^http/, 'ws').replace(/[^\/]*$/, 'ws/chat');
  var socket = null;

  function element(id) {
    return document.getElementById(id);
  }

  function append(className, text) {
    var line = document.createElement('li');
    line.className = className;
    line.textContent = text;
    element('log').appendChild(line);
    element('log').scrollTop = element('log').scrollHeight;
  }

  function showState(name, sentence) {
    document.body.setAttribute('data-state', name);
    element('state').textContent = sentence;
    element('send').disabled = name !== 'open';
  }

  function connect() {
    showState('connecting', 'Connecting to /ws/chat');
    socket = new WebSocket(url);
    socket.onopen = function () {
      showState('open', 'Connected to /ws/chat');
    };
    socket.onmessage = function (event) {
      append('message', event.data);
    };
    socket.onclose = function () {
      showState('waiting', 'No connection to /ws/chat. Retrying');
      setTimeout(connect, 3000);
    };
  }

  element('compose').addEventListener('submit', function (event) {
    var text = element('text').value;

    event.preventDefault();
    if (text === '' || socket.readyState !== WebSocket.OPEN) return;
    append('message own', text);
    socket.send(text);
    element('text').value = '';
  });

  connect();
}());
