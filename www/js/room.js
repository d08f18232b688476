/*
 * The chat room on the screen, the same for both chat pages: the forms, the state,
 * the log. It knows nothing of STOMP: connect(transport, events) is the page's own,
 * as createLink() in link.js wants it. ES5.
 */
function openRoom(connect) {
  'use strict';

  var KEPT = 500; /* messages on the screen */

  /* Goes with each message as a header, so that we know ours when it comes back. */
  var self = Math.random().toString(36).slice(2);
  var wasOpen = false;

  function element(id) {
    return document.getElementById(id);
  }

  function setVisible(id, visible) {
    if (visible) element(id).removeAttribute('hidden');
    else element(id).setAttribute('hidden', '');
  }

  function showState(name, sentence, countdown) {
    document.body.setAttribute('data-state', name);
    /* A screen reader announces the state, and only when it changes. */
    if (element('state').textContent !== sentence) element('state').textContent = sentence;
    element('countdown').textContent = countdown || '';
    element('send').disabled = name !== 'open';
    setVisible('join', name === 'off');
    setVisible('session', name !== 'off');
    setVisible('retry', name === 'waiting');
  }

  function make(tag, className, text) {
    var made = document.createElement(tag);
    made.className = className;
    made.textContent = text; /* text, never HTML: what others write is not trusted */
    return made;
  }

  function append(item) {
    var log = element('log');
    var atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;

    log.appendChild(item);
    if (log.childNodes.length > KEPT) log.removeChild(log.firstChild);
    if (atEnd) log.scrollTop = log.scrollHeight;
  }

  function appendNote(text) {
    append(make('li', 'note', text));
  }

  /* {from, text, time}; what is not that is shown as it came. */
  function readMessage(body) {
    try {
      var read = JSON.parse(body);
      if (read && typeof read === 'object') return read;
    } catch (error) { /* below */ }
    return { from: '', text: body, time: '' };
  }

  function string(value) {
    return value === undefined || value === null ? '' : String(value);
  }

  function appendMessage(body, sender) {
    var message = readMessage(body);
    var item = make('li', sender === self ? 'message own' : 'message', '');
    var head = make('p', 'head', '');

    head.appendChild(make('span', 'from', string(message.from)));
    head.appendChild(document.createTextNode(' '));
    head.appendChild(make('span', 'time', string(message.time)));
    item.appendChild(head);
    item.appendChild(make('p', 'text', string(message.text)));
    append(item);
  }

  var link = createLink(function (events) {
    return connect(element('transport').value, events);
  }, {
    off: function () {
      if (wasOpen) appendNote('You left.');
      wasOpen = false;
      showState('off', 'Not connected');
    },

    connecting: function () {
      showState('connecting', 'Connecting');
    },

    open: function (transport) {
      showState('open', 'Connected over ' + transport);
      appendNote('Connected over ' + transport + '.');
      if (document.activeElement !== element('leave')) element('text').focus();
      wasOpen = true;
    },

    waiting: function (seconds, reason) {
      var why = reason ? ': ' + reason : '';

      if (wasOpen) appendNote('Connection lost' + why + '. Messages that are sent now do not arrive here.');
      wasOpen = false;
      showState('waiting', 'No connection' + why + '. Retrying', 'in ' + seconds + ' s');
    },

    message: appendMessage
  });

  element('join').addEventListener('submit', function (event) {
    var name = element('nickname').value.trim();

    event.preventDefault();
    if (name === '') {
      element('nickname').focus();
      return;
    }
    element('name').textContent = name;
    link.connect();
  });

  element('compose').addEventListener('submit', function (event) {
    var text = element('text').value;
    var name = element('name').textContent;

    event.preventDefault();
    if (text.trim() === '') return;
    if (link.send(JSON.stringify({ from: name, text: text }), self)) element('text').value = '';
    element('text').focus();
  });

  element('leave').addEventListener('click', function () {
    link.disconnect();
    element('connect').focus();
  });

  element('retry').addEventListener('click', link.connect);

  window.addEventListener('online', function () {
    if (document.body.getAttribute('data-state') === 'waiting') link.connect();
  });
}
