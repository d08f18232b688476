// As pages for Spring's STOMP broker are written; nothing here knows of Postern.
var stompClient = null;

function element(id) {
  return document.getElementById(id);
}

function setConnected(connected) {
  element('connect').disabled = connected;
  element('disconnect').disabled = !connected;
  element('send').disabled = !connected;
  if (connected) element('text').focus();
}

function connect() {
  var socket = new SockJS('/chat');
  stompClient = Stomp.over(socket);
  stompClient.connect({}, function () {
    setConnected(true);
    stompClient.subscribe('/topic/messages', function (output) {
      showMessage(JSON.parse(output.body));
    });
  }, function () {
    setConnected(false);
  });
}

function disconnect() {
  stompClient.disconnect();
  setConnected(false);
}

function sendMessage() {
  var from = element('from').value;
  var text = element('text').value;
  stompClient.send('/app/chat', {}, JSON.stringify({ 'from': from, 'text': text }));
  element('text').value = '';
}

function showMessage(message) {
  var line = document.createElement('li');
  line.textContent = message.from + ': ' + message.text + ' (' + message.time + ')';
  element('log').appendChild(line);
}

element('connect').addEventListener('click', connect);
element('disconnect').addEventListener('click', disconnect);
element('compose').addEventListener('submit', function (event) {
  event.preventDefault();
  sendMessage();
});
