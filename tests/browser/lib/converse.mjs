// Runs inside a page that has loaded sockjs-client, in ES5: opens one SockJS session after
// the other over one transport and tells what came of each. Texts are lists of code units:
// what drives the browser would not bring half a pair here unharmed. An engine that
// normalizes what it sends cannot get back more than that.
export function converse(how) {
  'use strict';

  var echoed = how.texts.map(function (units) { return String.fromCharCode.apply(null, units); });

  // use(socket) begins when it is open; hear(text, socket, said) hears what comes.
  function session(path, use, hear) {
    return new Promise(function (resolve) {
      var socket = new SockJS(how.gateway + path, null, { transports: [how.transport] });
      var said = { opened: false };
      socket.onopen = function () {
        said.opened = true;
        said.transport = socket.transport;
        use(socket);
      };
      socket.onmessage = function (event) { hear(event.data, socket, said); };
      socket.onclose = function (event) {
        said.code = event.code;
        said.reason = event.reason;
        said.wasClean = event.wasClean;
        resolve(said);
      };
    });
  }

  function comparable(text) { return how.normalizes ? text.normalize() : text; }

  function nothing() {}

  function echo() {
    var heard = 0;
    var wrong = [];
    return session('/echo', function (socket) {
      echoed.forEach(function (text) { socket.send(text); });
    }, function (text, socket, said) {
      if (comparable(text) !== comparable(echoed[heard])) wrong.push(heard);
      heard += 1;
      if (heard < echoed.length) return;
      said.wrong = wrong;
      socket.close(3001, 'done');
    });
  }

  function amplify() {
    return session('/amplify', function (socket) { socket.send('18'); }, function (text, socket, said) {
      said.length = text.length;
      said.isAllX = /^x*$/.test(text);
      socket.close(3001, 'done');
    });
  }

  return echo().then(function (echo) {
    // A transport that is not enabled need not be asked again.
    if (!echo.opened) return { echo: echo };
    return amplify().then(function (amplify) {
      return session('/close', nothing, nothing).then(function (close) {
        return { echo: echo, amplify: amplify, close: close };
      });
    });
  });
}

// Also for inside a page. The client gives a transport less than a second to open: it takes
// a machine that is busy with tests for a transport that does not work.
export function bePatient() {
  'use strict';

  if (window.SockJS) SockJS.prototype.countRTO = function () { return 10000; };
}

// What IE 8 and 9 have for other origins, made of what today's browsers have: no headers,
// no cookies and no type of what is sent.
export function imitateXDomainRequest() {
  'use strict';

  window.XDomainRequest = function () {
    var self = this;
    var xhr = new XMLHttpRequest();

    function tell(event) {
      return function () {
        self.responseText = xhr.responseText;
        if (self[event]) self[event]();
      };
    }

    xhr.onprogress = tell('onprogress');
    xhr.onload = tell('onload');
    xhr.onerror = tell('onerror');
    self.open = function (method, url) { xhr.open(method, url); };
    self.send = function (body) { xhr.send(body ? new Blob([body]) : null); };
    self.abort = function () { xhr.abort(); };
  };
}
