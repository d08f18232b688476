/*
 * Keeps a connection up: opens it, and when it is lost opens it again, after 1, 2, 4
 * and at last every 30 seconds. ES5, since the page for old browsers loads it too.
 *
 * open(events) begins one attempt and returns {send, close}. It calls
 *   events.opened(transport)       once, when messages can flow
 *   events.message(body, sender)   for each message
 *   events.lost(reason)            when it failed or ended; a second call does nothing
 *
 * show is told the truth, whenever it changes:
 *   show.off()  show.connecting()  show.open(transport)
 *   show.waiting(seconds, reason)  show.message(body, sender)
 */
function createLink(open, show) {
  'use strict';

  var SHORTEST = 1, LONGEST = 30; /* seconds between attempts */
  var PATIENCE = 15000; /* milliseconds for an attempt to succeed */

  var attempt = null; /* events of any other attempt come too late */
  var pause = SHORTEST;
  var timer = null;

  function drop() {
    var dropped = attempt;
    attempt = null;
    clearTimeout(timer);
    if (dropped && dropped.connection) dropped.connection.close();
  }

  function lost(reason) {
    drop();
    wait(pause, reason);
    pause = Math.min(pause * 2, LONGEST);
  }

  function wait(seconds, reason) {
    if (seconds === 0) {
      connect();
      return;
    }
    show.waiting(seconds, reason);
    /* Not exactly a second: a crowd that lost one server shall not come back as one. */
    timer = setTimeout(function () {
      wait(seconds - 1, reason);
    }, 1000 + Math.random() * 200);
  }

  function connect() {
    var mine = {};

    function isCurrent() {
      return attempt === mine;
    }

    drop();
    attempt = mine;
    show.connecting();
    timer = setTimeout(function () {
      lost('no answer');
    }, PATIENCE);
    mine.connection = open({
      opened: function (transport) {
        if (!isCurrent()) return;
        clearTimeout(timer);
        pause = SHORTEST;
        mine.isOpen = true;
        show.open(transport);
      },
      message: function (body, sender) {
        if (isCurrent()) show.message(body, sender);
      },
      lost: function (reason) {
        if (isCurrent()) lost(reason);
      }
    });
  }

  return {
    connect: function () {
      pause = SHORTEST;
      connect();
    },

    disconnect: function () {
      drop();
      show.off();
    },

    /* False when there is no connection; the message is then not sent, nor kept. */
    send: function (body, sender) {
      if (!attempt || !attempt.isOpen) return false;
      attempt.connection.send(body, sender);
      return true;
    }
  };
}
