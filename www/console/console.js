/*
 * The console asks the gateway, over the gateway's own STOMP, for what it shows: below
 * /admin, with a reply-to. It asks again and again, and not while nobody looks.
 */
import { Figures } from './figures.js';
import { buttonOf, inBytes, inTime, number, Table } from './table.js';

const { Client } = window.StompJs;
const REPLY = '/temp-queue/console';
const OVERVIEW_MS = 1000, TABLES_MS = 2000, TRACE_MS = 5000;
const FRAMES_MAX = 200;

const page = Object.fromEntries([...document.querySelectorAll('[id]')].map((one) => [one.id, one]));

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
    page.watching.hidden = false;
    if (headers.about === '/overview') showOverview(answer);
    else if (headers.about === '/sessions') showSessions(answer);
    else if (headers.about === '/session') showSession(answer);
    else if (headers.about === '/destinations') showDestinations(answer);
    else if (headers.about === '/frame') showFrame(answer);
    else if (headers.about === '/kick') lookAtTables();
    else if (headers.about === '/trace') showTraced(answer);
  },
  onStompError: ({ headers, body }) => {
    if (!page.login.hidden || /token/.test(headers.message)) {
      page.login.hidden = false;
      page.watching.hidden = true;
      client.deactivate();
      show('waiting', 'The gateway requires its token.');
      return;
    }
    /* The gateway has closed the connection; the client comes back by itself. */
    page.sent.textContent = `The gateway refused the message: ${body || headers.message}`;
  },
  onWebSocketClose: () => { if (client.active) show('waiting', 'No connection. Trying again …'); },
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

const figures = new Figures(page, OVERVIEW_MS);

function showOverview(now) {
  page.version.textContent = `${now.version}, ${now.workers} ${now.workers === 1 ? 'worker' : 'workers'}`;
  figures.show(now);
}

/* The tables. */

const of = (name, text) => ({ value: (one) => one[name], text: text && ((one) => text(one[name])) });
const textOf = (name) => ({ ...of(name), isText: true });
const countOf = (name) => of(name, (value) => value ?? '');

const sessions = new Table(page.sessions, [
  { isText: true, value: ({ session }) => session, text: () => null }, { isText: true },
  textOf('user'), textOf('transport'), textOf('endpoint'), textOf('address'),
  of('age', inTime), countOf('subscriptions'), of('queued', inBytes), of('bytes_in', inBytes), of('bytes_out', inBytes),
], (row, { session, user, traceable }) => {
  row.cells[0].append(buttonOf(session, `Details of ${session}`, () => ask('session', { session })));
  if (traceable) row.cells[1].append(buttonOf('Trace', `Trace ${session}`, () => trace(session)));
  row.cells[1].append(buttonOf('Kick', `Kick ${session}`, () => kick(session, user)));
});

function kick(session, user) {
  if (confirm(`End session ${session}${user ? ` of ${user}` : ''}?`)) ask('kick', { session });
}

function showSessions({ total, rows }) {
  page.found.textContent = total > rows.length ? `The first ${number.format(rows.length)} of ${number.format(total)}`
    : `${number.format(total)} ${total === 1 ? 'session' : 'sessions'}`;
  sessions.show(rows, ({ session }) => session);
}

const destinations = new Table(page.destinations, [
  textOf('destination'), textOf('kind'), of('subscribers', number.format), of('messages', number.format),
  of('rate', (rate) => (rate === undefined ? '' : number.format(rate))),
  countOf('ready'), countOf('unacknowledged'), countOf('parked'),
]);
let counted = new Map(); /* messages of each destination at the latest look */
let countedAt = 0;

function showDestinations({ rows }) {
  const now = performance.now();
  const rateOf = ({ destination, messages }) => (counted.has(destination)
    ? Math.max(0, messages - counted.get(destination)) * 1000 / (now - countedAt) : undefined);

  destinations.show(rows.map((one) => ({ ...one, rate: rateOf(one) })), ({ destination }) => destination);
  counted = new Map(rows.map(({ destination, messages }) => [destination, messages]));
  countedAt = now;
}

/* One session. */

const subscriptions = new Table(page.subscriptions, [textOf('destination'), textOf('ack'), countOf('unacknowledged')]);

const logins = { token: 'a token', password: 'a password', proxy: 'a header of the proxy', listener: 'its listener' };

function identityOf({ login, groups, expires_in: left }) {
  if (login === undefined) return {};
  return {
    'logged in by': logins[login] ?? login,
    'groups': groups.join(', ') || 'none',
    'login ends': left === undefined ? 'never' : `in ${inTime(left * 1000)}`,
  };
}

function showSession({ rows: [one] }) {
  if (one === undefined) return; /* it has just ended, or speaks no STOMP */
  const facts = {
    user: one.user ?? 'nobody has logged in', ...identityOf(one), Origin: one.origin ?? 'none',
    address: one.address, transport: one.transport, endpoint: one.endpoint,
  };
  page.looked.textContent = one.session;
  page.facts.replaceChildren(...Object.entries(facts).flatMap(([name, text]) => [
    Object.assign(document.createElement('dt'), { textContent: name }),
    Object.assign(document.createElement('dd'), { textContent: text })]));
  subscriptions.show(one.list.map((each, index) => ({ ...each, index })), ({ index }) => index);
  page.details.hidden = false;
  page.details.focus();
}

page.undetail.addEventListener('click', () => { page.details.hidden = true; });

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
  if (traced !== null) page.traced.textContent = total > 0 ? traced : `${traced} (it has ended)`;
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
page.login.addEventListener('submit', async (event) => {
  event.preventDefault();
  sessionStorage.setItem('token', page.token.value);
  page.token.value = '';
  show('connecting', 'Connecting …');
  await client.deactivate(); /* an attempt with another token may be under way */
  client.activate();
});

/* Nobody looks at a hidden page. */
const every = (milliseconds, act) => setInterval(() => { if (!document.hidden) act(); }, milliseconds);
const look = () => ask('overview');
every(OVERVIEW_MS, look);
every(TABLES_MS, lookAtTables);
every(TRACE_MS, () => { if (traced !== null) ask('trace', { session: traced }); });

client.activate();
