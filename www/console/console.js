/*
 * The console asks the gateway, over the gateway's own STOMP, for what it shows: below
 * /admin, with a reply-to. It asks again and again, and not while nobody looks.
 */
import { Plot } from './plot.js';

const { Client } = window.StompJs;
const REPLY = '/temp-queue/console';
const OVERVIEW_MS = 1000, TABLES_MS = 2000, TRACE_MS = 5000;
const POINTS_MAX = 600;
const FRAMES_MAX = 200;
const TRANSPORTS = ['websocket', 'websocket_raw', 'xhr_streaming', 'xhr', 'poll', 'eventsource', 'htmlfile', 'jsonp', 'tcp'];

const page = Object.fromEntries([...document.querySelectorAll('[id]')].map((one) => [one.id, one]));
const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

function inBytes(value) {
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    if (value < 1024 || unit === 'GiB') return `${number.format(value)} ${unit}`;
    value /= 1024;
  }
  return '';
}

function inTime(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

/* Rows by name; a text that is null leaves a cell as it was made. Those that stay are kept, so that a focus or selection stays too. */
class Table {
  #rows = new Map();

  constructor(body, make) {
    this.body = body;
    this.make = make;
  }

  show(items, nameOf, cellsOf) {
    const gone = new Set(this.#rows.keys());
    for (const item of items) {
      const name = nameOf(item);
      gone.delete(name);
      let row = this.#rows.get(name);
      if (row === undefined) {
        row = this.make(item);
        this.#rows.set(name, row);
        this.body.append(row);
      }
      cellsOf(item).forEach((text, index) => {
        const cell = row.cells[index];
        if (text !== null && cell.firstChild?.data !== text) cell.textContent = text;
      });
    }
    for (const name of gone) {
      this.#rows.get(name).remove();
      this.#rows.delete(name);
    }
  }
}

function rowOf(cells) {
  const row = document.createElement('tr');
  const head = document.createElement('th');
  head.scope = 'row';
  row.append(head);
  for (let i = 1; i < cells; i += 1) row.append(document.createElement('td'));
  return row;
}

function buttonOf(text, label, act) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'quiet';
  button.textContent = text;
  button.setAttribute('aria-label', label);
  button.addEventListener('click', act);
  return button;
}

/* The connection. */

const client = new Client({
  webSocketFactory: () => new SockJS(new URL('stomp', document.baseURI).href),
  reconnectDelay: 2000,
  beforeConnect: () => {
    client.connectHeaders = { login: 'console', passcode: sessionStorage.getItem('token') ?? '' };
  },
  onConnect: () => {
    show('open', 'Connected');
    page.login.hidden = true;
    look();
    lookAtTables();
  },
  onUnhandledMessage: ({ headers, body }) => {
    const answer = JSON.parse(body);
    if (headers.about === '/overview') showOverview(answer);
    else if (headers.about === '/sessions') showSessions(answer);
    else if (headers.about === '/destinations') showDestinations(answer);
    else if (headers.about === '/frame') showFrame(answer);
    else if (headers.about === '/kick') lookAtTables();
    else if (headers.about === '/trace') showTraced(answer);
  },
  onStompError: ({ headers }) => {
    if (/token/.test(headers.message)) {
      page.login.hidden = false;
      client.deactivate();
      show('waiting', 'The gateway wants its token.');
    }
  },
  onWebSocketClose: () => { if (client.active) show('waiting', 'No connection: trying again …'); },
});

function show(state, text) {
  document.body.dataset.state = state;
  page.state.textContent = text;
}

function ask(service, question = {}) {
  if (client.connected) {
    client.publish({ destination: `/admin/${service}`, headers: { 'reply-to': REPLY }, body: JSON.stringify(question) });
  }
}

/* The overview. */

const began = performance.now();
const plots = {
  transports: new Plot(page.transports, TRANSPORTS, { most: POINTS_MAX }),
  rates: new Plot(page.rates, ['messages', 'deliveries'], { most: POINTS_MAX }),
  bytes: new Plot(page.bytes, ['in', 'out'], { most: POINTS_MAX }),
  queued: new Plot(page.queued, ['KiB queued', 'slow consumers'], { most: POINTS_MAX }),
};
const tiles = Object.fromEntries([...page.tiles.querySelectorAll('[data-of]')].map((tile) => [tile.dataset.of, tile]));
let before = null;

function showOverview(now) {
  const seconds = before === null ? 0 : (now.at - before.at) / 1000;
  const since = (of) => (seconds > 0 ? Math.max(0, now[of] - before[of]) / seconds : 0);
  const time = (performance.now() - began) / 1000;
  const sessions = Object.values(now.sessions).reduce((sum, count) => sum + count, 0);
  const shown = {
    sessions: number.format(sessions), messages: number.format(since('messages')),
    deliveries: number.format(since('deliveries')), bytes_in: inBytes(since('bytes_in')),
    bytes_out: inBytes(since('bytes_out')), queued: inBytes(now.queued), slow: number.format(now.slow),
    subscriptions: number.format(now.subscriptions), destinations: number.format(now.destinations),
    refused: number.format(now.refused), memory: inBytes(now.memory),
  };

  for (const [of, text] of Object.entries(shown)) tiles[of].textContent = text;
  page.version.textContent = `${now.version}, ${now.workers} ${now.workers === 1 ? 'worker' : 'workers'}`;
  TRANSPORTS.forEach((transport, i) => plots.transports.add(time, i, now.sessions[transport]));
  ['messages', 'deliveries'].forEach((of, i) => plots.rates.add(time, i, since(of)));
  ['bytes_in', 'bytes_out'].forEach((of, i) => plots.bytes.add(time, i, since(of) / 1024));
  plots.queued.add(time, 0, now.queued / 1024);
  plots.queued.add(time, 1, now.slow);
  Object.values(plots).forEach((plot) => plot.draw());
  before = now;
}

/* The tables. */

const sessions = new Table(page.sessions, ({ session }) => {
  const row = rowOf(11);
  row.cells[1].append(
    buttonOf('Trace', `Trace ${session}`, () => trace(session)),
    buttonOf('Kick', `Kick ${session}`, () => ask('kick', { session })));
  return row;
});

function showSessions({ total, rows }) {
  page.found.textContent = total > rows.length ? `The first ${number.format(rows.length)} of ${number.format(total)}`
    : `${number.format(total)} ${total === 1 ? 'session' : 'sessions'}`;
  sessions.show(rows, ({ session }) => session, (one) => [one.session, null, one.user ?? '', one.transport, one.endpoint,
    one.address, inTime(one.age), `${one.subscriptions ?? ''}`, inBytes(one.queued), inBytes(one.bytes_in),
    inBytes(one.bytes_out)]);
}

const destinations = new Table(page.destinations, () => rowOf(6));
let counted = new Map(); /* messages of each destination at the latest look */
let countedAt = 0;

function showDestinations({ rows }) {
  const now = performance.now();
  const rate = ({ destination, messages }) => (counted.has(destination)
    ? number.format(Math.max(0, messages - counted.get(destination)) * 1000 / (now - countedAt)) : '');

  destinations.show(rows, ({ destination }) => destination, (one) => [one.destination, one.kind,
    number.format(one.subscribers), number.format(one.messages), rate(one), `${one.waiting ?? ''}`]);
  counted = new Map(rows.map(({ destination, messages }) => [destination, messages]));
  countedAt = now;
}

function lookAtTables() {
  ask('sessions', { search: page.search.value });
  ask('destinations');
}

/* The trace of one session. */

let traced = null;

function trace(session) {
  traced = session;
  page.tracing.hidden = false;
  page.traced.textContent = session;
  page.frames.replaceChildren();
  ask('trace', { session });
  page.frames.focus();
}

function showTraced({ total }) {
  if (traced !== null) page.traced.textContent = total > 0 ? traced : `${traced} (it is over)`;
}

function untrace() {
  traced = null;
  page.tracing.hidden = true;
}

function showFrame({ session, direction, head, body, bytes, skipped }) {
  if (session !== traced) return;
  const isAtEnd = page.frames.scrollTop + page.frames.clientHeight >= page.frames.scrollHeight - 8;
  const item = document.createElement('li');
  const cut = new TextEncoder().encode(body).length < bytes ? ` … (${inBytes(bytes)})` : '';
  item.className = direction;
  item.textContent = `${skipped > 0 ? `(${skipped} frames were skipped)\n` : ''}${head}\n${body}${cut}`;
  page.frames.append(item);
  while (page.frames.childElementCount > FRAMES_MAX) page.frames.firstElementChild.remove();
  if (isAtEnd) page.frames.scrollTop = page.frames.scrollHeight;
}

page.untrace.addEventListener('click', untrace);
page.find.addEventListener('submit', (event) => event.preventDefault());
page.search.addEventListener('input', lookAtTables);
page.send.addEventListener('submit', (event) => {
  event.preventDefault();
  if (!client.connected) return;
  const receipt = `${performance.now()}`;
  client.watchForReceipt(receipt, () => { page.sent.textContent = `Sent to ${page.destination.value}`; });
  client.publish({ destination: page.destination.value, body: page.body.value, headers: { receipt } });
});
page.login.addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem('token', page.token.value);
  page.token.value = '';
  client.activate();
});

/* Nobody looks at a hidden page. */
const every = (milliseconds, act) => setInterval(() => { if (!document.hidden) act(); }, milliseconds);
const look = () => ask('overview');
every(OVERVIEW_MS, look);
every(TABLES_MS, lookAtTables);
every(TRACE_MS, () => { if (traced !== null) ask('trace', { session: traced }); });

client.activate();
