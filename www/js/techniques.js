/*
 * Sends numbered messages to a topic of its own, and hears them by five ways at once:
 * when each message comes, what that costs, and whether one is missing.
 */
import { Traffic, ways } from './ways.js';
import { Plot } from './plot.js';

const { Client } = window.StompJs;
const endpoint = new URL('chat', document.baseURI);
const topic = `/topic/techniques/${crypto.getRandomValues(new Uint32Array(2)).join('')}`;
const POINTS_MAX = 4000; /* of a plot */
const LAST_WORDS = 1000; /* milliseconds that messages get to arrive behind a stop */

const page = Object.fromEntries([...document.querySelectorAll('[id]')].map((one) => [one.id, one]));
const settings = { interval: 1000 };
const format = (value, digits = 0) => new Intl.NumberFormat(document.documentElement.lang,
  { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);

/* On a phone each row is a card: then its cells say by themselves what they are. */
function labelCells(table) {
  const labels = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);

  table.setAttribute('role', 'table');
  [table.tHead, table.tBodies[0]].forEach((part) => part.setAttribute('role', 'rowgroup'));
  [...table.rows].forEach((row) => row.setAttribute('role', 'row'));
  [...table.tHead.rows[0].cells].forEach((cell) => cell.setAttribute('role', 'columnheader'));
  [...table.tBodies[0].rows].forEach((row) => [...row.cells].forEach((cell, i) => {
    cell.setAttribute('role', i === 0 ? 'rowheader' : 'cell');
    if (i > 0) cell.dataset.label = labels[i];
  }));
}

/* Of sorted numbers. */
const quantile = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];

/* One way: its connection, what it has heard, its row in the table. */
class Listener {
  traffic = new Traffic();
  isReady = false;

  constructor(name, changed) {
    this.name = name;
    this.row = document.querySelector(`tr[data-way="${name}"]`);
    this.cells = Object.fromEntries([...this.row.querySelectorAll('[data-of]')].map((cell) => [cell.dataset.of, cell]));
    this.label = this.row.querySelector('th').textContent.trim();
    this.changed = changed;
    this.forget();
    this.client = new Client({
      webSocketFactory: () => new ways[name](endpoint, this.traffic, settings),
      reconnectDelay: 2000,
      onConnect: () => this.#connected(),
      onWebSocketClose: () => this.#set('waiting'),
    });
    this.#set('connecting');
    this.client.activate();
  }

  #set(state) {
    this.isReady = state === 'open';
    this.row.dataset.state = state;
    this.cells.state.textContent = page.state.dataset[state];
    this.changed();
  }

  #connected() {
    this.client.watchForReceipt('joined', () => this.#set('open'));
    this.client.subscribe(topic, ({ body }) => this.#hear(JSON.parse(body)), { receipt: 'joined' });
  }

  #hear({ number, at }) {
    const latency = performance.now() - at;
    this.missing += number - this.expected;
    this.expected = number + 1;
    this.received += 1;
    this.latencies.push(latency);
    this.heard?.(latency);
  }

  /* A new run begins. */
  forget() {
    const { requests, up, down, heldFor } = this.traffic;
    this.before = { requests, up, down, heldFor };
    this.received = this.missing = 0;
    this.expected = 1;
    this.latencies = [];
  }

  /* What this run has cost so far. */
  get bytes() { return this.traffic.up + this.traffic.down - this.before.up - this.before.down; }

  show(sent, seconds) {
    const { cells, before, received } = this;
    const requests = this.traffic.requests - before.requests;
    const sorted = [...this.latencies].sort((a, b) => a - b);
    const set = (of, text) => { if (cells[of].textContent !== text) cells[of].textContent = text; };

    set('received', format(received));
    set('missing', format(this.missing + (this.isOver ? sent + 1 - this.expected : 0)));
    set('median', received ? format(quantile(sorted, 0.5), 1) : '');
    set('worst', received ? format(quantile(sorted, 0.99), 1) : '');
    set('requests', format(requests));
    set('bytes', format(this.bytes));
    set('each', received ? format(this.bytes / received) : '');
    set('held', seconds > 0 ? format((this.traffic.heldFor - before.heldFor) / seconds / 1000, 2) : '');
  }
}

/* Numbers messages, and sends them as evenly as the browser's clock allows. */
class Publisher {
  sent = 0;
  #timer = null;

  constructor(changed) {
    this.client = new Client({
      webSocketFactory: () => new SockJS(endpoint.href),
      reconnectDelay: 2000,
      onConnect: changed,
      onWebSocketClose: changed,
    });
    this.client.activate();
  }

  get isReady() { return this.client.connected; }

  #send() {
    if (!this.isReady) return;
    this.sent += 1;
    this.client.publish({ destination: topic, body: JSON.stringify({ number: this.sent, at: performance.now() }) });
  }

  start() {
    this.sent = 0;
    this.setRate();
  }

  setRate() {
    this.stop();
    this.#timer = setInterval(() => this.#send(), 1000 / page.rate.value);
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = null;
  }
}

let run = null; /* {began, stopped, over}: milliseconds; nothing is sent from stopped on */

const isRunning = () => run !== null && run.stopped === null;
const since = (end) => (run === null ? 0 : ((end ?? performance.now()) - run.began) / 1000);
const seconds = () => since(run?.over);

function showState() {
  if (!publisher) return;
  const isReady = publisher.isReady && listeners.every((listener) => listener.isReady);
  page.start.disabled = !isRunning() && !isReady;
  const state = isRunning() ? (isReady ? 'running' : 'waiting') : isReady ? 'ready' : 'connecting';
  if (page.state.textContent !== page.state.dataset[state]) page.state.textContent = page.state.dataset[state];
}

let publisher = null;
const listeners = Object.keys(ways).map((name) => new Listener(name, showState));
publisher = new Publisher(showState);

const names = listeners.map(({ label }) => label);
/* What a poll brings comes all at once: a line would go up and down. */
const latency = new Plot(page.latency, names, { isLogarithmic: true, most: POINTS_MAX, dotted: [names[0]] });
const spent = new Plot(page.spent, names, { most: POINTS_MAX });
listeners.forEach((listener, index) => {
  listener.heard = (milliseconds) => latency.add(seconds(), index, milliseconds);
});

function show() {
  listeners.forEach((listener) => listener.show(publisher.sent, seconds()));
  if (run !== null && run.over === null) {
    const now = seconds();
    listeners.forEach((listener, index) => spent.add(now, index, listener.bytes / 1024));
  }
  latency.draw();
  spent.draw();
  page.summary.textContent = run === null ? '' : page.summary.dataset.text
    .replace('{sent}', format(publisher.sent)).replace('{seconds}', format(since(run.stopped)));
}

function start() {
  latency.clear();
  spent.clear();
  listeners.forEach((listener) => {
    listener.isOver = false;
    listener.forget();
  });
  run = { began: performance.now(), stopped: null, over: null };
  publisher.start();
}

function stop() {
  const stopped = run;

  publisher.stop();
  run.stopped = performance.now();
  /* Until then the last ones may be on their way. */
  setTimeout(() => {
    if (run !== stopped) return;
    run.over = performance.now();
    listeners.forEach((listener) => { listener.isOver = true; });
    page.summary.dataset.isOver = 'true';
    show();
  }, settings.interval + LAST_WORDS);
}

page.start.addEventListener('click', () => {
  delete page.summary.dataset.isOver;
  if (isRunning()) stop();
  else start();
  page.start.textContent = page.start.dataset[isRunning() ? 'stop' : 'start'];
  showState();
  show();
});
page.rate.addEventListener('input', () => {
  page.rateShown.textContent = format(page.rate.value);
  if (isRunning()) publisher.setRate();
});
page.interval.addEventListener('change', () => { settings.interval = Number(page.interval.value); });
page.rateShown.textContent = format(page.rate.value);

labelCells(document.querySelector('.figures'));
setInterval(show, 500);
showState();
