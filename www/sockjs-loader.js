/*
 * The script of every iframe page. It makes the iframe speak the version of
 * sockjs-client that the page around it has: the stub below asks the page, loads
 * that version from this script's own folder, and lets it begin anew. A page answers
 * each time it is asked, so nothing that was said in between must be repeated.
 *
 * All clients since 1.0.0 speak alike to their iframes and differ in nothing but the
 * version that they compare, so any of them can stand in for one that is not here.
 * ES3: IE 8 needs iframes more than any other browser.
 */
(function () {
  var NEWEST = '1.6.1';
  var scripts = document.getElementsByTagName('script');
  var folder = scripts[scripts.length - 1].src.replace(/[?#].*$/, '').replace(/[^\/]*$/, '');
  var id = location.hash.slice(1); /* the page has named the iframe */
  var stub = { bootstrap_iframe: ask };
  var origin, answered;

  /* IE 8 gives messages to the document, or to the window. */
  function listen(on) {
    if (window.addEventListener) window[on ? 'addEventListener' : 'removeEventListener']('message', hear, false);
    else {
      document[on ? 'attachEvent' : 'detachEvent']('onmessage', hear);
      window[on ? 'attachEvent' : 'detachEvent']('onmessage', hear);
    }
  }

  /* Clients 1.x speak JSON, those before a prefix; each ignores the other's form. */
  function ask() {
    if (parent === window) return;
    listen(true);
    parent.postMessage(JSON.stringify({ windowId: id, type: 's', data: '' }), '*');
    parent.postMessage(id + 's', '*');
  }

  /* A message is JSON or not ours; the first element of what an 's' says is the version. */
  function read(text) {
    var isNew = text.charAt(0) === '{';
    var message = isNew ? JSON.parse(text) : { windowId: text.slice(0, 8), type: text.charAt(8), data: text.slice(9) };
    if (message.windowId !== id || message.type !== 's') return null;
    return { isNew: isNew, version: JSON.parse(message.data)[0] };
  }

  function hear(event) {
    var answer = null;
    if (answered || event.source !== parent || typeof event.data !== 'string') return;
    if (origin === undefined) origin = event.origin;
    if (event.origin !== origin) return;
    try { answer = read(event.data); } catch (ignored) { /* somebody else's */ }
    if (!answer || typeof answer.version !== 'string') return;
    answered = true;
    listen(false);
    load(answer.version, function () {
      if (answer.isNew) load(NEWEST, function () { refuse(answer); }, answer.version);
      else refuse(answer);
    });
  }

  /* The page tries its next transport at once, instead of after a while. */
  function refuse(answer) {
    var why = '[1006,"The server has no sockjs-client ' + answer.version.replace(/[^\w.\-]/g, '?') + '"]';
    parent.postMessage(answer.isNew ? JSON.stringify({ windowId: id, type: 'c', data: why }) : id + 'tc' + why, origin);
  }

  function load(version, failed, claim) {
    var script = document.createElement('script');
    if (!/^\d+(\.\d+)*$/.test(version)) {
      failed();
      return;
    }
    /* IE 8 has no onerror: whether it came shows in what it has put in our place. */
    script.onload = script.onerror = script.onreadystatechange = function () {
      if (script.readyState && !/loaded|complete/.test(script.readyState)) return;
      script.onload = script.onerror = script.onreadystatechange = null;
      if (window.SockJS === stub) {
        failed();
        return;
      }
      if (claim !== undefined) window.SockJS.version = claim;
      window.SockJS.bootstrap_iframe();
    };
    script.src = folder + version + '/sockjs.min.js';
    document.getElementsByTagName('head')[0].appendChild(script);
  }

  window.SockJS = stub;
}());
